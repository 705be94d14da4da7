/** Text in quotes as Go's `%q` shows it, which is how upstream's messages show names. */

const PLAIN = /^[ !#-[\]-~]*$/;

/** Exact but for the controls that Go writes as `\a`, `\v` and `\x..`: they are `\u....` here. */
export function goQuoted(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(/[\p{C}\p{Z}]/gu, (char) =>
    char === ' ' ? char : escaped(char),
  );
}

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  return code > 0xffff ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`;
}

/** A list of texts as Go's `%q` shows it. */
export const goQuotedList = (texts: readonly string[]): string =>
  `[${texts.map(goQuoted).join(' ')}]`;
