/** What a namespace that is going tells of its end (kubernetes, pkg/controller/namespace/deletion/status_condition_utils.go). */
import type { Condition, Namespace } from '../../kubernetes/index.ts';

/** What one look has found. */
export interface Findings {
  /** Why nothing is known of a group's version, by that. */
  readonly discovery: ReadonlyMap<string, string>;
  /** Why something could not be deleted. */
  readonly errors: readonly string[];
  /** How many are left, by `resource.group`; absent where it was not looked through. */
  readonly remaining?: ReadonlyMap<string, number>;
  /** How many have it, by finalizer. */
  readonly finalizers?: ReadonlyMap<string, number>;
}

export const NO_FINDINGS: Findings = { discovery: new Map(), errors: [] };

interface Told {
  readonly reason: string;
  readonly message: string;
}

/** In the order in which they stand in the status; with what is said where all is well. */
const WELL = {
  NamespaceDeletionDiscoveryFailure: {
    reason: 'ResourcesDiscovered',
    message: 'All resources successfully discovered',
  },
  NamespaceDeletionGroupVersionParsingFailure: {
    reason: 'ParsedGroupVersions',
    message: 'All legacy kube types successfully parsed',
  },
  NamespaceDeletionContentFailure: {
    reason: 'ContentDeleted',
    message: 'All content successfully deleted, may be waiting on finalization',
  },
  NamespaceContentRemaining: {
    reason: 'ContentRemoved',
    message: 'All content successfully removed',
  },
  NamespaceFinalizersRemaining: {
    reason: 'ContentHasNoFinalizers',
    message: 'All content-preserving finalizers finished',
  },
} as const satisfies Record<string, Told>;

/** The namespace with its conditions; undefined where they are as they were. */
export function withConditions(
  namespace: Namespace,
  findings: Findings,
  now: Date,
): Namespace | undefined {
  const troubles = troublesOf(findings);
  const { conditions: before = [] } = namespace.status ?? {};
  const conditions = [...before];
  let changed = false;
  const at = `${now.toISOString().slice(0, -5)}Z`;
  for (const [type, well] of Object.entries(WELL)) {
    const trouble = troubles.get(type);
    const status = trouble === undefined ? 'False' : 'True';
    const { reason, message } = trouble ?? well;
    const index = conditions.findIndex((one) => one.type === type);
    const old = conditions[index];
    if (old?.status === status && old.reason === reason && old.message === message) continue;
    changed = true;
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : at;
    const next: Condition = {
      type,
      status,
      ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
      reason,
      message,
    };
    if (index === -1) conditions.push(next);
    else conditions[index] = next;
  }
  return changed ? { ...namespace, status: { ...namespace.status, conditions } } : undefined;
}

function troublesOf({ discovery, errors, remaining, finalizers }: Findings): Map<string, Told> {
  const troubles = new Map<string, Told>();
  if (discovery.size > 0) {
    const all = [...discovery].map(([version, why]) => `${version}: ${why}`).sort();
    troubles.set('NamespaceDeletionDiscoveryFailure', {
      reason: 'DiscoveryFailed',
      message: `Discovery failed for some groups, ${all.length} failing: unable to retrieve the complete list of server APIs: ${all.join(', ')}`,
    });
  }
  if (errors.length > 0) {
    troubles.set('NamespaceDeletionContentFailure', {
      reason: 'ContentDeletionFailed',
      message: `Failed to delete all resource types, ${errors.length} remaining: ${[...errors].sort().join(', ')}`,
    });
  }
  if (remaining !== undefined && remaining.size > 0) {
    troubles.set('NamespaceContentRemaining', {
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${counted(remaining, 'has', 'resource instances')}`,
    });
  }
  if (finalizers !== undefined && finalizers.size > 0) {
    troubles.set('NamespaceFinalizersRemaining', {
      reason: 'SomeFinalizersRemain',
      message: `Some content in the namespace has finalizers remaining: ${counted(finalizers, 'in', 'resource instances')}`,
    });
  }
  return troubles;
}

/** In the order of the alphabet, so that the same is told in the same words. */
const counted = (counts: ReadonlyMap<string, number>, before: string, after: string): string =>
  [...counts]
    .map(([what, count]) => `${what} ${before} ${count} ${after}`)
    .sort()
    .join(', ');
