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
  [`${META}.ListMeta`]: {
    is: 'What a list has beside its items.',
    fields: {
      selfLink: 'No longer set by the server.',
      resourceVersion: 'The version of the list, from which a watch may go on.',
      continue: 'What to ask for the next part with; empty for the last.',
      remainingItemCount: 'How many items are still to come, where it is known.',
      shardInfo: 'Which part of the objects it is, where only a part was asked for.',
    },
  },
  [`${META}.ShardInfo`]: {
    is: 'Which part of the objects a list is.',
    fields: { selector: 'The part, as it was asked for.' },
  },
  [`${META}.DeleteOptions`]: {
    is: 'How something is to be deleted.',
    fields: {
      gracePeriodSeconds: 'How many seconds it is given to end by itself; 0 for none.',
      preconditions: 'What must be true, or else nothing is deleted (409).',
      orphanDependents: 'Replaced by `propagationPolicy`.',
      propagationPolicy:
        'What becomes of those that depend on it: Orphan, Background or Foreground.',
      dryRun: 'All: nothing is stored.',
      ignoreStoreReadErrorWithClusterBreakingPotential:
        'Deletes also what cannot be read from the storage. Of a feature of upstream that is switched off.',
    },
  },
  [`${META}.Preconditions`]: {
    is: 'What must be true of an object.',
    fields: { uid: 'Its UID.', resourceVersion: 'Its resource version.' },
  },
  [`${META}.Status`]: {
    is: 'The answer that is no object: a failure, or a success without one.',
    fields: {
      metadata: 'Of no meaning here.',
      status: 'Success or Failure.',
      message: 'What happened, for people.',
      reason: 'Why it failed, in one word for programs, such as NotFound.',
      details: 'What belongs to the reason.',
      code: 'The HTTP status.',
    },
  },
  [`${META}.StatusDetails`]: {
    is: 'What belongs to the reason of a failure.',
    fields: {
      name: 'The name of the object in question.',
      group: 'The group of the resource.',
      kind: 'The kind or the resource.',
      uid: 'The UID of the object.',
      causes: 'What is wrong, one by one.',
      retryAfterSeconds: 'After how many seconds to try again.',
    },
  },
  [`${META}.StatusCause`]: {
    is: 'One thing that is wrong.',
    fields: {
      reason: 'What, in one word for programs.',
      message: 'What, for people.',
      field: 'The path of the field in question.',
    },
  },
  [`${META}.Patch`]: { is: 'A patch, as the media type of the body says.' },
  [`${META}.Time`]: { is: 'A moment, in whole seconds (RFC 3339).' },
  [`${META}.MicroTime`]: { is: 'A moment, in microseconds (RFC 3339).' },
  [`${META}.FieldsV1`]: {
    is: 'A set of fields: f:NAME for a field, k:KEYS, v:VALUE or i:INDEX for an item of a list, "." for itself.',
  },
  [`${META}.WatchEvent`]: {
    is: 'One line of a watch.',
    fields: {
      type: 'ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.',
      object:
        'The object as it is now or, when deleted, was last; of a bookmark one with nothing but a resource version; of an error a Status.',
    },
  },
  [`${META}.APIResourceList`]: {
    is: 'The resources of a group in one version.',
    fields: { groupVersion: 'The group and version.', resources: 'The resources.' },
  },
  [`${META}.APIResource`]: {
    is: 'A resource or a subresource.',
    fields: {
      name: 'Its plural name, as paths have it.',
      singularName: 'Its name in the singular.',
      namespaced: 'Whether its objects are in namespaces.',
      group: 'The group of its objects, where it is another one.',
      version: 'The version of its objects, where it is another one.',
      kind: 'The kind of its objects.',
      verbs: 'What can be done with it.',
      shortNames: 'Short names for the command line.',
      categories: 'Names of groups of resources that it is in, such as all.',
      storageVersionHash: 'Changes with the version in which objects are stored.',
    },
  },
  [`${META}.APIVersions`]: {
    is: 'The versions of the core group.',
    fields: {
      versions: 'The versions.',
      serverAddressByClientCIDRs: 'Where clients reach the server, by their own address.',
    },
  },
  [`${META}.APIGroupList`]: {
    is: 'The groups of the API.',
    fields: { groups: 'The groups.' },
  },
  [`${META}.APIGroup`]: {
    is: 'A group of the API.',
    fields: {
      name: 'Its name.',
      versions: 'Its versions.',
      preferredVersion: 'The version that clients had better use.',
      serverAddressByClientCIDRs: 'Where clients reach the server, by their own address.',
    },
  },
  [`${META}.GroupVersionForDiscovery`]: {
    is: 'A version of a group.',
    fields: { groupVersion: 'Group and version: apps/v1.', version: 'The version alone.' },
  },
  [`${META}.ServerAddressByClientCIDR`]: {
    is: 'Where some clients reach the server.',
    fields: {
      clientCIDR: 'The addresses of the clients.',
      serverAddress: 'The address of the server.',
    },
  },
  [`${META}.Condition`]: {
    is: 'One thing that is known of an object.',
    fields: {
      type: 'Which thing.',
      status: 'Whether it is so: True, False or Unknown.',
      observedGeneration: 'The generation of the object that it was seen of.',
      lastTransitionTime: 'When the status last changed.',
      reason: 'Why it changed, in one word.',
      message: 'Why it changed, for people.',
    },
  },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { is: 'An object of any kind.' },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    is: 'How much of something: a number, perhaps with one of the suffixes n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei, or with an exponent. The server writes it in one way.',
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { is: 'A number or a text.' },
  'io.k8s.apimachinery.pkg.version.Info': {
    is: 'What version the server is of.',
    fields: {
      major: 'The first number of the version.',
      minor: 'The second number of the version.',
      emulationMajor: 'The first number of the version that it behaves as.',
      emulationMinor: 'The second number of the version that it behaves as.',
      minCompatibilityMajor: 'The first number of the oldest version that it gets on with.',
      minCompatibilityMinor: 'The second number of the oldest version that it gets on with.',
      gitVersion: 'The whole version.',
      gitCommit: 'The commit that it was built from.',
      gitTreeState: 'Whether that was changed.',
      buildDate: 'When it was built.',
      goVersion: 'The version of the language that it is written in.',
      compiler: 'What has compiled it.',
      platform: 'What it runs on.',
    },
  },
};
