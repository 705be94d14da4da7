/** Words for how many pods may be missing (k8s.io/api, policy/v1). */
import type { Words } from './open-api-words.ts';

const POLICY = 'io.k8s.api.policy.v1';

export const POLICY_DESCRIPTIONS: Words = {
  [`${POLICY}.PodDisruptionBudget`]: {
    is: 'How many pods of a set may be missing because somebody wants them away.',
    fields: { spec: 'Which pods, and how many.', status: 'How many may go now.' },
  },
  [`${POLICY}.PodDisruptionBudgetSpec`]: {
    is: 'How many pods may be missing. One of the two numbers is set.',
    fields: {
      minAvailable: 'How many must be there: a number, or a share such as 50%.',
      maxUnavailable: 'How many may be missing: a number, or a share such as 50%.',
      selector: 'The pods, by their labels: all where it is empty, none where it is missing.',
      unhealthyPodEvictionPolicy:
        'Whether pods that are not ready may always go, or only while enough others are.',
    },
  },
  [`${POLICY}.PodDisruptionBudgetStatus`]: {
    is: 'How many pods may go now.',
    fields: {
      observedGeneration: 'The generation that this was worked out for.',
      disruptedPods: 'Pods that are to go and are still there, with the time of it.',
      disruptionsAllowed: 'How many may go now.',
      currentHealthy: 'How many are ready.',
      desiredHealthy: 'How many must be ready.',
      expectedPods: 'How many there are.',
      conditions: 'What is known of it.',
    },
  },
};
