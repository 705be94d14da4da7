/** Classes of storage (k8s.io/kubernetes, pkg/registry/storage/storageclass). Nothing here makes a volume of one. */
import { addAll } from '../../../add-all.ts';
import {
  STORAGE_CLASSES,
  type StorageClass,
  type TopologySelectorTerm,
} from '../../../kubernetes/index.ts';
import { each, IMMUTABLE, oneOf, oneOfDemanded, qualifiedName } from '../checks.ts';
import { AGE, column, NAME } from '../columns.ts';
import { define } from '../define.ts';
import { replacedLabel } from '../deprecated-labels.ts';
import { duplicate, type FieldError, invalid, required, tooLong } from '../field-error.ts';
import { sameJson } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { ageOf } from '../times.ts';
import { isDefaultClass } from './claims.ts';

const MOST_PARAMETERS = 512;
const MOST_PARAMETER_BYTES = 256 * 1024;
const POLICIES = ['Delete', 'Retain'];
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer'];

export const STORAGE_CLASS_DEFINITION = define(STORAGE_CLASSES, {
  shortNames: ['sc'],
  strategy: {
    validateName: dnsSubdomain,
    default: withDefaults,
    validate,
    validateUpdate: (one, old) => [...validate(one), ...validateChanges(one, old)],
    warnings: ({ allowedTopologies = [] }) =>
      allowedTopologies.flatMap(({ matchLabelExpressions = [] }, index) =>
        matchLabelExpressions.flatMap(({ key }, place) => {
          const why = replacedLabel(key);
          const at = `allowedTopologies[${index}].matchLabelExpressions[${place}].key`;
          return why === undefined ? [] : [`${at}: ${why}`];
        }),
      ),
    returnDeletedObject: true,
  },
  columns: [
    NAME,
    column('Provisioner', 'Who makes the volumes.'),
    column('ReclaimPolicy', 'What becomes of a volume that is given back.'),
    column('VolumeBindingMode', 'When a claim gets its volume.'),
    column('AllowVolumeExpansion', 'Whether volumes can become larger.'),
    AGE,
  ],
  row: (one, now) => [
    `${one.metadata.name ?? ''}${isDefaultClass(one) ? ' (default)' : ''}`,
    one.provisioner,
    one.reclaimPolicy ?? 'Delete',
    one.volumeBindingMode ?? 'Immediate',
    one.allowVolumeExpansion ?? false,
    ageOf(one.metadata.creationTimestamp, now),
  ],
});

function withDefaults(one: StorageClass): StorageClass {
  const { reclaimPolicy, volumeBindingMode } = one;
  if (reclaimPolicy !== undefined && volumeBindingMode !== undefined) return one;
  return {
    ...one,
    reclaimPolicy: reclaimPolicy ?? 'Delete',
    volumeBindingMode: volumeBindingMode ?? 'Immediate',
  };
}

function validate(one: StorageClass): FieldError[] {
  const { provisioner, reclaimPolicy = '', volumeBindingMode } = one;
  return [
    ...(provisioner === ''
      ? [required('provisioner')]
      : qualifiedName('provisioner', provisioner.toLowerCase())),
    ...validateParameters(one),
    ...(reclaimPolicy === '' ? [] : oneOf('reclaimPolicy', reclaimPolicy, POLICIES)),
    ...oneOfDemanded('volumeBindingMode', volumeBindingMode, BINDING_MODES),
    ...validateTopologies(one),
  ];
}

function validateParameters({ parameters = {} }: StorageClass): FieldError[] {
  const entries = Object.entries(parameters);
  if (entries.length > MOST_PARAMETERS) return [tooLong('parameters', MOST_PARAMETERS)];
  const bytes = entries.reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0);
  return [
    ...(Object.hasOwn(parameters, '')
      ? [invalid('parameters', '', 'field can not be empty.')]
      : []),
    ...(bytes > MOST_PARAMETER_BYTES ? [tooLong('parameters', MOST_PARAMETER_BYTES)] : []),
  ];
}

function validateTopologies({ allowedTopologies }: StorageClass): FieldError[] {
  // One that demands nothing is refused as another's double.
  const seen = new Set(['[]']);
  return each(allowedTopologies, 'allowedTopologies', (term, path) => {
    const field = `${path}.matchLabelExpressions`;
    const { errors, identity } = validateTopology(term, field);
    if (seen.has(identity)) errors.push(duplicate(field, ''));
    seen.add(identity);
    return errors;
  });
}

/** What is wrong with it, and a text that is the same for terms that mean the same. */
function validateTopology({ matchLabelExpressions }: TopologySelectorTerm, field: string) {
  const byKey = new Map<string, readonly string[]>();
  const errors = each(matchLabelExpressions, field, ({ key, values }, path) => {
    const given = values ?? [];
    const distinct = new Set<string>();
    const wrong = given.length === 0 ? [required(`${path}.values`)] : [];
    given.forEach((value, index) => {
      if (distinct.has(value)) wrong.push(duplicate(`${path}.values[${index}]`, value));
      distinct.add(value);
    });
    addAll(wrong, qualifiedName(`${path}.key`, key));
    if (byKey.has(key)) wrong.push(duplicate(`${path}.key`, key));
    byKey.set(key, [...distinct].sort());
    return wrong;
  });
  const sorted = [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { errors, identity: JSON.stringify(sorted) };
}

const FIXED = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const;

const validateChanges = (one: StorageClass, old: StorageClass): FieldError[] =>
  FIXED.filter((field) => !sameJson(one[field], old[field])).map((field) =>
    invalid(field, one[field] ?? null, IMMUTABLE),
  );
