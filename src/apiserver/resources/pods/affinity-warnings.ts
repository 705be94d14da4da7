/** Labels of nodes that have been replaced, and selectors that match nothing, where a pod is to run. */
import { labelValueProblems, type PodSpec } from '../../../kubernetes/index.ts';
import { replacedLabel } from '../deprecated-labels.ts';

const NULL_SELECTOR = 'a null labelSelector results in matching no pod';

/** @param before what stands before the path of the spec */
export function affinityWarnings(
  { affinity, topologySpreadConstraints }: PodSpec,
  before: string,
): string[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  const at = `${before}spec.affinity.nodeAffinity`;
  const demanded = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const preferred = nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...(demanded?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      termWarnings(
        term,
        false,
        `${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${index}]`,
      ),
    ),
    ...preferred.flatMap(({ preference }, index) =>
      termWarnings(
        preference,
        true,
        `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}].preference`,
      ),
    ),
    ...spreadWarnings(topologySpreadConstraints ?? [], before),
    ...podTerms(podAffinity, `${before}spec.affinity.podAffinity`),
    ...podTerms(podAntiAffinity, `${before}spec.affinity.podAntiAffinity`),
  ];
}

interface Term {
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly values?: readonly string[];
  }[];
}

function termWarnings({ matchExpressions = [] }: Term, checks: boolean, path: string): string[] {
  return matchExpressions.flatMap(({ key, values = [] }, index) => {
    const at = `${path}.matchExpressions[${index}]`;
    const why = replacedLabel(key);
    const bad = values.flatMap((value, place) =>
      labelValueProblems(value).map(
        (problem) => `${at}.values[${place}]: ${value} is invalid, ${problem}`,
      ),
    );
    return [...(why === undefined ? [] : [`${at}.key: ${key} is ${why}`]), ...(checks ? bad : [])];
  });
}

const spreadWarnings = (
  constraints: NonNullable<PodSpec['topologySpreadConstraints']>,
  before: string,
): string[] =>
  constraints.flatMap(({ topologyKey, labelSelector }, index) => {
    const path = `${before}spec.topologySpreadConstraints[${index}]`;
    const why = replacedLabel(topologyKey);
    return [
      ...(why === undefined ? [] : [`${path}.topologyKey: ${topologyKey} is ${why}`]),
      ...(labelSelector === undefined ? [`${path}.labelSelector: ${NULL_SELECTOR}`] : []),
    ];
  });

type PodTerms = NonNullable<NonNullable<PodSpec['affinity']>['podAffinity']>;

function podTerms(terms: PodTerms | undefined, path: string): string[] {
  const demanded = terms?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred = terms?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...demanded.flatMap(({ labelSelector }, index) =>
      labelSelector === undefined
        ? [
            `${path}.requiredDuringSchedulingIgnoredDuringExecution[${index}].labelSelector: ${NULL_SELECTOR}`,
          ]
        : [],
    ),
    ...preferred.flatMap(({ podAffinityTerm }, index) =>
      podAffinityTerm.labelSelector === undefined
        ? [
            `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm.labelSelector: ${NULL_SELECTOR}`,
          ]
        : [],
    ),
  ];
}
