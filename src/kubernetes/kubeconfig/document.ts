/**
 * Reads YAML (or JSON, which is YAML) of unknown origin into a small tree with line numbers.
 *
 * The syntax is read by the `yaml` package; what a plain scalar means, aliases and merge keys are
 * done here, because kubectl goes by YAML 1.1 and because expansion has to be bounded. Messages
 * never quote the document: it holds keys and tokens.
 */
import {
  type Alias,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseAllDocuments,
} from 'yaml';
import { KubepkiError, quotable } from '../../errors.ts';
import { resolveScalar, type Scalar } from './scalar.ts';

/** Characters; a kubeconfig of a thousand clusters has a tenth of it. */
const MAX_LENGTH = 8 * 1024 * 1024;
/**
 * Characters that are no part of words, paths or base64. They are what the parser spends its time
 * on, several microseconds each in the worst case; a kubeconfig of a thousand contexts has 100,000.
 */
const MAX_MARKS = 500_000;
const MARK = /[^\w+/=. ]/g;
/** Nesting, aliases followed. */
const MAX_DEPTH = 100;
/** Nodes that aliases and merge keys may add to a document. */
const MAX_EXPANSION = 100_000;

export type Node = ScalarNode | ListNode | MapNode;

interface NodeBase {
  /** Counted from 1. */
  readonly line: number;
  /** Nodes below and including this one, aliases followed. */
  readonly size: number;
  /** Levels below and including this one, aliases followed. */
  readonly height: number;
}

export interface ScalarNode extends NodeBase {
  readonly type: 'scalar';
  readonly scalar: Scalar;
}

export interface ListNode extends NodeBase {
  readonly type: 'list';
  readonly items: readonly Node[];
}

export interface MapNode extends NodeBase {
  readonly type: 'map';
  readonly entries: ReadonlyMap<string, Node>;
}

/** An error at a line of the document. */
export type Refuse = (line: number, message: string) => KubepkiError;

/**
 * Reads a text that holds one document, or none (`undefined`).
 *
 * @param kind what it is, for the message on a second document
 * @throws KubepkiError `MALFORMED_DOCUMENT` with `where` and the line
 */
export function readDocument(text: string, where: string, kind = 'a kubeconfig'): Node | undefined {
  const refuse: Refuse = (line, message) =>
    new KubepkiError('MALFORMED_DOCUMENT', `${where}: line ${line}: ${message}`);
  checkSize(text, where);
  const control = NOT_YAML.exec(text);
  if (control !== null) {
    const line = text.slice(0, control.index).split('\n').length;
    throw refuse(
      line,
      'a character that YAML does not allow, or reads as a line break in some versions',
    );
  }
  const lines = new LineCounter();
  const documents = parsed(text, lines, refuse);
  const [first, ...others] = documents;
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined)
      throw refuse(lines.linePos(error.pos[0]).line, SYNTAX[error.code] ?? 'not valid YAML');
  }
  for (const other of others) {
    if (isScalar(other.contents) && other.contents.source === '') continue;
    throw refuse(lines.linePos(other.range[0]).line, `a second document; ${kind} is one document`);
  }
  if (first === undefined) return undefined;
  return new Builder(lines, refuse).node(first.contents, 1);
}

function parsed(text: string, lineCounter: LineCounter, refuse: Refuse) {
  try {
    return parseAllDocuments(text, {
      lineCounter,
      prettyErrors: false,
      logLevel: 'silent',
      schema: 'failsafe',
      resolveKnownTags: false,
      // Duplicates are found below, after keys have been resolved as kubectl does.
      uniqueKeys: false,
    });
  } catch (error) {
    // The package calls itself for every level: tens of thousands of them exhaust the stack.
    if (error instanceof RangeError) throw refuse(1, 'nested too deeply');
    throw error;
  }
}

function checkSize(text: string, where: string): void {
  if (text.length > MAX_LENGTH) {
    throw new KubepkiError(
      'MALFORMED_DOCUMENT',
      `${where}: larger than ${MAX_LENGTH / 1024 / 1024} MiB, which no kubeconfig is`,
    );
  }
  if (text.length <= MAX_MARKS) return;
  let marks = 0;
  for (const _ of text.matchAll(MARK)) {
    if (++marks > MAX_MARKS) {
      throw new KubepkiError(
        'MALFORMED_DOCUMENT',
        `${where}: more entries than any kubeconfig has`,
      );
    }
  }
}

/**
 * Control characters, which goyaml's reader refuses anywhere, and U+0085, U+2028 and U+2029, which
 * are line breaks in YAML 1.1 and ordinary characters in 1.2.
 */
const NOT_YAML =
  /[^\t\n\r\u0020-\u007e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Errors of the `yaml` package in our words; its own quote the document. */
const SYNTAX: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias without a name',
  BAD_DIRECTIVE: 'a directive that YAML does not know',
  BAD_DQ_ESCAPE: 'an escape sequence that YAML does not know',
  BAD_INDENT: 'wrong indentation',
  BAD_SCALAR_START: 'a value that starts with a character reserved by YAML',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping inside a one-line mapping',
  BLOCK_IN_FLOW: 'an indented block inside brackets',
  KEY_OVER_1024_CHARS: 'a key of more than 1024 characters',
  MISSING_CHAR: 'a missing quote, bracket, comma, colon or space',
  MULTILINE_IMPLICIT_KEY: 'a key that goes over several lines',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'a tab used for indentation',
  TAG_RESOLVE_FAILED: 'a tag that kubepki does not support',
  UNEXPECTED_TOKEN: 'something that YAML does not allow here',
};

const TAG = 'tag:yaml.org,2002:';
const KINDS_OF_TAG: Readonly<Record<string, readonly Scalar['kind'][]>> = {
  [`${TAG}null`]: ['null'],
  [`${TAG}bool`]: ['boolean'],
  [`${TAG}int`]: ['integer'],
  [`${TAG}float`]: ['float', 'integer'],
  [`${TAG}timestamp`]: ['timestamp'],
};

class Builder {
  readonly #lines: LineCounter;
  readonly #refuse: Refuse;
  /** Finished nodes by anchor; an alias shares its node, so that expansion costs no memory here. */
  readonly #anchors = new Map<string, Node>();
  #expansion = 0;

  constructor(lines: LineCounter, refuse: Refuse) {
    this.#lines = lines;
    this.#refuse = refuse;
  }

  node(source: unknown, depth: number): Node {
    const line = this.#lineOf(source);
    if (depth > MAX_DEPTH) throw this.#refuse(line, `nested more than ${MAX_DEPTH} levels deep`);
    if (isAlias(source)) return this.#alias(source, line);
    const node = this.#ownNode(source, line, depth);
    const anchor = isScalar(source) || isCollection(source) ? source.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    return node;
  }

  #ownNode(source: unknown, line: number, depth: number): Node {
    if (isMap(source)) return this.#map(source.items, source.tag, line, depth);
    if (isSeq(source)) {
      this.#checkTag(source.tag, 'seq', line);
      const items = source.items.map((item) => this.node(item, depth + 1));
      return { type: 'list', items, line, ...this.#measure(items, line) };
    }
    const scalar = isScalar(source) ? this.#scalar(source, line) : NULL;
    return { type: 'scalar', scalar, line, size: 1, height: 1 };
  }

  #alias(alias: Alias, line: number): Node {
    const node = this.#anchors.get(alias.source);
    if (node === undefined) {
      throw this.#refuse(
        line,
        'an alias of something that is not defined before it, or of what it is part of',
      );
    }
    this.#charge(node.size, line);
    return node;
  }

  #charge(nodes: number, line: number): void {
    this.#expansion += nodes;
    if (this.#expansion > MAX_EXPANSION)
      throw this.#refuse(line, 'aliases that expand to too much');
  }

  #measure(children: Iterable<Node>, line: number): { size: number; height: number } {
    let size = 1;
    let height = 1;
    for (const child of children) {
      size += child.size;
      height = Math.max(height, child.height + 1);
    }
    if (height > MAX_DEPTH) throw this.#refuse(line, `nested more than ${MAX_DEPTH} levels deep`);
    return { size, height };
  }

  #map(pairs: readonly Pair[], tag: string | undefined, line: number, depth: number): MapNode {
    this.#checkTag(tag, 'map', line);
    const entries = new Map<string, Node>();
    const own = new Set<string>();
    for (const pair of pairs) {
      if (isMergeKey(pair.key)) {
        this.#merge(this.node(pair.value, depth + 1), entries);
        continue;
      }
      const keyLine = this.#lineOf(pair.key, line);
      const key = this.#key(pair.key, keyLine, depth);
      if (own.has(key))
        throw this.#refuse(keyLine, `the key "${quotable(key)}" twice in one mapping`);
      own.add(key);
      entries.set(key, this.node(pair.value, depth + 1));
    }
    return { type: 'map', entries, line, ...this.#measure(entries.values(), line) };
  }

  /** Keys are strings in JSON; goyaml's integers and booleans become their usual spelling. */
  #key(source: unknown, line: number, depth: number): string {
    const node = this.node(source, depth + 1);
    if (node.type !== 'scalar') throw this.#refuse(line, 'a key that is not a string');
    const { kind, value } = node.scalar;
    if (kind === 'null' || kind === 'float') throw this.#refuse(line, 'a key that is not a string');
    return String(value);
  }

  /** `<<`: in the order of the document, as goyaml does it; of a list, earlier mappings win. */
  #merge(value: Node, into: Map<string, Node>): void {
    const sources = value.type === 'list' ? value.items.toReversed() : [value];
    for (const source of sources) {
      if (source.type !== 'map')
        throw this.#refuse(source.line, 'a merge key (<<) needs a mapping');
      this.#charge(source.size, source.line);
      for (const [key, node] of source.entries) into.set(key, node);
    }
  }

  #scalar(source: { source?: string; type?: string; tag?: string }, line: number): Scalar {
    const text = source.source ?? '';
    const { tag } = source;
    if (tag === undefined) {
      return source.type === 'PLAIN' || source.type === undefined
        ? resolveScalar(text)
        : { kind: 'string', value: text };
    }
    if (tag === `${TAG}str` || tag === '!') return { kind: 'string', value: text };
    const scalar = resolveScalar(text);
    const kinds = KINDS_OF_TAG[tag];
    if (kinds === undefined) throw this.#refuse(line, 'a tag that kubepki does not support');
    if (!kinds.includes(scalar.kind))
      throw this.#refuse(line, 'a value that its tag does not allow');
    return scalar;
  }

  #checkTag(tag: string | undefined, expected: string, line: number): void {
    if (tag !== undefined && tag !== TAG + expected && tag !== '!') {
      throw this.#refuse(line, 'a tag that kubepki does not support');
    }
  }

  #lineOf(source: unknown, otherwise = 1): number {
    const start = isNode(source) ? source.range?.[0] : undefined;
    return start === undefined ? otherwise : this.#lines.linePos(start).line;
  }
}

const NULL: Scalar = { kind: 'null', value: null };

function isMergeKey(key: unknown): boolean {
  if (!isScalar(key) || key.source !== '<<') return false;
  return key.tag === `${TAG}merge` || (key.tag === undefined && (key.type ?? 'PLAIN') === 'PLAIN');
}
