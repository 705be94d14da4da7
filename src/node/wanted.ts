/** What a node's certificates are to say, how they are asked for, and whether one says it. */
import { KubepkiError, quoted } from '../errors.ts';
import { NODES_GROUP, type NodeAddress } from '../kubernetes/index.ts';
import {
  bytesToIp,
  type Certificate,
  commonName,
  ipToBytes,
  keysMatch,
  makeName,
  organizations,
  type PrivateKey,
  type RequestTemplate,
} from '../x509/index.ts';
import { userOf } from './names.ts';
import type { CertificateKind } from './types.ts';

export interface WantedCertificate {
  readonly kind: CertificateKind;
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Sorted, without doubles, as the addresses. */
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

export const SIGNERS: Readonly<Record<CertificateKind, string>> = {
  client: 'kubernetes.io/kube-apiserver-client-kubelet',
  serving: 'kubernetes.io/kubelet-serving',
};

/** For keys that are not RSA: those also ask for key encipherment. */
export const USAGES: Readonly<Record<CertificateKind, readonly string[]>> = {
  client: ['digital signature', 'client auth'],
  serving: ['digital signature', 'server auth'],
};

export const wantedClient = (nodeName: string): WantedCertificate => ({
  kind: 'client',
  commonName: userOf(nodeName),
  organizations: [NODES_GROUP],
  dns: [],
  ip: [],
});

/**
 * Names and addresses of the serving certificate, from those of the Node (pkg/kubelet/certificate,
 * `addressesToHostnamesAndIPs`). Undefined without any IP address: no signer would give one.
 */
export function wantedServing(
  nodeName: string,
  addresses: readonly NodeAddress[],
): WantedCertificate | undefined {
  const dns = new Set<string>();
  const ip = new Set<string>();
  for (const { type, address } of addresses) {
    if (address === '') continue;
    const bytes = ipToBytes(address);
    const isName = type === 'InternalDNS' || type === 'ExternalDNS';
    if (bytes !== undefined && !isName) ip.add(bytesToIp(bytes));
    else if (isName || type === 'Hostname') dns.add(address);
  }
  if (ip.size === 0) return undefined;
  return { ...wantedClient(nodeName), kind: 'serving', dns: [...dns].sort(), ip: [...ip].sort() };
}

export function requestTemplate(wanted: WantedCertificate): RequestTemplate {
  const subject = makeName({
    organizations: wanted.organizations,
    commonName: wanted.commonName,
  });
  const { dns, ip } = wanted;
  return dns.length === 0 && ip.length === 0
    ? { subject }
    : { subject, subjectAltNames: { dns, ip } };
}

export const isSameWanted = (
  a: WantedCertificate | undefined,
  b: WantedCertificate | undefined,
): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What a certificate lacks of what is wanted, in words; undefined: nothing. More than that is fine. */
export function lacks(certificate: Certificate, wanted: WantedCertificate): string | undefined {
  const name = commonName(certificate.subject);
  if (name !== wanted.commonName) {
    return `its common name is ${quoted(name ?? '', 80)} and not ${quoted(wanted.commonName, 80)}`;
  }
  const { dns = [], ip = [] } = certificate.subjectAltNames ?? {};
  return (
    missing('organization', wanted.organizations, organizations(certificate.subject)) ??
    missing('DNS name', wanted.dns, dns) ??
    missing('IP address', wanted.ip, ip)
  );
}

function missing(
  what: string,
  wanted: readonly string[],
  there: readonly string[],
): string | undefined {
  const one = wanted.find((value) => !there.includes(value));
  return one === undefined ? undefined : `it lacks the ${what} ${quoted(one, 80)}`;
}

/**
 * Checks a certificate that a signer has issued, before anything relies on it.
 *
 * @param where the request, for the message
 * @throws KubepkiError INVALID_VALUE
 */
export function checkIssued(
  certificate: Certificate,
  {
    wanted,
    key,
    now,
    where,
  }: { wanted: WantedCertificate; key: PrivateKey; now: Date; where: string },
): void {
  const problem = keysMatch(certificate, key)
    ? (lacks(certificate, wanted) ?? unusable(certificate, wanted.kind, now))
    : 'it is of another key than the one asked for';
  if (problem === undefined) return;
  throw new KubepkiError(
    'INVALID_VALUE',
    `${where}: the certificate issued is refused: ${problem}`,
    {
      hint: 'the signer of the cluster does not do what it should: look at its logs',
    },
  );
}

function unusable(
  { extendedKeyUsage = [], notAfter, basicConstraints }: Certificate,
  kind: CertificateKind,
  now: Date,
): string | undefined {
  const usage = kind === 'client' ? 'clientAuth' : 'serverAuth';
  if (!extendedKeyUsage.includes(usage)) return `it lacks the extended key usage ${usage}`;
  if (basicConstraints?.ca === true) return 'it is a CA';
  return now > notAfter
    ? `it expired ${notAfter.toISOString()}: check the clock of this machine, where it is ${now.toISOString()}`
    : undefined;
}
