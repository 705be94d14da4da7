/** The fields that every object has (apimachinery, meta/v1/types.go). */
import {
  ANY,
  BOOLEAN,
  type Field,
  INT64,
  list,
  map,
  mergedBy,
  type ObjectSchema,
  object,
  optional,
  pointer,
  required,
  STRING,
  struct,
  TIME,
} from './schema.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

const OWNER_REFERENCE = object(`${META}.OwnerReference`, {
  apiVersion: required(STRING),
  kind: required(STRING),
  name: required(STRING),
  uid: required(STRING),
  controller: pointer(BOOLEAN),
  blockOwnerDeletion: pointer(BOOLEAN),
});

const MANAGED_FIELDS = object(`${META}.ManagedFieldsEntry`, {
  manager: optional(STRING),
  operation: optional(STRING),
  apiVersion: optional(STRING),
  time: optional(TIME),
  fieldsType: optional(STRING),
  fieldsV1: optional(ANY),
  subresource: optional(STRING),
});

export const OBJECT_META = object(`${META}.ObjectMeta`, {
  name: optional(STRING),
  generateName: optional(STRING),
  namespace: optional(STRING),
  selfLink: optional(STRING),
  uid: optional(STRING),
  resourceVersion: optional(STRING),
  generation: optional(INT64),
  creationTimestamp: optional(TIME),
  deletionTimestamp: optional(TIME),
  deletionGracePeriodSeconds: pointer(INT64),
  labels: optional(map(STRING)),
  annotations: optional(map(STRING)),
  ownerReferences: optional(mergedBy('uid', OWNER_REFERENCE)),
  finalizers: optional(list(STRING, { patch: 'merge', listType: 'set' })),
  managedFields: optional(list(MANAGED_FIELDS, { listType: 'atomic' })),
});

export const LABEL_SELECTOR_REQUIREMENT = object(`${META}.LabelSelectorRequirement`, {
  key: required(STRING),
  operator: required(STRING),
  values: optional(list(STRING, { listType: 'atomic' })),
});

export const LABEL_SELECTOR = object(`${META}.LabelSelector`, {
  matchLabels: optional(map(STRING)),
  matchExpressions: optional(list(LABEL_SELECTOR_REQUIREMENT, { listType: 'atomic' })),
});

/** An object of the API: kind, apiVersion, metadata, and what it has of its own. */
export const apiObject = (name: string, fields: Readonly<Record<string, Field>>): ObjectSchema =>
  object(name, {
    kind: optional(STRING),
    apiVersion: optional(STRING),
    metadata: struct(OBJECT_META),
    ...fields,
  });
