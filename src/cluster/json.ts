/**
 * Reads JSON, with what JSON.parse does not tell: on which line a value stands, and which keys are
 * there twice (it takes the last, in silence).
 */
import { keyTwice, type ParsedText, type Path } from './document.ts';

/**
 * Undefined where it is no JSON: flow-style YAML starts with a brace as well, and YAML's messages are better.
 *
 * @throws KubepkiError `MALFORMED_DOCUMENT` for a key that is there twice
 */
export function readJson(text: string, where: string): ParsedText | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const twice = findKeyTwice(text);
  if (twice !== undefined) {
    const column = twice.offset - text.lastIndexOf('\n', twice.offset);
    throw keyTwice(`${where}:${lineAt(text, twice.offset)}:${column}`, twice.path);
  }
  // A text on one line, as programs write it, has no lines worth naming.
  const hasLines = text.trimEnd().includes('\n');
  const locate: ParsedText['locate'] = (path) => {
    const offset = hasLines ? offsetOf(text, path) : undefined;
    return offset === undefined ? undefined : lineAt(text, offset);
  };
  return { value, locate };
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

type Step = string | number;

/** A member of an object (from its key on) or an item of a list. */
interface Entry {
  /** Changes as the walk goes on. */
  readonly path: readonly Step[];
  readonly offset: number;
  /** The same key is in the object already. */
  readonly isTwice: boolean;
}

interface Finding {
  readonly path: readonly Step[];
  readonly offset: number;
}

/** The first key that its object has already. */
function findKeyTwice(text: string): Finding | undefined {
  for (const { path, offset, isTwice } of entries(text)) {
    if (isTwice) return { path: [...path], offset };
  }
  return undefined;
}

/** Where a path begins in the text, or as much of it as there is. */
function offsetOf(text: string, path: Path): number | undefined {
  let best: { readonly depth: number; readonly offset: number } | undefined;
  for (const entry of entries(text)) {
    const depth = entry.path.length;
    if (depth > path.length || depth <= (best?.depth ?? 0)) continue;
    if (!entry.path.every((step, i) => step === path[i])) continue;
    best = { depth, offset: entry.offset };
    if (depth === path.length) break;
  }
  return best?.offset;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Every entry of a text that JSON.parse has read, in order. */
function* entries(text: string): Generator<Entry> {
  const path: Step[] = [];
  /** Of each open object the keys so far, of each open list undefined. */
  const open: (Set<string> | undefined)[] = [];
  let isKeyNext = false;
  for (let at = 0; at < text.length; at++) {
    const keys = open.at(-1);
    const char = text[at] ?? '';
    if (char === '"' && isKeyNext && keys !== undefined) {
      const end = endOfString(text, at);
      const key = decodeKey(text, at, end);
      path[path.length - 1] = key;
      yield { path, offset: at, isTwice: keys.has(key) };
      keys.add(key);
      isKeyNext = false;
      at = end;
    } else if (char === ',') {
      const last = path.at(-1);
      if (typeof last === 'number') path[path.length - 1] = last + 1;
      else isKeyNext = true;
    } else if (char === '}' || char === ']') {
      open.pop();
      path.pop();
      isKeyNext = false;
    } else if (char !== ':' && !isBlank(char)) {
      if (open.length > 0 && keys === undefined) yield { path, offset: at, isTwice: false };
      if (char === '{' || char === '[') {
        open.push(char === '{' ? new Set() : undefined);
        path.push(char === '{' ? '' : 0);
        isKeyNext = char === '{';
      } else {
        at = char === '"' ? endOfString(text, at) : endOfWord(text, at);
      }
    }
  }
}

const isBlank = (char: string): boolean =>
  char === ' ' || char === '\n' || char === '\t' || char === '\r';

/** Where the quotation mark stands that ends a string. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (; text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
  return at;
}

/** The last character of a number, `true`, `false` or `null`. */
function endOfWord(text: string, start: number): number {
  let at = start;
  while (at + 1 < text.length && !',]} \n\t\r'.includes(text[at + 1] ?? '')) at++;
  return at;
}

/** The same key can be written with escapes and without. */
function decodeKey(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end);
  return raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw;
}
