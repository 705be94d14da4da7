/** PKCS#12 archives as OpenSSL, Java and Go write them, and as nobody should. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  encodePem,
  encodePrivateKey,
  type Pkcs12,
  parseCertificate,
  readPkcs12,
} from '../../src/x509/index.ts';
import { berToDer } from '../../src/x509/pkcs12/ber.ts';
import { type DerNode, parseTree, writeTree } from '../fuzz/der-tree.ts';
import { seeded } from '../seeded.ts';
import { temporaryDirectory } from '../temporary.ts';
import {
  errorOf,
  expectRefused,
  hex,
  issuerOf,
  keyOf,
  leafOf,
  survives,
  unhex,
} from './support.ts';

const SAMPLES = join(import.meta.dirname, 'pkcs12-samples');
const sample = (name: string): Buffer => readFileSync(join(SAMPLES, `${name}.p12`));

const KEY = keyOf('ECDSA-P256', 1);
const LEAF = leafOf('ECDSA-P256');
const CA = issuerOf('ECDSA-P256').certificate.der;
const ALIAS = 'Zürich 山';

/** What `openssl pkcs12 -export` makes of the leaf, its key and its CA. */
function exported(args: readonly string[], passphrase = 'geheim'): Buffer {
  const directory = temporaryDirectory();
  const files = {
    'leaf.pem': encodePem('CERTIFICATE', LEAF),
    'ca.pem': encodePem('CERTIFICATE', CA),
    'key.pem': encodePrivateKey(KEY),
    pass: passphrase,
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(directory, name), content, { mode: 0o600 });
  }
  const fixed = ['-inkey', 'key.pem', '-in', 'leaf.pem', '-certfile', 'ca.pem', '-out', 'out.p12'];
  execFileSync(
    'openssl',
    [
      'pkcs12',
      '-export',
      ...fixed,
      '-name',
      ALIAS,
      '-passout',
      passphrase === '' ? 'pass:' : 'file:pass',
      ...args,
    ],
    { cwd: directory, stdio: 'pipe' },
  );
  return readFileSync(join(directory, 'out.p12'));
}

const kindsOf = ({ bags }: Pkcs12): string[] => bags.map(({ kind }) => kind).toSorted();

/** All of what `exported` puts in. */
function expectWhole(archive: Pkcs12): void {
  expect(kindsOf(archive)).toEqual(['certificate', 'certificate', 'key']);
  const certificates = archive.bags.flatMap((bag) => (bag.kind === 'certificate' ? [bag] : []));
  expect(certificates.map(({ der }) => hex(der))).toEqual([hex(LEAF), hex(CA)]);
  const key = archive.bags.find((bag) => bag.kind === 'key');
  expect(key).toMatchObject({ key: { type: 'ECDSA-P256', spki: KEY.spki }, friendlyName: ALIAS });
  expect(certificates[0]?.friendlyName).toBe(ALIAS);
  expect(certificates[0]?.localKeyId).toEqual(key?.localKeyId);
  expect(certificates[1]).not.toHaveProperty('localKeyId');
  expect(archive).not.toHaveProperty('locked');
}

describe('readPkcs12, of what openssl writes', () => {
  it.each<[string, string[], string, RegExp | undefined, RegExp | undefined]>([
    ['its own choice', [], 'geheim', /^HMAC-SHA256, 2048/, /AES-256-CBC .*SHA256, 2048/],
    ['-legacy', ['-legacy'], 'geheim', /^HMAC-SHA1, 2048/, /40BitRC2/],
    ['-descert', ['-legacy', '-descert'], 'geheim', /SHA1/, /3-KeyTripleDES/],
    [
      '128 bits of RC2, Triple DES with two keys',
      ['-legacy', '-certpbe', 'PBE-SHA1-RC2-128', '-keypbe', 'PBE-SHA1-2DES'],
      'geheim',
      /SHA1/,
      /128BitRC2/,
    ],
    [
      'AES-128, SHA-512',
      ['-certpbe', 'AES-128-CBC', '-macalg', 'sha512'],
      'x',
      /SHA512/,
      /AES-128/,
    ],
    [
      'SHA-384, one iteration',
      ['-macalg', 'sha384', '-nomaciter', '-noiter'],
      'x',
      /SHA384, 1 /,
      /, 1 /,
    ],
    [
      'SHA-224, many iterations',
      ['-macalg', 'sha224', '-iter', '50000'],
      'x',
      /SHA224, 50000/,
      /50000/,
    ],
    ['a passphrase of many scripts', ['-legacy'], 'Zürich 山 🔑', /SHA1/, /RC2/],
    ['a long passphrase', ['-legacy'], 'x'.repeat(500), /SHA1/, /RC2/],
    ['an empty passphrase', [], '', /SHA256/, /AES/],
    ['an empty passphrase, -legacy', ['-legacy'], '', /SHA1/, /RC2/],
    ['no MAC', ['-nomac'], 'geheim', undefined, /AES/],
    ['nothing encrypted', ['-certpbe', 'NONE', '-keypbe', 'NONE'], 'geheim', /SHA256/, undefined],
  ])('reads %s', (_what, args, passphrase, mac, encryption) => {
    const archive = readPkcs12(exported(args, passphrase), { passphrase });
    expectWhole(archive);
    if (mac === undefined) expect(archive.mac).toBeUndefined();
    else expect(archive.mac).toMatch(mac);
    if (encryption === undefined) expect(archive.encryption).toEqual([]);
    else expect(archive.encryption.join()).toMatch(encryption);
  });

  it('tries the empty passphrase where none is given', () => {
    expectWhole(readPkcs12(exported([], '')));
  });

  it.each([[[]], [['-legacy']]])('tells a passphrase that is missing or wrong: %j', (args) => {
    const bytes = exported(args);
    const missing = readPkcs12(bytes);
    expect(missing.locked).toEqual({
      code: 'PASSPHRASE_NEEDED',
      reason: 'the PKCS#12 archive is encrypted',
    });
    // What is shrouded shows its alias.
    expect(missing.bags).toMatchObject([{ kind: 'lockedKey', friendlyName: ALIAS }]);
    const wrong = readPkcs12(bytes, { passphrase: 'falsch' });
    expect(wrong).toMatchObject({ locked: { code: 'WRONG_PASSPHRASE' }, bags: [] });
  });

  it('tells a wrong passphrase where there is no MAC', () => {
    for (const certificates of ['AES-256-CBC', 'PBE-SHA1-3DES', 'PBE-SHA1-RC2-40']) {
      const args = ['-nomac', '-legacy', '-certpbe', certificates];
      const bytes = exported(args);
      for (let i = 0; i < 40; i++) {
        const { locked, bags } = readPkcs12(bytes, { passphrase: `falsch ${i}` });
        expect(locked?.code).toBe('WRONG_PASSPHRASE');
        expect(bags.map(({ kind }) => kind)).toEqual(['lockedKey']);
      }
    }
  });

  it('shows what stands in the clear beside a key that stays closed', () => {
    const archive = readPkcs12(exported(['-certpbe', 'NONE', '-nomac']), { passphrase: 'falsch' });
    expect(kindsOf(archive)).toEqual(['certificate', 'certificate', 'lockedKey']);
    expect(archive.bags.at(-1)).toMatchObject({
      code: 'WRONG_PASSPHRASE',
      reason: 'the passphrase does not open the private key',
    });
  });

  it('shows nothing where the MAC does not verify: somebody may have changed it', () => {
    const bytes = exported(['-certpbe', 'NONE', '-keypbe', 'NONE']);
    expectWhole(readPkcs12(bytes, { passphrase: 'geheim' }));
    const at = bytes.indexOf(Buffer.from('worker-1'));
    expect(at).toBeGreaterThan(0);
    bytes[at] = 0x57;
    expect(readPkcs12(bytes, { passphrase: 'geheim' })).toMatchObject({
      bags: [],
      locked: { code: 'WRONG_PASSPHRASE' },
    });
  });

  it('refuses RC4 with a way out', () => {
    const bytes = exported(['-legacy', '-certpbe', 'PBE-SHA1-RC4-128']);
    const error = errorOf(() => readPkcs12(bytes, { passphrase: 'geheim' }));
    expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining('openssl') });
    expect(error.message).toContain('pbeWithSHAAnd128BitRC4');
  });

  it('holds no secret where one can see it', () => {
    const archive = readPkcs12(exported([]), { passphrase: 'geheim' });
    const secret = Buffer.from(
      createPrivateKey(encodePrivateKey(KEY)).export({ format: 'jwk' }).d ?? '',
      'base64url',
    );
    expect(secret).toHaveLength(32);
    const bytes = (text: string): string => text.replace(/\s+/g, ' ');
    const shown = bytes(inspect(archive, { depth: null, showHidden: true, maxArrayLength: null }));
    const asShown = bytes(inspect(new Uint8Array(secret), { maxArrayLength: null })).slice(18, -2);
    expect(shown).not.toContain(asShown);
    expect(shown).not.toContain(secret.toString('hex'));
  });
});

describe('readPkcs12, of what others write', () => {
  it.each(['a1', 'a2', 'a3'])('verifies PBMAC1: RFC 9579, %s', (which) => {
    const archive = readPkcs12(sample(`rfc9579-${which}`), { passphrase: '1234' });
    expect(archive.mac).toMatch(/^PBMAC1 with HMAC-SHA(256|512) \(PBKDF2-HMAC-SHA(256|512), 2048/);
    expect(kindsOf(archive)).toEqual(['certificate', 'key']);
    const wrong = readPkcs12(sample(`rfc9579-${which}`), { passphrase: '1235' });
    expect(wrong.locked?.code).toBe('WRONG_PASSPHRASE');
  });

  it('refuses the wrong ones of RFC 9579', () => {
    for (const which of ['a4', 'a5']) {
      const archive = readPkcs12(sample(`rfc9579-${which}`), { passphrase: '1234' });
      expect(archive.locked?.code).toBe('WRONG_PASSPHRASE');
    }
    expectRefused(
      () => readPkcs12(sample('rfc9579-a6'), { passphrase: '1234' }),
      'UNSUPPORTED',
      'PBMAC1 with a key of unknown bytes',
    );
  });

  it("reads Java's keystores, with aliases and what it trusts", () => {
    const modern = readPkcs12(sample('java17'), { passphrase: 'geheim' });
    expect(modern.bags.map(({ kind, friendlyName }) => [kind, friendlyName])).toEqual([
      ['key', 'a1'],
      ['certificate', 'a1'],
      ['certificate', 'trusted'],
    ]);
    const legacy = readPkcs12(sample('java17-legacy'), { passphrase: 'geheim' });
    expect(legacy.encryption.join()).toMatch(/3-KeyTripleDES.*40BitRC2/);
    const [key, certificate] = legacy.bags;
    if (key?.kind !== 'key' || certificate?.kind !== 'certificate') throw new Error('not a pair');
    expect(hex(parseCertificate(certificate.der).spki)).toBe(hex(key.key.spki));
  });

  it("reads Go's, where a certificate stands twice", () => {
    const archive = readPkcs12(sample('go-modern2026'), { passphrase: 'geheim' });
    expect(archive.mac).toContain('PBMAC1');
    expect(kindsOf(archive)).toEqual(['certificate', 'certificate', 'key']);
  });
});

/** The same in BER: everything of indefinite length, OCTET STRINGs in pieces of some bytes. */
function toBer(der: Uint8Array, piece: number): Buffer {
  const nodes = parseShallow(der);
  return writeTree(nodes.map((node) => berOf(node, piece)));
}

const INDEFINITE = { kind: 'indefinite' } as const;

function berOf(node: DerNode, piece: number): DerNode {
  const { tag, content } = node;
  if (Array.isArray(content)) {
    return { ...node, content: content.map((one) => berOf(one, piece)), length: INDEFINITE };
  }
  const isOctets = tag === 0x04 || tag === 0x80;
  if (!isOctets || content.length <= piece) return node;
  const pieces: DerNode[] = [];
  for (let at = 0; at < content.length; at += piece) {
    pieces.push({ tag: 0x04, content: content.subarray(at, at + piece), prefix: new Uint8Array() });
  }
  return { ...node, tag: tag | 0x20, content: pieces, length: INDEFINITE };
}

/** As `parseTree`, without looking into strings: their content is signed over as it stands. */
function parseShallow(der: Uint8Array): DerNode[] {
  const unwrap = (node: DerNode): DerNode => {
    const { tag, content } = node;
    if (!Array.isArray(content)) return node;
    if ((tag & 0x20) !== 0) return { ...node, content: content.map(unwrap) };
    return { ...node, content: writeTree(content), prefix: new Uint8Array() };
  };
  return (parseTree(der) ?? []).map(unwrap);
}

describe('readPkcs12, of BER', () => {
  it.each([
    ['its own choice', []],
    ['-legacy', ['-legacy']],
  ])('reads indefinite lengths and strings in pieces, as openssl does: %s', (_what, args) => {
    const der = exported(args);
    const ber = toBer(der, 100);
    expect(ber.length).toBeGreaterThan(der.length);
    expect(ber.subarray(0, 2).toString('hex')).toBe('3080');
    expectWhole(readPkcs12(ber, { passphrase: 'geheim' }));
    const path = join(temporaryDirectory(), 'ber.p12');
    writeFileSync(path, ber);
    const said = execFileSync(
      'openssl',
      ['pkcs12', '-legacy', '-in', path, '-passin', 'pass:geheim', '-nokeys'],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
    expect(said).toContain('BEGIN CERTIFICATE');
  });

  it('leaves DER as it is', () => {
    for (const der of [exported([]), LEAF, CA]) expect(hex(berToDer(der))).toBe(hex(der));
  });

  it.each([
    ['3080', 'ends without the end of an indefinite length'],
    ['30800201030000ff', '1 unexpected bytes after the document'],
    ['04800000', 'an indefinite length of an element without elements inside'],
    ['248002010300 00'.replace(' ', ''), 'an OCTET STRING with something else than its pieces'],
    ['3084ffffffff', 'claims 4294967295 bytes, 0 are left'],
    ['3089010000000000000000', 'a length of 9 bytes'],
    ['3f0100', 'a tag number above 30'],
    ['', 'ends where an element should be'],
    ['3080'.repeat(40), 'nested deeper than 24 levels'],
  ])('refuses %s: %s', (bytes, reason) => {
    expectRefused(() => berToDer(unhex(bytes)), 'MALFORMED_DER', reason);
  });

  it('bounds the elements, which take more memory than their bytes', () => {
    const many = Buffer.concat([
      unhex('3080'),
      Buffer.alloc(800_000, unhex('0500')),
      unhex('0000'),
    ]);
    expectRefused(() => berToDer(many), 'MALFORMED_DER', 'more than 200000 elements');
  });
});

describe('readPkcs12, of what is hostile', () => {
  it('does not do more work than for a file', () => {
    const bytes = exported(['-legacy', '-iter', '99999']);
    // 99999 is 0x01869f: three bytes of an INTEGER.
    const iterations = Buffer.from('020301869f', 'hex');
    const at = bytes.lastIndexOf(iterations);
    expect(at).toBeGreaterThan(0);
    Buffer.from('02037fffff', 'hex').copy(bytes, at);
    expectRefused(
      () => readPkcs12(bytes, { passphrase: 'geheim' }),
      'UNSUPPORTED',
      'the MAC of the archive asks for 8388607 iterations',
    );
  });

  it('survives whatever damage makes of good archives', () => {
    const random = seeded('pkcs12');
    const seeds = [exported([]), exported(['-legacy']), exported(['-nomac', '-certpbe', 'NONE'])];
    let read = 0;
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(seeds[i % seeds.length] ?? []);
      for (let changes = 1 + Math.floor(random.next() * 3); changes > 0; changes--) {
        bytes[Math.floor(random.next() * bytes.length)] = Math.floor(random.next() * 256);
      }
      if (survives(() => readPkcs12(bytes, { passphrase: 'geheim' }))) read++;
    }
    expect(read).toBeGreaterThan(10);
  });
});
