/** What nodes and their programs are told of by name: CSI drivers, classes of runtimes and priorities. */
import type { KubernetesObject } from './objects.ts';
import type { ResourceList, Toleration } from './pods.ts';

export interface CsiNodeDriver {
  readonly name: string;
  readonly nodeID: string;
  readonly topologyKeys: readonly string[] | null;
  readonly allocatable?: { readonly count?: number };
}

export interface CsiNode extends KubernetesObject {
  readonly spec: { readonly drivers: readonly CsiNodeDriver[] | null };
}

export interface CsiDriver extends KubernetesObject {
  readonly spec: {
    readonly attachRequired?: boolean;
    readonly podInfoOnMount?: boolean;
    readonly storageCapacity?: boolean;
    readonly volumeLifecycleModes?: readonly string[];
    readonly fsGroupPolicy?: string;
    readonly tokenRequests?: readonly {
      readonly audience: string;
      readonly expirationSeconds?: number;
    }[];
    readonly requiresRepublish?: boolean;
    readonly seLinuxMount?: boolean;
    readonly nodeAllocatableUpdatePeriodSeconds?: number;
    readonly serviceAccountTokenInSecrets?: boolean;
    readonly preventPodSchedulingIfMissing?: boolean;
  };
}

export interface RuntimeClass extends KubernetesObject {
  readonly handler: string;
  readonly overhead?: { readonly podFixed?: ResourceList };
  readonly scheduling?: {
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: readonly Toleration[];
  };
}

export interface PriorityClass extends KubernetesObject {
  readonly value: number;
  readonly globalDefault?: boolean;
  readonly description?: string;
  readonly preemptionPolicy?: string;
}
