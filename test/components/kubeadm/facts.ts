/**
 * What lies below a root, as facts that can be compared: each path with its fields, each field a
 * text. Certificates and keys are read by Go, as the components read them. What is random or depends
 * on the time of day is said in relation to what it depends on.
 */
import { createPublicKey, hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readCertificates } from '../../../src/x509/index.ts';
import type { Oracle, OracleCertificate, OraclePublicKey } from '../../peers/oracle.ts';
import { snapshot } from './files.ts';
import type { Made } from './run.ts';
import type { Scenario } from './scenario.ts';

/** Path below the root -> field -> what it says. */
export type Facts = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What `made` holds, as Go reads it. */
export async function factsOf(oracle: Oracle, made: Made, scenario: Scenario): Promise<Facts> {
  const files = await snapshot(made.root);
  const reader = new Reader(oracle, made, scenario);
  const facts = new Map<string, ReadonlyMap<string, string>>();
  for (const [path, { mode, content }] of files) {
    const fields = new Map([['mode', mode.toString(8).padStart(4, '0')]]);
    if (content === null) fields.set('directory', '');
    if (content !== null) await reader.read(path, content.toString('utf8'), fields);
    facts.set(path, fields);
  }
  return facts;
}

type Fields = Map<string, string>;

class Reader {
  readonly #oracle: Oracle;
  readonly #made: Made;
  readonly #scenario: Scenario;

  constructor(oracle: Oracle, made: Made, scenario: Scenario) {
    this.#oracle = oracle;
    this.#made = made;
    this.#scenario = scenario;
  }

  async read(path: string, text: string, fields: Fields): Promise<void> {
    if (path.endsWith('.conf')) return this.#kubeconfig(text, fields);
    await this.#armour(text, fields);
    if (path.endsWith('.crt')) {
      await this.#certificate(text, fields);
      const key = await readFile(join(this.#made.root, path.replace(/\.crt$/, '.key')), 'utf8');
      await this.#pair(text, key, fields);
    } else if (path.endsWith('.key')) await this.#key(text, fields);
    else if (path.endsWith('.pub')) {
      const key = await readFile(join(this.#made.root, path.replace(/\.pub$/, '.key')), 'utf8');
      const same = createPublicKey(key).equals(createPublicKey(text));
      fields.set('pair', same ? 'belongs to its key' : 'of another key');
    } else fields.set('content', text);
  }

  /** How the text is laid out around the bytes. */
  async #armour(text: string, fields: Fields): Promise<void> {
    const { blocks } = await this.#oracle.get({ op: 'pem', pem: text });
    fields.set('PEM', blocks.map(({ type }) => type).join(', '));
    const again = blocks.map(({ type, bytes }) => {
      const lines = bytes.replace(/(.{64})(?=.)/g, '$1\n');
      return `-----BEGIN ${type}-----\n${lines}\n-----END ${type}-----\n`;
    });
    fields.set('PEM text', text === again.join('') ? 'as Go writes it' : 'another layout');
  }

  async #key(text: string, fields: Fields, prefix = ''): Promise<void> {
    const { block, publicKey } = await this.#oracle.get({ op: 'key', pem: text });
    fields.set(`${prefix}key`, `${formatKey(publicKey)} in ${block}`);
  }

  async #pair(certificate: string, key: string, fields: Fields): Promise<void> {
    const answer = await this.#oracle.ask({ op: 'pair', certificate, key });
    fields.set('pair', 'error' in answer ? answer.error : 'belongs to its key');
  }

  async #certificate(text: string, fields: Fields): Promise<void> {
    const seen = await this.#parse(text);
    const issuer = await this.#issuerOf(seen);
    // Go's answer has names as text; whether the two are encoded alike is seen here.
    const { subjectDer, issuerDer, spki } = readCertificates(text)[0];
    const set = (name: string, value: string | readonly string[]): void => {
      fields.set(name, typeof value === 'string' ? value : value.join(', '));
    };
    set('version', String(seen.version));
    set('serial number', serialSize(seen.serial));
    set('signature', seen.signatureAlgorithm);
    set('public key', formatKey(seen.publicKey));
    set('subject', seen.subjectText);
    set('subject, DER', hex(subjectDer));
    set('issuer', seen.issuerText);
    set('issuer, DER', hex(issuerDer));
    set('begins', this.#begins(seen, issuer));
    set('ends', this.#ends(seen, issuer));
    set('key usage', seen.keyUsage);
    set('extended key usage', seen.extendedKeyUsage);
    set('basic constraints', `CA ${seen.isCA}, path length ${seen.maxPathLen}`);
    set('DNS names', seen.dnsNames);
    set('addresses', seen.ipAddresses);
    set('other names', [...seen.uris, ...seen.emailAddresses]);
    set('subject key identifier', keyIdentifier(seen, spki));
    set(
      'authority key identifier',
      seen.authorityKeyId === issuer.subjectKeyId ? "the CA's" : seen.authorityKeyId,
    );
    set(
      'extensions',
      seen.extensions.map(
        ([oid, critical]) => (EXTENSIONS[oid] ?? oid) + (critical ? ' (critical)' : ''),
      ),
    );
  }

  async #parse(text: string): Promise<OracleCertificate> {
    const { blocks } = await this.#oracle.get({ op: 'pem', pem: text });
    return this.#oracle.get({ op: 'certificate', der: blocks[0]?.bytes ?? '' });
  }

  /** The CA below the same root that signed it. */
  async #issuerOf(certificate: OracleCertificate): Promise<OracleCertificate> {
    for (const name of ['ca.crt', 'front-proxy-ca.crt', 'etcd/ca.crt']) {
      const text = await readFile(join(this.#made.root, 'etc/kubernetes/pki', name), 'utf8');
      const ca = await this.#parse(text);
      if (ca.subjectText === certificate.issuerText) return ca;
    }
    throw new Error(`no CA called ${certificate.issuerText} below ${this.#made.root}`);
  }

  #begins(certificate: OracleCertificate, issuer: OracleCertificate): string {
    const isCa = certificate.sha256 === issuer.sha256;
    if (!isCa && certificate.notBefore === issuer.notBefore) return 'with its CA';
    return this.#sinceMade(certificate.notBefore, -5 * MINUTE)
      ? 'five minutes before it was made'
      : certificate.notBefore;
  }

  #ends(certificate: OracleCertificate, issuer: OracleCertificate): string {
    const isCa = certificate.sha256 === issuer.sha256;
    if (!isCa && certificate.notAfter === issuer.notAfter) return 'with its CA';
    const days = isCa ? this.#scenario.validity.ca : this.#scenario.validity.leaf;
    return this.#sinceMade(certificate.notAfter, days * DAY)
      ? `${days} days after it was made`
      : certificate.notAfter;
  }

  /** Whether a date is that of the run plus `milliseconds`; dates have whole seconds. */
  #sinceMade(date: string, milliseconds: number): boolean {
    const made = Date.parse(date) - milliseconds;
    return made > this.#made.from - 1000 && made <= this.#made.to;
  }

  async #kubeconfig(text: string, fields: Fields): Promise<void> {
    const config = parse(text) as KubeconfigText;
    const { cluster } = one(config.clusters);
    const { user } = one(config.users);
    const authority = await readFile(join(this.#made.root, 'etc/kubernetes/pki/ca.crt'), 'utf8');
    const same = decode(cluster['certificate-authority-data']) === authority;
    fields.set('trusts', same ? 'ca.crt' : 'another CA');
    fields.set('server', cluster.server);
    const certificate = decode(user['client-certificate-data']);
    const key = decode(user['client-key-data']);
    await this.#armour(certificate, fields);
    await this.#certificate(certificate, fields);
    await this.#key(key, fields, 'client ');
    await this.#pair(certificate, key, fields);
    const data = /(-data): [A-Za-z0-9+/=]+$/gm;
    fields.set('text', text.replace(data, '$1: …').replace(cluster.server, '<server>'));
  }
}

/** The part of a kubeconfig that both programs write. */
interface KubeconfigText {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

const MINUTE = 60_000;
const DAY = 86_400_000;

/** By the names of RFC 5280, section 4.2.1. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  '2.5.29.14': 'subjectKeyIdentifier',
  '2.5.29.15': 'keyUsage',
  '2.5.29.17': 'subjectAltName',
  '2.5.29.19': 'basicConstraints',
  '2.5.29.35': 'authorityKeyIdentifier',
  '2.5.29.37': 'extKeyUsage',
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');
const formatKey = ({ type, curve, bits }: OraclePublicKey): string => `${type} ${curve ?? bits}`;

/** Serial numbers are random: what can be compared is how much of it. */
function serialSize(serial: string): string {
  const bits = BigInt(`0x${serial}`).toString(2).length;
  return bits <= 63 ? 'up to 63 bits' : bits <= 128 ? 'up to 128 bits' : `${bits} bits`;
}

/** How the identifier follows from the key (the part of the SPKI that is no algorithm). */
function keyIdentifier({ subjectKeyId }: OracleCertificate, spki: Uint8Array): string {
  if (subjectKeyId === '') return 'none';
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  // An EC key's is a point, at the end; that of P-256 has 65 bytes.
  const bits =
    key.asymmetricKeyType === 'rsa'
      ? key.export({ format: 'der', type: 'pkcs1' })
      : spki.subarray(-65);
  const method1 = hash('sha256', bits, 'hex').slice(0, 40);
  return subjectKeyId === method1 ? 'of RFC 7093, method 1' : subjectKeyId;
}

/** The only one; both programs write kubeconfigs for one cluster and one user. */
function one<T>(list: readonly T[]): T {
  const [only, ...more] = list;
  if (only === undefined || more.length > 0) throw new Error(`expected one, got ${list.length}`);
  return only;
}

/** A difference between two sets of facts: a field that one says otherwise, or lacks with its whole file. */
export interface Found {
  readonly path: string;
  readonly field: string;
  /** Undefined where the program makes no such file. */
  readonly kubeadm: string | undefined;
  readonly kubepki: string | undefined;
}

/**
 * Every field in which the two differ; of a file that only one has, the field `file` and no other.
 * Directories that only one has follow from the files in them.
 */
export function compareFacts(kubeadm: Facts, kubepki: Facts): Found[] {
  const found: Found[] = [];
  for (const path of [...new Set([...kubeadm.keys(), ...kubepki.keys()])].sort()) {
    const theirs = kubeadm.get(path);
    const ours = kubepki.get(path);
    if (theirs === undefined || ours === undefined) {
      if ((theirs ?? ours)?.has('directory') === true) continue;
      const there = (facts: unknown): string | undefined =>
        facts === undefined ? undefined : 'made';
      found.push({ path, field: 'file', kubeadm: there(theirs), kubepki: there(ours) });
      continue;
    }
    for (const field of new Set([...theirs.keys(), ...ours.keys()])) {
      const [a, b] = [theirs.get(field), ours.get(field)];
      if (a !== b) found.push({ path, field, kubeadm: a, kubepki: b });
    }
  }
  return found;
}
