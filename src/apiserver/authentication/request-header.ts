/**
 * Request-header authentication: a proxy in front, which proves itself with a certificate of its own CA,
 * says in headers for whom it asks (apiserver, pkg/authentication/request/headerrequest;
 * request/x509: Verifier). Nobody else's headers are looked at.
 */
import { quoted } from '../../errors.ts';
import type { Headers, UserInfo } from '../../kubernetes/index.ts';
import { type Certificate, commonName } from '../../x509/index.ts';
import type { Peer } from '../types.ts';
import { createChainVerifier } from './chain-verifier.ts';
import { asAuthenticated } from './identities.ts';
import { extraIn, textsOf, valuesOf } from './identity-headers.ts';
import { NONE, type Verdict, wrong } from './verdict.ts';

/** `--requestheader-…`; the names of headers in any case. */
export interface RequestHeaderOptions {
  /** The CA certificates of `--requestheader-client-ca-file`; another array when they have changed. */
  readonly ca: () => readonly Certificate[];
  /** Common names that may speak for others; none: whoever has a certificate of the CA. */
  readonly allowedNames: readonly string[];
  /** The first of them that has a value counts. */
  readonly usernameHeaders: readonly string[];
  /** As those of names. */
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeadersPrefix: readonly string[];
}

export type RequestHeaderAuthenticator = (
  request: { readonly headers: Headers; readonly peer: Peer },
  at: Date,
) => Verdict;

/** A proxy that may speak for others, or why it is none. */
type Proxy = { readonly kind: 'proxy' } | Exclude<Verdict, { readonly kind: 'user' }>;

export function createRequestHeaderAuthenticator(
  options: RequestHeaderOptions,
): RequestHeaderAuthenticator {
  const { ca, allowedNames } = options;
  const names = namesOf(options);
  const proxyOf = createChainVerifier<Proxy>(ca, {
    none: { kind: 'none' },
    wrong: (reason) => ({ kind: 'wrong', reason: `as a front proxy: ${reason}` }),
    verified: (leaf) => allowed(leaf, allowedNames),
  });
  return ({ headers, peer }, at) => {
    const proxy = proxyOf(peer, at);
    return proxy.kind === 'proxy' ? userIn(headers, names) : proxy;
  };
}

/** As those of certificates are looked up: in lower case. */
function namesOf(options: RequestHeaderOptions) {
  const lower = (names: readonly string[]): string[] =>
    names.map((name) => name.trim().toLowerCase());
  return {
    user: lower(options.usernameHeaders),
    uid: lower(options.uidHeaders),
    groups: lower(options.groupHeaders),
    extra: lower(options.extraHeadersPrefix),
  };
}

function allowed({ subject }: Certificate, allowedNames: readonly string[]): Proxy {
  const name = commonName(subject) ?? '';
  if (allowedNames.length === 0 || allowedNames.includes(name)) return { kind: 'proxy' };
  const reason = `the front proxy's name ${quoted(name, 80)} is not an allowed one`;
  return { kind: 'wrong', reason };
}

const NO_TEXT = wrong('a header of the front proxy is not UTF-8');

/** No name: the proxy has nothing to say, and may be somebody by another credential. */
function userIn(headers: Headers, names: ReturnType<typeof namesOf>): Verdict {
  const [name] = firstGiven(headers, names.user);
  if (name === undefined) return NONE;
  const groups = names.groups.flatMap((group) => valuesOf(headers, group));
  const texts = textsOf([
    name,
    firstGiven(headers, names.uid)[0] ?? '',
    ...groups.filter((group) => group !== ''),
  ]);
  const extra = extraIn(headers, names.extra);
  if (texts === undefined || extra === undefined) return NO_TEXT;
  const [user = '', uid = '', ...memberships] = texts;
  return { kind: 'user', user: asAuthenticated(userOf(user, uid, memberships, extra)) };
}

const userOf = (
  name: string,
  uid: string,
  groups: readonly string[],
  extra: ReadonlyMap<string, readonly string[]>,
): UserInfo => ({
  name,
  ...(uid === '' ? {} : { uid }),
  groups,
  ...(extra.size === 0 ? {} : { extra: Object.fromEntries(extra) }),
});

/** The first header that has a value, as Go's Get answers it: only the first of several counts. */
function firstGiven(headers: Headers, names: readonly string[]): readonly string[] {
  for (const name of names) {
    const [value = ''] = valuesOf(headers, name);
    if (value !== '') return [value];
  }
  return [];
}
