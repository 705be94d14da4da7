/**
 * NamespaceLifecycle: nothing is created in a namespace that is not there or is going, and three
 * namespaces stay (kubernetes, apiserver/pkg/admission/plugin/namespace/lifecycle).
 */
import { goQuote, type Namespace, StatusError } from '../../kubernetes/index.ts';
import { forbiddenError } from '../authorization/index.ts';
import type { Admission } from '../types.ts';
import { isAbout, operationOf, refusal } from './request.ts';

const IMMORTAL: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** @param namespace the namespace of this name as it is now, not as a cache may have it */
export function namespaceLifecycle(namespace: (name: string) => Namespace | undefined): Admission {
  return async (request) => {
    const { attributes } = request;
    const operation = operationOf(request);
    if (isAbout(request, 'namespaces')) {
      const { group, resource, name } = attributes;
      // Of a collection that is deleted, each namespace is its own request; its name is the object's then.
      const gone = name === '' ? (request.old?.metadata.name ?? '') : name;
      if (operation === 'delete' && IMMORTAL.has(gone)) {
        throw forbiddenError({ group, resource, name: gone }, 'this namespace may not be deleted');
      }
      return;
    }
    if (attributes.namespace === '' || operation === 'delete') return;
    // To answer would tell who asks which namespaces there are.
    if (isAbout(request, 'localsubjectaccessreviews.authorization.k8s.io')) return;
    const found = namespace(attributes.namespace);
    if (found === undefined) throw missing(attributes.namespace);
    if (operation === 'create' && found.status?.phase === 'Terminating') {
      const text = `unable to create new content in namespace ${attributes.namespace} because it is being terminated`;
      throw refusal(request, text, [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${attributes.namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ]);
    }
  };
}

const missing = (name: string): StatusError =>
  StatusError.of('NotFound', `namespaces ${goQuote(name)} not found`, {
    name,
    kind: 'namespaces',
  });
