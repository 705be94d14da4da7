/** Signatures: which algorithm a key signs with, signing, and verifying what others signed. */
import { constants, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { KubepkiError } from '../errors.ts';
import {
  type AlgorithmIdentifier,
  readAlgorithmIdentifier,
  signatureAlgorithmOf,
} from './algorithm-identifier.ts';
import { DerReader } from './der/reader.ts';
import { contextConstructed, Tag } from './der/tag.ts';
import { readSmallInteger } from './der/values.ts';
import { nul, oid, sequence } from './der/writer.ts';
import type { PrivateKey } from './keys/key.ts';
import { keyTypeOfSpki } from './keys/spki.ts';
import { HASH_ALGORITHMS, OID_MGF1, SIGNATURE_ALGORITHMS } from './oids.ts';
import { encodePem } from './pem.ts';
import type { Certificate } from './types.ts';

export { signatureAlgorithmName } from './oids.ts';

type Hash = keyof typeof HASH_ALGORITHMS;

/** What an algorithm asks of the key and does to the data; Ed25519 has no hash of its own. */
interface Scheme {
  readonly keyType: 'RSA-' | 'ECDSA-' | 'Ed25519';
  readonly hash: Hash | null;
  /** Bytes of salt: RSA-PSS. */
  readonly saltLength?: number;
}

/** What is verified. MD5 and SHA-1 are not among it, nor is anything that upstream would refuse. */
const SCHEMES = new Map<string, Scheme>([
  [SIGNATURE_ALGORITHMS.sha256WithRSAEncryption, { keyType: 'RSA-', hash: 'sha256' }],
  [SIGNATURE_ALGORITHMS.sha384WithRSAEncryption, { keyType: 'RSA-', hash: 'sha384' }],
  [SIGNATURE_ALGORITHMS.sha512WithRSAEncryption, { keyType: 'RSA-', hash: 'sha512' }],
  [SIGNATURE_ALGORITHMS['ecdsa-with-SHA256'], { keyType: 'ECDSA-', hash: 'sha256' }],
  [SIGNATURE_ALGORITHMS['ecdsa-with-SHA384'], { keyType: 'ECDSA-', hash: 'sha384' }],
  [SIGNATURE_ALGORITHMS['ecdsa-with-SHA512'], { keyType: 'ECDSA-', hash: 'sha512' }],
  [SIGNATURE_ALGORITHMS.Ed25519, { keyType: 'Ed25519', hash: null }],
]);

/** Go's crypto/rsa refuses to use smaller keys. */
const MIN_RSA_BITS = 1024;

/**
 * Signs with a key that is not in this process: takes the to-be-signed bytes (not their hash), gives
 * the signature by the algorithm of `signatureAlgorithmFor`, in the form that certificates hold
 * (ECDSA-Sig-Value in DER, RFC 3279; RSA PKCS#1 v1.5, RFC 8017).
 */
export type Signer = (tbs: Uint8Array) => Uint8Array;

/** Signs with one key, and says with what. */
export interface KeySigner {
  /** DER of the AlgorithmIdentifier that goes with the signatures. */
  readonly algorithm: Uint8Array;
  sign(data: Uint8Array): Uint8Array;
}

/** What a kind of key signs with: the algorithm's name, its AlgorithmIdentifier in DER, and the hash. */
interface SigningScheme {
  readonly name: keyof typeof SIGNATURE_ALGORITHMS;
  readonly algorithm: Uint8Array;
  readonly hash: Hash | null;
}

const signing = (
  name: SigningScheme['name'],
  hash: Hash | null,
  ...parameters: Uint8Array[]
): SigningScheme => ({
  name,
  algorithm: sequence(oid(SIGNATURE_ALGORITHMS[name]), ...parameters),
  hash,
});

const RSA_SHA256 = signing('sha256WithRSAEncryption', 'sha256', nul());
const SIGNING = new Map<string, SigningScheme>([
  ['ECDSA-P256', signing('ecdsa-with-SHA256', 'sha256')],
  ['ECDSA-P384', signing('ecdsa-with-SHA384', 'sha384')],
  ['ECDSA-P521', signing('ecdsa-with-SHA512', 'sha512')],
  ['Ed25519', signing('Ed25519', null)],
]);

function signingScheme(keyType: string): SigningScheme {
  const isRsa = keyType.startsWith('RSA-');
  const scheme = isRsa ? RSA_SHA256 : SIGNING.get(keyType);
  if (scheme === undefined || (isRsa && !isUsable(keyType))) {
    throw new KubepkiError('UNSUPPORTED', `kubepki does not sign with a key of type ${keyType}`, {
      hint: 'use an RSA key of 2048 bits or more, or an ECDSA key on P-256 or P-384',
    });
  }
  return scheme;
}

/**
 * The name of the algorithm that a key of this type signs with, such as `ecdsa-with-SHA256`.
 *
 * @throws KubepkiError UNSUPPORTED if certificates cannot be signed with such a key.
 */
export const signatureAlgorithmFor = (keyType: string): string => signingScheme(keyType).name;

/**
 * The signer of a private key, with the algorithm that Go chooses for it: RSA signs with SHA-256,
 * ECDSA with the hash of the curve's size.
 *
 * @throws KubepkiError UNSUPPORTED if certificates cannot be signed with such a key.
 */
export function createSigner(key: PrivateKey): KeySigner {
  const { algorithm, hash } = signingScheme(key.type);
  const { object } = key;
  return { algorithm, sign: (data) => sign(hash, data, object) };
}

/**
 * The signer of a public key whose private half is elsewhere. What comes back is verified before
 * anybody gets it: whoever signs may hold another key, or hash what is hashed already.
 *
 * @throws KubepkiError UNSUPPORTED as `createSigner`; `sign` throws BAD_SIGNATURE
 */
export function createOutsideSigner(
  { spki, keyType }: Pick<Certificate, 'spki' | 'keyType'>,
  signer: Signer,
): KeySigner {
  const { algorithm, name } = signingScheme(keyType);
  const signatureOid = SIGNATURE_ALGORITHMS[name];
  return {
    algorithm,
    sign: (data) => {
      const signature = signer(data);
      if (verifySignature(signatureOid, spki, data, signature)) return signature;
      throw new KubepkiError(
        'BAD_SIGNATURE',
        `the signer's answer (${signature.length} bytes) is not a signature by ${name} of the key of the CA certificate (${keyType})`,
        {
          hint: keyType.startsWith('ECDSA-')
            ? 'it has to sign the bytes that it is given with that key and answer with an ECDSA-Sig-Value in DER'
            : 'it has to sign the bytes that it is given with that key, by that algorithm',
        },
      );
    },
  };
}

/**
 * Whether `signature` over `data` verifies under the public key. False as well where the algorithm
 * does not fit the key, is not known, or is refused as too weak (MD5, SHA-1, RSA below 1024 bits).
 *
 * @param signatureAlgorithm dotted OID.
 * @param spki DER of the SubjectPublicKeyInfo.
 * @param parameters DER of the algorithm's parameters, where it has any; RSA-PSS needs them. Of
 *   its settings only those with one hash for everything and a salt of the hash's size are known.
 */
export function verifySignature(
  signatureAlgorithm: string,
  spki: Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
  parameters?: Uint8Array,
): boolean {
  const scheme = schemeOf(signatureAlgorithm, parameters);
  if (scheme === undefined) return false;
  try {
    const type = keyTypeOfSpki(spki);
    if (!type.startsWith(scheme.keyType) || !isUsable(type)) return false;
    const key = publicKeyObject(spki);
    const { hash, saltLength } = scheme;
    return saltLength === undefined
      ? verify(hash, data, key, signature)
      : verify(
          hash,
          data,
          { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
          signature,
        );
  } catch {
    // A key that OpenSSL does not take (a point off its curve, say) verifies nothing.
    return false;
  }
}

/** Whether the certificate's signature verifies under the issuer's key. Names and dates are not looked at. */
export function signatureVerifies(certificate: Certificate, issuer: Certificate): boolean {
  const { der, tbs, signature } = certificate;
  return verifySigned(signatureAlgorithmOf(der), issuer.spki, tbs, signature);
}

/** As `verifySignature`, with the algorithm as it stands in the signed document. */
export function verifySigned(
  algorithm: AlgorithmIdentifier,
  spki: Uint8Array,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifySignature(algorithm.oid, spki, data, signature, algorithm.parameters?.bytes);
}

function isUsable(keyType: string): boolean {
  return !keyType.startsWith('RSA-') || Number(keyType.slice(4)) >= MIN_RSA_BITS;
}

/** Verifying many certificates of one issuer would otherwise read its key every time. */
const publicKeys = new WeakMap<Uint8Array, KeyObject>();

function publicKeyObject(spki: Uint8Array): KeyObject {
  const known = publicKeys.get(spki);
  if (known !== undefined) return known;
  // Node takes PEM in half the time that it takes for the same bytes in DER.
  const key = createPublicKey(encodePem('PUBLIC KEY', spki));
  publicKeys.set(spki, key);
  return key;
}

function schemeOf(dotted: string, parameters: Uint8Array | undefined): Scheme | undefined {
  if (dotted === SIGNATURE_ALGORITHMS['id-RSASSA-PSS']) return pssScheme(parameters);
  // RFC 8410, section 3: parameters must be absent. Go lets them pass for RSA and ECDSA only.
  if (dotted === SIGNATURE_ALGORITHMS.Ed25519 && parameters !== undefined) return undefined;
  return SCHEMES.get(dotted);
}

const HASH_NAMES = new Map<string, { hash: Hash; size: number }>([
  [HASH_ALGORITHMS.sha256, { hash: 'sha256', size: 32 }],
  [HASH_ALGORITHMS.sha384, { hash: 'sha384', size: 48 }],
  [HASH_ALGORITHMS.sha512, { hash: 'sha512', size: 64 }],
]);

/**
 * RSASSA-PSS-params (RFC 4055, section 3.1). Defaults are SHA-1's, so hash, mask function and salt
 * length must all be there; Go takes the same three settings.
 */
function pssScheme(parameters: Uint8Array | undefined): Scheme | undefined {
  if (parameters === undefined) return undefined;
  try {
    const fields = DerReader.inside(DerReader.single(parameters, Tag.sequence));
    const explicit = (number: number): DerReader =>
      DerReader.inside(fields.expect(contextConstructed(number), 'a PSS parameter'));
    const hashed = hashOf(readAlgorithmIdentifier(explicit(0), 'the hash'));
    const mask = readAlgorithmIdentifier(explicit(1), 'the mask function');
    const saltLength = readSmallInteger(explicit(2).expect(Tag.integer, 'the salt length'));
    const trailer = fields.optional(contextConstructed(3), 'the trailer');
    fields.end('the PSS parameters');
    const one =
      trailer === undefined ||
      readSmallInteger(DerReader.inside(trailer).expect(Tag.integer, 'the trailer')) === 1;
    if (mask.oid !== OID_MGF1 || mask.parameters === undefined || !one) return undefined;
    const maskHash = hashOf(
      readAlgorithmIdentifier(new DerReader(mask.parameters.bytes), 'the hash of the mask'),
    );
    if (hashed === undefined || maskHash !== hashed || saltLength !== hashed.size) return undefined;
    return { keyType: 'RSA-', hash: hashed.hash, saltLength };
  } catch {
    return undefined;
  }
}

function hashOf({
  oid: dotted,
  parameters,
}: AlgorithmIdentifier): { hash: Hash; size: number } | undefined {
  const isNull = parameters?.tag === Tag.null && parameters.content.length === 0;
  return parameters === undefined || isNull ? HASH_NAMES.get(dotted) : undefined;
}
