/** Makes sure that a proposal is a cluster file: what readCluster objects to is taken out, and said. */
import { type Cluster, readCluster } from '../../cluster/index.ts';
import { KubepkiError } from '../../errors.ts';
import type { Remarks } from './remarks.ts';
import { asDocument, type ClusterFile, type Value } from './text.ts';

const MOST_ROUNDS = 20;

type Mapping = Readonly<Record<string, Value>>;

/** What can be left out of a cluster file: the rest is what it is about. */
const OPTIONAL = new Set([
  'credentials',
  'apiServer',
  'files',
  'controlPlaneEndpoint',
  'dnsDomain',
  'serviceSubnets',
  'kubernetesVersion',
]);

/** @throws KubepkiError `INVALID_CLUSTER` where what is left is no cluster either */
export function prune(
  file: ClusterFile,
  remarks: Remarks,
): { readonly file: ClusterFile; readonly cluster: Cluster } {
  let current = file;
  for (let round = 0; ; round++) {
    try {
      return {
        file: current,
        cluster: readCluster(JSON.stringify(asDocument(current)), 'the proposal'),
      };
    } catch (error) {
      if (
        !(error instanceof KubepkiError) ||
        error.code !== 'INVALID_CLUSTER' ||
        round >= MOST_ROUNDS
      )
        throw error;
      const next = withoutProblems(current, error, remarks);
      if (next === undefined) throw error;
      current = next;
    }
  }
}

function withoutProblems(
  file: ClusterFile,
  { issues }: KubepkiError,
  remarks: Remarks,
): ClusterFile | undefined {
  const paths = issues.flatMap(({ path, message }) => {
    const steps = path
      .replace(/ \(line \d+\)$/, '')
      .split(/\.|\[(\d+)\]/)
      .filter((step) => step);
    const [top, key = ''] = steps;
    if (top !== 'spec' || !OPTIONAL.has(key)) return [];
    // Of `files` the credential as a whole; of `credentials` one setting, or one name of a list.
    return [{ steps: steps.slice(1, key === 'files' ? 3 : 5), message }];
  });
  // From the end, so that positions in lists still mean what they meant.
  const sorted = paths.toSorted((a, b) => Number(b.steps.at(-1)) - Number(a.steps.at(-1)) || 0);
  let spec: Mapping | undefined = file.spec;
  for (const { steps, message } of sorted) {
    const [key = '', ...rest] = steps;
    const pruned: Mapping | undefined =
      spec === undefined ? undefined : without(spec, [key, ...rest]);
    if (pruned === undefined) continue;
    spec = pruned;
    remarks.warn(`${steps.join('.')} was left out of the cluster file: ${message}`);
  }
  return spec === file.spec || spec === undefined ? undefined : { ...file, spec };
}

/** A mapping without what stands at a path, or without the last part of it that is there; undefined where nothing is. */
function without(value: Mapping, [key = '', ...rest]: readonly string[]): Mapping | undefined {
  const child = value[key];
  if (child === undefined) return undefined;
  if (rest.length > 0 && isMapping(child)) {
    const pruned = without(child, rest);
    return pruned === undefined ? undefined : { ...value, [key]: pruned };
  }
  if (rest.length > 0 && Array.isArray(child)) {
    const pruned = withoutItem(child, Number(rest[0]));
    return pruned === undefined ? undefined : { ...value, [key]: pruned };
  }
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}

const withoutItem = (list: readonly Value[], index: number): readonly Value[] | undefined =>
  Number.isInteger(index) && index < list.length ? list.filter((_, i) => i !== index) : undefined;

const isMapping = (value: Value): value is Mapping =>
  typeof value === 'object' && !Array.isArray(value);
