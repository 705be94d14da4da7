/** How many pods may be missing (k8s.io/api, policy/v1). */
import type { Condition, KubernetesObject } from './objects.ts';
import type { ApiLabelSelector } from './pods.ts';

export interface PodDisruptionBudget extends KubernetesObject {
  readonly spec: {
    /** A number, or a share: `50%`. */
    readonly minAvailable?: number | string;
    readonly maxUnavailable?: number | string;
    readonly selector?: ApiLabelSelector;
    readonly unhealthyPodEvictionPolicy?: string;
  };
  readonly status: {
    readonly observedGeneration?: number;
    readonly disruptionsAllowed: number;
    readonly currentHealthy: number;
    readonly desiredHealthy: number;
    readonly expectedPods: number;
    readonly conditions?: readonly Condition[];
  };
}
