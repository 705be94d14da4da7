/** PKCS#12 archives: certificates and keys under one passphrase, as Java, Windows and browsers keep them. */
export { readPkcs12 } from './archive.ts';
export type { Pkcs12, Pkcs12Bag } from './types.ts';
