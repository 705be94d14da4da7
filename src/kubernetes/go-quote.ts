/** Text in quotes as Go's `%q` prints it, which is how kubectl and upstream's messages show names. */

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['"', '\\"'],
  ['\\', '\\\\'],
]);

/** Nearly every name there is. */
const PLAIN = /^[ !#-[\]-~]*$/;
/** What Go's unicode.IsPrint accepts: letters, marks, numbers, punctuation, symbols and the plain space. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

export function goQuote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  let quoted = '"';
  for (const char of text) quoted += ESCAPES.get(char) ?? (PRINTABLE.test(char) ? char : hex(char));
  return `${quoted}"`;
}

/** A list of texts as Go's `%q` shows it. */
export const goQuoteList = (texts: readonly string[]): string =>
  `[${texts.map(goQuote).join(' ')}]`;

function hex(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  if (code < 0x80) return `\\x${digits.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}
