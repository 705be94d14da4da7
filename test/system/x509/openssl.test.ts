/** OpenSSL as the oracle of `src/x509`: it reads and verifies what we write, and we read what it writes as it does. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCertificate, readCertificates, serialHex } from '../../../src/x509/certificate.ts';
import { createIssuer } from '../../../src/x509/issue.ts';
import { formatName, makeName } from '../../../src/x509/name.ts';
import { encodePem } from '../../../src/x509/pem.ts';
import { createRequest, readRequest, verifyRequest } from '../../../src/x509/request.ts';
import { signatureVerifies } from '../../../src/x509/signature.ts';
import { caTemplate, issuerOf, KEY_TYPES, keyOf, leafTemplate } from '../../x509/support.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubepki-openssl-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
};
const openssl = (...args: string[]): string =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const pemFile = (name: string, der: Uint8Array, label = 'CERTIFICATE'): string =>
  file(`${name}.pem`, encodePem(label, der));
/** Late enough that certificates from the tests' fixed dates are valid. */
const AT = String(Date.UTC(2026, 5, 1) / 1000);

const ALGORITHM_NAMES = {
  'ECDSA-P256': 'ecdsa-with-SHA256',
  'ECDSA-P384': 'ecdsa-with-SHA384',
  'ECDSA-P521': 'ecdsa-with-SHA512',
  Ed25519: 'ED25519',
  'RSA-2048': 'sha256WithRSAEncryption',
} as const;

describe('certificates of ours', () => {
  for (const type of KEY_TYPES) {
    it(`pass openssl verify -x509_strict under an ${type} CA, intermediate included`, () => {
      const root = issuerOf(type);
      const key = keyOf('ECDSA-P384');
      const subject = makeName({ commonName: 'intermediate', country: 'DE' });
      const constraints = { ca: true, pathLength: 0 };
      const der = root.issue(caTemplate({ subject, basicConstraints: constraints }), key.spki);
      const intermediate = createIssuer(parseCertificate(der), key);
      const leaf = intermediate.issue(leafTemplate(), keyOf('ECDSA-P256', 1).spki);
      const direct = root.issue(leafTemplate(), keyOf('RSA-2048').spki);

      const ca = pemFile('root', root.certificate.der);
      const strict = ['verify', '-x509_strict', '-check_ss_sig', '-attime', AT, '-CAfile', ca];
      const chain = ['-untrusted', pemFile('intermediate', der), pemFile('leaf', leaf)];
      expect(openssl(...strict, ca)).toMatch(/: OK$/m);
      for (const purpose of ['sslserver', 'sslclient']) {
        expect(openssl(...strict, '-purpose', purpose, ...chain)).toMatch(/: OK$/m);
        expect(openssl(...strict, '-purpose', purpose, pemFile('direct', direct))).toMatch(
          /: OK$/m,
        );
      }
      const host = ['-verify_hostname', 'a.example.com', '-verify_ip', 'fd00::1'];
      expect(openssl(...strict, ...host, ...chain)).toMatch(/: OK$/m);

      const text = openssl('x509', '-in', pemFile('leaf', direct), '-noout', '-text');
      expect(text).toContain(`Signature Algorithm: ${ALGORITHM_NAMES[type]}`);
      for (const line of [
        'Subject: O = system:nodes, CN = system:node:worker-1',
        'X509v3 Key Usage: critical\n                Digital Signature, Key Encipherment',
        'X509v3 Extended Key Usage: \n                TLS Web Server Authentication, TLS Web Client Authentication',
        'X509v3 Basic Constraints: critical\n                CA:FALSE',
        'DNS:worker-1, DNS:*.example.com, email:ops@example.com, IP Address:172.16.10.141, IP Address:FD00:0:0:0:0:0:0:1, URI:spiffe://cluster.local/ns/default',
        'Not Before: Jan  1 00:00:00 2026 GMT',
        'Not After : Jan  1 00:00:00 2027 GMT',
      ]) {
        expect(text).toContain(line);
      }
    });
  }

  it('have names that OpenSSL writes as formatName does', () => {
    const subject = makeName({
      commonName: ' #a,b+c"d\\e<f>;',
      organizations: ['b', 'a'],
      country: 'DE',
      locality: 'Köln',
    });
    const certificate = parseCertificate(
      issuerOf('ECDSA-P256').issue(leafTemplate({ subject }), keyOf('ECDSA-P256').spki),
    );
    const path = pemFile('name', certificate.der);
    const options = 'RFC2253,-esc_msb,utf8';
    const text = openssl('x509', '-in', path, '-noout', '-subject', '-nameopt', options);
    // OpenSSL puts the attributes of one RDN in reverse order too.
    expect(text.trim()).toBe(
      `subject=${formatName(certificate.subject.map((rdn) => rdn.toReversed()))}`,
    );
  });

  it('have serial numbers that OpenSSL shows alike', () => {
    for (const serialNumber of [
      Uint8Array.of(1),
      Uint8Array.of(0, 0x80),
      new Uint8Array(19).fill(0xfe),
    ]) {
      const der = issuerOf('ECDSA-P256').issue(
        leafTemplate({ serialNumber }),
        keyOf('ECDSA-P256').spki,
      );
      const text = openssl('x509', '-in', pemFile('serial', der), '-noout', '-serial');
      expect(text.trim().toLowerCase()).toBe(`serial=${serialHex(parseCertificate(der))}`);
    }
  });
});

describe('requests of ours', () => {
  for (const type of KEY_TYPES) {
    it(`are read and verified by OpenSSL, ${type}`, () => {
      const { subject, subjectAltNames = {} } = leafTemplate();
      const path = pemFile(
        'request',
        createRequest({ subject, subjectAltNames }, keyOf(type)),
        'CERTIFICATE REQUEST',
      );
      const text = openssl('req', '-in', path, '-noout', '-verify', '-text');
      expect(text).toContain('Subject: O = system:nodes, CN = system:node:worker-1');
      expect(text).toContain('DNS:worker-1, DNS:*.example.com, email:ops@example.com');
    });
  }
});

const CONFIG = `
[req]
distinguished_name = dn
x509_extensions = v3
req_extensions = asked
prompt = no
string_mask = MASK
[dn]
0.DC = com
1.DC = example
C = DE
O = Müller & Söhne
OU = a
+OU = b
CN = Test CA
emailAddress = a@example.com
[v3]
basicConstraints = critical,CA:TRUE,pathlen:3
keyUsage = critical,keyCertSign,cRLSign,decipherOnly,keyAgreement
extendedKeyUsage = serverAuth,1.2.3.4
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always,issuer:always
subjectAltName = DNS:a.example.com,IP:10.0.0.1,IP:fd00::1,URI:https://a/b,email:a@b,RID:1.2.3,otherName:1.2.3;UTF8:x,dirName:dir
nameConstraints = permitted;DNS:example.com
certificatePolicies = 1.2.3.4
authorityInfoAccess = OCSP;URI:http://ocsp
1.2.3.4.5 = DER:0500
[asked]
subjectAltName = DNS:a.example.com,IP:10.0.0.1
basicConstraints = CA:FALSE
keyUsage = digitalSignature
[dir]
CN = other
`;
const NEW_KEYS = {
  rsa: ['-newkey', 'rsa:2048'],
  'rsa with PSS': [
    '-newkey',
    'rsa:2048',
    '-sigopt',
    'rsa_padding_mode:pss',
    '-sigopt',
    'rsa_pss_saltlen:digest',
  ],
  'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-521': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521', '-sha512'],
  Ed25519: ['-newkey', 'ed25519'],
} as const;

describe('documents of OpenSSL', () => {
  for (const [what, options] of Object.entries(NEW_KEYS)) {
    for (const mask of ['utf8only', 'default', 'nombstr']) {
      it(`are read alike: ${what}, string_mask ${mask}`, () => {
        const config = file('openssl.cnf', CONFIG.replace('MASK', mask));
        const [key, cert, csr] = ['key', 'cert', 'csr'].map((name) => join(dir, name));
        const common = [
          'req',
          '-utf8',
          '-config',
          config,
          '-nodes',
          '-keyout',
          key ?? '',
          ...options,
        ];
        openssl(...common, '-x509', '-days', '10', '-out', cert ?? '');
        const [read] = readCertificates(readFileSync(cert ?? ''));
        if (read === undefined) throw new Error('expected a certificate');
        expect(signatureVerifies(read, read)).toBe(true);
        expect(read).toMatchObject({
          basicConstraints: { ca: true, pathLength: 3 },
          keyUsage: ['keyAgreement', 'keyCertSign', 'cRLSign', 'decipherOnly'],
          extendedKeyUsage: ['serverAuth', '1.2.3.4'],
          subjectAltNames: {
            dns: ['a.example.com'],
            ip: ['10.0.0.1', 'fd00::1'],
            uri: ['https://a/b'],
            email: ['a@b'],
          },
        });
        expect(read.extensions.map(({ oid }) => oid)).toContain('1.2.3.4.5');
        expect(read.subjectKeyId).toEqual(read.authorityKeyId);
        expect(formatName(read.subject)).toBe(
          'emailAddress=a@example.com,CN=Test CA,OU=a+OU=b,O=Müller & Söhne,C=DE,DC=example,DC=com',
        );
        const dates = openssl('x509', '-in', cert ?? '', '-noout', '-dates', '-serial');
        const line = (field: string): string =>
          new RegExp(`^${field}=(.*)$`, 'm').exec(dates)?.[1] ?? '';
        expect(new Date(line('notBefore'))).toEqual(read.notBefore);
        expect(new Date(line('notAfter'))).toEqual(read.notAfter);
        expect(line('serial').toLowerCase()).toBe(serialHex(read));

        openssl(...common, '-out', csr ?? '');
        const request = readRequest(readFileSync(csr ?? ''));
        expect(verifyRequest(request)).toBe(true);
        expect(request).toMatchObject({
          basicConstraints: { ca: false },
          keyUsage: ['digitalSignature'],
          subjectAltNames: { dns: ['a.example.com'], ip: ['10.0.0.1'] },
        });
        expect(formatName(request.subject)).toBe(formatName(read.subject));
      });
    }
  }
});
