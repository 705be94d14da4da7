/** Devices of nodes: what there is, of which classes, and who claims it (k8s.io/api, resource/v1). */
import type { Condition, KubernetesObject, ObjectMeta } from './objects.ts';
import type { NodeSelectorTerm, ResourceList } from './pods.ts';

export interface DeviceSelector {
  readonly cel?: { readonly expression: string };
}

/** Of a driver, for a driver. */
export interface DeviceConfiguration {
  readonly requests?: readonly string[];
  readonly opaque?: { readonly driver: string; readonly parameters: unknown };
}

export interface DeviceClass extends KubernetesObject {
  readonly spec: {
    readonly selectors?: readonly DeviceSelector[];
    readonly config?: readonly DeviceConfiguration[];
    readonly extendedResourceName?: string;
  };
}

export interface DeviceToleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

/** Some devices of a class. */
export interface DevicesWanted {
  readonly deviceClassName: string;
  readonly selectors?: readonly DeviceSelector[];
  readonly allocationMode?: string;
  readonly count?: number;
  readonly adminAccess?: boolean;
  readonly tolerations?: readonly DeviceToleration[];
  readonly capacity?: { readonly requests?: ResourceList };
}

export interface DeviceRequest {
  readonly name: string;
  readonly exactly?: DevicesWanted;
  readonly firstAvailable?: readonly (DevicesWanted & { readonly name: string })[];
}

export interface DeviceConstraint {
  readonly requests?: readonly string[];
  readonly matchAttribute?: string;
  readonly distinctAttribute?: string;
}

export interface DeviceClaim {
  readonly requests?: readonly DeviceRequest[] | null;
  readonly constraints?: readonly DeviceConstraint[];
  readonly config?: readonly DeviceConfiguration[];
}

export interface DeviceResult {
  readonly request: string;
  readonly driver: string;
  readonly pool: string;
  readonly device: string;
  readonly adminAccess?: boolean;
  readonly tolerations?: readonly DeviceToleration[];
  readonly bindingConditions?: readonly string[];
  readonly bindingFailureConditions?: readonly string[];
  readonly shareID?: string;
}

export interface NodeSelector {
  readonly nodeSelectorTerms: readonly NodeSelectorTerm[] | null;
}

export interface DeviceAllocation {
  readonly devices: {
    readonly results?: readonly DeviceResult[];
    readonly config?: readonly (DeviceConfiguration & { readonly source: string })[];
  };
  readonly nodeSelector?: NodeSelector;
}

export interface ClaimConsumer {
  readonly apiGroup?: string;
  readonly resource: string;
  readonly name: string;
  readonly uid: string;
}

export interface AllocatedDevice {
  readonly driver: string;
  readonly pool: string;
  readonly device: string;
  readonly shareID?: string;
  readonly conditions?: readonly Condition[] | null;
  readonly data?: unknown;
  readonly networkData?: {
    readonly interfaceName?: string;
    readonly ips?: readonly string[];
    readonly hardwareAddress?: string;
  };
}

export interface ResourceClaimSpec {
  readonly devices: DeviceClaim;
}

export interface ResourceClaim extends KubernetesObject {
  readonly spec: ResourceClaimSpec;
  readonly status: {
    readonly allocation?: DeviceAllocation;
    readonly reservedFor?: readonly ClaimConsumer[];
    readonly devices?: readonly AllocatedDevice[];
  };
}

export interface ResourceClaimTemplate extends KubernetesObject {
  readonly spec: { readonly metadata?: ObjectMeta; readonly spec: ResourceClaimSpec };
}

export interface DeviceAttribute {
  readonly int?: number;
  readonly bool?: boolean;
  readonly string?: string;
  readonly version?: string;
}

export interface CapacityPolicy {
  readonly default: string | null;
  readonly validValues?: readonly string[];
  readonly validRange?: { readonly min?: string; readonly max?: string; readonly step?: string };
}

export interface DeviceCapacity {
  readonly value: string;
  readonly requestPolicy?: CapacityPolicy;
}

export interface DeviceTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string | null;
}

export type Counters = Readonly<Record<string, { readonly value: string }>>;

export interface Device {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, DeviceAttribute>>;
  readonly capacity?: Readonly<Record<string, DeviceCapacity>>;
  readonly consumesCounters?: readonly {
    readonly counterSet: string;
    readonly counters?: Counters;
  }[];
  readonly nodeName?: string;
  readonly nodeSelector?: NodeSelector;
  readonly allNodes?: boolean;
  readonly taints?: readonly DeviceTaint[];
  readonly bindsToNode?: boolean;
  readonly bindingConditions?: readonly string[];
  readonly bindingFailureConditions?: readonly string[];
  readonly allowMultipleAllocations?: boolean;
}

export interface ResourceSliceSpec {
  readonly driver: string;
  readonly pool: {
    readonly name: string;
    readonly generation: number;
    readonly resourceSliceCount: number;
  };
  readonly nodeName?: string;
  readonly nodeSelector?: NodeSelector;
  readonly allNodes?: boolean;
  readonly devices?: readonly Device[];
  readonly perDeviceNodeSelection?: boolean;
  readonly sharedCounters?: readonly { readonly name: string; readonly counters?: Counters }[];
}

export interface ResourceSlice extends KubernetesObject {
  readonly spec: ResourceSliceSpec;
}
