/**
 * The way of every request, in upstream's order (apiserver, pkg/server/config.go, DefaultBuildHandlerChain):
 * who is it, audit, are there too many, may they, what is it about.
 */
import { randomUUID } from 'node:crypto';
import {
  type ApiResponse,
  CERTIFICATE_SIGNING_REQUESTS,
  REVOCATIONS,
  StatusError,
  type UserInfo,
} from '../../kubernetes/index.ts';
import { bootstrapUserTokenId } from '../../tokens/index.ts';
import { forbidden, forbiddenError } from '../authorization/index.ts';
import { ElsewhereError, type NodeBindings, type RequesterOf } from '../binding/index.ts';
import { type Hit, type Revocations, RevokedError, revokedReason } from '../revocation/index.ts';
import type { Authenticator, Authorizer, RequestAttributes, ResourceRequest } from '../types.ts';
import { refusalAnswer, textAnswer } from './answers.ts';
import type { AuditLog } from './audit.ts';
import { type Audited, auditEvent, type Stage } from './audit-event.ts';
import { timeLimit, tookTooLong } from './deadline.ts';
import { type Exchange, header, type IncomingRequest, Warnings } from './exchange.ts';
import { Guard } from './guard.ts';
import { createImpersonation, type Impersonate } from './impersonation.ts';
import { wantedUser } from './impersonation-headers.ts';
import type { InFlight } from './in-flight.ts';
import type { Metrics, Subject } from './metrics.ts';
import { attributesOf, type RequestInfo, requestInfo, UnreadablePath } from './request-info.ts';
import type { Routes } from './routes.ts';
import { subjectOf } from './subject.ts';

export interface PipelineOptions {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly revocations: Revocations;
  /** Absent: nodes may come from everywhere. */
  readonly bindings?: NodeBindings | undefined;
  /** Whom a certificate signing request names as its requester. */
  readonly requesterOf: RequesterOf;
  readonly routes: Routes;
  readonly inFlight: InFlight;
  readonly metrics: Metrics;
  /** Answers what is allowed: a resource, or another path. */
  readonly dispatch: (exchange: Exchange, subject: Subject) => Promise<ApiResponse>;
  readonly audit?: AuditLog;
  /** The longest that a request may take, but for watches. */
  readonly requestTimeoutMs: number;
  readonly now: () => Date;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic: () => number;
  /** Hears of what should not happen: errors that are no refusals. */
  readonly failed: (error: unknown) => void;
}

const NOBODY: UserInfo = { name: '', groups: [] };
/** Upstream takes over the id that a client gives, so that several servers' logs can be joined. */
const GIVEN_AUDIT_ID = /^[-\w.:]{1,64}$/;

/** Never rejects. */
export function createPipeline(
  options: PipelineOptions,
): (request: IncomingRequest) => Promise<ApiResponse> {
  const impersonate = createImpersonation(options.authorizer);
  return async (request) => {
    const given = header(request, 'audit-id');
    const id = given !== undefined && GIVEN_AUDIT_ID.test(given) ? given : randomUUID();
    try {
      const answer = await new Passage(options, impersonate, request, id).run();
      return withHeaders(answer, id);
    } catch (error) {
      if (error instanceof UnreadablePath) {
        return withHeaders(textAnswer(error.status, `${error.message}\n`), id);
      }
      options.failed(error);
      return withHeaders(textAnswer(500, 'This request caused apiserver to panic.\n'), id);
    }
  };
}

function withHeaders(answer: ApiResponse, id: string): ApiResponse {
  return {
    status: answer.status,
    headers: { 'audit-id': id, 'cache-control': 'no-cache, private', ...answer.headers },
    body: answer.body,
  };
}

/** One request. */
class Passage {
  readonly #options: PipelineOptions;
  readonly #impersonate: Impersonate;
  readonly #request: IncomingRequest;
  readonly #info: RequestInfo;
  readonly #startedAt: number;
  readonly #warnings = new Warnings();
  #audited: Audited;
  /** The client has been told that it takes too long; what comes of it is told nobody. */
  #late = false;

  constructor(
    options: PipelineOptions,
    impersonate: Impersonate,
    request: IncomingRequest,
    id: string,
  ) {
    this.#options = options;
    this.#impersonate = impersonate;
    this.#request = request;
    this.#startedAt = options.monotonic();
    this.#info = requestInfo(request.method, request.url);
    this.#audited = { id, request, info: this.#info, receivedAt: options.now() };
  }

  async run(): Promise<ApiResponse> {
    const subject = subjectOf(this.#options.routes, this.#info);
    const answer = this.#counted(await this.#inTime(subject), subject);
    const warning = this.#warnings.headers();
    if (warning === undefined) return answer;
    return { ...answer, headers: { ...answer.headers, warning } };
  }

  /** What has no end of its own is counted when it has ended. */
  #counted(answer: ApiResponse, subject: Subject): ApiResponse {
    const { body, status } = answer;
    if (!(body instanceof Uint8Array))
      return { ...answer, body: this.#countedBody(body, status, subject) };
    this.#options.metrics.observe(subject, status, this.#secondsSince(this.#startedAt));
    return answer;
  }

  async *#countedBody(
    body: AsyncIterable<Uint8Array>,
    status: number,
    subject: Subject,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } finally {
      this.#options.metrics.observe(subject, status, this.#secondsSince(this.#startedAt));
    }
  }

  #secondsSince(started: number): number {
    return (this.#options.monotonic() - started) / 1000;
  }

  async #inTime(subject: Subject): Promise<ApiResponse> {
    let limit: number | undefined;
    try {
      limit = timeLimit(this.#info, this.#options.requestTimeoutMs);
    } catch (error) {
      return await this.#refused(this.#refusal(error));
    }
    const answer = this.#answer(subject);
    return await (limit === undefined ? answer : this.#within(limit, answer));
  }

  /** What takes longer goes on and keeps its place, but its client waits no more. */
  async #within(milliseconds: number, answer: Promise<ApiResponse>): Promise<ApiResponse> {
    const late = Promise.withResolvers<ApiResponse>();
    const timer = setTimeout(() => {
      late.resolve(this.#refused(tookTooLong()));
      this.#late = true;
    }, milliseconds);
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #answer(subject: Subject): Promise<ApiResponse> {
    try {
      const requestor = await this.#authenticate();
      this.#audited = { ...this.#audited, user: requestor };
      this.#record('RequestReceived');
      const user = await this.#actingUser(requestor);
      // By who is really there: as many others, one is still one.
      const slot = this.#options.inFlight.slot(this.#info, requestor);
      const guard = this.#guard(requestor, user);
      const exchange: Exchange = {
        request: this.#request,
        info: this.#info,
        user,
        attributes: await this.#attributes(requestor, user, guard),
        warnings: this.#warnings,
        slot,
        ...(guard === undefined ? {} : { guard }),
      };
      const answer = await slot.run(async () => {
        await this.#authorize(exchange);
        return await this.#options.dispatch(exchange, subject);
      });
      return this.#completed(answer);
    } catch (error) {
      return await this.#refused(this.#refusal(error));
    }
  }

  async #authenticate(): Promise<UserInfo> {
    const { authenticator, metrics } = this.#options;
    if (this.#request.user !== undefined) return this.#request.user;
    try {
      const user = await authenticator.authenticate(this.#request);
      if (user === undefined) throw StatusError.of('Unauthorized', 'Unauthorized');
      metrics.authenticated('success', this.#secondsSince(this.#startedAt), user.name);
      return user;
    } catch (error) {
      metrics.authenticated('failure', this.#secondsSince(this.#startedAt));
      throw error;
    }
  }

  /**
   * Whom the request is judged as from here on.
   *
   * @throws StatusError Forbidden, BadRequest
   */
  async #actingUser(requestor: UserInfo): Promise<UserInfo> {
    const wanted = wantedUser(this.#request.headers);
    if (wanted === undefined) return requestor;
    const impersonated = await this.#impersonate(wanted, attributesOf(this.#info, requestor));
    this.#audited = { ...this.#audited, impersonated };
    const hit = this.#options.revocations.ofUser(impersonated.user);
    if (hit !== undefined) throw this.#impersonatesRevoked(hit, impersonated.user.name);
    return impersonated.user;
  }

  /** Who acts as others is known and may know it: their own credential is good. */
  #impersonatesRevoked(hit: Hit, name: string): StatusError {
    this.#revoked(hit);
    return forbiddenError({ group: '', resource: 'users', name }, revokedReason(hit));
  }

  #revoked({ kind, revocation }: Hit): void {
    this.#options.revocations.counts.refused[kind] += 1;
    this.#audited = { ...this.#audited, revocation };
  }

  /** Within the same process nobody is revoked. */
  #guard(requestor: UserInfo, user: UserInfo): Guard | undefined {
    if (this.#request.user !== undefined) return undefined;
    const users = requestor === user ? [user] : [requestor, user];
    return new Guard(this.#options, this.#request, users, this.#again(requestor));
  }

  /** A bootstrap token ends with its Secret, and what makes it good for one node only stands there as well. */
  #again({ name }: UserInfo): (() => Promise<unknown>) | undefined {
    if (bootstrapUserTokenId(name) === undefined) return undefined;
    return () => this.#options.authenticator.authenticate(this.#request);
  }

  async #attributes(
    requestor: UserInfo,
    user: UserInfo,
    guard: Guard | undefined,
  ): Promise<RequestAttributes> {
    const attributes = attributesOf(this.#info, user);
    if (attributes.kind !== 'resource') return attributes;
    switch (attributes.group) {
      case REVOCATIONS.group:
        return guard === undefined ? attributes : { ...attributes, shown: guard.shown };
      case CERTIFICATE_SIGNING_REQUESTS.group:
        if (!makesRequest(attributes)) return attributes;
        return {
          ...attributes,
          user: await this.#options.requesterOf(this.#request, requestor, user),
        };
      default:
        return attributes;
    }
  }

  /** @throws StatusError Forbidden */
  async #authorize({ attributes }: Exchange): Promise<void> {
    const started = this.#options.monotonic();
    const decision = await this.#options.authorizer.authorize(attributes);
    const result = decision.allowed ? 'allowed' : 'no-opinion';
    this.#options.metrics.authorized(result, this.#secondsSince(started));
    this.#audited = { ...this.#audited, decision };
    if (!decision.allowed) throw forbidden(attributes, decision.reason);
  }

  /** Anything but a refusal is a fault of ours: the answer tells nothing of it. */
  #refusal(error: unknown): StatusError {
    if (error instanceof RevokedError) this.#revoked(error.hit);
    if (error instanceof ElsewhereError) {
      const { user, bound } = error;
      this.#audited = { ...this.#audited, user, boundTo: bound };
    }
    if (error instanceof StatusError) return error;
    if (this.#request.signal?.aborted === true) {
      return StatusError.of('Timeout', 'the client has gone away');
    }
    this.#options.failed(error);
    return StatusError.of(
      'InternalError',
      'Internal error occurred: the log of the server says why',
    );
  }

  async #refused(error: StatusError): Promise<ApiResponse> {
    const outcome = { code: error.httpStatus, status: error.status };
    this.#record('ResponseComplete', outcome);
    if (isRouters(error)) this.#warnings.clear();
    return await refusalAnswer(error, this.#request, this.#info.query);
  }

  #completed(answer: ApiResponse): ApiResponse {
    const { audit } = this.#options;
    const { body, status } = answer;
    if (audit === undefined) return answer;
    if (body instanceof Uint8Array) {
      this.#record('ResponseComplete', { code: status });
      return answer;
    }
    this.#record('ResponseStarted', { code: status });
    return { ...answer, body: this.#untilEnd(body, status) };
  }

  async *#untilEnd(body: AsyncIterable<Uint8Array>, code: number): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } finally {
      this.#record('ResponseComplete', { code });
    }
  }

  #record(
    stage: Stage,
    outcome?: { readonly code: number; readonly status?: StatusError['status'] },
  ): void {
    const { audit, now } = this.#options;
    if (audit === undefined || this.#late) return;
    const audited =
      this.#audited.user === undefined ? { ...this.#audited, user: NOBODY } : this.#audited;
    audit.write(auditEvent(audited, stage, now(), outcome));
  }
}

/** A certificate signing request may come of it: server-side apply makes what is not there. */
const makesRequest = ({ resource, subresource, verb }: ResourceRequest): boolean =>
  resource === CERTIFICATE_SIGNING_REQUESTS.resource &&
  subresource === '' &&
  (verb === 'create' || verb === 'patch');

/** What upstream's router refuses by a media type comes to nobody who would warn. */
const isRouters = ({ httpStatus, status }: StatusError): boolean =>
  (httpStatus === 406 || httpStatus === 415) && status.details !== undefined;
