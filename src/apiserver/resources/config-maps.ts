/** ConfigMaps (k8s.io/kubernetes, pkg/registry/core/configmap, ValidateConfigMap). */
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/index.ts';
import { AGE, column, NAME } from './columns.ts';
import { base64Bytes, MOST_DATA_BYTES } from './data.ts';
import { define } from './define.ts';
import { type FieldError, forbidden, invalid, tooLong } from './field-error.ts';
import { sameJson } from './metadata.ts';
import { configKeyProblems, dnsSubdomain } from './names.ts';
import { ageOf } from './times.ts';

const IMMUTABLE = 'field is immutable when `immutable` is set';

export const CONFIG_MAP_DEFINITION = define(CONFIG_MAPS, {
  shortNames: ['cm'],
  strategy: {
    validateName: dnsSubdomain,
    validate,
    validateUpdate(configMap, old) {
      const errors: FieldError[] = [];
      if (old.immutable === true) {
        if (configMap.immutable !== true) errors.push(forbidden('immutable', IMMUTABLE));
        for (const field of ['data', 'binaryData'] as const) {
          if (!sameJson(configMap[field], old[field])) errors.push(forbidden(field, IMMUTABLE));
        }
      }
      return [...errors, ...validate(configMap)];
    },
  },
  columns: [NAME, column('Data', 'How many keys the object has.'), AGE],
  row: ({ metadata, data, binaryData }, now) => [
    metadata.name ?? '',
    Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    ageOf(metadata.creationTimestamp, now),
  ],
});

function validate({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    for (const problem of configKeyProblems(key)) {
      errors.push(invalid(`data[${key}]`, key, problem));
    }
    if (Object.hasOwn(binaryData, key)) {
      errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    }
    bytes += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    for (const problem of configKeyProblems(key)) {
      errors.push(invalid(`binaryData[${key}]`, key, problem));
    }
    bytes += base64Bytes(value);
  }
  // Upstream says it of the whole object, whose path is written like this.
  if (bytes > MOST_DATA_BYTES) errors.push(tooLong('[]', MOST_DATA_BYTES));
  return errors;
}
