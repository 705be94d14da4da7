/**
 * Which kinds of names a subjectAltName extension holds. The reader of `x509` gives those that it
 * decodes; whoever signs has to know that there is nothing else.
 */

/** The kinds of GeneralName by their tag (RFC 5280, section 4.2.1.6); those of DNS names and addresses are not among them. */
const FOREIGN_KINDS: ReadonlyMap<number, string> = new Map([
  [0xa0, 'otherName'],
  [0x81, 'e-mail address'],
  [0xa3, 'x400Address'],
  [0xa4, 'directoryName'],
  [0xa5, 'ediPartyName'],
  [0x86, 'URI'],
  [0x88, 'registeredID'],
]);
const DNS_TAG = 0x82;
const IP_TAG = 0x87;

/** The header of an element that has been read as DER before: where its content begins and ends. */
function contentAt(
  bytes: Uint8Array,
  at: number,
): { readonly start: number; readonly end: number } {
  const first = bytes[at + 1] ?? 0;
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  const size = first & 0x7f;
  const start = at + 2 + size;
  const length = bytes.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  return { start, end: start + length };
}

/**
 * The kinds of names besides DNS names and addresses, each once.
 *
 * @param value what the extension holds: a SEQUENCE of GeneralNames, which `parseRequest` has read
 */
export function foreignKinds(value: Uint8Array): string[] {
  const kinds = new Set<string>();
  const { start, end } = contentAt(value, 0);
  for (let at = start; at < end; at = contentAt(value, at).end) {
    const tag = value[at] ?? 0;
    if (tag !== DNS_TAG && tag !== IP_TAG) {
      kinds.add(FOREIGN_KINDS.get(tag) ?? `a name of the unknown kind 0x${tag.toString(16)}`);
    }
  }
  return [...kinds];
}
