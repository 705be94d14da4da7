/**
 * Whose fields they are after a create, an update or a patch: what it changes belongs to whoever asked for it
 * (structured-merge-diff, merge/update.go; apimachinery, util/managedfields).
 */
import type { KubernetesObject } from '../../kubernetes/index.ts';
import { formatTime } from '../resources/index.ts';
import { capManagers } from './cap-managers.ts';
import { type Comparison, compare, type Json } from './compare.ts';
import { FieldsError } from './element.ts';
import { isEqual } from './equal.ts';
import { difference, isEmpty, union } from './field-set.ts';
import {
  decode,
  encode,
  entryOf,
  givenManagedFields,
  isManager,
  type ManagedFields,
  type ManagedFieldsEntry,
  type Manager,
  NOBODY,
  withFields,
} from './managed-fields.ts';
import { type Tracked, type TrackedType, trackedType } from './tracked-type.ts';

/** A write, as far as fields go. */
export interface FieldsRequest {
  /** Absent: the resource itself. */
  readonly subresource?: string | undefined;
  /** Who writes. Empty: `unknown`. */
  readonly manager: string;
  readonly now: Date;
}

/**
 * @param live what is there; absent: nothing
 * @param next what is wanted, with its defaults
 * @returns what `next.metadata.managedFields` has to be; undefined: nothing
 */
export function managedAfterUpdate(
  definition: Tracked,
  live: KubernetesObject | undefined,
  next: KubernetesObject,
  { subresource = '', manager, now }: FieldsRequest,
): ManagedFields | undefined {
  const type = trackedType(definition, subresource);
  try {
    const before = managersBefore(type, live, next, subresource !== '');
    // Whoever has asked for nobody to be remembered is left alone until something is applied.
    if (before.length === 0 && live !== undefined && !isOnlyForeign(type, live, next)) {
      return undefined;
    }
    const comparison = compare(
      type.owned,
      live === undefined ? type.empty : asJson(live),
      asJson(next),
    );
    const actor: Manager = {
      manager: manager === '' ? 'unknown' : manager,
      operation: 'Update',
      apiVersion: type.apiVersion,
      subresource,
    };
    const after = taken(before, comparison, actor, formatTime(now));
    return after.length === 0 ? undefined : after;
  } catch (error) {
    // Upstream forgets everybody where lists have items that cannot be told apart.
    if (error instanceof FieldsError) return undefined;
    throw error;
  }
}

/** Objects of the API are JSON. */
export const asJson = (object: KubernetesObject): Json => ({ ...object });

function managersBefore(
  type: TrackedType,
  live: KubernetesObject | undefined,
  next: KubernetesObject,
  ofSubresource: boolean,
): ManagedFields {
  const there = live === undefined ? undefined : givenManagedFields(live);
  const given = givenManagedFields(next);
  // Nobody sets them by a subresource.
  if (ofSubresource || given === undefined || isEqual(given, there)) return readable(type, there);
  if (isReset(given)) return NOBODY;
  const wanted = readable(type, given);
  return wanted.length > 0 ? wanted : readable(type, there);
}

/** Managers there are, but by another form of the object (an event's): they are forgotten, and this one is not. */
const isOnlyForeign = (
  { apiVersions }: TrackedType,
  live: KubernetesObject,
  next: KubernetesObject,
): boolean =>
  !isReset(givenManagedFields(next)) &&
  givenManagedFields(live)?.some(({ apiVersion = '' }) => !apiVersions.has(apiVersion)) === true;

/** Nobody where they cannot be read. */
function readable(type: TrackedType, given: unknown): ManagedFields {
  try {
    return decode(type, given);
  } catch (error) {
    if (error instanceof FieldsError) return NOBODY;
    throw error;
  }
}

/** `[]` and `[{}]`. */
function isReset(given: unknown): boolean {
  if (!Array.isArray(given)) return false;
  const [first, second]: readonly unknown[] = given;
  return second === undefined && (first === undefined || isEqual(first, {}));
}

/** What is changed is taken from all others, what is gone from everybody. */
function taken(
  before: ManagedFields,
  { added, modified, removed }: Comparison,
  actor: Manager,
  time: string,
): ManagedFields {
  const touched = union(modified, added);
  const isTouched = !isEmpty(touched);
  let isChanged = false;
  let own: ManagedFieldsEntry | undefined;
  const after: ManagedFieldsEntry[] = [];
  for (const entry of before) {
    const kept = difference(entry.fieldsV1, removed);
    if (isTouched && own === undefined && isManager(entry, actor)) {
      own = timed(withFields(entry, union(kept, touched)), time);
      isChanged ||= own !== entry;
      after.push(own);
      continue;
    }
    const left = withFields(entry, difference(kept, touched));
    isChanged ||= left !== entry;
    if (!isEmpty(left.fieldsV1)) after.push(left);
  }
  if (isTouched && own === undefined) {
    after.push(entryOf({ ...actor, time, fieldsV1: touched }));
    isChanged = true;
  }
  const capped = capManagers(after);
  return isChanged || capped !== after ? encode(capped) : before;
}

/** Fields in their order also where there was no time. */
const timed = (entry: ManagedFieldsEntry, time: string): ManagedFieldsEntry =>
  entry.time === time ? entry : entryOf({ ...entry, time });
