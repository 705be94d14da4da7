/** What all that make pods of a template have in common. */
import {
  dnsLabelProblems,
  type KubernetesObject,
  type LabelSelector,
  type PodTemplate,
  type ReplicaStatus,
} from '../../../kubernetes/index.ts';
import { nonNegative } from '../checks.ts';
import { AGE, column, NAME, wide } from '../columns.ts';
import type { Column } from '../definition.ts';
import { type FieldError, forbidden, invalid, notSupported } from '../field-error.ts';
import { templateWarnings, validateTemplate } from '../pods/index.ts';

export const TEMPLATE = 'spec.template';
export const MORE_THAN_ALL = 'cannot be greater than status.replicas';

/**
 * A template whose pods are there for ever, and are the selected ones.
 *
 * @param what `ReplicaSet`, as it is told
 */
export const validateLasting = (
  template: PodTemplate,
  selector: LabelSelector,
  what: string,
): FieldError[] => [
  ...validateSelected(template, selector),
  ...validateTemplate(TEMPLATE, template),
  ...validateEndless(template, what),
];

export const validateSelected = (
  { metadata = {} }: PodTemplate,
  selector: LabelSelector,
): FieldError[] =>
  selector.matches(metadata.labels)
    ? []
    : [
        invalid(
          `${TEMPLATE}.metadata.labels`,
          metadata.labels ?? null,
          '`selector` does not match template `labels`',
        ),
      ];

export const validateEndless = ({ spec }: PodTemplate, what: string): FieldError[] => [
  ...(spec.restartPolicy === 'Always'
    ? []
    : [notSupported(`${TEMPLATE}.spec.restartPolicy`, spec.restartPolicy ?? '', ['Always'])]),
  ...(spec.activeDeadlineSeconds === undefined
    ? []
    : [
        forbidden(
          `${TEMPLATE}.spec.activeDeadlineSeconds`,
          `activeDeadlineSeconds in ${what} is not Supported`,
        ),
      ]),
];

/** Of ReplicaSets and ReplicationControllers. */
export function validateReplicaStatus(status: ReplicaStatus): FieldError[] {
  const { replicas, readyReplicas = 0, availableReplicas = 0, fullyLabeledReplicas = 0 } = status;
  const errors = (
    [
      'replicas',
      'fullyLabeledReplicas',
      'readyReplicas',
      'availableReplicas',
      'observedGeneration',
      'terminatingReplicas',
    ] as const
  ).flatMap((name) => nonNegative(`status.${name}`, status[name]));
  const atMost = (name: string, count: number, most: number, why: string): void => {
    if (count > most) errors.push(invalid(`status.${name}`, count, why));
  };
  atMost('fullyLabeledReplicas', fullyLabeledReplicas, replicas, MORE_THAN_ALL);
  atMost('readyReplicas', readyReplicas, replicas, MORE_THAN_ALL);
  atMost('availableReplicas', availableReplicas, replicas, MORE_THAN_ALL);
  atMost(
    'availableReplicas',
    availableReplicas,
    readyReplicas,
    'cannot be greater than readyReplicas',
  );
  return errors;
}

/** Of a new one: what its name makes of the names of its pods, and what of the template does nothing. */
export function newWarnings(
  { metadata: { name = '' } }: KubernetesObject,
  template: PodTemplate | undefined,
): string[] {
  const problems = dnsLabelProblems(name);
  return [
    ...(problems.length === 0
      ? []
      : [
          `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`,
        ]),
    ...(template === undefined ? [] : templateWarnings(TEMPLATE, template)),
  ];
}

const CONTAINERS: readonly Column[] = [
  wide('Containers', 'The names of the containers of each pod.'),
  wide('Images', 'The images of these containers.'),
];

/** The cells of `CONTAINERS`. */
export function containerCells(template: PodTemplate | undefined): readonly [string, string] {
  const containers = template?.spec.containers ?? [];
  return [
    containers.map(({ name }) => name).join(','),
    containers.map(({ image = '' }) => image).join(','),
  ];
}

/** Of ReplicaSets and ReplicationControllers. */
export const REPLICA_COLUMNS: readonly Column[] = [
  NAME,
  column('Desired', 'How many pods are wanted.', { type: 'integer' }),
  column('Current', 'How many pods there are.', { type: 'integer' }),
  column('Ready', 'How many of them are ready.', { type: 'integer' }),
  AGE,
  ...CONTAINERS,
  wide('Selector', 'What selects the pods.'),
];

export const STATEFUL_COLUMNS: readonly Column[] = [
  NAME,
  column('Ready', 'How many pods are ready, and how many are wanted.'),
  AGE,
  ...CONTAINERS,
];
