/** Words for priority and fairness (k8s.io/api, flowcontrol/v1). */
import type { Described, Words } from './open-api-words.ts';

const FLOW = 'io.k8s.api.flowcontrol.v1';

const CONDITION: NonNullable<Described['fields']> = {
  type: 'Which thing.',
  status: 'Whether it is so: True, False or Unknown.',
  lastTransitionTime: 'When the status last changed.',
  reason: 'Why it changed, in one word.',
  message: 'Why it changed, for people.',
};
const SHARES =
  'How large its part of all that the server does at once is, against those of the others.';
const LENDABLE = 'How much of its part others may use while it does not, in per cent.';

export const FLOW_DESCRIPTIONS: Words = {
  [`${FLOW}.FlowSchema`]: {
    is: 'Which requests belong together, and how important they are.',
    fields: { spec: 'Which requests, and where they belong.', status: 'What is known of it.' },
  },
  [`${FLOW}.FlowSchemaSpec`]: {
    is: 'Which requests belong together.',
    fields: {
      priorityLevelConfiguration: 'The level that they belong to.',
      matchingPrecedence: 'Of several that fit, the one with the smallest number is taken.',
      distinguisherMethod: 'How they are divided into flows, which are served in turn.',
      rules: 'Which requests they are: one of the rules must fit.',
    },
  },
  [`${FLOW}.FlowSchemaStatus`]: {
    is: 'What is known of a FlowSchema.',
    fields: { conditions: 'What is known, one by one.' },
  },
  [`${FLOW}.FlowSchemaCondition`]: {
    is: 'One thing that is known of a FlowSchema.',
    fields: CONDITION,
  },
  [`${FLOW}.FlowDistinguisherMethod`]: {
    is: 'How requests are divided into flows.',
    fields: { type: 'ByUser or ByNamespace.' },
  },
  [`${FLOW}.PriorityLevelConfigurationReference`]: {
    is: 'A PriorityLevelConfiguration.',
    fields: { name: 'Its name.' },
  },
  [`${FLOW}.PolicyRulesWithSubjects`]: {
    is: 'Requests, by who asks and for what.',
    fields: {
      subjects: 'Who asks.',
      resourceRules: 'For which resources.',
      nonResourceRules: 'For which other paths.',
    },
  },
  [`${FLOW}.Subject`]: {
    is: 'Who asks. Beside the kind, the field that it names is set.',
    fields: {
      kind: 'User, Group or ServiceAccount.',
      user: 'A user.',
      group: 'A group.',
      serviceAccount: 'A ServiceAccount.',
    },
  },
  [`${FLOW}.UserSubject`]: { is: 'A user.', fields: { name: 'Its name; * for all.' } },
  [`${FLOW}.GroupSubject`]: { is: 'A group.', fields: { name: 'Its name; * for all.' } },
  [`${FLOW}.ServiceAccountSubject`]: {
    is: 'A ServiceAccount.',
    fields: { namespace: 'Its namespace.', name: 'Its name; * for all of the namespace.' },
  },
  [`${FLOW}.ResourcePolicyRule`]: {
    is: 'Requests for resources: all of the fields must fit.',
    fields: {
      verbs: 'What is done; * for everything.',
      apiGroups: 'Groups of the resources; * for all.',
      resources: 'Resources and subresources; * for all.',
      clusterScope: 'Whether requests without a namespace are meant, too.',
      namespaces: 'Namespaces of the requests; * for all.',
    },
  },
  [`${FLOW}.NonResourcePolicyRule`]: {
    is: 'Requests for paths that are no resources.',
    fields: {
      verbs: 'What is done; * for everything.',
      nonResourceURLs: 'The paths; * at the end stands for all that begin so.',
    },
  },
  [`${FLOW}.PriorityLevelConfiguration`]: {
    is: 'How much at once is done of requests that are equally important.',
    fields: { spec: 'How much.', status: 'What is known of it.' },
  },
  [`${FLOW}.PriorityLevelConfigurationSpec`]: {
    is: 'How much at once is done. Beside the type, the field that it names is set.',
    fields: {
      type: 'Exempt: everything. Limited: only so much.',
      limited: 'How much, for Limited.',
      exempt: 'Settings for Exempt.',
    },
  },
  [`${FLOW}.PriorityLevelConfigurationStatus`]: {
    is: 'What is known of a level.',
    fields: { conditions: 'What is known, one by one.' },
  },
  [`${FLOW}.PriorityLevelConfigurationCondition`]: {
    is: 'One thing that is known of a level.',
    fields: CONDITION,
  },
  [`${FLOW}.LimitedPriorityLevelConfiguration`]: {
    is: 'How much at once is done.',
    fields: {
      nominalConcurrencyShares: SHARES,
      limitResponse: 'What becomes of what is too much.',
      lendablePercent: LENDABLE,
      borrowingLimitPercent: 'How much it may use of what others do not, in per cent of its part.',
    },
  },
  [`${FLOW}.ExemptPriorityLevelConfiguration`]: {
    is: 'Settings of a level without limits.',
    fields: { nominalConcurrencyShares: SHARES, lendablePercent: LENDABLE },
  },
  [`${FLOW}.LimitResponse`]: {
    is: 'What becomes of requests that are too much.',
    fields: {
      type: 'Queue: they wait. Reject: they are refused.',
      queuing: 'How they wait, for Queue.',
    },
  },
  [`${FLOW}.QueuingConfiguration`]: {
    is: 'How requests wait.',
    fields: {
      queues: 'How many queues there are.',
      handSize: 'How many queues a flow may use.',
      queueLengthLimit: 'How many requests may wait in a queue.',
    },
  },
};
