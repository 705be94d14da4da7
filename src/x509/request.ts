/** Certification requests: PKCS#10 (RFC 2986), with the extensions asked for in an attribute (RFC 2985, section 5.4.2). */
import { readAlgorithmIdentifier, signatureAlgorithmOf } from './algorithm-identifier.ts';
import { readKeyType } from './certificate.ts';
import { type DerElement, DerReader, malformed } from './der/reader.ts';
import { contextConstructed, Tag } from './der/tag.ts';
import { readBitStringBytes, readOid, readSmallInteger } from './der/values.ts';
import {
  bitString,
  element,
  oid,
  sequence,
  sequenceOf,
  setOf,
  smallInteger,
} from './der/writer.ts';
import {
  encodeBasicConstraints,
  encodeExtendedKeyUsage,
  encodeExtension,
  encodeKeyUsage,
  encodeSubjectAltNames,
  readExtensions,
} from './extensions.ts';
import type { PrivateKey } from './keys/key.ts';
import { encodeName, readName } from './name.ts';
import { OID_EXTENSION_REQUEST } from './oids.ts';
import { decodePem, noSuchBlock } from './pem.ts';
import { createSigner, verifySigned } from './signature.ts';
import type {
  CertificateTemplate,
  CertificationRequest,
  Extension,
  Name,
  SubjectAltNames,
} from './types.ts';

/** What a certificate is asked for. What it shall be good for can be asked for too; a CA need not listen. */
export interface RequestTemplate
  extends Partial<Pick<CertificateTemplate, 'basicConstraints' | 'keyUsage' | 'extendedKeyUsage'>> {
  readonly subject: Name;
  readonly subjectAltNames?: Partial<SubjectAltNames>;
  /** Further extensions, as they stand; they come after the names. */
  readonly extensions?: readonly Extension[];
}

const VERSION_1 = smallInteger(0);
const EXTENSION_REQUEST = oid(OID_EXTENSION_REQUEST);
const ATTRIBUTES = contextConstructed(0);

/**
 * A request signed with the key, DER. The names are asked for as Go (and so kubeadm and kubelet)
 * asks: in one extensionRequest attribute; without extensions the attributes are there and empty.
 *
 * @throws KubepkiError INVALID_VALUE for a name that cannot be encoded, UNSUPPORTED for a key that
 *   kubepki does not sign with.
 */
export function createRequest(template: RequestTemplate, key: PrivateKey): Uint8Array {
  const signer = createSigner(key);
  const info = encodeRequestInfo(template, key.spki);
  return sequence(info, signer.algorithm, bitString(signer.sign(info)));
}

/**
 * The part of a request that is signed (CertificationRequestInfo), DER: the same bytes for the same
 * template and key, so that two requests can be compared whatever their signatures.
 *
 * @throws KubepkiError INVALID_VALUE for a name that cannot be encoded.
 */
export function encodeRequestInfo(template: RequestTemplate, spki: Uint8Array): Uint8Array {
  const { subject } = template;
  const asked = askedExtensions(template);
  const attributes =
    asked.length === 0 ? [] : [sequence(EXTENSION_REQUEST, setOf([sequenceOf(asked)]))];
  return sequence(VERSION_1, encodeName(subject), spki, element(ATTRIBUTES, ...attributes));
}

/** In the order of certificates, but for the names: they come first, as everywhere in requests. */
function askedExtensions(template: RequestTemplate): Uint8Array[] {
  const { subject, subjectAltNames, keyUsage, extendedKeyUsage, basicConstraints } = template;
  const asked = [
    subjectAltNames && encodeSubjectAltNames(subjectAltNames, subject.length === 0),
    keyUsage && encodeKeyUsage(keyUsage),
    extendedKeyUsage && encodeExtendedKeyUsage(extendedKeyUsage),
    basicConstraints && encodeBasicConstraints(basicConstraints),
    ...(template.extensions ?? []).map(encodeExtension),
  ];
  return asked.filter((extension) => extension !== undefined);
}

/**
 * Reads one request and nothing after it. Attributes other than extensionRequest (a challenge
 * password, say) are passed over. The signature is not verified: see `verifyRequest`.
 *
 * @throws KubepkiError MALFORMED_DER
 */
export function parseRequest(der: Uint8Array): CertificationRequest {
  const outer = DerReader.inside(DerReader.single(der, Tag.sequence, 'the request'));
  const info = outer.expect(Tag.sequence, 'the signed part of the request');
  const algorithm = readAlgorithmIdentifier(outer, 'the signature algorithm');
  const signature = readBitStringBytes(outer.expect(Tag.bitString, 'the signature'));
  outer.end('the signature');

  const fields = DerReader.inside(info);
  const versionElement = fields.expect(Tag.integer, 'the version');
  const version = readSmallInteger(versionElement);
  if (version !== 0) {
    throw malformed(versionElement.offset, `version ${version + 1} of requests does not exist`);
  }
  const subject = fields.expect(Tag.sequence, 'the subject');
  const subjectName = readName(subject);
  const spki = fields.expect(Tag.sequence, 'the public key');
  const keyType = readKeyType(spki);
  const attributes = fields.expect(ATTRIBUTES, 'the attributes');
  fields.end('the attributes');
  const { extensions, decoded } = readExtensions(readAskedExtensions(attributes));
  return {
    der,
    info: info.bytes,
    subject: subjectName,
    subjectDer: subject.bytes,
    spki: spki.bytes,
    keyType,
    signatureAlgorithm: algorithm.oid,
    signature,
    extensions,
    ...decoded,
  };
}

/** The Extensions of every extensionRequest attribute; each has exactly one value (RFC 2985, section 5.4.2). */
function readAskedExtensions(element: DerElement): DerElement[] {
  const asked: DerElement[] = [];
  const attributes = DerReader.inside(element);
  while (!attributes.done) {
    const attribute = attributes.sequence('an attribute');
    const type = readOid(attribute.expect(Tag.oid, 'the type of an attribute'));
    const values = attribute.expect(Tag.set, 'the values of an attribute');
    attribute.end('the values of an attribute');
    if (type !== OID_EXTENSION_REQUEST) continue;
    const value = DerReader.inside(values);
    asked.push(value.expect(Tag.sequence, 'the requested extensions'));
    value.end('the requested extensions');
  }
  return asked;
}

/**
 * Reads the request of a PEM text, by the rule of kube-apiserver: the first block must be labelled
 * CERTIFICATE REQUEST, and what follows it does not matter.
 *
 * @throws KubepkiError MALFORMED_PEM, MALFORMED_DER
 */
export function readRequest(pem: string | Uint8Array): CertificationRequest {
  const blocks = decodePem(pem);
  const [first] = blocks;
  if (first?.label !== 'CERTIFICATE REQUEST') {
    throw noSuchBlock(['CERTIFICATE REQUEST'], blocks.slice(0, 1), 'certification request');
  }
  return parseRequest(first.bytes);
}

const verified = new WeakMap<CertificationRequest, boolean>();

/**
 * Whether the request is signed with the key it is for. SHA-1 is refused, though Go accepts it here.
 * Found out once for each request that was read.
 */
export function verifyRequest(request: CertificationRequest): boolean {
  const known = verified.get(request);
  if (known !== undefined) return known;
  const { der, spki, info, signature } = request;
  const result = verifySigned(signatureAlgorithmOf(der), spki, info, signature);
  verified.set(request, result);
  return result;
}
