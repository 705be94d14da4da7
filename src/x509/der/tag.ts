/** The tags that X.509, PKCS#10 and PKCS#8 use (X.680, section 8.4). */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

const NAMES = new Map<number, string>([
  [Tag.boolean, 'BOOLEAN'],
  [Tag.integer, 'INTEGER'],
  [Tag.bitString, 'BIT STRING'],
  [Tag.octetString, 'OCTET STRING'],
  [Tag.null, 'NULL'],
  [Tag.oid, 'OBJECT IDENTIFIER'],
  [Tag.utf8String, 'UTF8String'],
  [Tag.numericString, 'NumericString'],
  [Tag.printableString, 'PrintableString'],
  [Tag.t61String, 'T61String'],
  [Tag.ia5String, 'IA5String'],
  [Tag.utcTime, 'UTCTime'],
  [Tag.generalizedTime, 'GeneralizedTime'],
  [Tag.universalString, 'UniversalString'],
  [Tag.bmpString, 'BMPString'],
  [Tag.sequence, 'SEQUENCE'],
  [Tag.set, 'SET'],
]);

/** The context-specific tag `[number]`, primitive. */
export const context = (number: number): number => 0x80 | number;

/** The context-specific tag `[number]`, constructed. */
export const contextConstructed = (number: number): number => 0xa0 | number;

/** A tag as an error message shows it. */
export function tagName(tag: number): string {
  const known = NAMES.get(tag);
  if (known !== undefined) return known;
  if ((tag & 0xc0) === 0x80) return `[${tag & 0x1f}]`;
  return `tag 0x${tag.toString(16).padStart(2, '0')}`;
}
