/** Requests that say whatever a test wants, well or badly, and a CA to sign them. */
import { sign } from 'node:crypto';
import { context, contextConstructed } from '../../src/x509/der/tag.ts';
import {
  bitString,
  element,
  octetString,
  oid,
  sequence,
  setOf,
  smallInteger,
} from '../../src/x509/der/writer.ts';
import {
  encodeBasicConstraints,
  encodeExtension,
  encodeSubjectAltNames,
} from '../../src/x509/extensions.ts';
import {
  type CertificationRequest,
  encodePem,
  makeName,
  type Name,
  type PrivateKey,
  parseCertificate,
  parseRequest,
  selfSign,
} from '../../src/x509/index.ts';
import { encodeName } from '../../src/x509/name.ts';
import { caTemplate, keyOf } from '../x509/support.ts';

export interface Forged {
  readonly subject?: Name;
  /** In the place of `subject`. */
  readonly subjectDer?: Uint8Array;
  /** Extensions, each list in an extensionRequest attribute of its own. */
  readonly extensions?: readonly (readonly Uint8Array[])[];
  /** Whole attributes, before those. */
  readonly attributes?: readonly Uint8Array[];
  readonly key?: PrivateKey;
  /** Who signs, where that is somebody else. */
  readonly signedBy?: PrivateKey;
  readonly version?: Uint8Array;
}

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const SCHEMES: Readonly<Record<string, readonly [oid: string, hash: string | null]>> = {
  'ECDSA-P256': ['1.2.840.10045.4.3.2', 'sha256'],
  'ECDSA-P384': ['1.2.840.10045.4.3.3', 'sha384'],
  'ECDSA-P521': ['1.2.840.10045.4.3.4', 'sha512'],
  Ed25519: ['1.3.101.112', null],
};

export const attribute = (type: string, ...values: readonly Uint8Array[]): Uint8Array =>
  sequence(oid(type), setOf(values));

/** DER. */
export function forgeDer(forged: Forged = {}): Uint8Array {
  const { subject = makeName({ commonName: 'web' }), key = keyOf('ECDSA-P256', 7) } = forged;
  const asked = (forged.extensions ?? []).map((list) =>
    attribute(EXTENSION_REQUEST, sequence(...list)),
  );
  const info = sequence(
    forged.version ?? smallInteger(0),
    forged.subjectDer ?? encodeName(subject),
    key.spki,
    element(contextConstructed(0), ...(forged.attributes ?? []), ...asked),
  );
  const signer = forged.signedBy ?? key;
  const [dotted, hash] = SCHEMES[signer.type] ?? ['1.2.840.113549.1.1.11', 'sha256'];
  return sequence(info, sequence(oid(dotted)), bitString(sign(hash, info, signer.object)));
}

export const forge = (forged: Forged = {}): CertificationRequest => parseRequest(forgeDer(forged));

export const pemOf = (der: Uint8Array): Buffer =>
  Buffer.from(encodePem('CERTIFICATE REQUEST', der));

export const raw = (dotted: string, value: Uint8Array, critical = false): Uint8Array =>
  encodeExtension({ oid: dotted, critical, value });

/** A subjectAltName extension. */
export function names(
  names: Parameters<typeof encodeSubjectAltNames>[0],
  critical = false,
): Uint8Array {
  const extension = encodeSubjectAltNames(names, critical);
  if (extension === undefined) throw new TypeError('expected a name');
  return extension;
}

/** A subjectAltName extension of general names as they stand: tag number and content. */
export const rawNames = (
  ...list: readonly (readonly [tag: number, content: string | Uint8Array])[]
): Uint8Array =>
  raw(
    '2.5.29.17',
    sequence(
      ...list.map(([tag, content]) =>
        tag === 0 || tag === 4
          ? element(
              contextConstructed(tag),
              typeof content === 'string' ? Buffer.from(content) : content,
            )
          : element(context(tag), typeof content === 'string' ? Buffer.from(content) : content),
      ),
    ),
  );

export const usages = (...oids: readonly string[]): Uint8Array =>
  raw('2.5.29.37', sequence(...oids.map((dotted) => oid(dotted))));

export const SERVER = '1.3.6.1.5.5.7.3.1';
export const CLIENT = '1.3.6.1.5.5.7.3.2';

export const constraints = (ca: boolean): Uint8Array => encodeBasicConstraints({ ca });

export { octetString, oid, sequence };

export const CA_KEY = keyOf('ECDSA-P256', 8);

/** A CA, valid around the date of the tests. */
export const ca = (changes: Parameters<typeof caTemplate>[0] = {}, key = CA_KEY) =>
  parseCertificate(
    selfSign(
      caTemplate({
        notBefore: new Date('2026-01-01T00:00:00Z'),
        notAfter: new Date('2036-01-01T00:00:00Z'),
        ...changes,
      }),
      key,
    ),
  );
