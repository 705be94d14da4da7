/** Words for what makes pods, how many, and where they run (k8s.io/api, apps, autoscaling and core). */
import type { Words } from './open-api-words.ts';

const APPS = 'io.k8s.api.apps.v1';
const CORE = 'io.k8s.api.core.v1';
const SCALING = 'io.k8s.api.autoscaling.v1';

const CONDITION = {
  type: 'What is told.',
  status: 'True, False or Unknown.',
  lastTransitionTime: 'Since when it is so.',
  reason: 'Why, in one word for programs.',
  message: 'Why, for people.',
};

const COUNTS = {
  replicas: 'How many pods there are.',
  readyReplicas: 'How many of them are ready.',
  availableReplicas: 'How many of them have been ready for as long as is asked for.',
  observedGeneration: 'The generation that has been looked at last.',
  conditions: 'How it is, for programs.',
};

const LABELLED = {
  fullyLabeledReplicas: 'How many of them have the labels of the template.',
};

const WANTED = {
  replicas: 'How many pods there are to be; one where nothing is said.',
  minReadySeconds: 'How long a pod has to be ready before it counts as available.',
  template: 'What each pod is made of.',
};

const SPEC = 'What is wanted.';
const STATUS = 'What there is.';

export const WORKLOAD_DESCRIPTIONS: Words = {
  [`${APPS}.ReplicaSet`]: {
    is: 'So many pods that are alike.',
    fields: { spec: SPEC, status: STATUS },
  },
  [`${APPS}.ReplicaSetSpec`]: {
    is: 'How many pods are wanted, and what they are made of.',
    fields: { ...WANTED, selector: 'Which pods are its own. It never changes.' },
  },
  [`${APPS}.ReplicaSetStatus`]: {
    is: 'How many pods there are.',
    fields: {
      ...COUNTS,
      ...LABELLED,
      terminatingReplicas: 'How many of them are coming to an end.',
    },
  },
  [`${APPS}.ReplicaSetCondition`]: { is: 'How a ReplicaSet is.', fields: CONDITION },
  [`${CORE}.ReplicationController`]: {
    is: 'So many pods that are alike, in the old form.',
    fields: { spec: SPEC, status: STATUS },
  },
  [`${CORE}.ReplicationControllerSpec`]: {
    is: 'How many pods are wanted, and what they are made of.',
    fields: { ...WANTED, selector: 'The labels of its pods; those of the template unless said.' },
  },
  [`${CORE}.ReplicationControllerStatus`]: {
    is: 'How many pods there are.',
    fields: { ...COUNTS, ...LABELLED },
  },
  [`${CORE}.ReplicationControllerCondition`]: {
    is: 'How a ReplicationController is.',
    fields: CONDITION,
  },
  [`${CORE}.PodTemplateSpec`]: {
    is: 'What pods are made of.',
    fields: { spec: 'What each of them is.' },
  },
  [`${CORE}.Binding`]: {
    is: 'The node that a pod is to run on. It has the name of the pod.',
    fields: { target: 'The node.' },
  },
  [`${APPS}.StatefulSet`]: {
    is: 'So many pods, each with a name, and volumes, that it keeps.',
    fields: { spec: SPEC, status: STATUS },
  },
  [`${APPS}.StatefulSetSpec`]: {
    is: 'How many pods are wanted, and what they are made of.',
    fields: {
      ...WANTED,
      selector: 'Which pods are its own. It never changes.',
      volumeClaimTemplates: 'Claims for volumes, of which each pod gets one of its own.',
      serviceName: 'The service that gives the pods their names in DNS.',
      podManagementPolicy: 'Whether pods are made one after the other, or all at once.',
      updateStrategy: 'How pods are replaced when the template changes.',
      revisionHistoryLimit: 'How many former templates are kept.',
      persistentVolumeClaimRetentionPolicy: 'What becomes of the claims of pods that are gone.',
      ordinals: 'How the pods are numbered.',
    },
  },
  [`${APPS}.StatefulSetStatus`]: {
    is: 'How many pods there are.',
    fields: {
      ...COUNTS,
      currentReplicas: 'How many of them are of the template that they are replaced from.',
      updatedReplicas: 'How many of them are of the newest template.',
      currentRevision: 'The template that they are replaced from.',
      updateRevision: 'The newest template.',
      collisionCount: 'How often the name of a revision was taken.',
    },
  },
  [`${APPS}.StatefulSetCondition`]: { is: 'How a StatefulSet is.', fields: CONDITION },
  [`${APPS}.StatefulSetOrdinals`]: {
    is: 'How pods are numbered.',
    fields: { start: 'The number of the first.' },
  },
  [`${APPS}.StatefulSetPersistentVolumeClaimRetentionPolicy`]: {
    is: 'What becomes of the claims of pods that are gone.',
    fields: {
      whenDeleted: 'When the StatefulSet is deleted: Retain or Delete.',
      whenScaled: 'When there are to be fewer pods: Retain or Delete.',
    },
  },
  [`${APPS}.StatefulSetUpdateStrategy`]: {
    is: 'How pods are replaced when the template changes.',
    fields: {
      type: 'RollingUpdate, or OnDelete: by whoever deletes them.',
      rollingUpdate: 'More of the former.',
    },
  },
  [`${APPS}.RollingUpdateStatefulSetStrategy`]: {
    is: 'How pods are replaced one after the other.',
    fields: {
      partition: 'Pods of a lower number stay as they are.',
      maxUnavailable: 'How many may be away at the same time.',
    },
  },
  [`${SCALING}.Scale`]: {
    is: 'How many there are to be of something, and how many there are.',
    fields: { spec: SPEC, status: STATUS },
  },
  [`${SCALING}.ScaleSpec`]: {
    is: 'How many there are to be.',
    fields: { replicas: 'The number.' },
  },
  [`${SCALING}.ScaleStatus`]: {
    is: 'How many there are.',
    fields: { replicas: 'The number.', selector: 'What selects them, as a text for a query.' },
  },
};
