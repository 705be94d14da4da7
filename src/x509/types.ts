/** The shapes that parsing yields and issuing takes. Data only: what can be done with them is in the files beside. */

/** One attribute of a name: `type` is the dotted OID, `value` the text. */
export interface NameAttribute {
  readonly type: string;
  readonly value: string;
}

/**
 * A distinguished name in certificate order: relative distinguished names, each with one attribute
 * or (multi-valued) several.
 */
export type Name = readonly (readonly NameAttribute[])[];

/** The names that a subjectAltName extension holds. Addresses in their text form (RFC 5952 for IPv6). */
export interface SubjectAltNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly uri: readonly string[];
  readonly email: readonly string[];
}

/** Key usages in bit order (RFC 5280, section 4.2.1.3). */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

/** Extended key usages by name, in the order in which Go writes them; others appear as dotted OIDs. */
export const EXTENDED_KEY_USAGES = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  ipsecEndSystem: '1.3.6.1.5.5.7.3.5',
  ipsecTunnel: '1.3.6.1.5.5.7.3.6',
  ipsecUser: '1.3.6.1.5.5.7.3.7',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
  microsoftServerGatedCrypto: '1.3.6.1.4.1.311.10.3.3',
  netscapeServerGatedCrypto: '2.16.840.1.113730.4.1',
} as const;
export type ExtendedKeyUsage = keyof typeof EXTENDED_KEY_USAGES;

/** An extension as it stands: known ones are decoded beside it, unknown ones are kept and shown. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** The bytes inside the OCTET STRING. */
  readonly value: Uint8Array;
}

/** What the extensions of a certificate or request say. A missing one is undefined, never a default. */
export interface DecodedExtensions {
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  readonly keyUsage?: readonly KeyUsage[];
  /** Names of `EXTENDED_KEY_USAGES` where known, dotted OIDs otherwise. */
  readonly extendedKeyUsage?: readonly string[];
  readonly subjectAltNames?: SubjectAltNames;
  readonly subjectKeyId?: Uint8Array;
  readonly authorityKeyId?: Uint8Array;
}

export interface Certificate extends DecodedExtensions {
  /** The whole certificate, DER. */
  readonly der: Uint8Array;
  /** The signed part, DER. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** Big-endian two's complement, as encoded. */
  readonly serialNumber: Uint8Array;
  /** Dotted OID of the signature algorithm. */
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  readonly issuer: Name;
  /** The issuer's name as encoded: names are compared byte by byte when chains are built, as Go does. */
  readonly issuerDer: Uint8Array;
  readonly subject: Name;
  readonly subjectDer: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** As `PublicKey.type`. */
  readonly keyType: string;
  readonly extensions: readonly Extension[];
}

/** A PKCS#10 certification request (RFC 2986). The decoded extensions are those it asks for. */
export interface CertificationRequest extends DecodedExtensions {
  readonly der: Uint8Array;
  /** The signed part (CertificationRequestInfo), DER. */
  readonly info: Uint8Array;
  readonly subject: Name;
  readonly subjectDer: Uint8Array;
  readonly spki: Uint8Array;
  readonly keyType: string;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** What a certificate shall say. Nothing is added to it but issuer, serial number where absent, SKI and AKI. */
export interface CertificateTemplate {
  readonly subject: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** 1 to 20 bytes, big-endian, positive; random (16 bytes) where absent. */
  readonly serialNumber?: Uint8Array;
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength?: number };
  readonly keyUsage: readonly KeyUsage[];
  readonly extendedKeyUsage: readonly ExtendedKeyUsage[];
  readonly subjectAltNames?: Partial<SubjectAltNames>;
}
