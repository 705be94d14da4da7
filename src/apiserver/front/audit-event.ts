/**
 * What the audit log says of a request: an Event of `audit.k8s.io/v1` for each of its stages, at level
 * Metadata: who, what, when and how it ended. Bodies never stand in it and tokens are taken out of
 * queries, so no secret does.
 */
import { isIP } from 'node:net';
import type { Status, UserInfo } from '../../kubernetes/index.ts';
import { header, type IncomingRequest } from './exchange.ts';
import type { Impersonated } from './impersonation-modes.ts';
import type { RequestInfo } from './request-info.ts';

export type Stage = 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';

/** What is known of a request before and after it has been judged. */
export interface Audited {
  readonly id: string;
  readonly request: IncomingRequest;
  readonly info: RequestInfo;
  readonly receivedAt: Date;
  readonly user?: UserInfo;
  /** As whom the user acts, and what right has allowed it. */
  readonly impersonated?: Impersonated;
  /** Whether it was allowed, and why; absent before that is known. */
  readonly decision?: { readonly allowed: boolean; readonly reason: string };
  /** The name of the Revocation that has refused it. */
  readonly revocation?: string;
  /** Addresses that the credential of a node is bound to, of which this is none. */
  readonly boundTo?: readonly string[];
}

export interface Outcome {
  readonly code: number;
  /** Of a refusal. */
  readonly status?: Status;
}

/** Characters; apiserver, pkg/audit/request.go. */
const LONGEST_AGENT = 1024;

/** Hops that are believed to be worth a line of a log; the last ones are those nearest to us. */
const MOST_ADDRESSES = 32;

/** Fields as apiserver, pkg/apis/audit/v1/types.go has them. */
export function auditEvent(audited: Audited, stage: Stage, at: Date, outcome?: Outcome): object {
  const { id, request, info, receivedAt, user, impersonated } = audited;
  const agent = header(request, 'user-agent') ?? '';
  const addresses = sourceAddresses(request);
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: id,
    stage,
    requestURI: withoutTokens(request.url),
    verb: info.verb,
    user: user === undefined ? {} : auditUser(user),
    ...(impersonated === undefined ? {} : auditImpersonated(impersonated)),
    ...(addresses.length === 0 ? {} : { sourceIPs: addresses }),
    ...(agent === '' ? {} : { userAgent: shortAgent(agent) }),
    ...(info.isResource ? { objectRef: objectReference(info) } : {}),
    ...(outcome === undefined ? {} : { responseStatus: responseStatus(outcome) }),
    requestReceivedTimestamp: micro(receivedAt),
    stageTimestamp: micro(at),
    ...annotationsOf(audited),
  };
}

function annotationsOf({ decision, revocation, boundTo }: Audited): {
  readonly annotations?: object;
} {
  if (decision === undefined && revocation === undefined && boundTo === undefined) return {};
  return {
    annotations: {
      ...(decision === undefined ? {} : decisionAnnotations(decision)),
      ...(revocation === undefined ? {} : { 'kubepki.dev/revocation': revocation }),
      ...(boundTo === undefined ? {} : { 'kubepki.dev/bound-addresses': boundTo.join(',') }),
    },
  };
}

const decisionAnnotations = ({ allowed, reason }: NonNullable<Audited['decision']>): object => ({
  'authorization.k8s.io/decision': allowed ? 'allow' : 'forbid',
  'authorization.k8s.io/reason': reason,
});

const shortAgent = (agent: string): string =>
  agent.length > LONGEST_AGENT ? `${agent.slice(0, LONGEST_AGENT)}...TRUNCATED` : agent;

/** Parameters whose value is a credential: `token`, `access_token`, and whatever else is named so. */
const isToken = (name: string): boolean => decodedName(name).toLowerCase().endsWith('token');

/** The URL with nothing in the place of tokens. Nearly all URLs are given back as they are. */
function withoutTokens(url: string): string {
  const mark = url.indexOf('?');
  if (mark < 0) return url;
  const query = url.slice(mark + 1);
  const redacted = query
    .split(/([&;])/)
    .map((part) => {
      const equals = part.indexOf('=');
      return equals >= 0 && isToken(part.slice(0, equals))
        ? `${part.slice(0, equals)}=REDACTED`
        : part;
    })
    .join('');
  return `${url.slice(0, mark)}?${redacted}`;
}

/** Bytes that are no text, as a server would never read them, stay as they are. */
function decodedName(name: string): string {
  if (!name.includes('%') && !name.includes('+')) return name;
  return new URLSearchParams(`${name}=`).keys().next().value ?? name;
}

/**
 * From the client to the last hop, as proxies claim and, last, as is known (apimachinery,
 * util/net/http.go: SourceIPs). All but the last can be made up by the client.
 */
function sourceAddresses(request: IncomingRequest): readonly string[] {
  const { address } = request.peer;
  const forwarded = request.headers['x-forwarded-for'];
  const real = header(request, 'x-real-ip')?.trim();
  if (forwarded === undefined && real === undefined) return address === undefined ? [] : [address];
  const addresses = (typeof forwarded === 'string' ? forwarded : (forwarded?.[0] ?? ''))
    .split(',')
    .slice(-MOST_ADDRESSES)
    .map((part) => part.trim())
    .filter((part) => isIP(part) !== 0);
  if (real !== undefined && isIP(real) !== 0 && !addresses.includes(real)) addresses.push(real);
  if (address !== undefined && addresses.at(-1) !== address) addresses.push(address);
  return addresses;
}

/** Of nobody, as before it is known who it is, nothing. */
const auditUser = ({ name, uid, groups, extra }: UserInfo): object => ({
  ...(name === '' ? {} : { username: name }),
  ...(uid === undefined || uid === '' ? {} : { uid }),
  ...(groups.length === 0 ? {} : { groups }),
  ...(extra === undefined ? {} : { extra }),
});

const auditImpersonated = ({ user, constraint }: Impersonated): object => ({
  impersonatedUser: auditUser(user),
  ...(constraint === undefined
    ? {}
    : { authenticationMetadata: { impersonationConstraint: constraint } }),
});

/** Fields that are empty are left out. */
function objectReference(info: RequestInfo): object {
  const { resource, namespace, name, group, version, subresource } = info;
  const fields = { resource, namespace, name, apiGroup: group, apiVersion: version, subresource };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}

function responseStatus({ code, status }: Outcome): object {
  if (status === undefined) return { metadata: {}, code };
  const { message, reason, details } = status;
  return {
    metadata: {},
    status: 'Failure',
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  };
}

/** metav1.MicroTime. */
const micro = (date: Date): string => `${date.toISOString().slice(0, -1)}000Z`;
