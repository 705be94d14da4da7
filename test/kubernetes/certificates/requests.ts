/** Requests for the tests of signers: PKCS#10 of any names and key, and the API objects around them. */
import type { CertificateSigningRequest } from '../../../src/kubernetes/index.ts';
import {
  type CertificationRequest,
  createRequest,
  type Extension,
  encodePem,
  type KeyAlgorithm,
  makeName,
  type Name,
  parseRequest,
  type SubjectAltNames,
} from '../../../src/x509/index.ts';
import { keyOf } from '../../x509/support.ts';

export interface Asked {
  readonly subject?: Name;
  readonly names?: Partial<SubjectAltNames>;
  readonly extensions?: readonly Extension[];
  readonly key?: KeyAlgorithm;
}

export const nodeName = (node = 'worker-1', ...organizations: string[]): Name =>
  makeName({
    commonName: `system:node:${node}`,
    organizations: organizations.length === 0 ? ['system:nodes'] : organizations,
  });

/** DER. A client's of node worker-1, signed with ECDSA P-256, where nothing else is said. */
export function requestDer(asked: Asked = {}): Uint8Array {
  const { subject = nodeName(), names, extensions = [], key = 'ECDSA-P256' } = asked;
  return createRequest(
    { subject, extensions, ...(names === undefined ? {} : { subjectAltNames: names }) },
    keyOf(key),
  );
}

export const requestOf = (asked: Asked = {}): CertificationRequest =>
  parseRequest(requestDer(asked));

/** `spec.request`. */
export const specRequest = (der: Uint8Array): string =>
  Buffer.from(encodePem('CERTIFICATE REQUEST', der)).toString('base64');

export const CLIENT_USAGES = ['digital signature', 'client auth'] as const;
export const SERVING_USAGES = ['digital signature', 'server auth'] as const;

/** The object as a server answers it, pending, from a bootstrap token. */
export function csrObject(
  name: string,
  spec: Partial<CertificateSigningRequest['spec']> & { readonly asked?: Asked } = {},
): CertificateSigningRequest {
  const { asked, ...rest } = spec;
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name, uid: `uid-${name}`, creationTimestamp: '2026-06-01T12:00:00Z' },
    spec: {
      request: rest.request ?? specRequest(requestDer(asked)),
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: CLIENT_USAGES,
      username: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers', 'system:authenticated'],
      ...rest,
    },
    status: {},
  };
}
