/**
 * One attempt at a certificate: a new key, a CertificateSigningRequest, the wait for it, and a hard
 * look at what comes back (client-go, util/certificate/csr/csr.go).
 */

import { createHash } from 'node:crypto';
import type { Clock, KubernetesClient } from '../client/index.ts';
import { KubepkiError, quotable, quoted } from '../errors.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  refusedFor,
  StatusError,
} from '../kubernetes/index.ts';
import {
  createRequest,
  encodePem,
  generatePrivateKey,
  type PrivateKey,
  readCertificates,
} from '../x509/index.ts';
import { asksFor, type PendingFile } from './pending.ts';
import type { NodeEvent } from './types.ts';
import { doubling, ENDED, pause, TimeLimit, withTimeLimit } from './waiting.ts';
import { checkIssued, requestTemplate, SIGNERS, USAGES, type WantedCertificate } from './wanted.ts';

export interface RequestContext {
  /** Asked anew for each request, as connections are made again when credentials change. */
  readonly client: () => KubernetesClient;
  /** As whom; lower-case letters, digits and dashes. What was asked for as somebody else is not waited for. */
  readonly requester: string;
  /** Where the request lies while it is waited for. */
  readonly pending: PendingFile;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onEvent: (event: NodeEvent) => void;
}

export interface IssuedCertificate {
  /** PEM, leaf first. */
  readonly certificate: string;
  readonly key: PrivateKey;
}

/** How long one request may wait for its certificate, before it is said that it waits. */
const PATIENCE_MS = 15 * 60_000;
/** After which somebody should be told that nobody has approved yet. */
const QUIET_MS = 2_000;

interface Asked {
  readonly key: PrivateKey;
  readonly object: CertificateSigningRequest;
}

/**
 * Asks for one certificate and waits up to 15 minutes until it is signed. A request that an earlier
 * attempt has left, in this process or one before it, is waited for in its place. The file of the
 * pending request is the caller's to remove when the certificate is stored.
 *
 * @throws StatusError or KubepkiError UNREACHABLE from creating the request; FILE_SYSTEM before it is
 *   made; API_REFUSED where it was denied, has failed, was deleted or not signed in time (then it is
 *   waited for again by the next call); INVALID_VALUE, MALFORMED_PEM, MALFORMED_DER for a certificate
 *   that is not the one asked for; the signal's reason
 */
export async function requestCertificate(
  wanted: WantedCertificate,
  context: RequestContext,
): Promise<IssuedCertificate> {
  const { clock, pending } = context;
  const { key, object } = (await resume(wanted, context)) ?? (await begin(wanted, context));
  const certificate = await waitForCertificate(object, wanted, context);
  const where = `CertificateSigningRequest ${quotable(object.metadata.name ?? '')}`;
  try {
    checkIssued(readIssued(certificate, where), { wanted, key, now: clock.now(), where });
  } catch (error) {
    pending.remove();
    throw error;
  }
  return { certificate, key };
}

/** The request that an earlier attempt has left, where it is still there. */
async function resume(
  wanted: WantedCertificate,
  { client, requester, pending, signal, onEvent }: RequestContext,
): Promise<Asked | undefined> {
  const left = pending.read();
  if (left === undefined) return undefined;
  const { name, key, request } = left;
  if (left.requester === requester && asksFor(left, wanted)) {
    const object = await find(name, client(), signal);
    if (object?.spec.request === Buffer.from(request, 'utf8').toString('base64')) {
      onEvent({ type: 'csr-resumed', kind: wanted.kind, name });
      return { key, object };
    }
  }
  pending.remove();
  return undefined;
}

/** @returns undefined also where one may not ask: a token for one node reads nothing but what it has made */
async function find(
  name: string,
  client: KubernetesClient,
  signal: AbortSignal,
): Promise<CertificateSigningRequest | undefined> {
  const fieldSelector = `metadata.name=${name}`;
  try {
    const { items } = await client.list(CERTIFICATE_SIGNING_REQUESTS, { fieldSelector, signal });
    return items.find(({ metadata }) => metadata.name === name);
  } catch (error) {
    if (refusedFor(error, 'Forbidden', 'NotFound')) return undefined;
    throw error;
  }
}

async function begin(
  wanted: WantedCertificate,
  { client, requester, pending, signal, onEvent }: RequestContext,
): Promise<Asked> {
  const key = generatePrivateKey('ECDSA-P256');
  const pem = encodePem('CERTIFICATE REQUEST', createRequest(requestTemplate(wanted), key));
  const request = Buffer.from(pem, 'utf8').toString('base64');
  const name = `csr-${createHash('sha256').update(key.spki).digest('hex').slice(0, 10)}`;
  const signerName = SIGNERS[wanted.kind];
  // First: a request whose key is nowhere is of no use to anybody.
  pending.write({ name, requester, request: pem, key });
  try {
    const object = await client().create(
      CERTIFICATE_SIGNING_REQUESTS,
      {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name },
        spec: { request, signerName, usages: USAGES[wanted.kind] },
      },
      { signal },
    );
    onEvent({ type: 'csr-created', kind: wanted.kind, name, signerName, request });
    return { key, object };
  } catch (error) {
    // Where there was no answer, it may be there all the same.
    if (error instanceof StatusError && (error.status.code ?? 500) < 500) pending.remove();
    throw error;
  }
}

function readIssued(certificate: string, where: string) {
  try {
    return readCertificates(certificate)[0];
  } catch (cause) {
    if (!(cause instanceof KubepkiError)) throw cause;
    throw new KubepkiError(cause.code, `${where}: in the certificate issued, ${cause.message}`, {
      hint: 'the signer of the cluster does not do what it should: look at its logs',
      cause,
    });
  }
}

/** Until it is signed; a request that has ended without that is forgotten. */
async function waitForCertificate(
  created: CertificateSigningRequest,
  { kind }: WantedCertificate,
  context: RequestContext,
): Promise<string> {
  const { clock, signal, onEvent, pending } = context;
  const name = created.metadata.name ?? '';
  const approved = new AbortController();
  const onApproved = (): void => {
    if (approved.signal.aborted) return;
    approved.abort(ENDED);
    onEvent({ type: 'csr-approved', kind, name });
  };
  try {
    return await withTimeLimit(clock, { ms: PATIENCE_MS, signal }, async (limited) => {
      const quiet = AbortSignal.any([limited, approved.signal]);
      const remind = async (): Promise<void> => {
        if (await pause(clock, QUIET_MS, quiet)) onEvent({ type: 'waiting', kind, name });
      };
      void remind();
      return followRequest(created, { ...context, signal: limited }, onApproved);
    });
  } catch (error) {
    if (error instanceof RequestEnded) pending.remove();
    if (!(error instanceof TimeLimit)) throw error;
    const message = `CertificateSigningRequest ${quoted(name, 80)} was not signed within 15 minutes`;
    throw new KubepkiError('API_REFUSED', message, {
      hint: approved.signal.aborted
        ? 'it is approved: is a signer running?'
        : `approve it: kubectl certificate approve ${quotable(name)}`,
    });
  } finally {
    // Ends the reminder, whatever became of the request.
    approved.abort(ENDED);
  }
}

/** There will be no certificate for it. */
class RequestEnded extends KubepkiError {
  constructor(name: string, what: string, hint: string) {
    super('API_REFUSED', `CertificateSigningRequest ${quoted(name, 80)} ${what}`, { hint });
  }
}

const deleted = (name: string, more = ''): RequestEnded =>
  new RequestEnded(
    name,
    `was deleted${more}`,
    'somebody has deleted it, or the cleaner after a day without a decision: is an approver running?',
  );

/**
 * Follows one request to its end: watches from its creation on, and where a watch ends too early or is
 * refused, lists and watches again.
 */
async function followRequest(
  created: CertificateSigningRequest,
  { client, clock, signal }: RequestContext,
  onApproved: () => void,
): Promise<string> {
  const name = created.metadata.name ?? '';
  const judge = (current: CertificateSigningRequest): string | undefined =>
    certificateOf(current, created, onApproved);
  const fieldSelector = `metadata.name=${name}`;
  const already = judge(created);
  if (already !== undefined) return already;
  let from = created.metadata.resourceVersion;
  let pauses = doubling(1_000, 30_000);
  for (;;) {
    try {
      if (from === undefined) {
        const list = await client().list(CERTIFICATE_SIGNING_REQUESTS, { fieldSelector, signal });
        const current = list.items.find(({ metadata }) => metadata.name === name);
        if (current === undefined) throw deleted(name);
        const certificate = judge(current);
        if (certificate !== undefined) return certificate;
        from = list.metadata.resourceVersion;
      }
      const watch = client().watch(CERTIFICATE_SIGNING_REQUESTS, {
        fieldSelector,
        allowWatchBookmarks: true,
        signal,
        ...(from === undefined ? {} : { resourceVersion: from }),
      });
      for await (const { type, object } of watch) {
        if (type === 'BOOKMARK' || object.metadata.name !== name) continue;
        if (type === 'DELETED') throw deleted(name);
        const certificate = judge(object);
        if (certificate !== undefined) return certificate;
        pauses = doubling(1_000, 30_000);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
    }
    signal.throwIfAborted();
    from = undefined;
    await clock.sleep(pauses.next().value, signal);
  }
}

/** Whether waiting may help: the server did not answer, or refuses for now. Credentials it does not know stay unknown. */
const isPassing = (error: unknown): boolean =>
  error instanceof StatusError
    ? !refusedFor(error, 'Unauthorized')
    : error instanceof KubepkiError && error.code === 'UNREACHABLE';

/** The certificate, once there is one. @throws KubepkiError API_REFUSED where there will be none */
function certificateOf(
  current: CertificateSigningRequest,
  { metadata: { name = '', uid } }: CertificateSigningRequest,
  onApproved: () => void,
): string | undefined {
  if (current.metadata.uid !== uid) {
    throw deleted(name, ', and another one has its name now');
  }
  let approved = false;
  for (const { type, reason, message } of current.status?.conditions ?? []) {
    if (type === 'Approved') approved = true;
    if (type !== 'Denied' && type !== 'Failed') continue;
    const words = [reason, message].filter((word) => word !== undefined && word !== '');
    const why = words.length === 0 ? '' : ` (${quotable(words.join(': '))})`;
    throw type === 'Denied'
      ? new RequestEnded(
          name,
          `was denied${why}`,
          'ask who decides on requests, or see the approver',
        )
      : new RequestEnded(name, `has failed${why}`, 'the signer refuses it: see its logs');
  }
  if (!approved) return undefined;
  onApproved();
  const certificate = current.status?.certificate;
  if (certificate === undefined || certificate === '') return undefined;
  return Buffer.from(certificate, 'base64').toString('utf8');
}
