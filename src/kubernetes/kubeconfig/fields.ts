/**
 * The fields of one mapping of a kubeconfig, read with Go's rules for JSON: `null` and a missing
 * field are the zero value, any other type than the expected one is refused.
 */
import { KubepkiError, quotable, quoted } from '../../errors.ts';
import type { MapNode, Node } from './document.ts';
import { type JsonObject, type JsonValue, type MutableJsonObject, newJsonObject } from './json.ts';
import type { Extensions } from './types.ts';

export const isNull = (node: Node): boolean =>
  node.type === 'scalar' && node.scalar.kind === 'null';

/** A field of a node under `path`, or an item of a list. */
type Read<T> = (fields: Fields) => T;

export class Fields {
  readonly #entries: MapNode['entries'];
  readonly #path: string;
  readonly #where: string;
  readonly #line: number;
  readonly #seen = new Set<string>();

  /** @throws KubepkiError where `node` is neither a mapping nor null */
  constructor(node: Node, path: string, where: string) {
    this.#path = path;
    this.#where = where;
    this.#line = node.line;
    if (node.type === 'map') this.#entries = node.entries;
    else if (isNull(node)) this.#entries = new Map();
    else throw wrongType(node, path || 'the document', 'a mapping', where);
  }

  /** A string; empty where it is missing. */
  text(key: string): string {
    const node = this.#take(key);
    return node === undefined ? '' : this.#string(node, this.#name(key));
  }

  /** A string that is left out where it is empty. */
  optionalText(key: string): string | undefined {
    return this.text(key) || undefined;
  }

  /** A boolean that is left out where it is false. */
  flag(key: string): true | undefined {
    const node = this.#take(key);
    if (node === undefined) return undefined;
    if (node.type !== 'scalar' || node.scalar.kind !== 'boolean') {
      throw wrongType(node, this.#name(key), 'true or false', this.#where);
    }
    return node.scalar.value ? true : undefined;
  }

  /** Base64, as Go's StdEncoding takes it: padded; line breaks are allowed. */
  data(key: string): Uint8Array | undefined {
    const node = this.#take(key);
    if (node === undefined) return undefined;
    const encoded = this.#string(node, this.#name(key)).replaceAll(/[\r\n]/g, '');
    if (encoded.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) {
      throw refusal(node.line, this.#name(key), 'not valid base64', this.#where);
    }
    return Buffer.from(encoded, 'base64');
  }

  /** A list of strings; `null` where it is missing. */
  texts(key: string): string[] | null {
    return this.#items(key, (node, path) => (isNull(node) ? '' : this.#string(node, path)));
  }

  /** A list of mappings. */
  list<T>(key: string, read: Read<T>): T[] | null {
    return this.#items(key, (node, path) => read(new Fields(node, path, this.#where)));
  }

  /** A mapping with arbitrary keys; `read` gets the mapping's own fields and the key to read from them. */
  map<T>(key: string, read: (fields: Fields, key: string) => T): Map<string, T> | null {
    const node = this.#take(key);
    if (node === undefined) return null;
    const inner = new Fields(node, this.#name(key), this.#where);
    const result = new Map<string, T>();
    for (const name of inner.#entries.keys()) result.set(name, read(inner, name));
    return result;
  }

  /** A mapping of known fields. */
  optional<T>(key: string, read: Read<T>): T | undefined {
    const node = this.#take(key);
    return node === undefined ? undefined : read(new Fields(node, this.#name(key), this.#where));
  }

  /** A list of entries `{ name, [field]: … }`, by name. */
  named<T extends { entryUnknown?: JsonObject }>(
    key: string,
    field: string,
    read: Read<T>,
  ): Map<string, T> {
    const result = new Map<string, T>();
    this.list(key, (entry) => {
      const name = entry.#newName(result);
      const value = read(entry.#inner(field));
      const entryUnknown = entry.unknown();
      result.set(name, entryUnknown === undefined ? value : { ...value, entryUnknown });
    });
    return result;
  }

  /** The extensions beside the other fields; left out where there are none. */
  extensions(): Extensions | undefined {
    const result: Extensions = new Map();
    this.list('extensions', (entry) => {
      const name = entry.#newName(result);
      const value = entry.#take('extension');
      result.set(name, value === undefined ? null : entry.#json(value, entry.#name('extension')));
    });
    return result.size === 0 ? undefined : result;
  }

  /** What has not been read by now. */
  unknown(): JsonObject | undefined {
    let result: MutableJsonObject | undefined;
    for (const [key, node] of this.#entries) {
      if (this.#seen.has(key)) continue;
      result ??= newJsonObject();
      result[key] = this.#json(node, this.#name(key));
    }
    return result;
  }

  /** An error about a field, at its line. */
  refuse(key: string, message: string): KubepkiError {
    const line = this.#entries.get(key)?.line ?? this.#line;
    return refusal(line, this.#name(key), message, this.#where);
  }

  /** The node of a field; `undefined` where it is missing or null. */
  #take(key: string): Node | undefined {
    this.#seen.add(key);
    const node = this.#entries.get(key);
    return node === undefined || isNull(node) ? undefined : node;
  }

  #inner(key: string): Fields {
    const node = this.#take(key);
    const nothing: Node = { type: 'map', entries: new Map(), line: this.#line, size: 1, height: 1 };
    return new Fields(node ?? nothing, this.#name(key), this.#where);
  }

  #newName(taken: ReadonlyMap<string, unknown>): string {
    const name = this.text('name');
    if (taken.has(name)) throw this.refuse('name', `${quoted(name)} is used twice in this list`);
    return name;
  }

  #items<T>(key: string, read: (node: Node, path: string) => T): T[] | null {
    const node = this.#take(key);
    if (node === undefined) return null;
    if (node.type !== 'list') throw wrongType(node, this.#name(key), 'a list', this.#where);
    return node.items.map((item, index) => read(item, `${this.#name(key)}[${index}]`));
  }

  #string(node: Node, path: string): string {
    if (node.type === 'scalar') {
      const { kind, value } = node.scalar;
      if (kind === 'string' || kind === 'timestamp') return value;
    }
    throw wrongType(node, path, 'a string', this.#where);
  }

  #json(node: Node, path: string): JsonValue {
    if (node.type === 'list')
      return node.items.map((item, index) => this.#json(item, `${path}[${index}]`));
    if (node.type === 'map') {
      const result = newJsonObject();
      for (const [key, value] of node.entries) result[key] = this.#json(value, `${path}.${key}`);
      return result;
    }
    const { kind, value } = node.scalar;
    if (kind === 'float' && !Number.isFinite(value)) {
      throw refusal(node.line, path, 'a number that JSON cannot hold', this.#where);
    }
    return value;
  }

  #name(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }
}

function wrongType(node: Node, path: string, expected: string, where: string): KubepkiError {
  const got =
    node.type === 'scalar'
      ? KINDS[node.scalar.kind]
      : `a ${node.type === 'map' ? 'mapping' : 'list'}`;
  const hint = expected === 'a string' && node.type === 'scalar' ? 'write it in quotes' : undefined;
  return refusal(node.line, path, `expected ${expected}, got ${got}`, where, hint);
}

const KINDS = {
  null: 'null',
  boolean: 'a boolean',
  integer: 'a number',
  float: 'a number',
  timestamp: 'a date',
  string: 'a string',
} as const;

function refusal(
  line: number,
  path: string,
  message: string,
  where: string,
  hint?: string,
): KubepkiError {
  return new KubepkiError(
    'MALFORMED_DOCUMENT',
    `${where}: line ${line}: ${quotable(path)}: ${quotable(message)}`,
    hint === undefined ? {} : { hint },
  );
}
