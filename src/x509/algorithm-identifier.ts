/** AlgorithmIdentifier (RFC 5280, section 4.1.1.2): an OID and parameters that depend on it. */
import { type DerElement, DerReader } from './der/reader.ts';
import { Tag } from './der/tag.ts';
import { checkValue, readOid } from './der/values.ts';

export interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters: DerElement | undefined;
  /** DER of the whole. */
  readonly bytes: Uint8Array;
}

/** Reads the next element as an AlgorithmIdentifier. */
export function readAlgorithmIdentifier(reader: DerReader, what: string): AlgorithmIdentifier {
  const element = reader.expect(Tag.sequence, what);
  const fields = DerReader.inside(element);
  const oid = readOid(fields.expect(Tag.oid, what));
  const parameters = fields.done ? undefined : fields.next(`the parameters of ${what}`);
  if (parameters !== undefined) checkValue(parameters);
  fields.end(what);
  return { oid, parameters, bytes: element.bytes };
}

/**
 * The signature algorithm of a signed document (certificate or request): the second of its three
 * fields. The document has been parsed before.
 */
export function signatureAlgorithmOf(der: Uint8Array): AlgorithmIdentifier {
  const fields = DerReader.inside(DerReader.single(der, Tag.sequence));
  fields.next('the signed part');
  return readAlgorithmIdentifier(fields, 'the signature algorithm');
}
