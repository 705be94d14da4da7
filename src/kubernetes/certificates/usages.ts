/** `spec.usages` of a CertificateSigningRequest, and the certificate extensions that they become. */
import { KubepkiError, quoted } from '../../errors.ts';
import {
  EXTENDED_KEY_USAGES,
  type ExtendedKeyUsage,
  KEY_USAGES,
  type KeyUsage,
} from '../../x509/index.ts';
import type { CertificateSigningRequestSpec } from '../api/index.ts';

/** Usages that are bits of keyUsage (kubernetes, pkg/controller/certificates/authority/policies.go). */
const BITS = {
  signing: 'digitalSignature',
  'digital signature': 'digitalSignature',
  'content commitment': 'nonRepudiation',
  'key encipherment': 'keyEncipherment',
  'key agreement': 'keyAgreement',
  'data encipherment': 'dataEncipherment',
  'cert sign': 'keyCertSign',
  'crl sign': 'cRLSign',
  'encipher only': 'encipherOnly',
  'decipher only': 'decipherOnly',
} as const satisfies Record<string, KeyUsage>;

/** Usages that are extended ones. */
const EXTENDED = {
  any: 'any',
  'server auth': 'serverAuth',
  'client auth': 'clientAuth',
  'code signing': 'codeSigning',
  'email protection': 'emailProtection',
  's/mime': 'emailProtection',
  'ipsec end system': 'ipsecEndSystem',
  'ipsec tunnel': 'ipsecTunnel',
  'ipsec user': 'ipsecUser',
  timestamping: 'timeStamping',
  'ocsp signing': 'OCSPSigning',
  'microsoft sgc': 'microsoftServerGatedCrypto',
  'netscape sgc': 'netscapeServerGatedCrypto',
} as const satisfies Record<string, ExtendedKeyUsage>;

const BIT_OF = new Map<string, KeyUsage>(Object.entries(BITS));
const EXTENDED_OF = new Map<string, ExtendedKeyUsage>(Object.entries(EXTENDED));

export type RequestUsage = keyof typeof BITS | keyof typeof EXTENDED;

/** The 23 usages that the API accepts. */
export const REQUEST_USAGES: readonly string[] = [...BIT_OF.keys(), ...EXTENDED_OF.keys()];

export const isRequestUsage = (usage: string): usage is RequestUsage =>
  BIT_OF.has(usage) || EXTENDED_OF.has(usage);

/** The usages of a request, whatever another server may have put there. */
export function usagesOf(spec: Pick<CertificateSigningRequestSpec, 'usages'>): readonly string[] {
  const list: unknown = spec.usages;
  return Array.isArray(list) ? list.map(String) : [];
}

export interface CertificateUsages {
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
}

const EXTENDED_ORDER = new Map<string, number>(
  Object.keys(EXTENDED_KEY_USAGES).map((name, index) => [name, index]),
);

/**
 * What a certificate with these usages says, each once and in Go's order.
 *
 * @throws KubepkiError INVALID_VALUE naming every usage that is not known.
 */
export function certificateUsages(usages: readonly string[]): CertificateUsages {
  const bits = new Set<KeyUsage>();
  const extended = new Set<ExtendedKeyUsage>();
  const unknown: string[] = [];
  for (const usage of usages) {
    const bit = BIT_OF.get(usage);
    const other = EXTENDED_OF.get(usage);
    if (bit !== undefined) bits.add(bit);
    else if (other !== undefined) extended.add(other);
    else unknown.push(usage);
  }
  if (unknown.length > 0) {
    const list = unknown.slice(0, MOST_SHOWN).map((usage) => quoted(usage, 80));
    throw new KubepkiError('INVALID_VALUE', `unrecognized usage values: [${list.join(' ')}]`);
  }
  return {
    keyUsage: KEY_USAGES.filter((usage) => bits.has(usage)),
    extendedKeyUsage: [...extended].sort(
      (one, other) => (EXTENDED_ORDER.get(one) ?? 0) - (EXTENDED_ORDER.get(other) ?? 0),
    ),
  };
}

const MOST_SHOWN = 10;
