/**
 * How go.yaml.in/yaml/v2 writes a string: plain where its meaning and characters allow that, else
 * in single quotes, in double quotes, or as a literal block. The rules are those of libyaml's
 * emitter (`yaml_emitter_analyze_scalar`, `yaml_emitter_select_scalar_style`), which goyaml is.
 */
import { staysString } from './scalar.ts';

export interface Place {
  /** Characters on the line before the string. */
  readonly column: number;
  /** Column of continuation lines. */
  readonly indent: number;
  /** Keys are never folded and never literal. */
  readonly isKey: boolean;
}

/** Behind this column a space may become a line break. */
const WIDTH = 80;

/** Letters first, nothing that could be an indicator: base64 of PEM, paths, URLs, most names. */
const WORD = /^[A-Za-z_/](?:[\w./+=@-]|:(?=[\w./+=@-]))*$/;
/** What {@link WORD} matches and YAML 1.1 does not take for a string; none is longer than this. */
const LONGEST_KEYWORD = 5;

/** The string as it stands in the document; ends in a line break only as a literal block. */
export function formatString(value: string, place: Place): string {
  if (value.length > LONGEST_KEYWORD && WORD.test(value)) return value;
  const text = value.toWellFormed();
  const traits = analyse(text);
  switch (chooseStyle(text, traits, place.isKey)) {
    case 'plain':
      return folded(text, 0, place, place.column, 'plain');
    case 'single':
      return `'${folded(text, 1, place, place.column + 1, 'single')}'`;
    case 'double':
      return doubleQuoted(text, place);
    case 'literal':
      return literal(text, place.indent);
  }
}

/** Whether a key goes before its colon on one line (else `? key`). */
export function isSimpleKey(key: string): boolean {
  return (
    key.length <= 128 && Buffer.byteLength(key) <= 128 && !/[\n\r\u0085\u2028\u2029]/.test(key)
  );
}

type Style = 'plain' | 'single' | 'double' | 'literal';

interface Traits {
  readonly plainAllowed: boolean;
  readonly singleAllowed: boolean;
  readonly blockAllowed: boolean;
}

function chooseStyle(text: string, traits: Traits, isKey: boolean): Style {
  if (text.includes('\n')) return traits.blockAllowed && !isKey ? 'literal' : 'double';
  if (!staysString(text)) return 'double';
  if (traits.plainAllowed) return 'plain';
  return traits.singleAllowed ? 'single' : 'double';
}

const isBreak = (char: string | undefined): boolean =>
  char === '\n' || char === '\r' || char === '\u0085' || char === '\u2028' || char === '\u2029';
const isBlank = (char: string | undefined): boolean => char === ' ' || char === '\t';

/** Printable to libyaml: not tabs, not the BOM, and nothing beyond U+FFFF. */
function isPrintable(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  return (
    code === 0x0a ||
    (code >= 0x20 && code <= 0x7e) ||
    (code >= 0xa0 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd && code !== 0xfeff)
  );
}

const INDICATORS_FIRST = new Set('#,[]{}&*!|>\'"%@`');

function analyse(text: string): Traits {
  const chars = Array.from(text);
  const first = chars[0] ?? '';
  const last = chars.at(-1);
  let indicators = text.startsWith('---') || text.startsWith('...') || INDICATORS_FIRST.has(first);
  let breaks = false;
  let special = false;
  let spaceAfterBreak = false;
  let breakAfterSpace = false;
  for (const [i, char] of chars.entries()) {
    const before = chars[i - 1];
    const endsWord = i + 1 >= chars.length || isBlank(chars[i + 1]);
    if (char === ':' || (i === 0 && (char === '?' || char === '-'))) indicators ||= endsWord;
    else if (char === '#')
      indicators ||= i > 0 && (isBlank(before) || isBreak(before) || before === '\0');
    special ||= !isPrintable(char);
    if (char === ' ') spaceAfterBreak ||= isBreak(before);
    else if (isBreak(char)) {
      breaks = true;
      breakAfterSpace ||= before === ' ';
    }
  }
  const edges = first === ' ' || last === ' ' || isBreak(first) || isBreak(last);
  const singleAllowed = !spaceAfterBreak && !breakAfterSpace && !special;
  return {
    plainAllowed: singleAllowed && !edges && !breaks && !indicators,
    singleAllowed,
    blockAllowed: last !== ' ' && !breakAfterSpace && !special,
  };
}

/**
 * Plain or single-quoted text: a lone space behind column 80 becomes a line break.
 *
 * @param edge 1 where the first and the last character may not be folded (inside quotes)
 */
function folded(
  text: string,
  edge: 0 | 1,
  place: Place,
  column: number,
  style: 'plain' | 'single',
): string {
  const special = style === 'single' && /['\u2028\u2029]/.test(text);
  if (!special && (place.isKey || column + text.length <= WIDTH || !text.includes(' ')))
    return text;
  const pad = ' '.repeat(place.indent);
  let out = '';
  let afterSpace = false;
  let afterBreak = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if (char === ' ') {
      const inside = i >= edge && i < text.length - edge;
      if (!place.isKey && !afterSpace && column > WIDTH && inside && text[i + 1] !== ' ') {
        out += `\n${pad}`;
        column = place.indent;
      } else {
        out += char;
        column++;
      }
      afterSpace = true;
    } else if (isBreak(char)) {
      out += char;
      column = 0;
      afterBreak = true;
    } else {
      if (afterBreak) {
        out += pad;
        column = place.indent;
      }
      out += style === 'single' && char === "'" ? "''" : char;
      column += style === 'single' && char === "'" ? 2 : 1;
      afterSpace = false;
      afterBreak = false;
    }
  }
  return out;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\0', '\\0'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\v', '\\v'],
  ['\f', '\\f'],
  ['\r', '\\r'],
  ['\u001b', '\\e'],
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0085', '\\N'],
  ['\u00a0', '\\_'],
  ['\u2028', '\\L'],
  ['\u2029', '\\P'],
]);

function doubleQuoted(text: string, place: Place): string {
  const pad = ' '.repeat(place.indent);
  // libyaml asks whether the whole string starts with a BOM, at each character.
  const escapeAll = text.startsWith('\ufeff');
  const chars = Array.from(text);
  let out = '"';
  let column = place.column + 1;
  let afterSpace = false;
  for (const [i, char] of chars.entries()) {
    if (escapeAll || !isPrintable(char) || isBreak(char) || char === '"' || char === '\\') {
      const escape = ESCAPES.get(char) ?? hexEscape(char);
      out += escape;
      column += escape.length;
      afterSpace = false;
    } else if (char === ' ') {
      const inside = i > 0 && i < chars.length - 1;
      if (!place.isKey && !afterSpace && column > WIDTH && inside) {
        // A space that follows the break would be lost, but for a backslash.
        out += `\n${pad}${chars[i + 1] === ' ' ? '\\' : ''}`;
        column = place.indent + (chars[i + 1] === ' ' ? 1 : 0);
      } else {
        out += char;
        column++;
      }
      afterSpace = true;
    } else {
      out += char;
      column++;
      afterSpace = false;
    }
  }
  return `${out}"`;
}

function hexEscape(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function literal(text: string, indent: number): string {
  const pad = ' '.repeat(indent);
  const first = text[0];
  const indentHint = first === ' ' || isBreak(first) ? '2' : '';
  const endsInBreak = isBreak(text.at(-1));
  const chomp = !endsInBreak ? '-' : text.length === 1 || isBreak(text.at(-2)) ? '+' : '';
  const lines = text.replace(/[^\n\u2028\u2029]+/g, (line) => pad + line);
  return `|${indentHint}${chomp}\n${lines}`;
}
