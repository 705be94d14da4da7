/** Reads a cluster file: YAML or JSON text in, a checked `Cluster` out, or one error that lists every problem with its path and line. */
import type { z } from 'zod';
import { type Issue, KubepkiError, quotable } from '../errors.ts';
import { CREDENTIAL_IDS } from './catalogue.ts';
import { formatPath, malformed, type ParsedText, type Path } from './document.ts';
import { readJson } from './json.ts';
import { isKubeadm, readKubeadm } from './kubeadm/index.ts';
import { clusterSchema } from './schema.ts';
import type { Cluster, Machine } from './types.ts';
import { checkCluster } from './validate.ts';
import { explain } from './words.ts';
import { notMapping, readYaml } from './yaml.ts';

/** A file of 100,000 hosts has about 10 MB. */
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_ISSUES = 20;

export interface ReadOptions {
  /** What a kubeadm configuration leaves to the machine that it is read on. */
  readonly machine?: Machine | undefined;
  /** Told what an operator should know though nothing is wrong with it; only kubeadm's configurations have it. */
  readonly onNote?: (note: Issue) => void;
}

/**
 * Reads a cluster file, or kubeadm's configuration in its place.
 *
 * @param text YAML 1.2 or JSON
 * @param where the file's name, for messages
 * @throws KubepkiError `MALFORMED_DOCUMENT` where the text is no YAML, `INVALID_CLUSTER` with every issue otherwise
 */
export function readCluster(text: string, where: string, options: ReadOptions = {}): Cluster {
  if (text.length > MAX_BYTES) {
    throw new KubepkiError('MALFORMED_DOCUMENT', `${where}: larger than ${MAX_BYTES} bytes`);
  }
  const documents = parseText(text, where);
  if (documents.some(isKubeadm)) return readKubeadmDocuments(documents, where, options);
  const [document, second] = documents;
  if (document === undefined) throw notMapping(where);
  if (second !== undefined) {
    const { line, column } = second.start ?? { line: 1, column: 1 };
    throw malformed(`${where}:${line}:${column}`, 'a second document: a cluster file is one');
  }
  const { value, locate } = document;
  const parsed = clusterSchema.safeParse(value, { error: explain });
  if (!parsed.success) throw invalid(where, problemsOf(parsed.error.issues), locate);
  const checked = checkCluster(parsed.data);
  if ('problems' in checked) throw invalid(where, checked.problems, locate);
  return checked.cluster;
}

/** The documents of a text without the empty ones, as kubeadm and kubectl pass over them. */
function parseText(text: string, where: string): ParsedText[] {
  // JSON is YAML too, but JSON.parse is fifty times as fast; large inventories are generated as JSON.
  const json = /^\s*\{/.test(text) ? readJson(text, where) : undefined;
  if (json !== undefined) return [json];
  return readYaml(text, where).filter(({ value }) => value !== null);
}

function readKubeadmDocuments(
  documents: readonly ParsedText[],
  where: string,
  { machine, onNote }: ReadOptions,
): Cluster {
  const { cluster, problems, notes, locate } = readKubeadm(documents, machine);
  if (cluster === undefined) throw invalid(where, problems, locate);
  for (const note of notes) onNote?.(issueOf(note, locate));
  return cluster;
}

export interface Problem {
  readonly path: Path;
  readonly message: string;
}

/** One problem for each unknown key, and of a value of the wrong type only that. */
function problemsOf(issues: readonly z.core.$ZodIssue[]): Problem[] {
  const mistyped = new Set(
    issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => formatPath(path)),
  );
  return issues.flatMap((issue): Problem[] => {
    const { code, path, message } = issue;
    if (code === 'unrecognized_keys') {
      const why =
        path.length === 2 && (path[1] === 'credentials' || path[1] === 'files')
          ? `no credential of this name; there are ${CREDENTIAL_IDS.join(', ')}`
          : 'unknown key';
      return issue.keys.map((key) => ({ path: [...path, key], message: why }));
    }
    const isMore = code !== 'invalid_type' && mistyped.has(formatPath(path));
    return isMore ? [] : [{ path, message }];
  });
}

function invalid(
  where: string,
  problems: readonly Problem[],
  locate: ParsedText['locate'],
): KubepkiError {
  const issues = problems.slice(0, MAX_ISSUES).map((problem) => issueOf(problem, locate));
  if (problems.length > MAX_ISSUES) {
    issues.push({ path: '…', message: `and ${problems.length - MAX_ISSUES} more` });
  }
  const count = `${problems.length} problem${problems.length === 1 ? '' : 's'}`;
  return new KubepkiError('INVALID_CLUSTER', `${where}: ${count}`, { issues });
}

function issueOf({ path, message }: Problem, locate: ParsedText['locate']): Issue {
  const line = locate(path);
  const at = line === undefined ? '' : ` (line ${line})`;
  return { path: quotable(formatPath(path)) + at, message: quotable(message) };
}
