/** What both versions of OpenAPI tell of an operation, and the words that names of operations are made of. */
import type { ResourceType } from '../../kubernetes/index.ts';
import type { Parameter } from './open-api-parameters.ts';
import type { GroupVersionKind } from './open-api-schemas.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';

export interface Operation {
  readonly method: Method;
  readonly id: string;
  readonly description: string;
  /** `x-kubernetes-action`; absent for discovery, as the next. */
  readonly action?: string;
  readonly kind?: GroupVersionKind;
  readonly parameters: readonly Parameter[];
  /** The schema of the body. */
  readonly body?: string;
  readonly bodyRequired?: boolean;
  /** Media types of the body; absent for any. */
  readonly consumes?: readonly string[];
  /** Media types of the answers, where they are not the usual ones. */
  readonly produces?: readonly string[];
  /** Successes: what they are called and the schema of their body, by status. */
  readonly answers: Readonly<Record<string, readonly [string, string]>>;
  /** Answers a watch, too. */
  readonly streams?: boolean;
}

export interface Path {
  readonly path: string;
  /** Of all operations. */
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

export interface DocumentPaths {
  /** `core_v1`, `core`, `apis`, `version`. */
  readonly tag: string;
  readonly paths: readonly Path[];
}

/** `rbac.authorization.k8s.io` is `rbacAuthorization`. */
export function groupWord(group: ResourceType['group']): string {
  if (group === '') return 'core';
  const [first = '', ...rest] = group.replace(/\.k8s\.io$/, '').split('.');
  return [first, ...rest.map(capital)].join('');
}

export const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
