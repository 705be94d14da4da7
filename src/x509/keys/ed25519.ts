/** Ed25519 keys: read and used, never made, for Kubernetes components do not all take them (RFC 8410). */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { DerReader } from '../der/reader.ts';
import { Tag } from '../der/tag.ts';
import { octetString, oid, sequence, smallInteger } from '../der/writer.ts';
import { OID_ED25519 } from './curve.ts';
import { badKey } from './refusal.ts';

const ALGORITHM = sequence(oid(OID_ED25519));

/** The seed inside CurvePrivateKey (RFC 8410, section 7): an OCTET STRING inside PKCS#8's OCTET STRING. */
export function readEd25519Seed(der: Uint8Array, base = 0, depth = 0): Uint8Array {
  const reader = new DerReader(der, base, depth);
  const seed = reader.expect(Tag.octetString, 'the Ed25519 seed').content;
  reader.end('the Ed25519 seed');
  if (seed.length !== 32) throw badKey('the Ed25519 private key is not of 32 bytes');
  return Uint8Array.from(seed);
}

export function writeEd25519Pkcs8(seed: Uint8Array): Uint8Array {
  return sequence(smallInteger(0), ALGORITHM, octetString(octetString(seed)));
}

/** The SubjectPublicKeyInfo that belongs to a seed. */
export function spkiOfSeed(seed: Uint8Array): Uint8Array {
  const key = Buffer.from(writeEd25519Pkcs8(seed));
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return Uint8Array.from(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }));
}
