/** A CA whose key is nowhere near kubepki: makes its certificate, and signs requests as any CA would. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type Certificate,
  type CertificateTemplate,
  createIssuer,
  type ExtendedKeyUsage,
  encodePem,
  generatePrivateKey,
  makeName,
  type PrivateKey,
  parseCertificate,
  readRequest,
  selfSign,
} from '../../src/x509/index.ts';
import { later } from './fixture.ts';

export interface ExternalCa {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
  readonly pem: string;
}

function caTemplate(
  commonName: string,
  changes: Partial<CertificateTemplate> = {},
): CertificateTemplate {
  return {
    subject: makeName({ commonName, organizations: ['Company'] }),
    notBefore: later(-10),
    notAfter: later(3650),
    basicConstraints: { ca: true },
    keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'],
    extendedKeyUsage: [],
    ...changes,
  };
}

const caOf = (der: Uint8Array, key: PrivateKey): ExternalCa => ({
  certificate: parseCertificate(der),
  key,
  pem: encodePem('CERTIFICATE', der),
});

export function root(
  name = 'Company Root',
  changes: Partial<CertificateTemplate> = {},
): ExternalCa {
  const key = generatePrivateKey('ECDSA-P256');
  return caOf(selfSign(caTemplate(name, changes), key), key);
}

/** A CA under another one. */
export function under(
  above: ExternalCa,
  name: string,
  changes: Partial<CertificateTemplate> = {},
): ExternalCa {
  const key = generatePrivateKey('ECDSA-P256');
  const issuer = createIssuer(above.certificate, above.key);
  return caOf(issuer.issue(caTemplate(name, changes), key.spki), key);
}

/** Signs a request as it asks, but for the changes. */
export function sign(
  { certificate, key }: ExternalCa,
  request: string,
  changes: Partial<CertificateTemplate> = {},
  spki?: Uint8Array,
): string {
  const asked = readRequest(request);
  const template: CertificateTemplate = {
    subject: asked.subject,
    notBefore: later(-1),
    notAfter: later(364),
    basicConstraints: { ca: false },
    keyUsage: asked.keyUsage ?? ['digitalSignature'],
    extendedKeyUsage: (asked.extendedKeyUsage ?? []).filter(isUsage),
    ...(asked.subjectAltNames === undefined ? {} : { subjectAltNames: asked.subjectAltNames }),
    ...changes,
  };
  return encodePem(
    'CERTIFICATE',
    createIssuer(certificate, key).issue(template, spki ?? asked.spki),
  );
}

const isUsage = (name: string): name is ExtendedKeyUsage =>
  name === 'serverAuth' || name === 'clientAuth';

/** Every request below a directory. */
export const requests = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.csr'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** Answers every request below a directory with `X.crt`. */
export function signAll(ca: ExternalCa, directory: string): void {
  for (const request of requests(directory)) {
    writeFileSync(request.replace(/csr$/, 'crt'), sign(ca, readFileSync(request, 'utf8')));
  }
}

/** Puts a CA's certificate, and what stands behind it, among the authorities of a directory. */
export function install(directory: string, name: string, ...chain: readonly string[]): void {
  const path = join(directory, 'authorities', name);
  if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, chain.join(''));
}
