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
  switch (chooseStyle(text, place.isKey)) {
    case 'plain':
      return folded(text, place, place.column);
    case 'single':
      return `'${folded(text, place, place.column + 1)}'`;
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

/**
 * What cannot stand unescaped: for libyaml all but these characters (so tabs, the BOM and whatever
 * is beyond U+FFFF), and for us U+2028 and U+2029 as well. Those goyaml leaves raw, in a form that
 * neither it nor a reader of YAML 1.2 reads back as it was.
 */
const UNPRINTABLE = /[^\n\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;

/** What makes a text on one line something else than a plain scalar. */
const INDICATORS = /^(?:---|\.\.\.|[ #,[\]{}&*!|>'"%@`]|[?-](?: |$))|:(?: |$)| #| $/;

function chooseStyle(text: string, isKey: boolean): Style {
  if (UNPRINTABLE.test(text)) return 'double';
  if (text.includes('\n'))
    return isKey || text.endsWith(' ') || text.includes(' \n') ? 'double' : 'literal';
  // goyaml leaves this key bare, and then takes it for a merge key.
  if (!staysString(text) || (isKey && text === '<<')) return 'double';
  return INDICATORS.test(text) ? 'single' : 'plain';
}

/** Plain or single-quoted text: a lone space behind column 80 becomes a line break, but not beside a quote. */
function folded(text: string, place: Place, start: number): string {
  const isQuoted = start > place.column;
  const unfolded = isQuoted ? text.replaceAll("'", "''") : text;
  if (place.isKey || start + unfolded.length <= WIDTH) return unfolded;
  const pad = ' '.repeat(place.indent);
  let out = '';
  let column = start;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    const isLone = char === ' ' && text[i - 1] !== ' ' && text[i + 1] !== ' ';
    if (isLone && column > WIDTH && i > 0 && i < text.length - 1) {
      out += `\n${pad}`;
      column = place.indent;
    } else {
      const written = isQuoted && char === "'" ? "''" : char;
      out += written;
      column += written.length;
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
    if (escapeAll || UNPRINTABLE.test(char) || /[\n"\\]/.test(char)) {
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
  const indentHint = /^[ \n]/.test(text) ? '2' : '';
  const chomp = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : '';
  return `|${indentHint}${chomp}\n${text.replace(/[^\n]+/g, (line) => pad + line)}`;
}
