/** Certificates with which nodes come, and the bindings of each. */
import { hash } from 'node:crypto';
import {
  certificateCredentialId,
  type NodeBinding,
  type NodeBindingStatus,
} from '../../kubernetes/index.ts';
import { type Certificate, commonName, organizations } from '../../x509/index.ts';
import { nodeOf } from '../authorization/index.ts';
import { formatTime } from '../resources/index.ts';

/** The node whose credential a certificate is; undefined for others, such as that with which it serves. */
export function nodeIn({ subject, extendedKeyUsage }: Certificate): string | undefined {
  const isForClients =
    extendedKeyUsage === undefined ||
    ['clientAuth', 'any'].some((usage) => extendedKeyUsage.includes(usage));
  if (!isForClients) return undefined;
  return nodeOf({ name: commonName(subject) ?? '', groups: organizations(subject) });
}

/**
 * The name of a certificate's binding: SHA-256 over what its CA has signed. Its fingerprint would not do: who
 * holds a certificate that is signed with ECDSA can write it with another signature that is as good, and
 * another fingerprint (`signatureTwins`).
 */
export const bindingName = ({ tbs }: Certificate): string => hash('sha256', tbs, 'hex');

export const nodeBinding = (
  certificate: Certificate,
  node: string,
  addresses: readonly string[],
  boundBy: NonNullable<NodeBindingStatus['boundBy']>,
): NodeBinding => ({
  metadata: { name: bindingName(certificate) },
  spec: { node, addresses },
  status: {
    boundBy,
    credentialId: certificateCredentialId(certificate.der),
    notAfter: formatTime(certificate.notAfter),
  },
});
