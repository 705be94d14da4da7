/** What kubepki issues says to Go, OpenSSL and @peculiar/x509 what its template says. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createIssuer,
  createRequest,
  encodePem,
  formatName,
  KEY_ALGORITHMS,
  makeName,
  type Name,
  parseCertificate,
  parseName,
  parseRequest,
  publicKeyBits,
  selfSign,
  signatureVerifies,
} from '../../../src/x509/index.ts';
import { Random } from '../../fuzz/random.ts';
import { type Oracle, openOracle } from '../../peers/oracle.ts';
import { seeded } from '../../seeded.ts';
import { temporaryDirectory } from '../../temporary.ts';
import { openssl } from '../../x509/keys/openssl.ts';
import { peculiar } from '../../x509/peculiar.ts';
import { caTemplate, keyOf } from '../../x509/support.ts';
import {
  goFacts,
  goRequestFacts,
  iso,
  ourFacts,
  ourRequestFacts,
  peculiarFacts,
  peculiarRequestFacts,
  rdnsOf,
  sorted,
} from './facts.ts';
import { opensslFacts, opensslRequestFacts } from './openssl-view.ts';
import { drawName, drawNames, drawParts, drawTemplate, drawText, PRINTABLE } from './templates.ts';

const random = new Random(seeded('issuing certificates for others'));
let oracle: Oracle;

beforeAll(async () => {
  oracle = await openOracle();
});
afterAll(async () => oracle?.close());

const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');

/** The five algorithms; those that sign quickly more often. */
const ALGORITHMS = ['ECDSA-P256', 'ECDSA-P256', 'ECDSA-P384', ...KEY_ALGORITHMS];

/** A CA that is valid at every date. */
function authority(type: string) {
  const key = keyOf(type);
  const template = caTemplate({
    subject: makeName({ commonName: `a CA with ${type}` }),
    notBefore: new Date('1950-01-01T00:00:00Z'),
    notAfter: new Date('9999-12-31T23:59:59Z'),
    keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'],
    subjectAltNames: {},
  });
  return createIssuer(parseCertificate(selfSign(template, key)), key);
}

const authorities = new Map(KEY_ALGORITHMS.map((type) => [type, authority(type)] as const));
const issuerOf = (type: string) => {
  const issuer = [...authorities].find(([known]) => known === type)?.[1];
  if (issuer === undefined) throw new RangeError(`no CA of type ${type}`);
  return issuer;
};

/** Attributes of one RDN are sorted by their DER when they are written. */
const inOrder = <T extends { subject: ReturnType<typeof rdnsOf> }>(facts: T): T => ({
  ...facts,
  subject: sorted(facts.subject),
});

describe('certificates from drawn templates', () => {
  it('say the same to all four, and what the template says', async () => {
    const files = temporaryDirectory();
    const leaves: string[] = [];
    for (let i = 0; i < 200; i++) {
      const template = drawTemplate(random);
      const type = random.pick(ALGORITHMS);
      const issuer = issuerOf(type);
      const key = keyOf(random.pick(ALGORITHMS), 1);
      const der = issuer.issue(template, key.spki);
      const what = JSON.stringify({ i, type, key: key.type, template });

      const read = parseCertificate(der);
      const ours = ourFacts(read);
      expect(sorted(ours.subject), what).toEqual(sorted(rdnsOf(template.subject)));
      expect(ours, what).toMatchObject({
        issuer: rdnsOf(issuer.certificate.subject),
        notBefore: iso(template.notBefore),
        notAfter: iso(template.notAfter),
        ca: template.basicConstraints.ca,
        pathLength: template.basicConstraints.pathLength ?? null,
        names: { dns: [], ip: [], uri: [], email: [], ...template.subjectAltNames },
        keyUsage: template.keyUsage,
      });
      expect(signatureVerifies(read, issuer.certificate), what).toBe(true);

      expect(ours, what).toEqual(
        goFacts(await oracle.get({ op: 'certificate', der: base64(der) })),
      );
      const others = peculiarFacts(new peculiar.X509Certificate(Buffer.from(der)));
      expect(inOrder(ours), what).toMatchObject(inOrder(others));
      // Two processes for each: some of them.
      if (i % 3 === 0) expect(inOrder(ours), what).toMatchObject(inOrder(opensslFacts(der)));

      const file = join(files, `${i}.pem`);
      writeFileSync(file, encodePem('CERTIFICATE', der));
      const now = Date.now();
      if (template.notBefore.getTime() < now && now < template.notAfter.getTime())
        leaves.push(file);
    }
    const roots = join(files, 'roots.pem');
    writeFileSync(
      roots,
      [...authorities.values()]
        .map((one) => encodePem('CERTIFICATE', one.certificate.der))
        .join(''),
    );
    expect(leaves.length).toBeGreaterThan(20);
    const partial = ['-partial_chain', '-CAfile', roots];
    const verdict = openssl(['verify', ...partial, ...leaves]);
    expect(
      verdict
        .trim()
        .split('\n')
        .filter((line) => !line.endsWith(': OK')),
    ).toEqual([]);
  });
});

describe('requests from drawn templates', () => {
  it('say the same to all four, and are signed', async () => {
    for (let i = 0; i < 100; i++) {
      const subject = random.oneIn(2) ? makeName(drawParts(random)) : drawName(random);
      const key = keyOf(random.pick([...ALGORITHMS, 'ECDSA-P521', 'Ed25519']), 2);
      const subjectAltNames = drawNames(random);
      const extensions = random.some([
        { oid: '1.3.6.1.4.1.99999.1', critical: true, value: random.bytes(10) },
        { oid: '1.3.6.1.4.1.99999.2', critical: false, value: random.bytes(300) },
      ]);
      const der = createRequest({ subject, subjectAltNames, extensions }, key);
      const what = JSON.stringify({ i, key: key.type, subject, subjectAltNames });

      const ours = ourRequestFacts(parseRequest(der));
      expect(sorted(ours.subject), what).toEqual(sorted(rdnsOf(subject)));
      expect(ours.names, what).toEqual(subjectAltNames);
      const go = await oracle.get({ op: 'csr', der: base64(der) });
      expect(go.signatureError, what).toBe('');
      expect(ours, what).toEqual(goRequestFacts(go));
      const others = peculiarRequestFacts(new peculiar.Pkcs10CertificateRequest(Buffer.from(der)));
      expect(inOrder(ours), what).toMatchObject(inOrder(others));
      if (i % 3 > 0) continue;
      expect(inOrder(ours), what).toMatchObject(inOrder(opensslRequestFacts(der)));
      openssl(['req', '-inform', 'DER', '-verify', '-noout'], der);
    }
  });
});

const BYTES = /\\\\|(?:\\[0-9A-F]{2})+/g;
const BYTES_BEYOND_ASCII = /\\\\|(?:\\[89A-F][0-9A-F])+/g;

/** What is escaped byte by byte as it is: others escape fewer characters. */
const unescaped = (text: string, bytes: RegExp): string =>
  text.replace(bytes, (match) =>
    match === '\\\\' ? match : Buffer.from(match.replaceAll('\\', ''), 'hex').toString('utf8'),
  );

describe('names as text', () => {
  const issue = (subject: Name): Uint8Array => {
    const template = { ...drawTemplate(random), subject };
    return issuerOf('ECDSA-P256').issue(template, keyOf('ECDSA-P256', 1).spki);
  };

  it('are printed as Go prints them', async () => {
    for (let i = 0; i < 200; i++) {
      const subject = makeName(drawParts(random));
      const { subjectText } = await oracle.get({ op: 'certificate', der: base64(issue(subject)) });
      const ours = formatName(parseCertificate(issue(subject)).subject);
      // Go shows control and format characters as they are, and writes postalCode in capitals.
      const shown = unescaped(ours, BYTES).replaceAll('postalCode=', 'POSTALCODE=');
      expect(shown, JSON.stringify(subject)).toBe(subjectText);
    }
  });

  it('are parsed back, and so is what OpenSSL prints', () => {
    for (let i = 0; i < 60; i++) {
      const subject = i === 0 ? makeName({ commonName: PRINTABLE }) : drawName(random);
      expect(parseName(formatName(subject)), JSON.stringify(subject)).toEqual(subject);
      const printed = opensslFacts(issue(subject)).subject;
      expect(sorted(printed), JSON.stringify(subject)).toEqual(sorted(rdnsOf(subject)));
    }
  });

  it('are printed as OpenSSL prints them, where it prints what is not ASCII', () => {
    for (let i = 0; i < 60; i++) {
      const values = [PRINTABLE, drawText(random), drawText(random)];
      const subject: Name = values.map((value) => [{ type: '2.5.4.3', value }]);
      const args = ['-noout', '-subject', '-nameopt', 'RFC2253,-esc_msb'];
      const printed = openssl(['x509', '-inform', 'DER', ...args], issue(subject));
      const text = Buffer.from(printed, 'latin1').toString('utf8').trimEnd();
      // It shows format characters as they are.
      const shown = unescaped(formatName(subject), BYTES_BEYOND_ASCII);
      expect(text).toBe(`subject=${shown}`);
    }
  });
});

describe('key identifiers', () => {
  it('are those that Go makes', async () => {
    const { samples } = await oracle.get({ op: 'issue-samples', seed: 1, count: 22 });
    const roots = samples.filter(({ kind }) => kind === 'certificate');
    let compared = 0;
    for (const { der } of roots) {
      const read = parseCertificate(Buffer.from(der, 'base64'));
      if (read.subjectKeyId === undefined) continue;
      const ours = createHash('sha256').update(publicKeyBits(read.spki)).digest().subarray(0, 20);
      expect(Buffer.from(read.subjectKeyId)).toEqual(ours);
      compared++;
    }
    expect(compared).toBeGreaterThan(0);
  });
});
