import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contextConstructed } from '../../src/x509/der/tag.ts';
import {
  bitString,
  element,
  nul,
  octetString,
  oid,
  sequence,
  setOf,
  smallInteger,
} from '../../src/x509/der/writer.ts';
import { encodeExtension, encodeSubjectAltNames } from '../../src/x509/extensions.ts';
import { commonName, encodeName, makeName, organizations } from '../../src/x509/name.ts';
import { OID_EXTENSION_REQUEST, SIGNATURE_ALGORITHMS } from '../../src/x509/oids.ts';
import { encodePem } from '../../src/x509/pem.ts';
import {
  createRequest,
  parseRequest,
  type RequestTemplate,
  readRequest,
  verifyRequest,
} from '../../src/x509/request.ts';
import { peculiar } from './peculiar.ts';
import { errorOf, expectRefused, hex, KEY_TYPES, keyOf, survives, unhex } from './support.ts';

const TEMPLATE: RequestTemplate = {
  subject: makeName({ commonName: 'system:node:worker-1', organizations: ['system:nodes'] }),
  subjectAltNames: { dns: ['worker-1'], ip: ['172.16.10.141', 'fd00::1'] },
};
const DER = createRequest(TEMPLATE, keyOf('ECDSA-P256'));

/** Made by Go 1.26: x509.CreateCertificateRequest with CN, O, one DNS name, one address; P-256. */
const GO_REQUEST = `
  308201103081b6020100302f31153013060355040a130c73797374656d3a6e6f646573311630140603550403130d7379
  7374656d3a6e6f64653a613059301306072a8648ce3d020106082a8648ce3d03010703420004d3a500b1995f47906c38
  32221fbbebc2a722ed988db45c13c2a7b60ea4e5142d9bb76115d94319394caf87bd3fe1be038f83661a5b8d46414825
  514fec356976a025302306092a864886f70d01090e3116301430120603551d11040b300982016187040a000001300a06
  082a8648ce3d04030203490030460221008b10157ff16f3aa303fa00497b5528243f6bd5973fbd54ae24547470f37f95
  a8022100fb14a0cb38e04fe116c6869a01b4e60b271c26735eaef0ef229db983f1e4e6df`;

describe('createRequest', () => {
  for (const type of KEY_TYPES) {
    it(`signs with an ${type} key, and is read back`, () => {
      const request = parseRequest(createRequest(TEMPLATE, keyOf(type)));
      expect(verifyRequest(request)).toBe(true);
      expect(request).toMatchObject({
        keyType: type,
        subject: TEMPLATE.subject,
        subjectAltNames: {
          dns: ['worker-1'],
          ip: ['172.16.10.141', 'fd00::1'],
          uri: [],
          email: [],
        },
      });
      expect(hex(request.spki)).toBe(hex(keyOf(type).spki));
    });
  }

  it('is read and verified by @peculiar/x509', async () => {
    const theirs = new peculiar.Pkcs10CertificateRequest(Buffer.from(DER));
    expect(theirs.subject).toBe('O=system:nodes, CN=system:node:worker-1');
    expect(theirs.extensions).toHaveLength(1);
    expect(await theirs.verify()).toBe(true);
  });

  it('writes the signed part as Go does', () => {
    const theirs = parseRequest(unhex(GO_REQUEST));
    expect(verifyRequest(theirs)).toBe(true);
    const ours = parseRequest(
      createRequest(
        {
          subject: makeName({ commonName: 'system:node:a', organizations: ['system:nodes'] }),
          subjectAltNames: { dns: ['a'], ip: ['10.0.0.1'] },
        },
        { type: 'ECDSA-P256', spki: theirs.spki, object: keyOf('ECDSA-P256').object },
      ),
    );
    expect(hex(ours.info)).toBe(hex(theirs.info));
  });

  it('has empty attributes where nothing is asked for', () => {
    const { info, extensions } = parseRequest(createRequest({ subject: [] }, keyOf('ECDSA-P256')));
    expect(hex(info).endsWith('a000')).toBe(true);
    expect(extensions).toEqual([]);
  });
  it('asks for names as critical where the subject is empty', () => {
    const template = { subject: [], subjectAltNames: { dns: ['a'] } };
    const { extensions } = parseRequest(createRequest(template, keyOf('ECDSA-P256')));
    expect(extensions).toMatchObject([{ oid: '2.5.29.17', critical: true }]);
  });
  it('asks for further extensions after the names', () => {
    const more = { oid: '1.2.3.4', critical: true, value: unhex('0500') };
    const { extensions } = parseRequest(
      createRequest({ ...TEMPLATE, extensions: [more] }, keyOf('ECDSA-P256')),
    );
    expect(extensions.map((extension) => extension.oid)).toEqual(['2.5.29.17', '1.2.3.4']);
    expect(extensions[1]).toMatchObject({ critical: true });
  });
  it('refuses names that do not fit their kind', () => {
    const template = { ...TEMPLATE, subjectAltNames: { ip: ['nowhere'] } };
    expectRefused(() => createRequest(template, keyOf('ECDSA-P256')), 'INVALID_VALUE', '"nowhere"');
  });
});

const ASKED = sequence(
  oid(OID_EXTENSION_REQUEST),
  setOf([sequence(encodeSubjectAltNames({ dns: ['a'] }, false) ?? nul())]),
);

/** A request made by hand; its signature does not verify, which parsing does not look at. */
function build(
  changes: {
    version?: Uint8Array;
    attributes?: Uint8Array;
    end?: Uint8Array;
    spki?: Uint8Array;
  } = {},
): Uint8Array {
  const none = new Uint8Array();
  const info = sequence(
    changes.version ?? smallInteger(0),
    encodeName(makeName({ commonName: 'a' })),
    changes.spki ?? keyOf('ECDSA-P256').spki,
    changes.attributes ?? element(contextConstructed(0), ASKED),
  );
  const algorithm = sequence(oid(SIGNATURE_ALGORITHMS['ecdsa-with-SHA256']));
  return sequence(info, algorithm, bitString(unhex('00')), changes.end ?? none);
}
const attributes = (...list: Uint8Array[]): { attributes: Uint8Array } => ({
  attributes: element(contextConstructed(0), ...list),
});
const refused = (changes: Parameters<typeof build>[0], text: string): void =>
  expectRefused(() => parseRequest(build(changes)), 'MALFORMED_DER', text);

describe('parseRequest', () => {
  it('reads a request', () => expect(commonName(parseRequest(build()).subject)).toBe('a'));
  it('passes over other attributes', () => {
    const password = sequence(oid('1.2.840.113549.1.9.7'), setOf([unhex('0c0161')]));
    const request = parseRequest(build(attributes(password, ASKED)));
    expect(request.subjectAltNames?.dns).toEqual(['a']);
  });
  it('joins several extensionRequest attributes and refuses an extension that is in both', () => {
    const other = encodeExtension({ oid: '1.2.3', critical: false, value: unhex('0500') });
    const second = sequence(oid(OID_EXTENSION_REQUEST), setOf([sequence(other)]));
    expect(parseRequest(build(attributes(ASKED, second))).extensions).toHaveLength(2);
    refused(attributes(ASKED, ASKED), 'extension 2.5.29.17 occurs twice');
  });
  it('refuses what RFC 2986 does not allow', () => {
    refused({ version: smallInteger(1) }, 'version 2 of requests does not exist');
    refused({ version: new Uint8Array() }, 'the version: expected INTEGER, got SEQUENCE');
    refused({ attributes: new Uint8Array() }, 'ends where the attributes');
    refused(
      { attributes: Buffer.concat([element(contextConstructed(0)), nul()]) },
      'after the attributes',
    );
    refused({ end: nul() }, 'unexpected bytes after the signature');
    refused({ spki: sequence() }, 'in the public key, ends where');
    refused(attributes(nul()), 'an attribute: expected SEQUENCE, got NULL');
    refused(
      attributes(sequence(oid('1.2.3'), octetString(nul()))),
      'the values of an attribute: expected SET',
    );
    refused(
      attributes(sequence(oid('1.2.3'), setOf([]), nul())),
      'after the values of an attribute',
    );
  });
  it('refuses an extensionRequest without a value or with two', () => {
    const type = oid(OID_EXTENSION_REQUEST);
    refused(attributes(sequence(type, setOf([]))), 'ends where the requested extensions');
    const two = setOf([sequence(), sequence()]);
    refused(attributes(sequence(type, two)), 'unexpected bytes after the requested extensions');
  });
  it('refuses bytes after the request', () =>
    expectRefused(
      () => parseRequest(Buffer.concat([DER, nul()])),
      'MALFORMED_DER',
      'after the request',
    ));
  it('refuses a request that is cut off, wherever', () => {
    for (let length = 0; length < DER.length; length++) {
      expect(errorOf(() => parseRequest(DER.subarray(0, length))).code).toBe('MALFORMED_DER');
    }
  });
  it('survives every change of a single byte, and verifies none of them', () => {
    for (let at = 0; at < DER.length; at++) {
      for (const change of [0x01, 0x80, 0xff, 0x20]) {
        const mutated = Buffer.from(DER);
        mutated[at] = (DER[at] ?? 0) ^ change;
        if (survives(() => parseRequest(mutated))) {
          expect(verifyRequest(parseRequest(mutated))).toBe(false);
        }
      }
    }
  });
  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        survives(() => parseRequest(bytes));
      }),
    );
  });
});

describe('readRequest', () => {
  const pem = encodePem('CERTIFICATE REQUEST', DER);
  it('reads the first block and does not look further', () => {
    const { subject } = readRequest(`text\n${pem}${encodePem('CERTIFICATE', unhex('00'))}`);
    expect(organizations(subject)).toEqual(['system:nodes']);
  });
  it('refuses a text whose first block is something else, as kube-apiserver does', () => {
    expectRefused(
      () => readRequest(encodePem('CERTIFICATE', unhex('00')) + pem),
      'MALFORMED_PEM',
      'expected a PEM block "CERTIFICATE REQUEST", found "CERTIFICATE"',
    );
    expectRefused(() => readRequest(''), 'MALFORMED_PEM', 'found no PEM block');
    const old = encodePem('NEW CERTIFICATE REQUEST', DER);
    expectRefused(() => readRequest(old), 'MALFORMED_PEM', 'found "NEW CERTIFICATE REQUEST"');
  });
});

describe('verifyRequest', () => {
  it('does not verify a request signed with another key', () => {
    const wrong = { ...keyOf('ECDSA-P256'), spki: keyOf('ECDSA-P256', 1).spki };
    const { type, object } = keyOf('ECDSA-P256');
    const request = parseRequest(createRequest(TEMPLATE, { ...wrong, type, object }));
    expect(verifyRequest(request)).toBe(false);
  });
});
