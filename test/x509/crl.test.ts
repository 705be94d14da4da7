/** Revocation lists: what openssl makes is read as openssl prints it, and what is wrong is refused. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  boolean,
  element,
  octetString,
  oid,
  sequence,
  sequenceOf,
  smallInteger,
  time,
  unsignedInteger,
} from '../../src/x509/der/writer.ts';
import {
  type Certificate,
  createIssuer,
  decodePem,
  encodePem,
  encodePrivateKey,
  formatName,
  isNamedAs,
  makeName,
  parseCertificate,
  parseRevocationList,
  type RevocationList,
  revocationListRefusal,
  selfSign,
  serialHex,
} from '../../src/x509/index.ts';
import { createSigner } from '../../src/x509/signature.ts';
import { seeded } from '../seeded.ts';
import { temporaryDirectory } from '../temporary.ts';
import { caTemplate, expectRefused, keyOf, leafTemplate, survives } from './support.ts';

const KEY = keyOf('ECDSA-P256');
const THIS = new Date('2026-06-01T00:00:00Z');
const NEXT = new Date('2026-07-01T00:00:00Z');

function authority(changes: Parameters<typeof caTemplate>[0] = {}, key = KEY): Certificate {
  const keyUsage = ['keyCertSign', 'cRLSign'] as const;
  return parseCertificate(selfSign(caTemplate({ keyUsage, ...changes }), key));
}
const CA = authority();

interface Parts {
  readonly version?: readonly Uint8Array[];
  readonly issuer?: Uint8Array;
  readonly nextUpdate?: Date;
  readonly revoked?: readonly Uint8Array[];
  readonly extensions?: readonly Uint8Array[];
  readonly key?: typeof KEY;
}

/** A list of our own making. */
function list(parts: Parts): Uint8Array {
  const { issuer = CA.subjectDer, nextUpdate, revoked, extensions, key = KEY } = parts;
  const { version = [smallInteger(1)] } = parts;
  const signer = createSigner(key);
  const tbs = sequence(
    ...version,
    signer.algorithm,
    issuer,
    time(THIS),
    ...(nextUpdate === undefined ? [] : [time(nextUpdate)]),
    ...(revoked === undefined ? [] : [sequenceOf(revoked)]),
    ...(extensions === undefined ? [] : [element(0xa0, sequenceOf(extensions))]),
  );
  const signature = element(0x03, Uint8Array.of(0), signer.sign(tbs));
  return sequence(tbs, signer.algorithm, signature);
}

const extension = (dotted: string, value: Uint8Array, critical = false): Uint8Array =>
  sequence(oid(dotted), ...(critical ? [boolean(true)] : []), octetString(value));
const revoked = (serial: number, ...extensions: Uint8Array[]): Uint8Array =>
  sequence(
    smallInteger(serial),
    time(THIS),
    ...(extensions.length === 0 ? [] : [sequenceOf(extensions)]),
  );
const reason = (number: number): Uint8Array =>
  extension('2.5.29.21', element(0x0a, Uint8Array.of(number)));

let made: { readonly der: Uint8Array; readonly text: string } | undefined;

/** A list of seven certificates, made once; and what openssl says of it. */
function opensslList(): { readonly der: Uint8Array; readonly text: string } {
  made ??= makeOpensslList();
  return made;
}

function makeOpensslList(): { readonly der: Uint8Array; readonly text: string } {
  const directory = temporaryDirectory();
  const write = (name: string, content: string): void =>
    writeFileSync(join(directory, name), content);
  write('index.txt', '');
  write('crlnumber', '0123456789ABCDEF0123\n');
  write('ca.crt', encodePem('CERTIFICATE', CA.der));
  write('ca.key', encodePrivateKey(KEY));
  write(
    'ca.cnf',
    '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ncrl_extensions=x\n[x]\nauthorityKeyIdentifier=keyid\n',
  );
  mkdirSync(join(directory, 'leaves'));
  const issuer = createIssuer(CA, KEY);
  const run = (...args: string[]): void =>
    void execFileSync(
      'openssl',
      ['ca', '-config', 'ca.cnf', '-cert', 'ca.crt', '-keyfile', 'ca.key', ...args],
      {
        cwd: directory,
        stdio: 'pipe',
      },
    );
  const reasons = [
    'unspecified',
    'keyCompromise',
    'CACompromise',
    'affiliationChanged',
    'superseded',
    'cessationOfOperation',
    'certificateHold',
  ];
  for (const [index, name] of reasons.entries()) {
    const serialNumber = Uint8Array.of(0x80 + index, 1);
    const leaf = issuer.issue(leafTemplate({ serialNumber }), keyOf('ECDSA-P256', 1).spki);
    write(`leaves/${name}.crt`, encodePem('CERTIFICATE', leaf));
    run('-revoke', `leaves/${name}.crt`, '-crl_reason', name);
  }
  run('-gencrl', '-crldays', '30', '-out', 'list.pem');
  const der = decodePem(readFileSync(join(directory, 'list.pem')))[0]?.bytes ?? new Uint8Array();
  const text = execFileSync(
    'openssl',
    ['crl', '-in', join(directory, 'list.pem'), '-noout', '-text'],
    {
      encoding: 'utf8',
    },
  );
  return { der, text };
}

describe('parseRevocationList, of what openssl makes', () => {
  it('says of it what openssl says', () => {
    const { der, text } = opensslList();
    const parsed = parseRevocationList(der);
    expect(parsed).toMatchObject({ version: 2, isDelta: false, isIndirect: false });
    expect(formatName(parsed.issuer)).toBe('CN=kubernetes');
    expect(Buffer.from(parsed.number ?? []).toString('hex')).toBe('0123456789abcdef0123');
    expect(Buffer.from(parsed.authorityKeyId ?? [])).toEqual(Buffer.from(CA.subjectKeyId ?? []));
    const dates = (title: string): Date[] =>
      [...text.matchAll(new RegExp(`${title}: (.*)`, 'g'))].map(([, date = '']) => new Date(date));
    expect([parsed.thisUpdate]).toEqual(dates('Last Update'));
    expect([parsed.nextUpdate]).toEqual(dates('Next Update'));
    expect(parsed.revoked.map(({ revokedAt }) => revokedAt)).toEqual(dates('Revocation Date'));
    const serials = [...text.matchAll(/Serial Number: (\w+)/g)].map(([, one = '']) =>
      one.toLowerCase(),
    );
    expect(serials).toHaveLength(7);
    expect(parsed.revoked.map(serialHex)).toEqual(serials);
    expect(parsed.revoked.map((one) => one.reason)).toEqual([
      // openssl leaves `unspecified` as it is asked for.
      'unspecified',
      'keyCompromise',
      'cACompromise',
      'affiliationChanged',
      'superseded',
      'cessationOfOperation',
      'certificateHold',
    ]);
  });

  it('is vouched for by its CA, and by no other', () => {
    const parsed = parseRevocationList(opensslList().der);
    expect(revocationListRefusal(parsed, CA)).toBeUndefined();
    const other = authority({}, keyOf('ECDSA-P256', 5));
    expect(isNamedAs(parsed, other)).toBe(true);
    expect(revocationListRefusal(parsed, other)).toBe('its signature does not verify');
  });

  it('survives whatever damage makes of it', () => {
    const { der } = opensslList();
    const random = seeded('crl');
    let read = 0;
    for (let i = 0; i < 2000; i++) {
      const bytes = Buffer.from(der);
      bytes[Math.floor(random.next() * bytes.length)] = Math.floor(random.next() * 256);
      const isRead = survives(() => revocationListRefusal(parseRevocationList(bytes), CA));
      if (isRead) read++;
    }
    expect(read).toBeGreaterThan(100);
  });
});

describe('parseRevocationList', () => {
  const read = (parts: Parts): RevocationList => parseRevocationList(list(parts));

  it('reads version 1, which has neither version nor extensions', () => {
    const parsed = read({ version: [], revoked: [revoked(1)] });
    expect(parsed).toMatchObject({ version: 1, number: undefined, nextUpdate: undefined });
    expect(parsed.revoked).toMatchObject([{ reason: undefined }]);
    expect(revocationListRefusal(parsed, CA)).toBeUndefined();
  });

  it('reads a list of nothing, left out or empty', () => {
    expect(read({ nextUpdate: NEXT }).revoked).toEqual([]);
    expect(read({ nextUpdate: NEXT, revoked: [] })).toMatchObject({
      revoked: [],
      nextUpdate: NEXT,
    });
  });

  it('tells deltas and indirect lists', () => {
    const delta = extension('2.5.29.27', smallInteger(4), true);
    expect(read({ extensions: [delta] }).isDelta).toBe(true);
    const point = (value: number): Uint8Array =>
      extension('2.5.29.28', sequence(element(0x84, Uint8Array.of(value))), true);
    expect(read({ extensions: [point(0xff)] }).isIndirect).toBe(true);
    expect(read({ extensions: [point(0)] }).isIndirect).toBe(false);
    const issuer = extension('2.5.29.29', sequence(element(0xa4, CA.subjectDer)), true);
    expect(read({ revoked: [revoked(1, issuer)] }).isIndirect).toBe(true);
  });

  it.each<[string, Parts, RegExp]>([
    ['version 3', { version: [smallInteger(2)] }, /a version other than 1 and 2/],
    ['version 1, spelled out', { version: [smallInteger(0)] }, /a version other than 1 and 2/],
    [
      'a reason that is not used',
      { revoked: [revoked(1, reason(7))] },
      /a reason that does not exist/,
    ],
    ['a reason above all', { revoked: [revoked(1, reason(11))] }, /a reason that does not exist/],
    [
      'extensions of entries in version 1',
      { version: [], revoked: [revoked(1, reason(1))] },
      /version 1/,
    ],
    ['extensions in version 1', { version: [], extensions: [] }, /unexpected bytes/],
    ['an extension twice', { revoked: [revoked(1, reason(1), reason(1))] }, /occurs twice/],
    [
      'a negative serial number',
      { revoked: [sequence(element(0x02, Uint8Array.of(0x80)), time(THIS))] },
      /a negative serial number/,
    ],
    [
      'a number that is no integer',
      { extensions: [extension('2.5.29.20', boolean(true))] },
      /the number of the list/,
    ],
    [
      'bytes behind an entry',
      { revoked: [sequence(smallInteger(1), time(THIS), sequenceOf([]), boolean(true))] },
      /unexpected/,
    ],
    [
      'an entry without a date',
      { revoked: [sequence(smallInteger(1))] },
      /the date of the revocation/,
    ],
    ['a name that is none', { issuer: sequence(smallInteger(1)) }, /expected SET/],
  ])('refuses %s', (_what, parts, message) => {
    expectRefused(() => read(parts), 'MALFORMED_DER', message);
  });

  it('reads a large list in no time', () => {
    const many = Array.from({ length: 50_000 }, (_, i) => revoked(i + 1, reason(1)));
    const bytes = list({ revoked: many });
    const started = performance.now();
    expect(parseRevocationList(bytes).revoked).toHaveLength(50_000);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('keeps a serial number of any length', () => {
    const long = unsignedInteger(Buffer.alloc(40, 0xfe));
    const parsed = read({ revoked: [sequence(long, time(THIS))] });
    expect(parsed.revoked.map(serialHex)).toEqual(['fe'.repeat(40)]);
  });
});

describe('revocationListRefusal', () => {
  it.each<[string, Certificate, string]>([
    [
      'another name',
      authority({ subject: makeName({ commonName: 'other' }) }),
      'the list is of another issuer',
    ],
    [
      'a certificate that is no CA',
      authority({ basicConstraints: { ca: false } }),
      'its issuer is no CA',
    ],
    [
      'no right to sign lists',
      authority({ keyUsage: ['keyCertSign'] }),
      "the key usage of its issuer's certificate has no cRLSign",
    ],
  ])('names %s', (_what, certificate, expected) => {
    expect(revocationListRefusal(parseRevocationList(list({})), certificate)).toBe(expected);
  });

  it('takes a CA without key usage', () => {
    const parsed = parseRevocationList(list({}));
    expect(revocationListRefusal(parsed, authority({ keyUsage: [] }))).toBeUndefined();
  });

  it('refuses SHA-1 by its name', () => {
    const parsed = { ...parseRevocationList(list({})), signatureAlgorithm: '1.2.840.10045.4.1' };
    expect(revocationListRefusal(parsed, CA)).toBe(
      'it is signed with SHA-1, which is not accepted any more',
    );
  });
});
