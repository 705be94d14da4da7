/** Names of managers: what a request calls itself, or its user agent does. */

/** Bytes of UTF-8 (apimachinery, apis/meta/v1/validation). */
export const LONGEST_MANAGER = 128;
export const LONGEST_SUBRESOURCE = 256;

/** Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the plain space. */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** As nearly all are, and each write brings some. */
const PLAIN = /^[ -~]*$/;

/** What is wrong with a name, each in upstream's words; empty for a good one. */
export function managerProblems(name: string): readonly string[] {
  if (PLAIN.test(name)) return [];
  return [...name.matchAll(UNPRINTABLE)].map(({ 0: character, index }) => {
    const point = character.codePointAt(0) ?? 0;
    const position = Buffer.byteLength(name.slice(0, index));
    return `invalid character U+${point.toString(16).toUpperCase().padStart(4, '0')} (at position ${position})`;
  });
}

/** What comes before the first slash, printable and not too long (apiserver, endpoints/handlers/create.go). */
export function managerOfUserAgent(agent: string): string {
  const [first = ''] = agent.split('/');
  const printable = first.replace(UNPRINTABLE, '');
  if (Buffer.byteLength(printable) <= LONGEST_MANAGER) return printable;
  let name = '';
  for (const character of printable) {
    if (Buffer.byteLength(name + character) > LONGEST_MANAGER) break;
    name += character;
  }
  return name;
}
