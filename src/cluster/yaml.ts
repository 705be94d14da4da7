/** Reads YAML of unknown origin: bounded, with the line of every value, and with words of ours where the library speaks to programmers. */
import {
  Composer,
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  type YAMLParseError,
} from 'yaml';
import { KubepkiError } from '../errors.ts';
import { keyTwice, malformed, type ParsedText, type Path } from './document.ts';

/** Levels of nesting; a cluster file has seven. */
const MAX_DEPTH = 32;

/** Documents of one text; kubeadm knows a dozen kinds. */
const MAX_DOCUMENTS = 64;

/**
 * The documents of a text, empty ones among them.
 *
 * @throws KubepkiError `MALFORMED_DOCUMENT`, with line and column where there are any
 */
export function readYaml(text: string, where: string): ParsedText[] {
  const lines = new LineCounter();
  return parse(text, where, lines).map((document) => readDocument(document, where, lines));
}

function readDocument(document: Document, where: string, lines: LineCounter): ParsedText {
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${where}:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error !== undefined) throw explained(error, document.contents, where, at);
  const { line, col: column } = lines.linePos(document.range?.[0] ?? 0);
  const start = { line, column };
  if (isEmpty(document.contents)) return { value: null, start, locate: () => undefined };
  if (!isMap(document.contents)) throw notMapping(where);
  checkNodes(document.contents, 1, (node, message) => malformed(at(startOf(node) ?? 0), message));
  const locate: ParsedText['locate'] = (path) => {
    for (let length = path.length; length > 0; length--) {
      const offset = startOf(document.getIn(path.slice(0, length), true));
      if (offset !== undefined) return lines.linePos(offset).line;
    }
    return undefined;
  };
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), start, locate };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw malformed(where, ALIASES.test(message) ? 'aliases of aliases, too many' : message, cause);
  }
}

/** A text without content, too: what is between two lines `---`. */
const isEmpty = (contents: unknown): boolean =>
  contents === null || (isScalar(contents) && contents.value === null && contents.source === '');

const ALIASES = /^Excessive alias count/;

function parse(text: string, where: string, lineCounter: LineCounter): Document[] {
  // Its warnings would go to stderr past everybody.
  const composer = new Composer({ prettyErrors: false, logLevel: 'error' });
  const documents: Document[] = [];
  try {
    const tokens = new Parser(lineCounter.addNewLine).parse(text);
    for (const document of composer.compose(tokens, true, text.length)) {
      if (documents.length === MAX_DOCUMENTS) {
        throw malformed(where, `more than ${MAX_DOCUMENTS} documents`);
      }
      documents.push(document);
    }
    return documents;
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
  return malformed(at(offset), message);
}

/** @param where the file */
export const notMapping = (where: string): KubepkiError =>
  new KubepkiError('MALFORMED_DOCUMENT', `${where}: not a mapping at the top`, {
    hint: 'a cluster file starts with apiVersion: kubepki.dev/v1alpha1',
  });

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
