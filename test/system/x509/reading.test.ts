/** Certificates and requests of others are read as Go, OpenSSL and @peculiar/x509 read them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

describe('what @peculiar/x509 issues', () => {
  it('is read identically by all four', async () => {
    for (let i = 0; i < 20; i++) {
      await expectSameCertificate(await peculiarCertificate(random), `certificate ${i}`);
      await expectSameRequest(await peculiarRequest(random), `request ${i}`);
    }
  });
});
