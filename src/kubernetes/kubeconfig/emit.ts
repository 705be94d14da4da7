/**
 * Writes YAML as go.yaml.in/yaml/v2 does (block style, two spaces, lists not indented under their
 * key, lines folded behind column 80). By hand because a general YAML library takes ten times as
 * long and chooses other quotes.
 */
import { jsonNumber } from './json.ts';
import { formatString, isSimpleKey } from './string-style.ts';

/** What can be written. A mapping is written in the order of its Map. */
export type Tree = null | boolean | number | bigint | string | readonly Tree[] | TreeMap;
export type TreeMap = ReadonlyMap<string, Tree>;

const INDENT = 2;

/** A whole document with a mapping at its root, newline at its end. */
export function emitYaml(root: TreeMap): string {
  return root.size === 0 ? '{}\n' : entries(root, 0, false);
}

/** Behind which mark a node stands: `key:` starts a new line for a collection, `-`, `?` and `:` do not. */
type Mark = 'key' | 'indicator';

/**
 * What follows a mark, newline included.
 *
 * @param column where the line stands behind the mark
 * @param indent the column of the collection that the node belongs to
 */
function follow(value: Tree, column: number, indent: number, mark: Mark): string {
  if (typeof value === 'string') return scalarLine(value, column, indent);
  if (value === null || typeof value === 'boolean') return ` ${value}\n`;
  if (typeof value === 'number' || typeof value === 'bigint') return ` ${yamlNumber(value)}\n`;
  if (isList(value)) {
    if (value.length === 0) return ' []\n';
    return mark === 'key'
      ? `\n${items(value, indent, false)}`
      : ` ${items(value, indent + INDENT, true)}`;
  }
  if (value.size === 0) return ' {}\n';
  return mark === 'key'
    ? `\n${entries(value, indent + INDENT, false)}`
    : ` ${entries(value, indent + INDENT, true)}`;
}

/** @param inline the first entry goes on the line as it stands */
function entries(map: TreeMap, indent: number, inline: boolean): string {
  const pad = spaces(indent);
  let text = '';
  for (const [key, value] of map) {
    if (!inline) text += pad;
    inline = false;
    if (isSimpleKey(key)) {
      const written = formatString(key, { column: indent, indent, isKey: true });
      text += `${written}:${follow(value, indent + written.length + 1, indent, 'key')}`;
    } else {
      text += `?${scalarLine(key, indent + 1, indent)}${pad}:${follow(value, indent + 1, indent, 'indicator')}`;
    }
  }
  return text;
}

function items(list: readonly Tree[], indent: number, inline: boolean): string {
  const pad = spaces(indent);
  let text = '';
  for (const item of list) {
    if (!inline) text += pad;
    inline = false;
    text += `-${follow(item, indent + 1, indent, 'indicator')}`;
  }
  return text;
}

/** A string behind a mark, with its newline unless it ends in one itself. */
function scalarLine(value: string, column: number, indent: number): string {
  const text = formatString(value, { column: column + 1, indent: indent + INDENT, isKey: false });
  return text.endsWith('\n') ? ` ${text}` : ` ${text}\n`;
}

const SPACES: readonly string[] = Array.from({ length: 32 }, (_, count) => ' '.repeat(count));
export const spaces = (count: number): string => SPACES[count] ?? ' '.repeat(count);

const isList = (value: readonly Tree[] | TreeMap): value is readonly Tree[] => Array.isArray(value);

/**
 * A number, which has been through JSON: what JSON writes as an integer that fits 64 bits stays
 * one, the rest is written as Go's strconv format 'g' with the fewest digits.
 */
function yamlNumber(value: number | bigint): string {
  const json = jsonNumber(value);
  if (json === '-0') return '0';
  const isInteger = typeof value === 'bigint' || /^-?[0-9]+$/.test(json);
  if (isInteger && BigInt(json) < 2n ** 64n && BigInt(json) >= -(2n ** 63n)) return json;
  const [mantissa = '', exponentText = ''] = Number(value).toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return json;
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${size}`;
}
