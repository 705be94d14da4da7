/** Certificates for tests of TLS: an authority, an intermediate, and what they sign. */
import {
  type Certificate,
  type CertificateTemplate,
  createIssuer,
  encodePem,
  exportPrivateKeyDer,
  generatePrivateKey,
  type Issuer,
  makeName,
  type NameParts,
  type PrivateKey,
  parseCertificate,
  selfSign,
} from '../../src/x509/index.ts';

const VALIDITY = {
  notBefore: new Date('2020-01-01T00:00:00Z'),
  notAfter: new Date('2099-01-01T00:00:00Z'),
};

export interface Authority {
  readonly certificate: Certificate;
  readonly pem: string;
  readonly issuer: Issuer;
}

/** PEM of a certificate (with its intermediates) and its key. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
  readonly der: Uint8Array;
}

const keyPem = (key: PrivateKey): string => encodePem('PRIVATE KEY', exportPrivateKeyDer(key));

const CA: Pick<CertificateTemplate, 'basicConstraints' | 'keyUsage' | 'extendedKeyUsage'> = {
  basicConstraints: { ca: true },
  keyUsage: ['keyCertSign', 'cRLSign'],
  extendedKeyUsage: [],
};

export function authority(commonName: string, above?: Authority): Authority {
  const key = generatePrivateKey('ECDSA-P256');
  const template = { ...VALIDITY, ...CA, subject: makeName({ commonName }) };
  const der =
    above === undefined ? selfSign(template, key) : above.issuer.issue(template, key.spki);
  const certificate = parseCertificate(der);
  return {
    certificate,
    pem: encodePem('CERTIFICATE', der),
    issuer: createIssuer(certificate, key),
  };
}

export function pair(
  above: Authority,
  subject: NameParts,
  usage: 'clientAuth' | 'serverAuth' = 'clientAuth',
  intermediates: readonly Authority[] = [],
): Pair {
  const key = generatePrivateKey('ECDSA-P256');
  const der = above.issuer.issue(
    {
      ...VALIDITY,
      subject: makeName(subject),
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: [usage],
      subjectAltNames: { dns: ['localhost'], ip: ['127.0.0.1'] },
    },
    key.spki,
  );
  const chain = [encodePem('CERTIFICATE', der), ...intermediates.map(({ pem }) => pem)].join('');
  return { certificate: chain, key: keyPem(key), der };
}
