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
export const encryptionConfigurations = (): string[] => [read('encryption.yaml')];
export const clusterFiles = (): string[] => {
  const yaml = read('cluster.yaml');
  const examples = ['seed', 'ha', 'external-etcd', 'single-ca'].map((name) =>
    readFileSync(join(import.meta.dirname, `../../examples/${name}.yaml`), 'utf8'),
  );
  return [yaml, ...examples];
};

/** DER of revocation lists by OpenSSL: version 2 with reasons, version 1, an indirect one. */
export const revocationLists = (): Uint8Array[] =>
  decodePem(read('revocation-lists.pem')).map(({ bytes }) => bytes);

/** PKCS#12 archives by OpenSSL, three of them without a MAC, so that damage gets inside. The passphrase is `x`. */
export const archives = (): Uint8Array[] =>
  decodePem(read('archives.pem')).map(({ bytes }) => bytes);

/** A bootstrap token and two JSON Web Tokens that nobody has signed. */
export const tokens = (): string[] => read('tokens.txt').trimEnd().split('\n');

/** What servers send first: ServerHello, Certificate, CertificateRequest, by TLS 1.2 and (in the clear) by TLS 1.3. */
export function flights(): Uint8Array[] {
  const [ca, leaf] = certificates();
  if (ca === undefined || leaf === undefined) throw new Error('the corpus has no certificates');
  const { subjectDer } = parseCertificate(ca);
  const sized = (bytes: number, content: Uint8Array): Buffer => {
    const length = Buffer.alloc(bytes);
    length.writeUIntBE(content.length, 0, bytes);
    return Buffer.concat([length, content]);
  };
  const record = (type: number, body: Uint8Array): Buffer =>
    Buffer.concat([
      Buffer.from([22, 3, 3]),
      sized(2, Buffer.concat([Uint8Array.of(type), sized(3, body)])),
    ]);
  const hello = (suite: string, extensions: string): Buffer =>
    record(
      2,
      Buffer.concat([
        Buffer.from('0303', 'hex'),
        Buffer.alloc(32, 1),
        Buffer.from(`00${suite}00`, 'hex'),
        sized(2, Buffer.from(extensions, 'hex')),
      ]),
    );
  const names = sized(2, sized(2, subjectDer));
  const plain = [leaf, ca].map((der) => sized(3, der));
  const extended = plain.map((entry) => Buffer.concat([entry, Buffer.alloc(2)]));
  return [
    Buffer.concat([
      hello('c02b', ''),
      record(11, sized(3, Buffer.concat(plain))),
      record(
        13,
        Buffer.concat([Buffer.from('0140', 'hex'), Buffer.from('00020403', 'hex'), names]),
      ),
      Buffer.from('15030300020228', 'hex'),
    ]),
    Buffer.concat([
      hello('1301', '002b00020304'),
      record(
        13,
        Buffer.concat([
          Buffer.alloc(1),
          sized(2, Buffer.concat([Buffer.from('002f', 'hex'), sized(2, names)])),
        ]),
      ),
      record(11, Buffer.concat([Buffer.alloc(1), sized(3, Buffer.concat(extended))])),
    ]),
  ];
}

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
