/** Certificates and requests of others are read as Go, OpenSSL and @peculiar/x509 read them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubepkiError } from '../../../src/errors.ts';
import { parseCertificate, parseRequest } from '../../../src/x509/index.ts';
import { Random } from '../../fuzz/random.ts';
import { type Oracle, openOracle } from '../../peers/oracle.ts';
import { seeded } from '../../seeded.ts';
import { peculiar } from '../../x509/peculiar.ts';
import {
  type Facts,
  goFacts,
  goRequestFacts,
  ourFacts,
  ourRequestFacts,
  peculiarFacts,
  peculiarRequestFacts,
  type RequestFacts,
  sorted,
} from './facts.ts';
import { digestFor, drawConfig, KEY_KINDS, OpensslMaker } from './openssl-samples.ts';
import { opensslFacts, opensslRequestFacts } from './openssl-view.ts';
import { peculiarCertificate, peculiarRequest } from './peculiar-samples.ts';

const source = seeded('reading certificates of others');
const random = new Random(source);
let oracle: Oracle;
const maker = new OpensslMaker();

beforeAll(async () => {
  oracle = await openOracle();
});
afterAll(async () => {
  maker.close();
  await oracle?.close();
});

/** OpenSSL and @peculiar/x509 do not keep the order of attributes within an RDN. */
const inOrder = <T extends Partial<Facts>>(facts: T): T => ({
  ...facts,
  ...(facts.subject === undefined ? {} : { subject: sorted(facts.subject) }),
  ...(facts.issuer === undefined ? {} : { issuer: sorted(facts.issuer) }),
});

const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');

async function expectSameCertificate(der: Uint8Array, what: string): Promise<void> {
  const ours = ourFacts(parseCertificate(der));
  const go = goFacts(await oracle.get({ op: 'certificate', der: base64(der) }));
  expect(ours, `${what}: Go`).toEqual(go);
  const unordered = inOrder(ours);
  const others = peculiarFacts(new peculiar.X509Certificate(Buffer.from(der)));
  expect(unordered, `${what}: @peculiar/x509`).toMatchObject(inOrder(others));
  expect(unordered, `${what}: OpenSSL`).toMatchObject(inOrder(opensslFacts(der)));
}

async function expectSameRequest(der: Uint8Array, what: string): Promise<void> {
  const ours: RequestFacts = ourRequestFacts(parseRequest(der));
  const go = goRequestFacts(await oracle.get({ op: 'csr', der: base64(der) }));
  expect(ours, `${what}: Go`).toEqual(go);
  const unordered = inOrder(ours);
  const others = peculiarRequestFacts(new peculiar.Pkcs10CertificateRequest(Buffer.from(der)));
  expect(unordered, `${what}: @peculiar/x509`).toMatchObject(inOrder(others));
  expect(unordered, `${what}: OpenSSL`).toMatchObject(inOrder(opensslRequestFacts(der)));
}

describe('what Go issues', () => {
  it('is read identically by all four', async () => {
    const { samples } = await oracle.get({
      op: 'issue-samples',
      seed: source.seed,
      count: 110,
      exotic: true,
    });
    for (const { kind, der, description } of samples) {
      const bytes = Buffer.from(der, 'base64');
      if (kind === 'certificate') await expectSameCertificate(bytes, description);
      if (kind === 'csr') await expectSameRequest(bytes, description);
    }
  });
});

describe('what OpenSSL issues', () => {
  it('is read identically by all four: certificates', async () => {
    for (let i = 0; i < 60; i++) {
      const kind = random.pick(KEY_KINDS);
      const config = drawConfig(random, true);
      const serial = `0x${Buffer.from(random.bytes(random.between(1, 19))).toString('hex')}`;
      const days = String(random.pick([1, 365, 3650, 10_000, 36_500, 365_000]));
      const options = ['-set_serial', serial, '-days', days, ...digestFor(kind, random)];
      const der = maker.certificate(config, kind, options);
      await expectSameCertificate(der, `${kind} ${options.join(' ')}\n${config}`);
    }
  });

  it('is read identically by all four: requests', async () => {
    for (let i = 0; i < 40; i++) {
      const kind = random.pick(KEY_KINDS);
      const config = drawConfig(random, false);
      const der = maker.request(config, kind, digestFor(kind, random));
      await expectSameRequest(der, `${kind}\n${config}`);
    }
  });
});

/** A configuration with these lines in its sections. */
const plain = (subject: string, extensions = '', more = ''): string =>
  `[req]\nprompt=no\ndistinguished_name=dn\n${extensions === '' ? '' : 'x509_extensions=ext\nreq_extensions=ext\n'}${more}[dn]\n${subject}\n[ext]\n${extensions}\n`;

describe('what OpenSSL can be made to issue', () => {
  it.each([
    ['a serial number of 20 bytes', ['-set_serial', `0x7f${'ff'.repeat(19)}`], ''],
    ['a serial number longer than RFC 5280 allows', ['-set_serial', `0x7f${'ff'.repeat(29)}`], ''],
    ['the serial number zero', ['-set_serial', '0'], ''],
    ['no name at all', ['-subj', '/'], 'subjectAltName=DNS:a'],
    ['a name of one attribute twice', ['-multivalue-rdn', '-subj', '/CN=b+CN=a/CN=c'], ''],
    ['no extensions', [], ''],
    ['empty basic constraints', [], 'basicConstraints=DER:3000'],
    ['basic constraints with an explicit FALSE', [], 'basicConstraints=DER:3003010100'],
    ['a path length of a certificate that is no CA', [], 'basicConstraints=CA:FALSE,pathlen:3'],
    ['a large path length', [], 'basicConstraints=CA:TRUE,pathlen:2147483647'],
    ['no bits of key usage', [], 'keyUsage=DER:030100'],
    ['a key usage beyond the nine', [], 'keyUsage=DER:03030600C0'],
    ['no alternative names', [], 'subjectAltName=DER:3000'],
    ['an empty key identifier', [], 'subjectKeyIdentifier=DER:0400'],
    ['an authority key identifier that is empty', [], 'authorityKeyIdentifier=DER:3000'],
  ])('is read identically: %s', async (what, options, extensions) => {
    const der = maker.certificate(plain('CN=x', extensions), 'prime256v1', options);
    await expectSameCertificate(der, what);
  });

  it.each([
    ['a challenge password', 'attributes=attr\n[attr]\nchallengePassword=secret12\n'],
    ['an unstructured name', 'attributes=attr\n[attr]\nunstructuredName=x y\n'],
  ])('is read identically: a request with %s', async (what, more) => {
    const der = maker.request(plain('CN=x', 'subjectAltName=DNS:a', more), 'prime256v1');
    await expectSameRequest(der, what);
  });

  it.each([
    ['a negative serial number', ['-set_serial', '-5'], ''],
    ['a negative path length', [], 'basicConstraints=CA:TRUE,pathlen:-1'],
    ['a critical authority key identifier', [], 'authorityKeyIdentifier=critical,DER:30038001AA'],
    ['a critical subject key identifier', [], 'subjectKeyIdentifier=critical,hash'],
    ['a BOOLEAN of 1', [], 'basicConstraints=DER:3003010101'],
    ['an address of five bytes', [], 'subjectAltName=DER:300787050102030405'],
  ])('is refused as by Go: %s', async (what, options, extensions) => {
    const der = maker.certificate(plain('CN=x', extensions), 'prime256v1', options);
    expect(() => parseCertificate(der), what).toThrow(KubepkiError);
    expect(await oracle.ask({ op: 'certificate', der: base64(der) }), what).toHaveProperty('error');
  });
});

describe('what OpenSSL issues and Go refuses', () => {
  it.each([
    ['a curve spelled out', 'explicit', '1.2.840.10045.2.1', ''],
    ['another curve', 'secp256k1', '1.3.132.0.10', ''],
    ['authority information access that is none', 'prime256v1', 'ECDSA-P256', 'DER:0500'],
  ])('is read, to be shown: %s', async (_, kind, keyType, value) => {
    const extensions = value === '' ? '' : `authorityInfoAccess=${value}`;
    const der = maker.certificate(plain('CN=x', extensions), kind, []);
    expect(parseCertificate(der).keyType).toBe(keyType);
    expect(await oracle.ask({ op: 'certificate', der: base64(der) })).toHaveProperty('error');
  });
});

describe('what @peculiar/x509 issues', () => {
  it('is read identically by all four', async () => {
    for (let i = 0; i < 20; i++) {
      await expectSameCertificate(await peculiarCertificate(random), `certificate ${i}`);
      await expectSameRequest(await peculiarRequest(random), `request ${i}`);
    }
  });
});
