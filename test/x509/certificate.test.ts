import { X509Certificate } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCertificate, readCertificates, serialHex } from '../../src/x509/certificate.ts';
import { DerReader } from '../../src/x509/der/reader.ts';
import { context, contextConstructed, Tag } from '../../src/x509/der/tag.ts';
import {
  bitString,
  element,
  nul,
  oid,
  sequence,
  smallInteger,
  time,
  unsignedInteger,
} from '../../src/x509/der/writer.ts';
import { encodeBasicConstraints } from '../../src/x509/extensions.ts';
import { encodeName, formatName, makeName } from '../../src/x509/name.ts';
import { SIGNATURE_ALGORITHMS } from '../../src/x509/oids.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { signatureVerifies } from '../../src/x509/signature.ts';
import {
  errorOf,
  expectRefused,
  hex,
  issuerOf,
  KEY_TYPES,
  keyOf,
  leafOf,
  NOT_AFTER,
  NOT_BEFORE,
  survives,
  unhex,
} from './support.ts';

const ECDSA = sequence(oid(SIGNATURE_ALGORITHMS['ecdsa-with-SHA256']));
const NONE: Uint8Array = new Uint8Array();
const EXTENSIONS = element(contextConstructed(3), sequence(encodeBasicConstraints({ ca: false })));

/** The parts of a certificate; its signature does not verify, which parsing does not look at. */
function parts() {
  return {
    version: element(contextConstructed(0), smallInteger(2)),
    serial: smallInteger(5),
    inner: ECDSA,
    issuer: encodeName(makeName({ commonName: 'ca' })),
    validity: sequence(time(NOT_BEFORE), time(NOT_AFTER)),
    subject: encodeName(makeName({ commonName: 'leaf' })),
    spki: keyOf('ECDSA-P256').spki,
    tail: EXTENSIONS,
    outer: ECDSA,
    signature: bitString(unhex('00')),
    end: NONE,
  };
}
type Parts = ReturnType<typeof parts>;

function build(changes: Partial<Parts> = {}): Uint8Array {
  const { version, serial, inner, issuer, validity, subject, spki, tail, outer, signature, end } = {
    ...parts(),
    ...changes,
  };
  const tbs = sequence(version, serial, inner, issuer, validity, subject, spki, tail);
  return sequence(tbs, outer, signature, end);
}
const refused = (changes: Partial<Parts>, text: string): void =>
  expectRefused(() => parseCertificate(build(changes)), 'MALFORMED_DER', text);
const version = (number: number): Uint8Array =>
  element(contextConstructed(0), smallInteger(number));

const tail = (...inside: Uint8Array[]): Uint8Array => element(contextConstructed(3), ...inside);

describe('parseCertificate', () => {
  for (const type of KEY_TYPES) {
    it(`reads what Node reads in a certificate of an ${type} CA`, () => {
      const der = leafOf(type);
      const ours = parseCertificate(der);
      const node = new X509Certificate(der);
      expect(serialHex(ours)).toBe(node.serialNumber.toLowerCase().replace(/^(.(..)*)$/, '0$1'));
      expect(ours.notBefore).toEqual(node.validFromDate);
      expect(ours.notAfter).toEqual(node.validToDate);
      expect(formatName(ours.subject).split(',').toReversed().join('\n')).toBe(node.subject);
      expect(formatName(ours.issuer)).toBe(node.issuer);
      expect(hex(ours.spki)).toBe(hex(node.publicKey.export({ type: 'spki', format: 'der' })));
      expect(ours).toMatchObject({
        version: 3,
        keyType: 'ECDSA-P256',
        basicConstraints: { ca: node.ca },
        keyUsage: ['digitalSignature', 'keyEncipherment'],
        extendedKeyUsage: ['serverAuth', 'clientAuth'],
        subjectAltNames: {
          dns: ['worker-1', '*.example.com'],
          ip: ['172.16.10.141', 'fd00::1'],
          uri: ['spiffe://cluster.local/ns/default'],
          email: ['ops@example.com'],
        },
      });
    });
  }

  it('keeps the encodings that signatures and names are compared by', () => {
    const der = leafOf('ECDSA-P256');
    const { tbs, subjectDer, issuerDer, der: whole } = parseCertificate(der);
    expect(whole).toBe(der);
    expect(hex(der)).toContain(hex(tbs));
    expect(hex(issuerDer)).toBe(hex(issuerOf('ECDSA-P256').certificate.subjectDer));
    expect(hex(subjectDer)).toBe(
      hex(
        encodeName(
          makeName({ commonName: 'system:node:worker-1', organizations: ['system:nodes'] }),
        ),
      ),
    );
  });

  it('reads bytes that are a view into something larger', () => {
    const der = leafOf('ECDSA-P256');
    const whole = Buffer.concat([Buffer.alloc(7), der, Buffer.alloc(7)]);
    expect(serialHex(parseCertificate(whole.subarray(7, 7 + der.length)))).toBe(
      serialHex(parseCertificate(der)),
    );
  });

  it('reads versions 1 and 2, unique identifiers, an explicit version 1', () => {
    const v1 = { tail: NONE };
    expect(parseCertificate(build({ ...v1, version: NONE })).version).toBe(1);
    expect(parseCertificate(build({ ...v1, version: version(0) })).version).toBe(1);
    const ids = [element(context(1), unhex('0001')), element(context(2), unhex('0002'))];
    expect(parseCertificate(build({ version: version(1), tail: Buffer.concat(ids) })).version).toBe(
      2,
    );
    expect(parseCertificate(build({ tail: Buffer.concat([...ids, EXTENSIONS]) })).version).toBe(3);
    expect(parseCertificate(build({ tail: NONE })).extensions).toEqual([]);
  });
  it('reads serial numbers of zero and of more than 20 bytes, as Go does', () => {
    expect(serialHex(parseCertificate(build({ serial: smallInteger(0) })))).toBe('00');
    const long = unsignedInteger(Buffer.alloc(30, 0xff));
    expect(serialHex(parseCertificate(build({ serial: long })))).toBe('ff'.repeat(30));
  });
  it('reads a signature algorithm that is not known', () => {
    const odd = sequence(oid('1.2.3.4'), sequence());
    expect(parseCertificate(build({ inner: odd, outer: odd })).signatureAlgorithm).toBe('1.2.3.4');
  });

  it('refuses a version that does not exist', () => {
    refused({ version: version(3) }, 'a version other than 1, 2 and 3');
    refused({ version: element(contextConstructed(0), unhex('0201ff')) }, 'a negative INTEGER');
    refused(
      { version: element(contextConstructed(0), smallInteger(2), nul()) },
      'after the version',
    );
  });
  it('refuses extensions below version 3 and identifiers in version 1', () => {
    refused({ version: version(1) }, 'unexpected bytes after the signed part');
    refused({ version: NONE }, 'unexpected bytes after the signed part');
    refused({ version: NONE, tail: element(context(1), unhex('0001')) }, 'after the signed part');
  });
  it('refuses a negative serial number, or none', () => {
    refused({ serial: unhex('0201ff') }, 'a negative serial number');
    refused({ serial: unhex('0200') }, 'an INTEGER without content');
    refused({ serial: NONE }, 'the serial number: expected INTEGER, got SEQUENCE');
  });
  it('refuses two signature algorithms that differ, in parameters too', () => {
    const withNull = sequence(oid(SIGNATURE_ALGORITHMS['ecdsa-with-SHA256']), nul());
    refused({ outer: withNull }, 'the two signature algorithms differ');
    refused({ inner: sequence(oid('1.2.3')) }, 'the two signature algorithms differ');
    const three = sequence(oid('1.2.3'), nul(), nul());
    refused({ inner: three, outer: three }, 'unexpected bytes after the signature algorithm');
  });
  it('refuses a malformed validity', () => {
    refused({ validity: sequence(time(NOT_BEFORE)) }, 'ends where the end of the validity');
    refused({ validity: sequence(time(NOT_BEFORE), time(NOT_AFTER), nul()) }, 'after the validity');
    refused({ validity: sequence(nul(), time(NOT_AFTER)) }, 'expected a time, got NULL');
  });
  it('refuses malformed names', () => {
    refused({ issuer: sequence(nul()) }, 'an RDN: expected SET, got NULL');
    refused({ subject: sequence(element(Tag.set)) }, 'an RDN without attributes');
  });
  it('refuses a malformed public key and tells where it begins', () => {
    const bad = sequence(sequence(oid('1.2.840.113549.1.1.1')), bitString(unhex('00')));
    const { message, code } = errorOf(() => parseCertificate(build({ spki: bad })));
    expect(code).toBe('MALFORMED_DER');
    const at = Number(/^DER at byte (\d+): in the public key, /.exec(message)?.[1]);
    expect(hex(build({ spki: bad }).subarray(at, at + bad.length))).toBe(hex(bad));
  });
  it('refuses malformed extensions', () => {
    refused({ tail: tail() }, 'ends where the extensions');
    refused({ tail: tail(sequence(), nul()) }, 'after the extensions');
    refused({ tail: tail(nul()) }, 'the extensions: expected SEQUENCE, got NULL');
    const one = encodeBasicConstraints({ ca: false });
    refused({ tail: tail(sequence(one, one)) }, 'extension 2.5.29.19 occurs twice');
  });
  it('refuses a signature that is not of whole bytes, and bytes after it', () => {
    refused({ signature: unhex('030204f0') }, 'not of whole bytes');
    refused({ signature: nul() }, 'the signature: expected BIT STRING, got NULL');
    refused({ end: nul() }, '2 unexpected bytes after the signature');
  });
  it('refuses bytes after the certificate', () => {
    const der = Buffer.concat([leafOf('ECDSA-P256'), unhex('00')]);
    expectRefused(
      () => parseCertificate(der),
      'MALFORMED_DER',
      '1 unexpected byte after the certificate',
    );
  });

  it('refuses a certificate that is cut off, wherever', () => {
    for (const type of ['ECDSA-P256', 'RSA-2048']) {
      const der = leafOf(type);
      for (let length = 0; length < der.length; length++) {
        expect(errorOf(() => parseCertificate(der.subarray(0, length))).code).toBe('MALFORMED_DER');
      }
    }
  });

  it('refuses a certificate that is cut off with all outer lengths made to fit', () => {
    const { tbs } = parseCertificate(leafOf('ECDSA-P256'));
    const inside = DerReader.single(tbs).content;
    for (let length = 0; length < inside.length; length++) {
      const cut = sequence(sequence(inside.subarray(0, length)), ECDSA, bitString(unhex('00')));
      // The one place to cut where a certificate is left: before its extensions.
      if (!survives(() => parseCertificate(cut))) continue;
      expect(parseCertificate(cut).extensions).toEqual([]);
    }
  });

  it('survives every change of a single byte, and verifies none of them', () => {
    const der = leafOf('ECDSA-P256');
    const ca = issuerOf('ECDSA-P256').certificate;
    let read = 0;
    for (let at = 0; at < der.length; at++) {
      for (const change of [0x01, 0x80, 0xff, 0x20]) {
        const mutated = Buffer.from(der);
        mutated[at] = (der[at] ?? 0) ^ change;
        if (!survives(() => parseCertificate(mutated))) continue;
        read++;
        expect(signatureVerifies(parseCertificate(mutated), ca)).toBe(false);
      }
    }
    expect(read).toBeGreaterThan(0);
  });

  it('survives several changes at once', () => {
    const der = leafOf('RSA-2048');
    const change = fc.tuple(fc.nat(der.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const mutated = Buffer.from(der);
        for (const [at, byte] of changes) mutated[at] = byte;
        survives(() => parseCertificate(mutated));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('readCertificates', () => {
  const der = leafOf('ECDSA-P256');
  const ca = issuerOf('ECDSA-P256').certificate.der;
  const pem = encodePem('CERTIFICATE', der);
  it('reads every certificate in order and passes over the rest', () => {
    const text = `leaf\n${pem}${encodePem('EC PRIVATE KEY', unhex('00'))}${encodePem('CERTIFICATE', ca)}`;
    expect(readCertificates(text).map((certificate) => hex(certificate.der))).toEqual([
      hex(der),
      hex(ca),
    ]);
  });
  it('passes over a block with headers, as client-go does', () => {
    const withHeader = pem.replace('-----\n', '-----\na: b\n\n');
    expect(readCertificates(withHeader + encodePem('CERTIFICATE', ca))).toHaveLength(1);
    expectRefused(
      () => readCertificates(withHeader),
      'MALFORMED_PEM',
      'expected a PEM block "CERTIFICATE"',
    );
  });
  it('refuses a text without any, saying what it holds', () => {
    const text = encodePem('PUBLIC KEY', unhex('00'));
    expectRefused(() => readCertificates(text), 'MALFORMED_PEM', 'found "PUBLIC KEY"');
  });
  it('says which of several cannot be read', () => {
    const text = pem + encodePem('CERTIFICATE', unhex('3000'));
    expectRefused(
      () => readCertificates(text),
      'MALFORMED_DER',
      'certificate 2 of 2: DER at byte 2',
    );
  });
});
