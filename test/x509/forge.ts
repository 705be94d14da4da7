/** Certificates that say whatever a test wants, signed or not, and the scenarios in which chains are judged. */
import { sign } from 'node:crypto';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { context, contextConstructed } from '../../src/x509/der/tag.ts';
import {
  bitString,
  element,
  oid,
  sequence,
  smallInteger,
  time,
  unsignedInteger,
} from '../../src/x509/der/writer.ts';
import {
  encodeAuthorityKeyId,
  encodeBasicConstraints,
  encodeExtendedKeyUsage,
  encodeExtension,
  encodeKeyUsage,
  encodeSubjectAltNames,
  encodeSubjectKeyId,
} from '../../src/x509/extensions.ts';
import { fingerprintHex } from '../../src/x509/fingerprint.ts';
import type { PrivateKey } from '../../src/x509/keys/index.ts';
import { encodeName, makeName } from '../../src/x509/name.ts';
import type {
  Certificate,
  ExtendedKeyUsage,
  KeyUsage,
  SubjectAltNames,
} from '../../src/x509/types.ts';
import { keyOf } from './support.ts';

export const AT = new Date('2026-06-01T00:00:00Z');
export const FROM = new Date('2026-01-01T00:00:00Z');
export const UNTIL = new Date('2027-01-01T00:00:00Z');

export interface Forgery {
  readonly subject: string;
  /** Common name and key of the issuer; the certificate's own where absent. */
  readonly issuer?: string;
  readonly by?: PrivateKey;
  readonly key?: PrivateKey;
  readonly from?: Date;
  readonly until?: Date;
  readonly version?: 1 | 3;
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** Without basic constraints. */
  readonly bare?: boolean;
  readonly keyUsage?: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[];
  readonly names?: Partial<SubjectAltNames>;
  readonly subjectKeyId?: Uint8Array;
  readonly authorityKeyId?: Uint8Array;
  readonly more?: readonly Uint8Array[];
  /** Signature algorithm and hash. */
  readonly algorithm?: readonly [oid: string, hash: string];
}

const P256 = (which: number): PrivateKey => keyOf('ECDSA-P256', which);
let serial = 1;

export function forge(forgery: Forgery): Certificate {
  const key = forgery.key ?? P256(0);
  const [dotted, hash] = forgery.algorithm ?? ['1.2.840.10045.4.3.2', 'sha256'];
  const algorithm = sequence(oid(dotted));
  const version3 = forgery.version !== 1;
  const tbs = sequence(
    version3 ? element(contextConstructed(0), smallInteger(2)) : new Uint8Array(),
    unsignedInteger(Uint8Array.of(1, serial >> 8, serial++ & 0xff)),
    algorithm,
    encodeName(makeName({ commonName: forgery.issuer ?? forgery.subject })),
    sequence(time(forgery.from ?? FROM), time(forgery.until ?? UNTIL)),
    encodeName(makeName({ commonName: forgery.subject })),
    key.spki,
    version3
      ? element(contextConstructed(3), sequence(...extensionsOf(forgery)))
      : new Uint8Array(),
  );
  const signature = sign(hash, tbs, (forgery.by ?? key).object);
  return parseCertificate(sequence(tbs, algorithm, bitString(signature)));
}

function extensionsOf(forgery: Forgery): Uint8Array[] {
  const { ca = false, pathLength, keyUsage = ca ? ['keyCertSign'] : [] } = forgery;
  const constraints = pathLength === undefined ? { ca } : { ca, pathLength };
  return [
    forgery.bare === true ? undefined : encodeBasicConstraints(constraints),
    encodeKeyUsage(keyUsage),
    encodeExtendedKeyUsage(forgery.extendedKeyUsage ?? []),
    forgery.names === undefined ? undefined : encodeSubjectAltNames(forgery.names, false),
    forgery.subjectKeyId === undefined ? undefined : encodeSubjectKeyId(forgery.subjectKeyId),
    forgery.authorityKeyId === undefined ? undefined : encodeAuthorityKeyId(forgery.authorityKeyId),
    ...(forgery.more ?? []),
  ].filter((extension) => extension !== undefined);
}

export function extension(dotted: string, critical: boolean, value: Uint8Array): Uint8Array {
  return encodeExtension({ oid: dotted, critical, value });
}

/** A general name of a constraint: tag number and content. */
type Subtree = readonly [tag: number, content: string | Uint8Array];

/** A nameConstraints extension. */
export function constraints(
  permitted: readonly Subtree[],
  excluded: readonly Subtree[] = [],
  critical = true,
): Uint8Array {
  const subtrees = (tag: number, list: readonly Subtree[]): Uint8Array =>
    list.length === 0
      ? new Uint8Array()
      : element(
          contextConstructed(tag),
          ...list.map(([number, content]) =>
            sequence(
              element(
                context(number),
                typeof content === 'string' ? Buffer.from(content, 'latin1') : content,
              ),
            ),
          ),
        );
  return extension('2.5.29.30', critical, sequence(subtrees(0, permitted), subtrees(1, excluded)));
}

export const keyId = (key: PrivateKey): Uint8Array =>
  Buffer.from(fingerprintHex(key.spki).slice(0, 40), 'hex');

export { P256 };
