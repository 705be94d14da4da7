/** DeviceClasses (k8s.io/kubernetes, pkg/registry/resource/deviceclass). */
import { DEVICE_CLASSES, type DeviceClass } from '../../../kubernetes/index.ts';
import { qualifiedName } from '../checks.ts';
import { AGE, NAME } from '../columns.ts';
import { define } from '../define.ts';
import { type FieldError, invalid } from '../field-error.ts';
import { firstGeneration, nextGeneration } from '../generation.ts';
import { longName } from '../names.ts';
import { ageOf } from '../times.ts';
import { atMost, MOST, validateConfiguration, validateSelectors } from './common.ts';

export const DEVICE_CLASS_DEFINITION = define(DEVICE_CLASSES, {
  strategy: {
    validateName: longName,
    prepareCreate: firstGeneration,
    validate: validateClass,
    prepareUpdate: (one, old) => nextGeneration(one, one.spec, old.spec),
    validateUpdate: validateClass,
    returnDeletedObject: true,
  },
  columns: [NAME, AGE],
  row: ({ metadata }, now) => [metadata.name ?? '', ageOf(metadata.creationTimestamp, now)],
});

function validateClass({ spec }: DeviceClass): FieldError[] {
  const { extendedResourceName: name } = spec;
  return [
    ...validateSelectors('spec.selectors', spec.selectors),
    ...atMost(spec.config, MOST.config, 'spec.config', (config, path) =>
      validateConfiguration(path, config),
    ),
    ...(name === undefined || isExtended(name)
      ? []
      : [invalid('spec.extendedResourceName', name, 'must be a valid extended resource name')]),
  ];
}

/** With a domain that is not Kubernetes' own, and fit to be counted by a quota. */
const isExtended = (name: string): boolean =>
  name.includes('/') &&
  !name.includes('kubernetes.io/') &&
  !name.startsWith('requests.') &&
  qualifiedName('', `requests.${name}`).length === 0;
