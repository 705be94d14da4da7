/** What an API server says of its own API: its parts, and how it shares itself out. */
import type { Condition, KubernetesObject } from './objects.ts';

export interface ApiService extends KubernetesObject {
  readonly spec: {
    readonly service?: {
      readonly namespace?: string;
      readonly name?: string;
      readonly port?: number;
    };
    readonly group?: string;
    readonly version?: string;
    readonly insecureSkipTLSVerify?: boolean;
    readonly caBundle?: string;
    readonly groupPriorityMinimum: number;
    readonly versionPriority: number;
  };
  readonly status?: { readonly conditions?: readonly Omit<Condition, 'lastUpdateTime'>[] };
}

export interface FlowSubject {
  readonly kind: string;
  readonly user?: { readonly name: string };
  readonly group?: { readonly name: string };
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
}

export interface FlowRules {
  readonly subjects: readonly FlowSubject[] | null;
  readonly resourceRules?: readonly {
    readonly verbs: readonly string[] | null;
    readonly apiGroups: readonly string[] | null;
    readonly resources: readonly string[] | null;
    readonly clusterScope?: boolean;
    readonly namespaces?: readonly string[] | null;
  }[];
  readonly nonResourceRules?: readonly {
    readonly verbs: readonly string[] | null;
    readonly nonResourceURLs: readonly string[] | null;
  }[];
}

interface FlowStatus {
  readonly conditions?: readonly Partial<Omit<Condition, 'lastUpdateTime'>>[];
}

export interface FlowSchema extends KubernetesObject {
  readonly spec: {
    readonly priorityLevelConfiguration: { readonly name: string };
    readonly matchingPrecedence: number;
    readonly distinguisherMethod?: { readonly type: string };
    readonly rules?: readonly FlowRules[];
  };
  readonly status?: FlowStatus;
}

export interface Queuing {
  readonly queues: number;
  readonly handSize: number;
  readonly queueLengthLimit: number;
}

export interface PriorityLevel extends KubernetesObject {
  readonly spec: {
    readonly type: string;
    readonly limited?: {
      readonly nominalConcurrencyShares: number | null;
      readonly limitResponse: { readonly type: string; readonly queuing?: Queuing };
      readonly lendablePercent?: number;
      readonly borrowingLimitPercent?: number;
    };
    readonly exempt?: {
      readonly nominalConcurrencyShares?: number;
      readonly lendablePercent?: number;
    };
  };
  readonly status?: FlowStatus;
}
