/** Reads YAML of unknown origin: bounded, with the line of every value, and with words of ours where the library speaks to programmers. */
import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLParseError,
} from 'yaml';
import { KubepkiError } from '../errors.ts';
import { keyTwice, malformed, type ParsedText, type Path } from './document.ts';

/** Levels of nesting; a cluster file has seven. */
const MAX_DEPTH = 32;

/** @throws KubepkiError `MALFORMED_DOCUMENT`, with line and column where there are any */
export function readYaml(text: string, where: string): ParsedText {
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${where}:${line}:${col}`;
  };
  const document = parse(text, where, lines);
  const [error] = document.errors;
  if (error !== undefined) throw explained(error, document.contents, where, at);
  if (!isMap(document.contents)) {
    throw new KubepkiError('MALFORMED_DOCUMENT', `${where}: not a mapping at the top`, {
      hint: 'a cluster file starts with apiVersion: kubepki.dev/v1alpha1',
    });
  }
  checkNodes(document.contents, 1, (node, message) => malformed(at(startOf(node) ?? 0), message));
  const locate: ParsedText['locate'] = (path) => {
    for (let length = path.length; length > 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true);
      const start = startOf(node);
      if (start !== undefined) return lines.linePos(start).line;
    }
    return undefined;
  };
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), locate };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw malformed(where, ALIASES.test(message) ? 'aliases of aliases, too many' : message, cause);
  }
}

const ALIASES = /^Excessive alias count/;

function parse(text: string, where: string, lineCounter: LineCounter) {
  try {
    return parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      // Its warnings would go to stderr past everybody.
      logLevel: 'error',
      maxAliasCount: 100,
    } as object);
  } catch (cause) {
    // The package calls itself for every level: tens of thousands of them exhaust the stack.
    if (!(cause instanceof RangeError)) throw cause;
    throw malformed(where, TOO_DEEP, cause);
  }
}

const TOO_DEEP = 'nested too deeply';

function explained(
  { code, message, pos: [offset] }: YAMLParseError,
  contents: unknown,
  where: string,
  at: (offset: number) => string,
): KubepkiError {
  if (code === 'RESOURCE_EXHAUSTION') return malformed(where, TOO_DEEP);
  if (code === 'DUPLICATE_KEY') return keyTwice(at(offset), pathOfKey(contents, offset) ?? []);
  const isSecond = code === 'MULTIPLE_DOCS';
  return malformed(at(offset), isSecond ? 'a second document: a cluster file is one' : message);
}

/** The path of the key that stands at an offset. */
function pathOfKey(node: unknown, offset: number, path: Path = []): Path | undefined {
  if (path.length > MAX_DEPTH) return undefined;
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      const found = pathOfKey(item, offset, [...path, index]);
      if (found !== undefined) return found;
    }
  } else if (isMap(node)) {
    for (const { key, value } of node.items) {
      const here = [...path, isScalar(key) ? String(key.value) : ''];
      const found = startOf(key) === offset ? here : pathOfKey(value, offset, here);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/**
 * Refuses what a cluster file never has, and what takes more than linear time to turn into values:
 * deep nesting, and keys that are mappings or lists.
 */
function checkNodes(
  node: unknown,
  depth: number,
  refuse: (node: unknown, message: string) => KubepkiError,
): void {
  if (depth > MAX_DEPTH) throw refuse(node, TOO_DEEP);
  if (isSeq(node)) {
    for (const item of node.items) checkNodes(item, depth + 1, refuse);
  } else if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (!isScalar(key)) throw refuse(key, 'a key that is not text');
      checkNodes(value, depth + 1, refuse);
    }
  }
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);
