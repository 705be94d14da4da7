/** What `managedFields` may be (apimachinery, apis/meta/v1/validation, ValidateManagedFields). */
import type { ManagedFieldsMeta } from '../../kubernetes/index.ts';
import { type FieldError, invalid, tooLong } from '../resources/index.ts';
import { LONGEST_MANAGER, LONGEST_SUBRESOURCE, managerProblems } from './manager-name.ts';

/** Operation and type have been looked at when they were read. */
export function validateManagedFields(
  managed: readonly ManagedFieldsMeta[] | undefined,
): FieldError[] {
  if (managed === undefined) return [];
  return managed.flatMap(({ manager = '', subresource = '' }, at) => {
    const field = `metadata.managedFields[${at}]`;
    return [
      ...managerErrors(`${field}.manager`, manager),
      ...(Buffer.byteLength(subresource) > LONGEST_SUBRESOURCE
        ? [tooLong(`${field}.subresource`, LONGEST_SUBRESOURCE)]
        : []),
    ];
  });
}

export function managerErrors(field: string, manager: string): FieldError[] {
  return [
    ...(Buffer.byteLength(manager) > LONGEST_MANAGER ? [tooLong(field, LONGEST_MANAGER)] : []),
    ...managerProblems(manager).map((problem) => invalid(field, manager, problem)),
  ];
}
