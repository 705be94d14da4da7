/** References to other objects (k8s.io/api, core/v1). */
import { object, optional, STRING } from './schema.ts';

export const OBJECT_REFERENCE = object('io.k8s.api.core.v1.ObjectReference', {
  kind: optional(STRING),
  namespace: optional(STRING),
  name: optional(STRING),
  uid: optional(STRING),
  apiVersion: optional(STRING),
  resourceVersion: optional(STRING),
  fieldPath: optional(STRING),
});
