import { createHash, sign, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseCertificate, serialHex } from '../../src/x509/certificate.ts';
import { element, oid, sequence } from '../../src/x509/der/writer.ts';
import { createIssuer, selfSign } from '../../src/x509/issue.ts';
import { publicKeyBits } from '../../src/x509/keys/index.ts';
import { encodeName, makeName } from '../../src/x509/name.ts';
import { EXTENSION_TYPES, SIGNATURE_ALGORITHMS } from '../../src/x509/oids.ts';
import { signatureVerifies } from '../../src/x509/signature.ts';
import type { Certificate, CertificateTemplate } from '../../src/x509/types.ts';
import { peculiar } from './peculiar.ts';
import {
  caTemplate,
  expectRefused,
  hex,
  issuerOf,
  KEY_TYPES,
  keyOf,
  leafTemplate,
  NOT_BEFORE,
  unhex,
} from './support.ts';

const leafKey = keyOf('ECDSA-P256', 1).spki;
const issue = (changes: Partial<CertificateTemplate> = {}, spki = leafKey): Certificate =>
  parseCertificate(issuerOf('ECDSA-P256').issue(leafTemplate(changes), spki));
const names = ({ extensions }: Certificate): string[] =>
  extensions.map(({ oid: type, critical }) => {
    const name = Object.entries(EXTENSION_TYPES).find(([, dotted]) => dotted === type)?.[0];
    return `${name ?? type}${critical ? '!' : ''}`;
  });

const ALGORITHMS = {
  'ECDSA-P256': 'ecdsa-with-SHA256',
  'ECDSA-P384': 'ecdsa-with-SHA384',
  'ECDSA-P521': 'ecdsa-with-SHA512',
  Ed25519: 'Ed25519',
  'RSA-2048': 'sha256WithRSAEncryption',
} as const;

const ca = (changes: Partial<CertificateTemplate> = {}): Certificate =>
  parseCertificate(selfSign(caTemplate(changes), keyOf('ECDSA-P256')));

describe('an issuer whose key is elsewhere', () => {
  const hashOf = (type: string): string | null =>
    type === 'Ed25519'
      ? null
      : type.endsWith('P384')
        ? 'sha384'
        : type.endsWith('P521')
          ? 'sha512'
          : 'sha256';

  for (const type of KEY_TYPES) {
    it(`issues with whoever signs for the ${type} key`, () => {
      const { certificate } = issuerOf(type);
      const given: Uint8Array[] = [];
      const issuer = createIssuer(certificate, (tbs) => {
        given.push(tbs);
        return sign(hashOf(type), tbs, keyOf(type).object);
      });
      const leaf = parseCertificate(issuer.issue(leafTemplate(), leafKey));
      expect(signatureVerifies(leaf, certificate)).toBe(true);
      expect(given.map(hex)).toEqual([hex(leaf.tbs)]);
    });
  }

  it('hands out nothing that is signed with another key, by another algorithm, or not at all', () => {
    const { certificate } = issuerOf('ECDSA-P256');
    const key = keyOf('ECDSA-P256').object;
    for (const signer of [
      (tbs: Uint8Array) => sign('sha256', tbs, keyOf('ECDSA-P256', 1).object),
      (tbs: Uint8Array) => sign('sha384', tbs, key),
      // Raw r and s, as JWS and PKCS#11 have them.
      (tbs: Uint8Array) => sign('sha256', tbs, { key, dsaEncoding: 'ieee-p1363' }),
      (tbs: Uint8Array) => Buffer.concat([sign('sha256', tbs, key), Buffer.from('\n')]),
      () => new Uint8Array(),
    ]) {
      const issuer = createIssuer(certificate, signer);
      expectRefused(
        () => issuer.issue(leafTemplate(), leafKey),
        'BAD_SIGNATURE',
        'ecdsa-with-SHA256',
      );
    }
  });
});

describe('createIssuer', () => {
  for (const type of KEY_TYPES) {
    it(`issues with an ${type} key what Node and @peculiar/x509 read and verify`, async () => {
      const { certificate: ca } = issuerOf(type);
      const der = issuerOf(type).issue(leafTemplate(), leafKey);
      const leaf = parseCertificate(der);
      expect(leaf.signatureAlgorithm).toBe(SIGNATURE_ALGORITHMS[ALGORITHMS[type]]);
      expect(signatureVerifies(leaf, ca)).toBe(true);
      expect(signatureVerifies(ca, ca)).toBe(true);

      const [nodeLeaf, nodeCa] = [new X509Certificate(der), new X509Certificate(ca.der)];
      expect(nodeLeaf.verify(nodeCa.publicKey)).toBe(true);
      expect(nodeCa.verify(nodeCa.publicKey)).toBe(true);
      expect(nodeLeaf.checkIssued(nodeCa)).toBe(true);
      expect(nodeLeaf.checkHost('x.example.com')).toBe('*.example.com');
      expect(nodeLeaf.checkIP('172.16.10.141')).toBe('172.16.10.141');
      expect(nodeLeaf.checkIP('fd00::1')).toBe('fd00::1');
      expect(nodeLeaf.checkEmail('ops@example.com')).toBe('ops@example.com');
      expect(nodeLeaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
      expect(nodeLeaf.subjectAltName).toBe(
        'DNS:worker-1, DNS:*.example.com, email:ops@example.com, IP Address:172.16.10.141, ' +
          'IP Address:FD00:0:0:0:0:0:0:1, URI:spiffe://cluster.local/ns/default',
      );

      const theirs = new peculiar.X509Certificate(Buffer.from(der));
      const root = new peculiar.X509Certificate(Buffer.from(ca.der));
      expect(theirs.serialNumber).toBe(serialHex(leaf));
      expect(theirs.subject).toBe('O=system:nodes, CN=system:node:worker-1');
      expect(theirs.notBefore).toEqual(NOT_BEFORE);
      const alternatives = theirs.getExtension(peculiar.SubjectAlternativeNameExtension);
      expect(alternatives?.names.toJSON()).toHaveLength(6);
      expect(theirs.getExtension(peculiar.BasicConstraintsExtension)).toMatchObject({
        ca: false,
        critical: true,
      });
      const usage = theirs.getExtension(peculiar.KeyUsagesExtension);
      expect(usage?.usages).toBe(
        peculiar.KeyUsageFlags.digitalSignature | peculiar.KeyUsageFlags.keyEncipherment,
      );
      // Its own code for P-521 and Ed25519 depends on the WebCrypto at hand; Node verified those above.
      if (type !== 'ECDSA-P521' && type !== 'Ed25519') {
        expect(await theirs.verify({ publicKey: root.publicKey, signatureOnly: true })).toBe(true);
      }
    });
  }

  it('refuses a key that is not the certificate’s', () => {
    expectRefused(
      () => createIssuer(ca(), keyOf('ECDSA-P256', 1)),
      'CONFLICT',
      'is not the key of the CA certificate "CN=kubernetes"',
    );
  });
  it('refuses a certificate that is not a CA', () => {
    const notCa = ca({ basicConstraints: { ca: false } });
    expectRefused(() => createIssuer(notCa, keyOf('ECDSA-P256')), 'INVALID_VALUE', 'is not a CA');
    const { basicConstraints: _, ...without } = ca();
    expectRefused(() => createIssuer(without, keyOf('ECDSA-P256')), 'INVALID_VALUE', 'is not a CA');
  });
  it('refuses a CA whose key usage is not for certificates, takes one without key usage', () => {
    const noSign = ca({ keyUsage: ['digitalSignature'] });
    expectRefused(
      () => createIssuer(noSign, keyOf('ECDSA-P256')),
      'INVALID_VALUE',
      'keyUsage lacks keyCertSign',
    );
    expect(
      createIssuer(ca({ keyUsage: [] }), keyOf('ECDSA-P256')).certificate.keyUsage,
    ).toBeUndefined();
  });
  it('refuses a key that certificates are not signed with', () => {
    const key = {
      ...keyOf('ECDSA-P256'),
      type: '1.3.132.0.10',
      object: keyOf('ECDSA-P256').object,
    };
    expectRefused(() => createIssuer(ca(), key), 'UNSUPPORTED', 'a key of type 1.3.132.0.10');
    expectRefused(() => createIssuer(ca(), { ...key, type: 'RSA-512' }), 'UNSUPPORTED', 'RSA-512');
  });
});

const at = (iso: string): Date => new Date(iso);

describe('Issuer.issue', () => {
  it('writes the extensions in Go’s order, critical where Go makes them so', () => {
    expect(names(issue())).toEqual([
      'keyUsage!',
      'extendedKeyUsage',
      'basicConstraints!',
      'authorityKeyIdentifier',
      'subjectAltName',
    ]);
    expect(names(issue({ basicConstraints: { ca: true } }))).toEqual([
      'keyUsage!',
      'extendedKeyUsage',
      'basicConstraints!',
      'subjectKeyIdentifier',
      'authorityKeyIdentifier',
      'subjectAltName',
    ]);
  });
  it('leaves out what is empty', () => {
    const bare = issue({ keyUsage: [], extendedKeyUsage: [], subjectAltNames: { dns: [] } });
    expect(names(bare)).toEqual(['basicConstraints!', 'authorityKeyIdentifier']);
  });
  it('makes the alternative names critical beside an empty subject', () => {
    const nameless = issue({ subject: [] });
    expect(names(nameless).at(-1)).toBe('subjectAltName!');
    expect(hex(nameless.subjectDer)).toBe('3000');
  });
  it('points to the issuer’s key identifier, and leaves it out where the issuer has none', () => {
    const { certificate } = issuerOf('ECDSA-P256');
    expect(hex(issue().authorityKeyId ?? unhex(''))).toBe(
      hex(certificate.subjectKeyId ?? unhex('00')),
    );
    const { subjectKeyId: _, ...without } = certificate;
    const der = createIssuer(without, keyOf('ECDSA-P256')).issue(leafTemplate(), leafKey);
    expect(parseCertificate(der).authorityKeyId).toBeUndefined();
  });
  it('gives a CA the identifier of RFC 7093, method 1', () => {
    const key = keyOf('RSA-2048');
    const expected = createHash('sha256')
      .update(publicKeyBits(key.spki))
      .digest('hex')
      .slice(0, 40);
    const { subjectKeyId } = issue({ basicConstraints: { ca: true } }, key.spki);
    expect(hex(subjectKeyId ?? unhex(''))).toBe(expected);
  });
  it('copies the issuer’s name byte by byte, however it is encoded', () => {
    const subject = makeName({ commonName: 'kubernetes' });
    const key = keyOf('ECDSA-P256');
    const odd = sequence(element(0x31, sequence(oid('2.5.4.3'), element(0x14, Buffer.from('ca')))));
    const certificate = {
      ...parseCertificate(selfSign(caTemplate({ subject }), key)),
      subjectDer: odd,
    };
    const leaf = parseCertificate(createIssuer(certificate, key).issue(leafTemplate(), leafKey));
    expect(hex(leaf.issuerDer)).toBe(hex(odd));
  });

  it('does not mix up kinds of certificates that follow each other', () => {
    const kinds: Partial<CertificateTemplate>[] = [
      {},
      { extendedKeyUsage: ['clientAuth'] },
      { keyUsage: ['digitalSignature'] },
      { basicConstraints: { ca: true } },
      { basicConstraints: { ca: true, pathLength: 0 } },
      { basicConstraints: { ca: true, pathLength: 1 } },
      { notAfter: new Date('2026-06-01T00:00:00Z') },
      { notBefore: new Date('2025-06-01T00:00:00Z') },
    ];
    for (const kind of [...kinds, ...kinds.toReversed()]) {
      const wanted = leafTemplate(kind);
      expect(issue(kind)).toMatchObject({
        notBefore: wanted.notBefore,
        notAfter: wanted.notAfter,
        keyUsage: wanted.keyUsage,
        extendedKeyUsage: wanted.extendedKeyUsage,
        basicConstraints: wanted.basicConstraints,
      });
    }
  });
  it('keeps no more than a bounded number of kinds, and still writes each right', () => {
    const issuer = issuerOf('ECDSA-P256');
    for (let round = 0; round < 2; round++) {
      for (let pathLength = 0; pathLength < 100; pathLength++) {
        const der = issuer.issue(
          leafTemplate({ basicConstraints: { ca: true, pathLength } }),
          leafKey,
        );
        expect(parseCertificate(der).basicConstraints).toEqual({ ca: true, pathLength });
      }
    }
  });

  it('writes dates from 2050 on as GeneralizedTime', () =>
    expect(issue({ notAfter: new Date('2126-01-01T00:00:00Z') }).notAfter.getUTCFullYear()).toBe(
      2126,
    ));
  it('refuses dates that make no validity', () => {
    const wrong: [Date, Date][] = [
      [at('2027-01-01T00:00:00Z'), at('2026-12-31T23:59:59Z')],
      [at('x'), at('2027-01-01T00:00:00Z')],
      [at('2027-01-01T00:00:00Z'), at('x')],
      [at('2027-01-01T00:00:00Z'), new Date(Date.UTC(10_000, 0))],
    ];
    for (const [notBefore, notAfter] of wrong) {
      expectRefused(() => issue({ notBefore, notAfter }), 'INVALID_VALUE', 'validity:');
    }
    expect(issue().notAfter.getUTCFullYear()).toBe(2027);
  });

  it('uses the serial number given', () =>
    expect(serialHex(issue({ serialNumber: unhex('00ff') }))).toBe('ff'));
  it('draws 16 random bytes where none is given, never the same', () => {
    const serials = new Set(Array.from({ length: 600 }, () => serialHex(issue())));
    expect(serials.size).toBe(600);
    const lengths = [...serials].map((serial) => serial.length);
    expect(Math.max(...lengths)).toBe(32);
    expect(Math.min(...lengths)).toBeGreaterThan(24);
  });
  it('refuses serial numbers that RFC 5280 does not allow', () => {
    for (const serial of [
      '',
      '00',
      '0000',
      `80${'00'.repeat(19)}`,
      '01'.repeat(21),
      '01'.repeat(200),
    ]) {
      expectRefused(
        () => issue({ serialNumber: unhex(serial) }),
        'INVALID_VALUE',
        'serial number:',
      );
    }
    expect(serialHex(issue({ serialNumber: unhex(`7f${'00'.repeat(19)}`) }))).toHaveLength(40);
  });

  it('refuses a public key that is none, or of an algorithm that is not known', () => {
    expectRefused(() => issue({}, unhex('3000')), 'MALFORMED_DER', 'DER at byte 2');
    const odd = sequence(sequence(oid('1.2.3.4')), unhex('03020001'));
    expectRefused(() => issue({}, odd), 'UNSUPPORTED', 'unknown algorithm 1.2.3.4');
  });
  it('refuses a path length of a leaf and bad names', () => {
    const constraints = { ca: false, pathLength: 1 };
    expectRefused(() => issue({ basicConstraints: constraints }), 'INVALID_VALUE', 'only a CA');
    expectRefused(
      () => issue({ subjectAltNames: { ip: ['x'] } }),
      'INVALID_VALUE',
      '"x" is not a valid IP',
    );
    expectRefused(() => issue({ subject: [[]] }), 'INVALID_VALUE', 'an RDN without attributes');
  });
});

describe('selfSign', () => {
  it('makes a root as kubeadm does: identifier of its own, none of an authority', () => {
    const { certificate } = issuerOf('ECDSA-P256');
    expect(names(certificate)).toEqual([
      'keyUsage!',
      'basicConstraints!',
      'subjectKeyIdentifier',
      'subjectAltName',
    ]);
    expect(hex(certificate.issuerDer)).toBe(hex(certificate.subjectDer));
    expect(certificate).toMatchObject({
      basicConstraints: { ca: true },
      keyUsage: ['digitalSignature', 'keyEncipherment', 'keyCertSign'],
      subjectAltNames: { dns: ['kubernetes'] },
    });
  });
  it('gives a certificate that is no CA no identifier', () => {
    const der = selfSign(leafTemplate(), keyOf('ECDSA-P256'));
    expect(names(parseCertificate(der))).not.toContain('subjectKeyIdentifier');
    expect(hex(encodeName(leafTemplate().subject))).toBe(hex(parseCertificate(der).issuerDer));
  });
  it('writes NULL parameters for RSA, none for the others', () => {
    expect(hex(issuerOf('RSA-2048').certificate.der)).toContain('06092a864886f70d01010b0500');
    expect(hex(issuerOf('ECDSA-P256').certificate.der)).toContain('300a06082a8648ce3d040302');
    expect(hex(issuerOf('Ed25519').certificate.der)).toContain('300506032b6570');
  });
});
