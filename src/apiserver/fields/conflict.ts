/** Fields that somebody wants to apply and others have set to something else (managedfields/internal/conflict.go). */
import { goQuote, type StatusCause, StatusError } from '../../kubernetes/index.ts';
import { compareText } from './element.ts';
import { type FieldSet, shownPaths } from './field-set.ts';
import { identityOf, type Manager } from './managed-fields.ts';

export interface Conflict {
  readonly manager: Manager;
  /** Of the manager's fields. */
  readonly fields: FieldSet;
}

/** Fields that are told. Upstream tells them all: of objects with many managers that is many times the object. */
const MOST_SHOWN = 500;

/** Lists of them (of many, the first), ordered by who has them. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  let left = MOST_SHOWN;
  let count = 0;
  const sorted = conflicts
    .toSorted((a, b) => compareText(identityOf(a.manager), identityOf(b.manager)))
    .flatMap(({ manager, fields }) => {
      const all = shownPaths(fields);
      const paths = all.slice(0, left);
      left -= paths.length;
      count += all.length;
      return paths.length === 0 ? [] : [{ who: shownManager(manager), paths }];
    });
  const causes = sorted.flatMap(({ who, paths }) =>
    paths.map(
      (field): StatusCause => ({
        reason: 'FieldManagerConflict',
        message: `conflict with ${who}`,
        field,
      }),
    ),
  );
  const [first] = causes;
  const message =
    causes.length === 1 && first !== undefined
      ? `Apply failed with 1 conflict: ${first.message}: ${first.field ?? ''}`
      : `Apply failed with ${count} conflicts: ${[
          ...sorted.flatMap(({ who, paths }) => [
            `conflicts with ${who}:`,
            ...paths.map((path) => `- ${path}`),
          ]),
          ...(causes.length < count ? [`and ${count - causes.length} more`] : []),
        ].join('\n')}`;
  return StatusError.of('Conflict', message, { causes });
}

function shownManager({ manager = '', operation, apiVersion, subresource = '' }: Manager): string {
  const who =
    subresource === ''
      ? goQuote(manager)
      : `${goQuote(manager)} with subresource ${goQuote(subresource)}`;
  return operation === 'Update' ? `${who} using ${apiVersion}` : who;
}
