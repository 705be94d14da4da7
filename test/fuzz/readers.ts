/** The readers that are fuzzed: what they are fed, how it is damaged, and what must hold of what they accept. */
import { deepStrictEqual } from 'node:assert/strict';
import { readEncryptionConfiguration } from '../../src/apiserver/encryption/configuration.ts';
import { validateEncryptionConfiguration } from '../../src/apiserver/encryption/validate.ts';
import { readCluster } from '../../src/cluster/index.ts';
import {
  certificateAskOf,
  certificatesOf,
  serverHelloOf,
} from '../../src/collect/endpoint/handshake.ts';
import { handshakeDecrypter, readFlight } from '../../src/collect/endpoint/records.ts';
import { identify } from '../../src/collect/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import { formatKubeconfig, parseKubeconfig } from '../../src/kubernetes/index.ts';
import { type DerElement, DerReader } from '../../src/x509/der/reader.ts';
import { readString } from '../../src/x509/der/strings.ts';
import { Tag } from '../../src/x509/der/tag.ts';
import { checkValue, readTime } from '../../src/x509/der/values.ts';
import { elementOf } from '../../src/x509/der/writer.ts';
import {
  type Certificate,
  type CertificationRequest,
  decodePem,
  decodePrivateKey,
  encodeName,
  encodePem,
  encodePrivateKey,
  formatName,
  type Name,
  parseCertificate,
  parseName,
  parseRequest,
  parseRevocationList,
  readPkcs12,
  signatureTwins,
} from '../../src/x509/index.ts';
import { readName } from '../../src/x509/name.ts';
import {
  archives,
  certificates,
  clusterFiles,
  encryptedKeys,
  encryptionConfigurations,
  flights,
  keys,
  kubeconfigs,
  names,
  requests,
  revocationLists,
  tokens,
} from './corpus.ts';
import { FIELDS_TOKENS, fieldSets, readFields } from './fields.ts';
import { type Mutant, mutateBytes, mutateDer } from './mutate.ts';
import { mutateProtobuf } from './mutate-protobuf.ts';
import { mutateText } from './mutate-text.ts';
import { objectsInProtobuf, readProtobuf } from './protobuf.ts';
import { PROXY_TOKENS, proxyHeaders, readProxy } from './proxy-header.ts';
import type { Random } from './random.ts';

export interface Reader {
  readonly seeds: readonly Uint8Array[];
  mutate(seed: Uint8Array, random: Random): Mutant;
  /** Reads the input; a KubepkiError is a refusal, every other error a failure. */
  read(input: Uint8Array): void;
  /** Milliseconds that one input may take. */
  readonly limit: number;
}

const LIMIT = 250;
const MOST_BYTES = 64 * 1024;
/** The YAML package takes up to 10 µs for a byte. */
const MOST_YAML_BYTES = 8 * 1024;
/** A key file may ask for 10 million iterations of PBKDF2, or as much of scrypt, before it is refused. */
const DERIVATION_LIMIT = 30_000;

const ofText = (text: string): Uint8Array => Buffer.from(text, 'utf8');
const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

const der = (bytes: Uint8Array, random: Random): Mutant =>
  random.oneIn(3) ? mutateBytes(bytes, random) : mutateDer(bytes, random);
const text =
  (tokens: readonly string[], most = MOST_BYTES) =>
  (bytes: Uint8Array, random: Random): Mutant =>
    mutateText(bytes, { tokens, most }, random);

/** The DER of a PEM block damaged, or the text itself. */
function pemOrDer(bytes: Uint8Array, random: Random): Mutant {
  const [block] = decodePem(bytes);
  if (block === undefined || random.oneIn(4)) return text(PEM_TOKENS)(bytes, random);
  const { bytes: inside, how } = der(block.bytes, random);
  return { bytes: Buffer.from(encodePem(block.label, inside)), how };
}

const PEM_TOKENS = [
  '-----BEGIN CERTIFICATE-----\n',
  '-----END CERTIFICATE-----\n',
  '-----BEGIN EC PRIVATE KEY-----\n',
  '\n-----END ',
  '-----BEGIN ',
  '-----',
  'Proc-Type: 4,ENCRYPTED\n',
  ':',
  '=',
  '\r\n',
  '\n',
  ' \t',
  'AAAA',
];
const NAME_TOKENS = [
  'CN=',
  'O=',
  '+',
  ',',
  ';',
  '=',
  '\\',
  '\\2C',
  '\\FF',
  '#',
  '#0c0161',
  '"',
  ' ',
  '1.2.3=',
  '2.999=',
  '\0',
  '😀',
];
const TOKEN_TOKENS = ['.', '..', '-', '_', '=', 'eyJhbGciOiJ4In0', 'e30', 'W10', '\n', ' ', 'AAAA'];
const YAML_TOKENS = [
  '&a ',
  '*a',
  '<<: *a',
  '!!str ',
  '!!binary ',
  '!!int ',
  '!<x> ',
  '? ',
  ': ',
  '- ',
  '|\n',
  '>-\n',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '# ',
  '\t',
  '\r\n',
  '\u0085',
  '\u2028',
  '\ufeff',
  '\0',
  '"\\u0000"',
  '~',
  'null',
  'yes',
  '0x7fffffffffffffff',
  '1e400',
  '.nan',
  '-0',
  '2001-01-01',
  '190:20:30',
  '__proto__: ',
  'name: ',
  'constructor: ',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '{}',
  '[]',
  '99999999999999999999',
  'a: *a',
];

/** Everything below an element, every primitive value read as what its tag says. */
function walk(element: DerElement): void {
  deepStrictEqual(
    Buffer.from(elementOf(element.tag, [element.content])),
    Buffer.from(element.bytes),
  );
  if ((element.tag & 0x20) === 0) {
    try {
      readPrimitive(element);
    } catch (error) {
      // The rest of the tree is to be seen as well.
      if (!(error instanceof KubepkiError)) throw error;
    }
    return;
  }
  const inside = DerReader.inside(element);
  while (!inside.done) walk(inside.next());
}

function readPrimitive(element: DerElement): void {
  checkValue(element);
  if (element.tag === Tag.utcTime || element.tag === Tag.generalizedTime) readTime(element);
  if (element.tag === Tag.utf8String || element.tag >= Tag.numericString) readString(element);
  if (element.tag === Tag.octetString) walk(DerReader.single(element.content));
}

/** What is printed can be read again, and says the same. */
/** The same certificate but for its signature, and the first is one of its own twins. */
function checkTwin(twin: Uint8Array, { der, tbs }: Certificate): void {
  deepStrictEqual(Buffer.from(parseCertificate(twin).tbs), Buffer.from(tbs));
  const back = signatureTwins(twin).some((one) => Buffer.compare(one, der) === 0);
  deepStrictEqual(back, true);
}

function checkName(name: Name): void {
  const printed = formatName(name);
  deepStrictEqual(parseName(printed), name);
  // Control characters would be the terminal's to interpret.
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(printed))
    throw new Error('a name is printed with control characters');
}

function checkDocument(document: Certificate | CertificationRequest): void {
  checkName(document.subject);
  if ('issuer' in document) checkName(document.issuer);
}

function readKey(input: Uint8Array, passphrase?: string): void {
  const key = decodePrivateKey(input, passphrase === undefined ? {} : { passphrase });
  for (const form of ['traditional', 'pkcs8'] as const) {
    const again = decodePrivateKey(encodePrivateKey(key, { form }));
    deepStrictEqual([again.type, again.spki], [key.type, key.spki]);
  }
  if (key.object.type !== 'private') throw new Error('OpenSSL does not take the key');
}

/** Keys stand in nothing that is said of them. */
function readEncryption(input: Uint8Array): void {
  try {
    const configuration = readEncryptionConfiguration(toText(input), 'FILE');
    requireNoKeys(validateEncryptionConfiguration(configuration));
  } catch (error) {
    if (error instanceof KubepkiError) requireNoKeys([error.message, error.hint, error.issues]);
    throw error;
  }
}

function requireNoKeys(said: unknown): void {
  const text = JSON.stringify(said);
  for (const secret of ['q83vEjRWeJCrze8S', 'c2VjcmV0IGlzIHNlY3Vy', 'dGhpcyBpcyBwYXNz']) {
    if (text.includes(secret)) throw new Error(`a key is told: ${text}`);
  }
}

function readKubeconfig(input: Uint8Array): void {
  const written = formatKubeconfig(parseKubeconfig(toText(input), 'FILE'));
  deepStrictEqual(formatKubeconfig(parseKubeconfig(written, 'WRITTEN')), written);
}

/** Claims are printed by what goes down level by level: they may not be bottomless. */
function readTokenText(input: Uint8Array): void {
  const material = identify(Buffer.from(input));
  if (material.format !== 'token') throw new KubepkiError('UNSUPPORTED', 'not a token');
  JSON.stringify(material);
}

/** The secret that the flights of the corpus are read with. */
const FLIGHT_SECRET = Buffer.alloc(32, 7);

function readHandshake(input: Uint8Array): void {
  const received = Buffer.from(input);
  for (const suite of [0x1301, 0x1302, 0x1303]) {
    const { messages } = readFlight(received, handshakeDecrypter(suite, FLIGHT_SECRET));
    const { version = 0x0303 } = serverHelloOf(messages) ?? {};
    certificatesOf(messages, version);
    certificateAskOf(messages, version);
  }
}

function readNameText(input: Uint8Array): void {
  const name = parseName(toText(input));
  checkName(name);
  const read = readName(DerReader.single(encodeName(name)));
  const inOrder = (rdns: Name) =>
    rdns.map((rdn) => rdn.map(({ type, value }) => `${type}=${value}`).sort());
  deepStrictEqual(inOrder(read), inOrder(name));
}

function readPem(input: Uint8Array): void {
  for (const { label, bytes } of decodePem(input)) {
    if (!/^[A-Z0-9 ]*$/.test(label)) continue;
    const [again] = decodePem(encodePem(label, bytes));
    deepStrictEqual([again?.label, Buffer.from(again?.bytes ?? [])], [label, Buffer.from(bytes)]);
  }
}

/** By the names that `npm run fuzz` takes. Seeds are made when a reader is asked for. */
export const READERS: Readonly<Record<string, () => Reader>> = {
  'proxy-header': () => ({
    seeds: proxyHeaders(),
    mutate: (bytes, random) =>
      random.oneIn(2) ? mutateBytes(bytes, random) : text(PROXY_TOKENS)(bytes, random),
    read: readProxy,
    limit: LIMIT,
  }),
  der: () => ({
    seeds: [
      ...certificates(),
      ...requests(),
      ...keys().flatMap((pem) => decodePem(pem).map(({ bytes }) => bytes)),
    ],
    mutate: der,
    read: (input) => walk(DerReader.single(input)),
    limit: LIMIT,
  }),
  pem: () => ({
    seeds: [
      ...keys(),
      ...encryptedKeys(),
      certificates()
        .map((one) => encodePem('CERTIFICATE', one))
        .join('text\n'),
    ].map(ofText),
    mutate: text(PEM_TOKENS),
    read: readPem,
    limit: LIMIT,
  }),
  certificate: () => ({
    seeds: certificates(),
    mutate: der,
    read: (input) => {
      // Of what is no certificate there may be none, but never an error.
      const twins = signatureTwins(input);
      const certificate = parseCertificate(input);
      for (const twin of twins) checkTwin(twin, certificate);
      checkDocument(certificate);
    },
    limit: LIMIT,
  }),
  csr: () => ({
    seeds: requests(),
    mutate: der,
    read: (input) => checkDocument(parseRequest(input)),
    limit: LIMIT,
  }),
  name: () => ({
    seeds: names().map(ofText),
    mutate: text(NAME_TOKENS),
    read: readNameText,
    limit: LIMIT,
  }),
  key: () => ({
    seeds: [...keys(), ...encryptedKeys()].map(ofText),
    mutate: pemOrDer,
    read: readKey,
    limit: LIMIT,
  }),
  'encrypted-key': () => ({
    seeds: encryptedKeys().map(ofText),
    mutate: pemOrDer,
    read: (input) => readKey(input, 'x'),
    limit: DERIVATION_LIMIT,
  }),
  crl: () => ({
    seeds: revocationLists(),
    mutate: der,
    read: (input) => checkName(parseRevocationList(input).issuer),
    limit: LIMIT,
  }),
  pkcs12: () => ({
    seeds: archives(),
    mutate: der,
    read: (input) => void readPkcs12(input, { passphrase: 'x' }),
    limit: DERIVATION_LIMIT,
  }),
  token: () => ({
    seeds: tokens().map(ofText),
    mutate: text(TOKEN_TOKENS),
    read: readTokenText,
    limit: LIMIT,
  }),
  handshake: () => ({
    seeds: flights(),
    mutate: mutateBytes,
    read: readHandshake,
    limit: LIMIT,
  }),
  protobuf: () => ({
    seeds: objectsInProtobuf(),
    mutate: (bytes, random) =>
      random.oneIn(3) ? mutateBytes(bytes, random) : mutateProtobuf(bytes, random),
    read: readProtobuf,
    limit: LIMIT,
  }),
  fields: () => ({
    seeds: fieldSets().map(ofText),
    mutate: text(FIELDS_TOKENS),
    read: readFields,
    limit: LIMIT,
  }),
  kubeconfig: () => ({
    seeds: kubeconfigs().map(ofText),
    mutate: text(YAML_TOKENS, MOST_YAML_BYTES),
    read: readKubeconfig,
    limit: LIMIT,
  }),
  encryption: () => ({
    seeds: encryptionConfigurations().map(ofText),
    mutate: text(
      [...YAML_TOKENS, 'keys: ', 'secret: ', 'providers: ', '*.*', 'kms: {}'],
      MOST_YAML_BYTES,
    ),
    read: readEncryption,
    limit: LIMIT,
  }),
  cluster: () => ({
    seeds: clusterFiles().map(ofText),
    mutate: text(
      [...YAML_TOKENS, 'spec: ', 'hosts: ', '10.96.0.0/12', '::/0', '100y', '-1d'],
      MOST_YAML_BYTES,
    ),
    read: (input) => void readCluster(toText(input), 'FILE'),
    limit: LIMIT,
  }),
};
