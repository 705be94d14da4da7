/** Object identifiers by name: attribute types of names, extensions, signature algorithms and hashes. */

/**
 * Attribute types of distinguished names by the short name that RFC 4514 strings use (section 3 of
 * it, and for `SERIALNUMBER`, `postalCode` and `emailAddress` the IANA registry of LDAP descriptors).
 */
export const ATTRIBUTE_TYPES = {
  CN: '2.5.4.3',
  SERIALNUMBER: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  postalCode: '2.5.4.17',
  UID: '0.9.2342.19200300.100.1.1',
  DC: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
} as const;

const ATTRIBUTE_NAMES = new Map<string, string>(
  Object.entries(ATTRIBUTE_TYPES).map(([name, oid]) => [oid, name]),
);
const ATTRIBUTE_OIDS = new Map<string, string>(
  Object.entries(ATTRIBUTE_TYPES).map(([name, oid]) => [name.toUpperCase(), oid]),
);

/** The short name of an attribute type, or undefined where it has none here. */
export function attributeTypeName(oid: string): string | undefined {
  return ATTRIBUTE_NAMES.get(oid);
}

/** The OID of an attribute type's short name; case does not matter (RFC 4512, section 1.4). */
export function attributeTypeOid(name: string): string | undefined {
  return ATTRIBUTE_OIDS.get(name.toUpperCase());
}

/** Certificate extensions (RFC 5280, section 4.2). Those beyond the six that are decoded have a name to be shown by. */
export const EXTENSION_TYPES = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  issuerAltName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  cRLDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  freshestCRL: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
} as const;

const EXTENSION_NAMES = new Map<string, string>(
  Object.entries(EXTENSION_TYPES).map(([name, oid]) => [oid, name]),
);

/** The name of an extension, or undefined where it has none here. */
export function extensionName(oid: string): string | undefined {
  return EXTENSION_NAMES.get(oid);
}

/** Signature algorithms by the names of the RFCs that define them (4055, 5758, 8410; the refused ones 3279). */
export const SIGNATURE_ALGORITHMS = {
  md2WithRSAEncryption: '1.2.840.113549.1.1.2',
  md5WithRSAEncryption: '1.2.840.113549.1.1.4',
  sha1WithRSAEncryption: '1.2.840.113549.1.1.5',
  'id-RSASSA-PSS': '1.2.840.113549.1.1.10',
  sha256WithRSAEncryption: '1.2.840.113549.1.1.11',
  sha384WithRSAEncryption: '1.2.840.113549.1.1.12',
  sha512WithRSAEncryption: '1.2.840.113549.1.1.13',
  sha224WithRSAEncryption: '1.2.840.113549.1.1.14',
  'id-dsa-with-sha1': '1.2.840.10040.4.3',
  'id-dsa-with-sha256': '2.16.840.1.101.3.4.3.2',
  'ecdsa-with-SHA1': '1.2.840.10045.4.1',
  'ecdsa-with-SHA224': '1.2.840.10045.4.3.1',
  'ecdsa-with-SHA256': '1.2.840.10045.4.3.2',
  'ecdsa-with-SHA384': '1.2.840.10045.4.3.3',
  'ecdsa-with-SHA512': '1.2.840.10045.4.3.4',
  Ed25519: '1.3.101.112',
  Ed448: '1.3.101.113',
} as const;

const SIGNATURE_NAMES = new Map<string, string>(
  Object.entries(SIGNATURE_ALGORITHMS).map(([name, oid]) => [oid, name]),
);

/** The name of a signature algorithm; its dotted OID where it has none here. */
export function signatureAlgorithmName(oid: string): string {
  return SIGNATURE_NAMES.get(oid) ?? oid;
}

/** Hash algorithms (RFC 5754, section 2) and the mask function of RSA-PSS (RFC 4055, section 2.2). */
export const HASH_ALGORITHMS = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;
export const OID_MGF1 = '1.2.840.113549.1.1.8';

/** The attribute of a certification request that carries the extensions it asks for (RFC 2985, section 5.4.2). */
export const OID_EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
