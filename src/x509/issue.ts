/**
 * Issues certificates. What does not change from one certificate to the next (algorithm, issuer,
 * authority key identifier, and for each kind of certificate its usages) is encoded once and kept,
 * so that issuing costs little more than the signature.
 */
import { createHash, randomFillSync } from 'node:crypto';
import { KubepkiError, quoted } from '../errors.ts';
import { contextConstructed } from './der/tag.ts';
import { bitString, element, sequence, smallInteger, time, unsignedInteger } from './der/writer.ts';
import {
  encodeAuthorityKeyId,
  encodeBasicConstraints,
  encodeExtendedKeyUsage,
  encodeKeyUsage,
  encodeSubjectAltNames,
  encodeSubjectKeyId,
} from './extensions.ts';
import type { PrivateKey } from './keys/key.ts';
import { keyTypeOfSpki, publicKeyBits } from './keys/spki.ts';
import { encodeName, formatName } from './name.ts';
import { createOutsideSigner, createSigner, type KeySigner, type Signer } from './signature.ts';
import type { Certificate, CertificateTemplate } from './types.ts';

/** A CA certificate with its key: signs certificates. */
export interface Issuer {
  readonly certificate: Certificate;
  /**
   * Issues a certificate for a public key.
   *
   * @param spki DER of the SubjectPublicKeyInfo.
   * @returns the certificate, DER.
   * @throws KubepkiError INVALID_VALUE for a template that no certificate can be made of,
   *   MALFORMED_DER or UNSUPPORTED for a public key that is none or of an unknown kind,
   *   BAD_SIGNATURE where a `Signer` has not signed with the CA's key, and whatever it throws itself.
   */
  issue(template: CertificateTemplate, spki: Uint8Array): Uint8Array;
}

/**
 * An issuer from a CA certificate and its key, or a `Signer` where the key is elsewhere. Each
 * signature of the latter is verified with the CA's public key before a certificate leaves `issue`.
 *
 * @throws KubepkiError CONFLICT if the key is not the certificate's, INVALID_VALUE if the
 *   certificate is not a CA's or may not sign certificates, UNSUPPORTED for a key that kubepki does
 *   not sign with.
 */
export function createIssuer(certificate: Certificate, signer: PrivateKey | Signer): Issuer {
  requireCa(certificate);
  const { subjectKeyId } = certificate;
  const authority = subjectKeyId === undefined ? undefined : encodeAuthorityKeyId(subjectKeyId);
  const build = createBuilder(
    typeof signer === 'function'
      ? createOutsideSigner(certificate, signer)
      : ownSigner(certificate, signer),
    certificate.subjectDer,
    authority,
  );
  return {
    certificate,
    issue: (template, spki) => build(template, spki, encodeName(template.subject)),
  };
}

function ownSigner(certificate: Certificate, key: PrivateKey): KeySigner {
  if (Buffer.compare(certificate.spki, key.spki) !== 0) {
    throw new KubepkiError(
      'CONFLICT',
      `the private key (${key.type}) is not the key of the CA certificate ${shown(certificate)}`,
      { hint: 'give the key that was made together with the certificate' },
    );
  }
  return createSigner(key);
}

/**
 * A certificate that a key signs for itself: a root. It has no authority key identifier, as in Go.
 *
 * @returns the certificate, DER.
 * @throws as `Issuer.issue`; UNSUPPORTED for a key that kubepki does not sign with.
 */
export function selfSign(template: CertificateTemplate, key: PrivateKey): Uint8Array {
  const subject = encodeName(template.subject);
  return createBuilder(createSigner(key), subject, undefined)(template, key.spki, subject);
}

function requireCa(certificate: Certificate): void {
  const { basicConstraints, keyUsage } = certificate;
  const lacks =
    basicConstraints?.ca !== true
      ? 'is not a CA (basicConstraints CA:TRUE is missing)'
      : keyUsage?.includes('keyCertSign') === false
        ? 'may not sign certificates (keyUsage lacks keyCertSign)'
        : undefined;
  if (lacks !== undefined) {
    throw new KubepkiError('INVALID_VALUE', `the certificate ${shown(certificate)} ${lacks}`);
  }
}

const shown = (certificate: Certificate): string => quoted(formatName(certificate.subject));

type Builder = (template: CertificateTemplate, spki: Uint8Array, subject: Uint8Array) => Uint8Array;

const VERSION_3 = element(contextConstructed(0), smallInteger(2));
const EMPTY_NAME_BYTES = 2;

/** Extensions in Go's order: keyUsage, extendedKeyUsage, basicConstraints, SKI, AKI, SAN. */
function createBuilder(
  signer: KeySigner,
  issuer: Uint8Array,
  authority: Uint8Array | undefined,
): Builder {
  const algorithmAndIssuer = Buffer.concat([signer.algorithm, issuer]);
  const usages = createUsageEncoder();
  const validity = createValidityEncoder();
  return (template, spki, subject) => {
    requireKnownKey(spki);
    const extensions: Uint8Array[] = [usages(template)];
    if (template.basicConstraints.ca) extensions.push(encodeSubjectKeyId(keyIdentifier(spki)));
    if (authority !== undefined) extensions.push(authority);
    if (template.subjectAltNames !== undefined) {
      const isEmpty = subject.length === EMPTY_NAME_BYTES;
      const names = encodeSubjectAltNames(template.subjectAltNames, isEmpty);
      if (names !== undefined) extensions.push(names);
    }
    const tbs = sequence(
      VERSION_3,
      encodeSerial(template.serialNumber ?? randomSerial()),
      algorithmAndIssuer,
      validity(template.notBefore, template.notAfter),
      subject,
      spki,
      element(contextConstructed(3), sequence(...extensions)),
    );
    return sequence(tbs, signer.algorithm, bitString(signer.sign(tbs)));
  };
}

/** SHA-256 of the key's bits, its first 20 bytes (RFC 7093, section 2, method 1; Go since 1.25). */
function keyIdentifier(spki: Uint8Array): Uint8Array {
  return createHash('sha256').update(publicKeyBits(spki)).digest().subarray(0, 20);
}

function requireKnownKey(spki: Uint8Array): void {
  const type = keyTypeOfSpki(spki);
  if (/^\d/.test(type)) {
    throw new KubepkiError('UNSUPPORTED', `a public key of the unknown algorithm ${type}`);
  }
}

/** A PKI has a dozen kinds of certificates; beyond this many the oldest is forgotten. */
const MOST_KINDS = 64;

/** Encodes keyUsage, extendedKeyUsage and basicConstraints, and keeps the bytes for every kind met. */
function createUsageEncoder(): (template: CertificateTemplate) => Uint8Array {
  const kept = new Map<string, Uint8Array>();
  return ({ keyUsage, extendedKeyUsage, basicConstraints }) => {
    const { ca, pathLength } = basicConstraints;
    const kind = `${keyUsage.join()};${extendedKeyUsage.join()};${ca};${pathLength}`;
    const known = kept.get(kind);
    if (known !== undefined) return known;
    const bytes = Buffer.concat([
      encodeKeyUsage(keyUsage) ?? new Uint8Array(),
      encodeExtendedKeyUsage(extendedKeyUsage) ?? new Uint8Array(),
      encodeBasicConstraints(basicConstraints),
    ]);
    const [oldest] = kept.keys();
    if (kept.size >= MOST_KINDS && oldest !== undefined) kept.delete(oldest);
    kept.set(kind, bytes);
    return bytes;
  };
}

/** Encodes a validity, and keeps the last one: certificates of one run share their dates. */
function createValidityEncoder(): (notBefore: Date, notAfter: Date) => Uint8Array {
  let from = Number.NaN;
  let to = Number.NaN;
  let bytes: Uint8Array = new Uint8Array();
  return (notBefore, notAfter) => {
    const start = notBefore.getTime();
    const end = notAfter.getTime();
    if (start === from && end === to) return bytes;
    const encoded = encodeValidity(notBefore, notAfter);
    from = start;
    to = end;
    bytes = encoded;
    return bytes;
  };
}

function encodeValidity(notBefore: Date, notAfter: Date): Uint8Array {
  if (!(notBefore.getTime() <= notAfter.getTime())) {
    throw new KubepkiError(
      'INVALID_VALUE',
      'validity: notBefore and notAfter must be dates, notAfter not before notBefore',
    );
  }
  try {
    return sequence(time(notBefore), time(notAfter));
  } catch (cause) {
    throw new KubepkiError('INVALID_VALUE', 'validity: the years must be 0 to 9999', { cause });
  }
}

/** RFC 5280, section 4.1.2.2: positive, at most 20 bytes as encoded. */
const MOST_SERIAL_BYTES = 20;

function encodeSerial(serial: Uint8Array): Uint8Array {
  const bytes = unsignedInteger(serial);
  const isZero = bytes.length === 3 && bytes[2] === 0;
  if (isZero || bytes.length > 2 + MOST_SERIAL_BYTES) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `serial number: expected a positive integer of at most ${MOST_SERIAL_BYTES} bytes as encoded`,
    );
  }
  return bytes;
}

const SERIAL_BYTES = 16;
const pool = new Uint8Array(256 * SERIAL_BYTES);
let poolUsed = pool.length;

/** 16 random bytes, not all zero. They are drawn in bulk: a system call each would cost as much as encoding. */
function randomSerial(): Uint8Array {
  for (;;) {
    if (poolUsed === pool.length) {
      randomFillSync(pool);
      poolUsed = 0;
    }
    const serial = pool.subarray(poolUsed, poolUsed + SERIAL_BYTES);
    poolUsed += SERIAL_BYTES;
    if (serial.some((byte) => byte !== 0)) return serial;
  }
}
