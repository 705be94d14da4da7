/** Sorts the documents of a stream: kubeadm's by kind, each in the types of its version; what else may stand beside them. */
import type { z } from 'zod';
import { quoted } from '../../errors.ts';
import type { ParsedText, Path } from '../document.ts';
import type { Problem } from '../read.ts';
import { explain } from '../words.ts';
import { KINDS, type Kind, knownFields, VERSIONS, type Version } from './fields.ts';
import {
  type ClusterConfiguration,
  type InitConfiguration,
  type JoinConfiguration,
  SCHEMAS,
} from './schema.ts';

export interface Found {
  readonly init?: InitConfiguration;
  readonly cluster?: ClusterConfiguration;
  readonly join?: JoinConfiguration;
}

export interface Sorted {
  readonly found: Found;
  readonly problems: readonly Problem[];
  readonly notes: readonly Problem[];
  /** Paths begin with a kind, or with `document 3`. */
  readonly locate: ParsedText['locate'];
}

const GROUP = 'kubeadm.k8s.io/';

/** What kubeadm knows and takes nothing about certificates from. */
const SILENT = [
  /^kubeadm\.k8s\.io\/\S+ (Reset|Upgrade)Configuration$/,
  /^kubelet\.config\.k8s\.io\/\S+ KubeletConfiguration$/,
  /^kubeproxy\.config\.k8s\.io\/\S+ KubeProxyConfiguration$/,
];

const textOf = (value: unknown, key: 'apiVersion' | 'kind'): string => {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return '';
  const text: unknown = Reflect.get(value, key);
  return typeof text === 'string' ? text : '';
};

/** Whether a document is one of kubeadm's. */
export const isKubeadm = ({ value }: ParsedText): boolean =>
  textOf(value, 'apiVersion').startsWith(GROUP);

/** The schema's answer for each kind that is there, and what is wrong with any document. */
export function sortDocuments(documents: readonly ParsedText[]): Sorted {
  const problems: Problem[] = [];
  const notes: Problem[] = [];
  const labels = new Map<PropertyKey, ParsedText>();
  const found: { -readonly [K in keyof Found]: Found[K] } = {};
  for (const [index, document] of documents.entries()) {
    const label = `document ${index + 1}`;
    const sorted = sortOne(document, labels);
    labels.set(label, document);
    if ('problem' in sorted) problems.push({ path: [label], message: sorted.problem });
    else if ('note' in sorted) notes.push({ path: [label], message: sorted.note });
    else if ('kind' in sorted) {
      const { kind, version } = sorted;
      labels.set(kind, document);
      const known = knownFields(kind, version, document.value);
      notes.push(...known.notes);
      const parse = <T>(schema: z.ZodType<T>): T | undefined =>
        parsed(schema, known.value, [kind], problems);
      const schemas = SCHEMAS[version];
      if (kind === 'InitConfiguration') set(found, 'init', parse(schemas[kind]));
      else if (kind === 'JoinConfiguration') set(found, 'join', parse(schemas[kind]));
      else set(found, 'cluster', parse(schemas[kind]));
    }
  }
  const locate: ParsedText['locate'] = ([label, ...path]) => {
    const document = label === undefined ? undefined : labels.get(label);
    return document?.locate(path) ?? document?.start?.line;
  };
  return { found, problems, notes, locate };
}

function set<K extends keyof Found>(
  found: { -readonly [P in keyof Found]: Found[P] },
  key: K,
  value: Found[K] | undefined,
): void {
  if (value !== undefined) found[key] = value;
}

type SortedOne =
  | { readonly kind: Kind; readonly version: Version }
  | { readonly problem: string }
  | { readonly note: string }
  | { readonly silent: true };

function sortOne({ value }: ParsedText, labels: ReadonlyMap<PropertyKey, ParsedText>): SortedOne {
  const apiVersion = textOf(value, 'apiVersion');
  const name = textOf(value, 'kind');
  if (apiVersion === '' || name === '') return { problem: 'it has no apiVersion or no kind' };
  if (apiVersion.startsWith('kubepki.dev/')) {
    return { problem: 'a cluster file and a kubeadm configuration are two files' };
  }
  const type = `${apiVersion} ${name}`;
  if (SILENT.some((pattern) => pattern.test(type))) return { silent: true };
  const kind = KINDS.find((one) => one === name);
  if (kind === undefined || !apiVersion.startsWith(GROUP)) {
    return { note: `passed over, as kubeadm does: ${quoted(type, 100)} is no kind that it knows` };
  }
  const version = VERSIONS.find((one) => GROUP + one === apiVersion);
  if (version === undefined) {
    return {
      problem: `${quoted(apiVersion, 100)}: kubepki reads ${VERSIONS.join(' and ')}; \`kubeadm config migrate\` of the right release writes one of them`,
    };
  }
  if (labels.has(kind)) return { problem: `a second ${kind}` };
  return { kind, version };
}

/** One problem for each path. */
function parsed<T>(
  schema: z.ZodType<T>,
  value: unknown,
  prefix: Path,
  problems: Problem[],
): T | undefined {
  const result = schema.safeParse(value, { error: explain });
  if (result.success) return result.data;
  for (const { path, message } of result.error.issues) {
    problems.push({ path: [...prefix, ...path], message });
  }
  return undefined;
}
