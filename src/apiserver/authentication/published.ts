/**
 * What every server of a cluster tells of how it authenticates, in ConfigMap
 * kube-system/extension-apiserver-authentication: extension API servers, kube-controller-manager and
 * kube-scheduler let in whom it says (kubernetes, pkg/controlplane/controller/clusterauthenticationtrust).
 */
import { type Certificate, encodePem, readCertificates } from '../../x509/index.ts';
import type { RequestHeaderOptions } from './request-header.ts';

type Data = Readonly<Record<string, string>>;

export interface PublishedParts {
  readonly clientCa: readonly Certificate[];
  readonly requestHeader?: RequestHeaderOptions;
}

/** Of an expired CA, this long is tolerated: clocks differ. Milliseconds. */
const GRACE_MS = 5 * 60_000;

const LISTS = [
  ['requestheader-username-headers', 'usernameHeaders'],
  ['requestheader-uid-headers', 'uidHeaders'],
  ['requestheader-group-headers', 'groupHeaders'],
  ['requestheader-extra-headers-prefix', 'extraHeadersPrefix'],
  ['requestheader-allowed-names', 'allowedNames'],
] as const;

/**
 * What is there, with what this server adds: other servers may have other CAs. Only CAs that have expired
 * are taken out.
 *
 * @param existing the data of the ConfigMap; undefined where there is none
 * @throws KubepkiError where what is there cannot be read
 */
export function publishedData(existing: Data | undefined, own: PublishedParts, at: Date): Data {
  const before = new Map(Object.entries(existing ?? {}));
  const data = new Map<string, string>();
  const clientCa = bundle(before.get('client-ca-file'), own.clientCa, at);
  if (clientCa !== '') data.set('client-ca-file', clientCa);
  const { requestHeader } = own;
  const proxyCa = bundle(
    before.get('requestheader-client-ca-file'),
    requestHeader === undefined ? [] : requestHeader.ca(),
    at,
  );
  if (proxyCa === '') return Object.fromEntries(data);
  data.set('requestheader-client-ca-file', proxyCa);
  for (const [key, option] of LISTS) {
    const names = [...new Set([...namesIn(before.get(key)), ...(requestHeader?.[option] ?? [])])];
    // The UID has come later: whoever does not know it is not told of an empty list.
    if (key !== 'requestheader-uid-headers' || names.length > 0) {
      data.set(key, JSON.stringify(names));
    }
  }
  return Object.fromEntries(data);
}

/** PEM of all that have not expired, each once; empty where there are none. */
function bundle(before: string | undefined, own: readonly Certificate[], at: Date): string {
  const known = before === undefined || before === '' ? [] : readCertificates(before);
  const pems = [...known, ...own]
    .filter(({ notAfter }) => notAfter.getTime() > at.getTime() - GRACE_MS)
    .map(({ der }) => encodePem('CERTIFICATE', der));
  return [...new Set(pems)].join('');
}

function namesIn(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return [];
  const value = parsed(text);
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}

/** What is no JSON says nothing: upstream stops there for good, and tells nobody of a new CA. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
