/** Reads a cluster file: YAML or JSON text in, a checked `Cluster` out, or one error that lists every problem with its path and line. */
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Issue, KubepkiError, quotable } from '../errors.ts';
import { CREDENTIAL_IDS } from './catalogue.ts';
import { clusterSchema } from './schema.ts';
import type { Cluster } from './types.ts';
import { checkCluster } from './validate.ts';

/** A file of 100,000 hosts has about 10 MB. */
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_ISSUES = 20;
/** Levels of nesting; a cluster file has seven. */
const MAX_DEPTH = 32;

type Path = readonly PropertyKey[];
/** Finds the line on which a path stands, where the text has lines worth naming. */
type Locate = (path: Path) => number | undefined;

interface ParsedText {
  readonly value: unknown;
  readonly locate: Locate;
}

/**
 * Reads a cluster file.
 *
 * @param text YAML 1.2 or JSON
 * @param where the file's name, for messages
 * @throws KubepkiError `MALFORMED_DOCUMENT` where the text is no YAML, `INVALID_CLUSTER` with every issue otherwise
 */
export function readCluster(text: string, where: string): Cluster {
  if (text.length > MAX_BYTES) {
    throw new KubepkiError('MALFORMED_DOCUMENT', `${where}: larger than ${MAX_BYTES} bytes`);
  }
  const { value, locate } = parseText(text, where);
  const parsed = clusterSchema.safeParse(value);
  if (!parsed.success) throw invalid(where, parsed.error.issues.flatMap(flattenIssue), locate);
  const checked = checkCluster(parsed.data);
  if ('problems' in checked) throw invalid(where, checked.problems, locate);
  return checked.cluster;
}

function parseText(text: string, where: string): ParsedText {
  // JSON is YAML too, but JSON.parse is fifty times as fast; large inventories are generated as JSON.
  if (/^\s*\{/.test(text)) {
    try {
      return { value: JSON.parse(text), locate: () => undefined };
    } catch {
      // Flow-style YAML starts with a brace as well: the YAML parser gives the better message.
    }
  }
  const lines = new LineCounter();
  const document = parseYaml(text, where, lines);
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new KubepkiError(
      'MALFORMED_DOCUMENT',
      error.code === 'RESOURCE_EXHAUSTION'
        ? tooDeep(where)
        : `${where}:${line}:${col}: ${quotable(oneLine(error.message))}`,
    );
  }
  if (!isMap(document.contents)) {
    throw new KubepkiError('MALFORMED_DOCUMENT', `${where}: not a mapping at the top`, {
      hint: 'a cluster file starts with apiVersion: kubepki.dev/v1alpha1',
    });
  }
  checkNodes(document.contents, 1, (node, message) => {
    const { line, col } = lines.linePos(startOf(node) ?? 0);
    return new KubepkiError('MALFORMED_DOCUMENT', `${where}:${line}:${col}: ${message}`);
  });
  const locate: Locate = (path) => {
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
    throw new KubepkiError('MALFORMED_DOCUMENT', `${where}: ${quotable(oneLine(String(cause)))}`, {
      cause,
    });
  }
}

function parseYaml(text: string, where: string, lineCounter: LineCounter) {
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
    throw new KubepkiError('MALFORMED_DOCUMENT', tooDeep(where), { cause });
  }
}

const tooDeep = (where: string): string => `${where}: nested too deeply`;

/**
 * Refuses what a cluster file never has, and what takes more than linear time to turn into values:
 * deep nesting, and keys that are mappings or lists.
 */
function checkNodes(
  node: unknown,
  depth: number,
  refuse: (node: unknown, message: string) => KubepkiError,
): void {
  if (depth > MAX_DEPTH) throw refuse(node, 'nested too deeply');
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

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

export interface Problem {
  readonly path: Path;
  readonly message: string;
}

/** One problem for each unknown key, and words instead of zod's own where ours say more. */
function flattenIssue(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const message =
      issue.path.at(-1) === 'credentials'
        ? `no credential of this name; there are ${CREDENTIAL_IDS.join(', ')}`
        : 'unknown key';
    return issue.keys.map((key) => ({ path: [...issue.path, key], message }));
  }
  return [
    {
      path: issue.path,
      message: issue.message.replace(/^Invalid input: /, '').replace(/^Invalid option: /, ''),
    },
  ];
}

function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? String(step) : `.${String(step)}`;
  }
  return text === '' ? '(top)' : text;
}

function invalid(where: string, problems: readonly Problem[], locate: Locate): KubepkiError {
  const issues: Issue[] = problems.slice(0, MAX_ISSUES).map(({ path, message }) => {
    const line = locate(path);
    const at = line === undefined ? '' : ` (line ${line})`;
    return { path: quotable(formatPath(path)) + at, message: quotable(message) };
  });
  if (problems.length > MAX_ISSUES) {
    issues.push({ path: '…', message: `and ${problems.length - MAX_ISSUES} more` });
  }
  const count = `${problems.length} problem${problems.length === 1 ? '' : 's'}`;
  return new KubepkiError('INVALID_CLUSTER', `${where}: ${count}`, { issues });
}
