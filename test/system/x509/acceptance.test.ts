/** Damaged certificates, requests, keys and PEM texts: who reads them and who does not. */
import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubepkiError } from '../../../src/errors.ts';
import {
  decodePem,
  decodePrivateKey,
  encodePem,
  fingerprintHex,
  parseCertificate,
  parseRequest,
} from '../../../src/x509/index.ts';
import { type Mutant, mutateBytes, mutateDer } from '../../fuzz/mutate.ts';
import { Random } from '../../fuzz/random.ts';
import { isRefusal, type Oracle, type OracleSample, openOracle } from '../../peers/oracle.ts';
import { seeded } from '../../seeded.ts';
import { ecKey, openssl, rsaKey } from '../../x509/keys/openssl.ts';
import {
  type Facts,
  goFacts,
  goRequestFacts,
  ourFacts,
  ourRequestFacts,
  type RequestFacts,
} from './facts.ts';
import {
  explanation,
  GO_READS,
  GO_REFUSES,
  type Kind,
  type KnownDifference,
  OPENSSL_READS,
  OPENSSL_REFUSES,
} from './known-differences.ts';
import { drawConfig, OpensslMaker } from './openssl-samples.ts';

/** Mutants of each kind; `KUBEPKI_MUTANTS` for a longer run. */
const COUNT = Number(process.env['KUBEPKI_MUTANTS'] ?? 6000);
const BATCH = 200;

const source = seeded('acceptance');
const random = new Random(source);
let oracle: Oracle;
let samples: readonly OracleSample[];

beforeAll(async () => {
  oracle = await openOracle();
  ({ samples } = await oracle.get({
    op: 'issue-samples',
    seed: source.seed,
    count: 110,
    exotic: true,
  }));
});
afterAll(async () => oracle?.close());

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const mutate = (bytes: Uint8Array): Mutant =>
  random.oneIn(4) ? mutateBytes(bytes, random) : mutateDer(bytes, random);

/** What is read, or why it is not. Anything but a KubepkiError fails the test. */
type Reading<T> = { readonly value: T } | { readonly refusal: string };

function reading<T>(read: () => T): Reading<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof KubepkiError) return { refusal: error.message };
    throw error;
  }
}

/** Counts how often two agreed, and fails for a disagreement that no list explains. */
class Comparison {
  readonly #kind: Kind;
  bothRead = 0;
  bothRefused = 0;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  add(
    ours: Reading<unknown>,
    theirs: string | undefined,
    lists: {
      readonly reads: readonly KnownDifference[];
      readonly refuses: readonly KnownDifference[];
    },
    what: string,
  ): void {
    const our = 'refusal' in ours ? ours.refusal : undefined;
    if (our === undefined && theirs === undefined) this.bothRead++;
    else if (our !== undefined && theirs !== undefined) this.bothRefused++;
    else if (our === undefined) this.#explain(lists.refuses, theirs ?? '', `we read it; ${what}`);
    else this.#explain(lists.reads, our, `it is read there; ${what}`);
  }

  #explain(list: readonly KnownDifference[], message: string, what: string): void {
    const known = explanation(list, this.#kind, message);
    expect(known, `${this.#kind}, ${message}: ${what}`).toBeDefined();
  }

  /** Most mutants are refused by all; enough must be read, or nothing would be compared. */
  finish(): void {
    expect(this.bothRead).toBeGreaterThan(COUNT / 30);
    expect(this.bothRefused).toBeGreaterThan(COUNT / 30);
  }
}

const GO = { reads: GO_READS, refuses: GO_REFUSES };
const OPENSSL = { reads: OPENSSL_READS, refuses: OPENSSL_REFUSES };

/** `COUNT` mutants of the seeds, in batches so that the oracle is never idle. */
async function inBatches(
  seeds: readonly Uint8Array[],
  judge: (mutants: readonly Mutant[]) => Promise<void>,
): Promise<void> {
  for (let done = 0; done < COUNT; done += BATCH) {
    await judge(Array.from({ length: BATCH }, () => mutate(random.pick(seeds))));
  }
}

/** Certificates or requests of Go and of OpenSSL. */
function seedsOf(kind: 'certificate' | 'csr'): Buffer[] {
  const maker = new OpensslMaker();
  try {
    const others = ['prime256v1', 'rsa-2048', 'ed25519', 'secp384r1'].flatMap((key) =>
      [0, 1, 2].map(() =>
        kind === 'csr'
          ? maker.request(drawConfig(random, false), key)
          : maker.certificate(drawConfig(random, true), key, []),
      ),
    );
    const ofGo = samples.filter((sample) => sample.kind === kind);
    return [...ofGo.map(({ der }) => Buffer.from(der, 'base64')), ...others];
  } finally {
    maker.close();
  }
}

/** Go writes URIs anew (%41 as A), so that of damaged ones only the number is compared. */
const comparable = <T extends Facts | RequestFacts>(facts: T): T => ({
  ...facts,
  names: { ...facts.names, uri: facts.names.uri.map(() => 'URI') },
});

/** Node's parser is OpenSSL's; a key of an algorithm that we do not do is not asked for. */
function opensslRefusal(der: Buffer, keyType: string | undefined): string | undefined {
  try {
    const certificate = new X509Certificate(der);
    if (keyType === undefined || !/^\d/.test(keyType)) void certificate.publicKey;
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe('a damaged certificate', () => {
  it('is read or refused as by Go and OpenSSL, but for the known differences, and read alike', async () => {
    const withGo = new Comparison('certificate');
    const withOpenssl = new Comparison('certificate');
    await inBatches(seedsOf('certificate'), async (mutants) => {
      const answers = await Promise.all(
        mutants.map(({ bytes }) => oracle.ask({ op: 'certificate', der: base64(bytes) })),
      );
      for (const [at, { bytes, how }] of mutants.entries()) {
        const what = `${how}: ${base64(bytes)}`;
        const ours = reading(() => parseCertificate(bytes));
        const go = answers[at] ?? { error: 'no answer' };
        withGo.add(ours, isRefusal(go) ? go.error : undefined, GO, what);
        const keyType = 'value' in ours ? ours.value.keyType : undefined;
        withOpenssl.add(ours, opensslRefusal(bytes, keyType), OPENSSL, what);
        if (isRefusal(go) || 'refusal' in ours) continue;
        expect(comparable(ourFacts(ours.value)), what).toEqual(comparable(goFacts(go)));
      }
    });
    withGo.finish();
    withOpenssl.finish();
  });
});

describe('a damaged request', () => {
  it('is read or refused as by Go, but for the known differences, and read alike', async () => {
    const withGo = new Comparison('csr');
    await inBatches(seedsOf('csr'), async (mutants) => {
      const answers = await Promise.all(
        mutants.map(({ bytes }) => oracle.ask({ op: 'csr', der: base64(bytes) })),
      );
      for (const [at, { bytes, how }] of mutants.entries()) {
        const what = `${how}: ${base64(bytes)}`;
        const ours = reading(() => parseRequest(bytes));
        const go = answers[at] ?? { error: 'no answer' };
        withGo.add(ours, isRefusal(go) ? go.error : undefined, GO, what);
        if (isRefusal(go) || 'refusal' in ours) continue;
        expect(comparable(ourRequestFacts(ours.value)), what).toEqual(
          comparable(goRequestFacts(go)),
        );
      }
    });
    withGo.finish();
  });
});

/** Throws unless OpenSSL reads the key and signs with it. */
function opensslKeyRefusal(pem: string): string | undefined {
  try {
    const key = createPrivateKey(pem);
    sign(key.asymmetricKeyType?.startsWith('ed') === true ? null : 'sha256', Buffer.from('x'), key);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe('a damaged private key', () => {
  it('is read or refused as by Go and OpenSSL, but for the known differences, and read alike', async () => {
    const ec = ecKey('prime256v1');
    const rsa = rsaKey(2048);
    const texts = [
      ec,
      ecKey('secp384r1'),
      ecKey('secp521r1'),
      rsa,
      rsaKey(1024),
      openssl(['genpkey', '-algorithm', 'ed25519']),
      openssl(['pkey'], ec),
      openssl(['pkey'], rsa),
      openssl(['ec', '-no_public'], ec),
      openssl(['ec', '-conv_form', 'compressed'], ec),
    ];
    const seeds = texts.flatMap((text) => decodePem(text));
    const withGo = new Comparison('key');
    const withOpenssl = new Comparison('key');
    for (let done = 0; done < COUNT; done += BATCH) {
      const mutants = Array.from({ length: BATCH }, () => {
        const { label, bytes } = random.pick(seeds);
        const mutant = mutate(bytes);
        return { ...mutant, pem: encodePem(label, mutant.bytes) };
      });
      const answers = await Promise.all(mutants.map(({ pem }) => oracle.ask({ op: 'key', pem })));
      for (const [at, { pem, how }] of mutants.entries()) {
        const what = `${how}:\n${pem}`;
        const ours = reading(() => decodePrivateKey(pem));
        const go = answers[at] ?? { error: 'no answer' };
        withGo.add(ours, isRefusal(go) ? go.error : undefined, GO, what);
        withOpenssl.add(ours, opensslKeyRefusal(pem), OPENSSL, what);
        if (isRefusal(go) || 'refusal' in ours) continue;
        expect(fingerprintHex(ours.value.spki), what).toBe(go.publicKey.spkiSha256);
      }
    }
    withGo.finish();
    withOpenssl.finish();
  });
});

describe('a damaged PEM text', () => {
  it('holds the blocks that Go finds in it', async () => {
    const block = (label: string) => encodePem(label, random.bytes(random.between(0, 100)));
    const header = 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n';
    const seeds = Array.from({ length: 40 }, () => {
      const text = Array.from({ length: random.between(1, 4) }, () =>
        random.pick([
          block('CERTIFICATE'),
          block('CERTIFICATE').replace('-----\n', `-----\n${header}`),
          block('EC PRIVATE KEY').replaceAll('\n', '\r\n'),
          block('A B C').replaceAll('\n', ' \n'),
          'text between\n',
          '-----BEGIN X-----\n',
          '-----END X-----\n',
        ]),
      );
      return Buffer.from(text.join(''));
    });
    let blocks = 0;
    for (let done = 0; done < COUNT; done += BATCH) {
      const texts = Array.from({ length: BATCH }, () =>
        // JSON is Unicode: what is not ASCII would not arrive as it is.
        mutateBytes(random.pick(seeds), random).bytes.map((byte) => byte & 0x7f),
      );
      const answers = await Promise.all(
        texts.map((text) => oracle.get({ op: 'pem', pem: Buffer.from(text).toString('latin1') })),
      );
      for (const [at, text] of texts.entries()) {
        const ours = decodePem(text).map(({ label, headers, bytes }) => ({
          type: label,
          headers: Object.fromEntries(headers),
          bytes: base64(bytes),
        }));
        const go = (answers[at]?.blocks ?? []).map(({ type, headers, bytes }) => ({
          type,
          headers: headers ?? {},
          bytes: bytes ?? '',
        }));
        expect(ours, JSON.stringify(Buffer.from(text).toString('latin1'))).toEqual(go);
        blocks += ours.length;
      }
    }
    expect(blocks).toBeGreaterThan(COUNT / 4);
  });
});
