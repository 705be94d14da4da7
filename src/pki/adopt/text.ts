/** Writes a cluster file as a person would: one line for what belongs together, comments where they are needed. */
import { isIP } from 'node:net';
import { quotable } from '../../errors.ts';

export type Value =
  | string
  | number
  | boolean
  | readonly Value[]
  | { readonly [key: string]: Value };

/** A cluster file before it is text, in the order in which it is written. */
export interface ClusterFile {
  readonly name: string;
  readonly spec: Readonly<Record<string, Value>>;
}

export interface Comments {
  /** At the top of the file. */
  readonly head: readonly string[];
  /** Above a key of `spec`. */
  readonly above?: Readonly<Record<string, readonly string[]>>;
  /** Behind a host, by its name. */
  readonly hosts?: ReadonlyMap<string, string>;
  /** Below the last entry of a key of `spec`: lines that are left out, to be taken in. */
  readonly below?: Readonly<Record<string, readonly string[]>>;
}

/** The file as data, for `readCluster` without the detour over YAML. */
export const asDocument = ({ name, spec }: ClusterFile): unknown => ({
  apiVersion: 'kubepki.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name },
  spec,
});

export function formatClusterFile({ name, spec }: ClusterFile, comments: Comments): string {
  const lines = comments.head.map((line) => comment(line));
  lines.push(
    'apiVersion: kubepki.dev/v1alpha1',
    'kind: Cluster',
    `metadata: { name: ${scalar(name)} }`,
    'spec:',
  );
  for (const [key, value] of Object.entries(spec)) {
    for (const line of comments.above?.[key] ?? []) lines.push(`  ${comment(line)}`);
    lines.push(...entry(key, value, comments));
    for (const line of comments.below?.[key] ?? []) lines.push(`    ${comment(line)}`);
  }
  return `${lines.join('\n')}\n`;
}

const comment = (line: string): string => (line === '' ? '#' : `# ${quotable(line)}`);

function entry(key: string, value: Value, comments: Comments): string[] {
  if (key === 'hosts' && Array.isArray(value)) {
    return [
      '  hosts:',
      ...value.map((host: Value) => {
        const why = comments.hosts?.get(nameIn(host));
        return `    - ${flow(host)}${why === undefined ? '' : `  # ${quotable(why)}`}`;
      }),
    ];
  }
  if ((key === 'files' || key === 'credentials') && isMapping(value)) {
    const entries = Object.entries(value).map(([id, one]) => `    ${id}: ${flow(one)}`);
    return entries.length === 0 ? [`  ${key}: {}`] : [`  ${key}:`, ...entries];
  }
  return [`  ${key}: ${flow(value)}`];
}

const isMapping = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === 'object' && !Array.isArray(value);

function nameIn(host: Value): string {
  const name = isMapping(host) ? host['name'] : undefined;
  return typeof name === 'string' ? name : '';
}

/** On one line: `{ name: cp-1, roles: [etcd] }`. */
export function flow(value: Value): string {
  if (typeof value === 'string') return scalar(value);
  if (typeof value !== 'object') return String(value);
  if (!isMapping(value)) return `[${value.map(flow).join(', ')}]`;
  const entries = Object.entries(value).map(([key, one]) => `${key}: ${flow(one)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** Words, names, paths and addresses that YAML takes for nothing else stand as they are. */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_./-]*$/;
/** What YAML 1.1, which many editors still read, takes for a truth value or nothing. */
const RESERVED = /^(?:true|false|null|yes|no|on|off|y|n)$/i;
const DURATION = /^\d+[smhdy](?:\d+[smhd])*$/;
const SUBNET = /^\d+(?:\.\d+){3}\/\d+$/;

function scalar(text: string): string {
  const isPlain =
    (PLAIN.test(text) && !RESERVED.test(text)) ||
    DURATION.test(text) ||
    SUBNET.test(text) ||
    isIP(text) === 4 ||
    (/^[A-Za-z0-9][A-Za-z0-9.-]*:\d+$/.test(text) && !/^\d+:\d+$/.test(text));
  return isPlain ? text : JSON.stringify(text);
}
