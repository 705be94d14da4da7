import { describe, expect, it } from 'vitest';
import { oid } from '../../src/x509/der/writer.ts';
import {
  ATTRIBUTE_TYPES,
  attributeTypeName,
  attributeTypeOid,
  EXTENSION_TYPES,
  extensionName,
  HASH_ALGORITHMS,
  SIGNATURE_ALGORITHMS,
  signatureAlgorithmName,
} from '../../src/x509/oids.ts';

describe('the tables of object identifiers', () => {
  for (const table of [ATTRIBUTE_TYPES, EXTENSION_TYPES, SIGNATURE_ALGORITHMS, HASH_ALGORITHMS]) {
    it(`give each name an identifier of its own: ${Object.keys(table).join(', ')}`, () => {
      const dotted = Object.values(table);
      expect(new Set(dotted).size).toBe(dotted.length);
      for (const identifier of dotted) expect(oid(identifier)[0]).toBe(6);
    });
  }
  it('are read in both directions, attribute types in any case', () => {
    expect(attributeTypeOid('postalcode')).toBe('2.5.4.17');
    expect(attributeTypeOid('nothing')).toBeUndefined();
    expect(attributeTypeOid('constructor')).toBeUndefined();
    expect(attributeTypeName('2.5.4.10')).toBe('O');
    expect(attributeTypeName('1.2.3')).toBeUndefined();
    expect(extensionName('2.5.29.30')).toBe('nameConstraints');
    expect(extensionName('1.2.3')).toBeUndefined();
    expect(signatureAlgorithmName('1.2.3')).toBe('1.2.3');
  });
});
