/** Requests for admissions to judge. */
import type { Admission } from '../../../src/apiserver/types.ts';
import type { KubernetesObject, UserInfo } from '../../../src/kubernetes/index.ts';
import { StatusError } from '../../../src/kubernetes/index.ts';
import { createRequest, encodePem, makeName, type NameParts } from '../../../src/x509/index.ts';
import { keyOf } from '../../x509/support.ts';

export const user = (name: string, ...groups: string[]): UserInfo => ({ name, groups });

export interface Write {
  readonly user: UserInfo;
  /** `nodes/status`, `leases.coordination.k8s.io`. */
  readonly resource: string;
  readonly namespace?: string;
  /** In the request; the object's where not given, as in an update. */
  readonly name?: string;
  readonly object?: KubernetesObject;
  readonly old?: KubernetesObject;
}

/** The refusal; undefined where the admission lets the write pass. */
export async function refusal(admit: Admission, write: Write): Promise<StatusError | undefined> {
  const [full = '', subresource = ''] = write.resource.split('/');
  const dot = full.indexOf('.');
  const { object, old } = write;
  const attributes = {
    kind: 'resource',
    user: write.user,
    verb: object === undefined ? 'delete' : old === undefined ? 'create' : 'update',
    group: dot < 0 ? '' : full.slice(dot + 1),
    version: 'v1',
    resource: dot < 0 ? full : full.slice(0, dot),
    subresource,
    namespace: write.namespace ?? '',
    name: write.name ?? old?.metadata.name ?? '',
  } as const;
  try {
    await admit({
      attributes,
      ...(object === undefined ? {} : { object }),
      ...(old === undefined ? {} : { old }),
      dryRun: false,
    });
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  return undefined;
}

/** A CertificateSigningRequest; the request may be any text. */
export function csr(
  signerName: string,
  subject: NameParts | string,
  status: object = {},
): KubernetesObject {
  const pem =
    typeof subject === 'string'
      ? subject
      : encodePem(
          'CERTIFICATE REQUEST',
          createRequest({ subject: makeName(subject) }, keyOf('ECDSA-P256', 1)),
        );
  const object = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'csr-1' },
    spec: { signerName, request: Buffer.from(pem).toString('base64'), usages: ['client auth'] },
    status,
  };
  return object;
}
