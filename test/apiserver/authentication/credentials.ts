/** Certificates and requests to authenticate with. */

import type { ServerRequest } from '../../../src/apiserver/types.ts';
import type { Headers, UserInfo } from '../../../src/kubernetes/index.ts';
import {
  type Certificate,
  type CertificateTemplate,
  createIssuer,
  type Issuer,
  makeName,
  parseCertificate,
  selfSign,
} from '../../../src/x509/index.ts';
import { caTemplate, keyOf, leafTemplate } from '../../x509/support.ts';

/** Within the validity of all certificates here. */
export const NOW = new Date('2026-06-01T00:00:00Z');

export interface Authority {
  readonly certificate: Certificate;
  readonly issuer: Issuer;
}

/** A CA of its own; several of the same name have other keys. */
export function authority(which: number, changes: Partial<CertificateTemplate> = {}): Authority {
  const key = keyOf('ECDSA-P256', 100 + which);
  const certificate = parseCertificate(selfSign(caTemplate(changes), key));
  return { certificate, issuer: createIssuer(certificate, key) };
}

/** A CA below another one. */
export function intermediate(parent: Authority, which: number, name: string): Authority {
  const key = keyOf('ECDSA-P256', 100 + which);
  const template = caTemplate({ subject: makeName({ commonName: name }) });
  const certificate = parseCertificate(parent.issuer.issue(template, key.spki));
  return { certificate, issuer: createIssuer(certificate, key) };
}

/** A client certificate, DER. */
export function client(
  { issuer }: Authority,
  name: { readonly commonName?: string; readonly organizations?: readonly string[] },
  changes: Partial<CertificateTemplate> = {},
): Uint8Array {
  const template = leafTemplate({
    subject: makeName(name),
    extendedKeyUsage: ['clientAuth'],
    ...changes,
  });
  return issuer.issue(template, keyOf('ECDSA-P256', 1).spki);
}

export function request(
  credentials: {
    readonly certificates?: readonly Uint8Array[];
    readonly authorization?: string | readonly string[];
    readonly headers?: Headers;
    readonly user?: UserInfo;
  } = {},
): ServerRequest {
  const { certificates = [], authorization, headers = {}, user } = credentials;
  return {
    method: 'GET',
    url: '/api',
    headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
    peer: { address: '192.0.2.1', certificates },
    ...(user === undefined ? {} : { user }),
  };
}
