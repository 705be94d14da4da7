/** A short hand for the rules of the default roles: what is several stands in one text, separated by spaces. */
import type { PolicyRule } from '../../../kubernetes/index.ts';

export type RulesByRole = Readonly<Record<string, readonly PolicyRule[]>>;

/** Verbs on resources of API groups, perhaps of some names only; among several groups the core one is `core`. */
export function may(verbs: string, groups: string, resources: string, names?: string): PolicyRule {
  return {
    verbs: verbs.split(' '),
    apiGroups: groups.split(' ').map((group) => (group === 'core' ? '' : group)),
    resources: resources.split(' '),
    ...(names === undefined ? {} : { resourceNames: names.split(' ') }),
  };
}

/** Verbs on paths that are no resources. */
export const paths = (verbs: string, urls: string): PolicyRule => ({
  verbs: verbs.split(' '),
  nonResourceURLs: urls.split(' '),
});
