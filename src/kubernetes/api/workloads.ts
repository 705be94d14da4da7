/** What makes pods of a template, how many of them there are to be, and where one of them is to run. */
import type { Condition, KubernetesObject, ObjectMeta } from './objects.ts';
import type { ApiLabelSelector, PodSpec } from './pods.ts';
import type { PersistentVolumeClaim } from './storage.ts';

export interface PodTemplate {
  readonly metadata?: ObjectMeta;
  readonly spec: PodSpec;
}

/** Counts of pods, those that are not there left out. */
export interface ReplicaStatus {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

export interface ReplicaSet extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly selector?: ApiLabelSelector | null;
    readonly template: PodTemplate;
  };
  readonly status: ReplicaStatus;
}

export interface ReplicationController extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    /** Of labels, each with its value. */
    readonly selector?: Readonly<Record<string, string>>;
    readonly template?: PodTemplate;
  };
  readonly status: ReplicaStatus;
}

export interface StatefulSetSpec {
  readonly replicas?: number;
  readonly selector: ApiLabelSelector | null;
  readonly template: PodTemplate;
  /** Each pod gets one of each. */
  readonly volumeClaimTemplates?: readonly PersistentVolumeClaim[];
  readonly serviceName: string;
  readonly podManagementPolicy?: string;
  readonly updateStrategy: {
    readonly type?: string;
    readonly rollingUpdate?: {
      readonly partition?: number;
      readonly maxUnavailable?: number | string;
    };
  };
  readonly revisionHistoryLimit?: number;
  readonly minReadySeconds?: number;
  readonly persistentVolumeClaimRetentionPolicy?: {
    readonly whenDeleted?: string;
    readonly whenScaled?: string;
  };
  readonly ordinals?: { readonly start: number };
}

export interface StatefulSet extends KubernetesObject {
  readonly spec: StatefulSetSpec;
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas: number;
    readonly readyReplicas?: number;
    readonly currentReplicas?: number;
    readonly updatedReplicas?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
    readonly collisionCount?: number;
    readonly conditions?: readonly Condition[];
    readonly availableReplicas: number;
  };
}

/** How many there are of what something makes, in the same form whatever makes them. */
export interface Scale extends KubernetesObject {
  readonly spec: { readonly replicas?: number };
  readonly status: { readonly replicas: number; readonly selector?: string };
}

/** The node that a pod is to run on. */
export interface Binding extends KubernetesObject {
  readonly target: { readonly kind?: string; readonly name?: string };
}
