/** What others may be asked before an object is stored. */
import type { Condition, KubernetesObject } from './objects.ts';
import type { ApiLabelSelector } from './pods.ts';

export interface AdmissionRule {
  readonly resourceNames?: readonly string[];
  readonly operations?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
}

export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

export interface Webhook {
  readonly name: string;
  readonly clientConfig: {
    readonly url?: string;
    readonly service?: {
      readonly namespace: string;
      readonly name: string;
      readonly path?: string;
      readonly port?: number;
    };
  };
  readonly rules?: readonly AdmissionRule[];
  readonly failurePolicy?: string;
  readonly matchPolicy?: string;
  readonly namespaceSelector?: ApiLabelSelector;
  readonly objectSelector?: ApiLabelSelector;
  readonly sideEffects: string | null;
  readonly timeoutSeconds?: number;
  readonly admissionReviewVersions: readonly string[] | null;
  readonly reinvocationPolicy?: string;
  readonly matchConditions?: readonly MatchCondition[];
}

export interface WebhookConfiguration extends KubernetesObject {
  readonly webhooks?: readonly Webhook[];
}

export interface MatchResources {
  readonly namespaceSelector?: ApiLabelSelector;
  readonly objectSelector?: ApiLabelSelector;
  readonly resourceRules?: readonly AdmissionRule[];
  readonly excludeResourceRules?: readonly AdmissionRule[];
  readonly matchPolicy?: string;
}

export interface AdmissionPolicy extends KubernetesObject {
  readonly spec: {
    readonly paramKind?: { readonly apiVersion?: string; readonly kind?: string };
    readonly matchConstraints?: MatchResources;
    readonly validations?: readonly {
      readonly expression: string;
      readonly message?: string;
      readonly reason?: string;
      readonly messageExpression?: string;
    }[];
    readonly failurePolicy?: string;
    readonly auditAnnotations?: readonly {
      readonly key: string;
      readonly valueExpression: string;
    }[];
    readonly matchConditions?: readonly MatchCondition[];
    readonly variables?: readonly MatchCondition[];
  };
  readonly status?: {
    readonly typeChecking?: {
      readonly expressionWarnings?: readonly {
        readonly fieldRef: string;
        readonly warning: string;
      }[];
    };
    readonly conditions?: readonly Condition[];
  };
}

export interface AdmissionPolicyBinding extends KubernetesObject {
  readonly spec: {
    readonly policyName?: string;
    readonly paramRef?: {
      readonly name?: string;
      readonly namespace?: string;
      readonly selector?: ApiLabelSelector;
      readonly parameterNotFoundAction?: string;
    };
    readonly matchResources?: MatchResources;
    readonly validationActions?: readonly string[];
  };
}
