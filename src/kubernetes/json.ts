/**
 * Reads the JSON of strangers: bounded in depth, exact about keys, and aware of keys that stand twice.
 *
 * `JSON.parse` does the work where it can be trusted. Node 24.21 can answer a wrong key where keys hold
 * escapes (docs/decisions/0005), so that a document with such a key goes to a reader of our own: rare, since
 * nothing in Kubernetes names its fields like that. One pass over the bytes finds out which it is.
 *
 * `__proto__` is a key like any other: both readers make an own property of it.
 */
import { KubepkiError, quotable } from '../errors.ts';

/** Objects and arrays inside each other. Upstream allows 10,000; no object of the API needs 30. */
const MOST_DEPTH = 500;

/** A document and what its keys were. */
export interface JsonDocument {
  readonly value: unknown;
  /** Paths of keys that stand more than once in their object, `metadata.labels.a`; the last value has won. */
  readonly duplicates: readonly string[];
}

/** @throws KubepkiError MALFORMED_DOCUMENT for what is not JSON, or nested too deeply */
export function parseJson(bytes: Uint8Array): unknown {
  return scan(bytes).escapedKeys ? new Reader(decode(bytes)).document() : parse(decode(bytes));
}

/** As `parseJson`, and finds duplicate keys. */
export function parseJsonDocument(bytes: Uint8Array): JsonDocument {
  const { escapedKeys, keys } = scan(bytes);
  const text = decode(bytes);
  if (!escapedKeys) {
    const value = parse(text);
    if (countKeys(value) === keys) return { value, duplicates: [] };
  }
  const reader = new Reader(text);
  const value = reader.document();
  return { value, duplicates: reader.duplicates };
}

/** Whether a value of JSON is an object and not a list or null. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sets a property whatever its name: assigning `__proto__` would change the prototype instead. */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else {
    object[key] = value;
  }
}

const malformed = (message: string): KubepkiError =>
  new KubepkiError('MALFORMED_DOCUMENT', message);

/** Without copying; what is not UTF-8 becomes U+FFFD, as in Go. */
const decode = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');

/** Go's words: who reads an answer of a server may wait for them. */
const UNFINISHED = 'unexpected end of JSON input';
const isUnfinished = (error: unknown): boolean =>
  error instanceof Error && /^(Unexpected end|Unterminated)/.test(error.message);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8's text quotes a piece of the document, which may be a secret: only the place is kept.
    const place = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    if (Number(place ?? 0) >= text.length || isUnfinished(error)) throw malformed(UNFINISHED);
    throw malformed(`not valid JSON${place === undefined ? '' : ` at position ${place}`}`);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
/** A longer slice is none of its own in V8: it would keep the whole document. */
const LONGEST_COPY = 12;

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** Counts keys and depth without judging the rest: what is not JSON, the parser refuses. */
function scan(bytes: Uint8Array): { readonly keys: number; readonly escapedKeys: boolean } {
  let keys = 0;
  let depth = 0;
  let escapedKeys = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      let escaped = false;
      for (at += 1; at < bytes.length && bytes[at] !== QUOTE; at += 1) {
        if (bytes[at] === BACKSLASH) {
          escaped = true;
          at += 1;
        }
      }
      let next = at + 1;
      while (isSpace(bytes[next])) next += 1;
      if (bytes[next] === COLON) {
        keys += 1;
        escapedKeys ||= escaped;
        at = next;
      }
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > MOST_DEPTH) {
        throw malformed(`JSON is nested more than ${MOST_DEPTH} levels deep`);
      }
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1;
    }
  }
  return { keys, escapedKeys };
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const item of value) keys += countKeys(item);
    return keys;
  }
  for (const item of Object.values(value)) keys += 1 + countKeys(item);
  return keys;
}

/** RFC 8259, value by value. Depth was bounded by the scan. */
class Reader {
  readonly duplicates: string[] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    const value = this.#value('');
    this.#space();
    if (this.#at < this.#text.length) throw this.#unexpected();
    return value;
  }

  #value(path: string): unknown {
    this.#space();
    const start = this.#text[this.#at];
    if (start === '{') return this.#object(path);
    if (start === '[') return this.#array(path);
    return start === '"' ? this.#string() : this.#literal();
  }

  #object(path: string): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#at += 1;
    this.#space();
    if (this.#take('}')) return object;
    do {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#unexpected();
      const key = this.#string();
      const inner = path === '' ? key : `${path}.${key}`;
      if (Object.hasOwn(object, key)) this.duplicates.push(inner);
      this.#space();
      if (!this.#take(':')) throw this.#unexpected();
      setOwn(object, key, this.#value(inner));
      this.#space();
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#unexpected();
    return object;
  }

  #array(path: string): unknown[] {
    const array: unknown[] = [];
    this.#at += 1;
    this.#space();
    if (this.#take(']')) return array;
    do {
      array.push(this.#value(`${path}[${array.length}]`));
      this.#space();
    } while (this.#take(','));
    if (!this.#take(']')) throw this.#unexpected();
    return array;
  }

  #string(): string {
    const start = this.#at;
    let end = start + 1;
    for (; end < this.#text.length; end += 1) {
      const unit = this.#text.charCodeAt(end);
      if (unit === BACKSLASH || unit < 0x20 || end - start > LONGEST_COPY) break;
      if (unit === QUOTE) {
        // Most have nothing to be unescaped, and nothing that has to be refused.
        this.#at = end + 1;
        return this.#text.slice(start + 1, end);
      }
    }
    while (end < this.#text.length && this.#text.charCodeAt(end) !== QUOTE) {
      end += this.#text.charCodeAt(end) === BACKSLASH ? 2 : 1;
    }
    // A text alone is no key: here `JSON.parse` is right, and knows the escapes.
    const value = parse(this.#text.slice(start, end + 1));
    if (typeof value !== 'string') throw this.#unexpected();
    this.#at = end + 1;
    return value;
  }

  #literal(): unknown {
    const start = this.#at;
    while (/[-+.\w]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    if (this.#at === start) throw this.#unexpected();
    return parse(this.#text.slice(start, this.#at));
  }

  #space(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #unexpected(): KubepkiError {
    const found = this.#text[this.#at];
    if (found === undefined) return malformed(UNFINISHED);
    return malformed(`not valid JSON at position ${this.#at}: unexpected '${quotable(found)}'`);
  }
}
