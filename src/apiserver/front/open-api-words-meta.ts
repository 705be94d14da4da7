/** Words for what all objects share (apimachinery, meta/v1). */
import type { Words } from './open-api-words.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

export const META_DESCRIPTIONS: Words = {
  [`${META}.ObjectMeta`]: {
    is: 'What every stored object has beside its content: how it is called, what marks it, and what the server keeps of its history.',
    fields: {
      name: 'The name, unique among the objects of the resource in its namespace. It never changes.',
      generateName:
        'A beginning for the name, used only when `name` is empty: the server adds random characters to it.',
      namespace: 'The namespace that the name is unique in; empty for cluster-scoped resources.',
      selfLink: 'No longer set by the server.',
      uid: 'Tells this object from all others at all times, also from earlier ones of the same name. Set by the server.',
      resourceVersion:
        'The version of the object as it was read. Sent with an update, it makes the update fail if somebody else has changed the object since. An opaque text, set by the server.',
      generation: 'Counts the changes of what is desired. Set by the server.',
      creationTimestamp: 'When the object was created (RFC 3339, UTC). Set by the server.',
      deletionTimestamp:
        'When the deletion of an object that still waits for its finalizers was asked for. Set by the server.',
      deletionGracePeriodSeconds:
        'How many seconds the object is given to end by itself. Set by the server.',
      labels: 'Keys and values by which objects are selected.',
      annotations: 'Keys and values for tools to keep what they need; nothing is selected by them.',
      ownerReferences:
        'The objects that this one depends on: when the last is gone, so is this one.',
      finalizers:
        'Names of what has to be done before the object may go. A deleted object stays until the list is empty.',
      managedFields: 'Which manager has set which fields. For the server to use.',
    },
  },
  [`${META}.OwnerReference`]: {
    is: 'An object, in the same namespace or cluster-scoped, that another one depends on.',
    fields: {
      apiVersion: 'The group and version of the owner.',
      kind: 'The kind of the owner.',
      name: 'The name of the owner.',
      uid: 'The UID of the owner.',
      controller: 'Whether the owner is the one controller that manages the object.',
      blockOwnerDeletion:
        'Whether a foreground deletion of the owner waits until this object is gone.',
    },
  },
  [`${META}.ManagedFieldsEntry`]: {
    is: 'The fields of an object that one manager has set.',
    fields: {
      manager: 'Who has set them.',
      operation: 'How they were set: Apply or Update.',
      apiVersion: 'The version of the object that the names of the fields are of.',
      time: 'When the manager has last changed its fields.',
      fieldsType: 'The format of the set of fields: FieldsV1.',
      fieldsV1: 'The set of fields.',
      subresource: 'The subresource through which they were set; empty for the object itself.',
    },
  },
  [`${META}.LabelSelector`]: {
    is: 'Selects objects by their labels: all requirements must hold. An empty selector selects everything.',
    fields: {
      matchLabels: 'Labels that must be there with exactly these values.',
      matchExpressions: 'Requirements on single labels.',
    },
  },
  [`${META}.LabelSelectorRequirement`]: {
    is: 'What a label must be.',
    fields: {
      key: 'The key of the label.',
      operator: 'In, NotIn, Exists or DoesNotExist.',
      values: 'The values of In and NotIn; empty for the others.',
    },
  },
  [`${META}.FieldSelectorRequirement`]: {
    is: 'What a field must be.',
    fields: {
      key: 'The path of the field.',
      operator: 'In, NotIn, Exists or DoesNotExist.',
      values: 'The values of In and NotIn; empty for the others.',
    },
  },
};
