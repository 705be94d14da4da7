/** What is damaged: the inputs in `corpus/`, and certificates and requests of our own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createIssuer,
  createRequest,
  decodePem,
  decodePrivateKey,
  encodePem,
  KEY_USAGES,
  makeName,
  type PrivateKey,
  parseCertificate,
  selfSign,
} from '../../src/x509/index.ts';

const read = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'corpus', name), 'utf8');

const blocksOf = (name: string): string[] =>
  decodePem(read(name)).map(({ label, bytes }) => encodePem(label, bytes));

/** PEM texts of one private key each; nobody uses these keys for anything else. */
export const keys = (): string[] => blocksOf('keys.pem');
/** The passphrase is `x`. */
export const encryptedKeys = (): string[] => blocksOf('encrypted-keys.pem');

export const names = (): string[] => read('names.txt').split('\n');
export const kubeconfigs = (): string[] => [read('kubeconfig.yaml'), read('kubeconfig.json')];
export const clusterFiles = (): string[] => {
  const yaml = read('cluster.yaml');
  const examples = ['seed', 'ha', 'external-etcd', 'single-ca'].map((name) =>
    readFileSync(join(import.meta.dirname, `../../examples/${name}.yaml`), 'utf8'),
  );
  return [yaml, ...examples];
};

/** DER of certificates: OpenSSL's, and ours from the same key every time, so that a seed means the same inputs. */
export function certificates(): Uint8Array[] {
  const key = signingKey();
  const template = {
    subject: makeName({ commonName: 'kubernetes', organizations: ['Zürich', 'x'] }),
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2050-01-01T00:00:00Z'),
    serialNumber: Uint8Array.of(1, 2, 3),
    basicConstraints: { ca: true, pathLength: 1 },
    keyUsage: KEY_USAGES,
    extendedKeyUsage: [],
  };
  const ca = selfSign(template, key);
  const leaf = createIssuer(parseCertificate(ca), key).issue(
    {
      ...template,
      subject: makeName({ commonName: 'system:node:worker-1', organizations: ['system:nodes'] }),
      basicConstraints: { ca: false },
      extendedKeyUsage: ['serverAuth', 'clientAuth'],
      subjectAltNames: {
        dns: ['worker-1', '*.example.com'],
        ip: ['172.16.10.141', 'fd00::1'],
        uri: ['spiffe://cluster.local/ns/default'],
        email: ['ops@example.com'],
      },
    },
    key.spki,
  );
  return [ca, leaf, ...decodePem(read('certificates.pem')).map(({ bytes }) => bytes)];
}

export function requests(): Uint8Array[] {
  const subject = makeName({ commonName: 'system:node:worker-1', organizations: ['system:nodes'] });
  const subjectAltNames = { dns: ['worker-1'], ip: ['172.16.10.141'] };
  const ours = createRequest({ subject, subjectAltNames }, signingKey());
  return [ours, ...decodePem(read('requests.pem')).map(({ bytes }) => bytes)];
}

/** Ed25519: its signatures are the same every time. */
function signingKey(): PrivateKey {
  const found = keys()
    .filter((pem) => pem.includes('BEGIN PRIVATE KEY'))
    .map((pem) => decodePrivateKey(pem))
    .find(({ type }) => type === 'Ed25519');
  if (found === undefined) throw new Error('the corpus has no Ed25519 key');
  return found;
}
