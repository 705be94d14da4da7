/** How much room a CSI driver has somewhere (k8s.io/kubernetes, pkg/registry/storage/csistoragecapacity). */
import { CSI_STORAGE_CAPACITIES, type CsiStorageCapacity } from '../../../kubernetes/index.ts';
import { IMMUTABLE, NEGATIVE, subdomain } from '../checks.ts';
import { CREATED, NAME } from '../columns.ts';
import { define } from '../define.ts';
import { replacedLabel } from '../deprecated-labels.ts';
import { type FieldError, invalid } from '../field-error.ts';
import { validateLabelSelector } from '../label-selector.ts';
import { sameJson } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { quantityNanos } from '../quantity.ts';

export const CSI_STORAGE_CAPACITY_DEFINITION = define(CSI_STORAGE_CAPACITIES, {
  strategy: {
    validateName: dnsSubdomain,
    validate,
    validateUpdate: (one, old) => [
      ...validate(one),
      ...(['nodeTopology', 'storageClassName'] as const)
        .filter((field) => !sameJson(one[field], old[field]))
        .map((field) => invalid(field, one[field] ?? null, IMMUTABLE)),
    ],
    warnings: ({ nodeTopology }) =>
      (nodeTopology?.matchExpressions ?? []).flatMap(({ key }, index) => {
        const why = replacedLabel(key);
        const at = `nodeTopology.matchExpressions[${index}].key`;
        return why === undefined ? [] : [`${at}: ${key} is ${why}`];
      }),
    allowUnconditionalUpdate: false,
  },
  columns: [NAME, CREATED],
  row: ({ metadata }) => [metadata.name ?? '', metadata.creationTimestamp ?? null],
});

function validate({ nodeTopology, storageClassName, capacity }: CsiStorageCapacity): FieldError[] {
  return [
    ...validateLabelSelector(nodeTopology ?? {}, 'nodeTopology'),
    ...subdomain('storageClassName', storageClassName),
    ...(capacity !== undefined && (quantityNanos(capacity) ?? 0n) < 0n
      ? [invalid('capacity', capacity, NEGATIVE)]
      : []),
  ];
}
