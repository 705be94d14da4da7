/** The public face of `src/x509`: PEM, keys, names, certificates, requests, signatures, chains. */
export { parseCertificate, readCertificates, serialHex } from './certificate.ts';
export {
  type ChainPurpose,
  type ChainRejection,
  type ChainRequest,
  type ChainResult,
  hostMatches,
  verifyChain,
} from './chain.ts';
export {
  isNamedAs,
  parseRevocationList,
  type RevocationList,
  type RevocationReason,
  type RevokedCertificate,
  revocationListRefusal,
} from './crl.ts';
export {
  fingerprint,
  fingerprintHex,
  parsePublicKeyPin,
  publicKeyId,
  publicKeyPin,
} from './fingerprint.ts';
export { bytesToIp, ipToBytes } from './ip.ts';
export { blockCovers, type IpBlock, parseIpBlock } from './ip-block.ts';
export { createIssuer, type Issuer, selfSign } from './issue.ts';
export * from './keys/index.ts';
export {
  commonName,
  decodeName,
  encodeName,
  formatName,
  makeName,
  type NameParts,
  organizations,
  parseName,
} from './name.ts';
export { ATTRIBUTE_TYPES, attributeTypeName, EXTENSION_TYPES, extensionName } from './oids.ts';
export { decodePem, encodePem, MAX_PEM_BYTES, type PemBlock, requirePem } from './pem.ts';
export { type Pkcs12, type Pkcs12Bag, readPkcs12 } from './pkcs12/index.ts';
export { signsData } from './proof.ts';
export {
  createRequest,
  encodeRequestInfo,
  parseRequest,
  type RequestTemplate,
  readRequest,
  verifyRequest,
} from './request.ts';
export {
  type Signer,
  signatureAlgorithmFor,
  signatureAlgorithmName,
  signatureVerifies,
  verifySignature,
} from './signature.ts';
export { signatureTwins } from './twins.ts';
export {
  type Certificate,
  type CertificateTemplate,
  type CertificationRequest,
  type DecodedExtensions,
  EXTENDED_KEY_USAGES,
  type ExtendedKeyUsage,
  type Extension,
  KEY_USAGES,
  type KeyUsage,
  type Name,
  type NameAttribute,
  type SubjectAltNames,
} from './types.ts';
