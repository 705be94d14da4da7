/** Words for the core group but nodes (k8s.io/api, core/v1). */
import type { Words } from './open-api-words.ts';

const CORE = 'io.k8s.api.core.v1';

const IMMUTABLE = 'Whether the data can no longer be changed. Once true, it stays true.';

export const CORE_DESCRIPTIONS: Words = {
  [`${CORE}.ConfigMap`]: {
    is: 'Configuration for others to read. Not for secrets.',
    fields: {
      immutable: IMMUTABLE,
      data: 'Text by key. A key consists of letters, digits, "-", "_" and ".".',
      binaryData: 'Bytes by key, in base64. A key stands here or in `data`.',
    },
  },
  [`${CORE}.Secret`]: {
    is: 'Data that only some may see. All values together may have 1 MiB.',
    fields: {
      immutable: IMMUTABLE,
      data: 'Bytes by key, in base64. A key consists of letters, digits, "-", "_" and ".".',
      stringData: 'Text by key, for writing: it goes over `data` and is never shown.',
      type: 'What sort of data it is: Opaque, kubernetes.io/tls, bootstrap.kubernetes.io/token and so on. It never changes.',
    },
  },
  [`${CORE}.ServiceAccount`]: {
    is: 'An identity for programs in a namespace: system:serviceaccount:NAMESPACE:NAME.',
    fields: {
      secrets: 'Secrets that pods of the account may use.',
      imagePullSecrets: 'Secrets with which images of pods of the account are pulled.',
      automountServiceAccountToken:
        'Whether pods of the account get its token mounted; a pod can say otherwise.',
    },
  },
  [`${CORE}.LocalObjectReference`]: {
    is: 'An object in the same namespace.',
    fields: { name: 'The name of the object.' },
  },
  [`${CORE}.ObjectReference`]: {
    is: 'An object, or a part of one.',
    fields: {
      kind: 'The kind of the object.',
      namespace: 'The namespace of the object.',
      name: 'The name of the object.',
      uid: 'The UID of the object.',
      apiVersion: 'The group and version of the object.',
      resourceVersion: 'The version of the object that is meant.',
      fieldPath: 'The part of the object that is meant, as a path in it.',
    },
  },
  [`${CORE}.Namespace`]: {
    is: 'A scope for names. Deleting it deletes all that is in it.',
    fields: {
      spec: 'What the namespace should be.',
      status: 'In what state the namespace is.',
    },
  },
  [`${CORE}.NamespaceSpec`]: {
    is: 'What a namespace should be.',
    fields: { finalizers: 'What has to be done before the namespace may go.' },
  },
  [`${CORE}.NamespaceStatus`]: {
    is: 'In what state a namespace is.',
    fields: {
      phase: 'Active, or Terminating while it is being deleted.',
      conditions: 'How far the deletion has come.',
    },
  },
  [`${CORE}.NamespaceCondition`]: {
    is: 'One thing about the state of a namespace.',
    fields: {
      type: 'What the condition is about.',
      status: 'True, False or Unknown.',
      lastTransitionTime: 'When the status last changed.',
      reason: 'Why it changed last, in one word.',
      message: 'Why it changed last, for people.',
    },
  },
  [`${CORE}.Event`]: {
    is: 'Something that has happened to an object. Events are kept for a limited time.',
    fields: {
      involvedObject: 'The object that the event is about.',
      reason: 'Why, in one word for programs.',
      message: 'What has happened, for people.',
      source: 'The component that reports the event.',
      firstTimestamp: 'When it was first seen.',
      lastTimestamp: 'When it was last seen.',
      count: 'How often it was seen.',
      type: 'Normal or Warning.',
      eventTime: 'When it was first seen, with microseconds.',
      series: 'How often it was seen since; absent for what happened once.',
      action: 'What was done about the object.',
      related: 'A second object that has to do with it.',
      reportingComponent: 'The controller that reports the event, such as kubernetes.io/kubelet.',
      reportingInstance: 'Which instance of the controller.',
    },
  },
  [`${CORE}.EventSource`]: {
    is: 'Where an event comes from.',
    fields: {
      component: 'The component that reports the event.',
      host: 'The node on which the event was reported.',
    },
  },
  [`${CORE}.EventSeries`]: {
    is: 'Events that are the same but for their time.',
    fields: {
      count: 'How many there were so far.',
      lastObservedTime: 'When the last was seen.',
    },
  },
};
