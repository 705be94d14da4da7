/**
 * `metadata.managedFields`: which manager has which fields by which operation (apimachinery,
 * util/managedfields/internal/managedfields.go). What stands in an object of ours is canonical: entries in their
 * order, sets in theirs. Arrays that are known to be so are remembered as long as they live, so that an object is
 * not read again for each of its updates.
 */
import {
  isJsonObject,
  type KubernetesObject,
  type ManagedFieldsMeta,
} from '../../kubernetes/index.ts';
import { compareText, FieldsError } from './element.ts';
import { isEqual } from './equal.ts';
import { type FieldSet, isEmpty } from './field-set.ts';
import type { StructLayout } from './layout.ts';
import { readFieldSet } from './read-field-set.ts';

/** Fields in the order of Go, and of JSON. */
export interface ManagedFieldsEntry extends ManagedFieldsMeta {
  readonly manager?: string;
  readonly operation: 'Apply' | 'Update';
  /** Of the object that the manager sent: its fields have the names of that version. */
  readonly apiVersion: string;
  /** Of the last change. Absent where a manager has applied what was there already. */
  readonly time?: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: FieldSet;
  readonly subresource?: string;
}

export type ManagedFields = readonly ManagedFieldsEntry[];

export const NOBODY: ManagedFields = [];

/** What of a resource is needed to read them. */
export interface ManagedType {
  readonly layout: StructLayout;
  /** Versions of the kind that there are; entries of others are dropped. */
  readonly apiVersions: ReadonlySet<string>;
}

const canonical = new WeakMap<object, ManagedFields>();

/** As a request or the storage has them. */
export const givenManagedFields = ({
  metadata,
}: KubernetesObject): readonly ManagedFieldsMeta[] | undefined => metadata.managedFields;

/**
 * @returns an array that `encode` made, or its like
 * @throws FieldsError for what is none
 */
export function decode(type: ManagedType, given: unknown): ManagedFields {
  if (given === undefined || given === null) return NOBODY;
  if (!Array.isArray(given)) throw new FieldsError('expected managedFields as a list');
  const known = canonical.get(given);
  if (known !== undefined) return known;
  const byManager = new Map<string, ManagedFieldsEntry>();
  for (const [at, entry] of given.entries()) {
    const read = readEntry(type, entry, at);
    byManager.set(identityOf(read), read);
  }
  const entries = [...byManager.values()].filter(
    ({ apiVersion, fieldsV1 }) => type.apiVersions.has(apiVersion) && !isEmpty(fieldsV1),
  );
  const encoded = encode(entries);
  canonical.set(given, encoded);
  return encoded;
}

function readEntry({ layout }: ManagedType, entry: unknown, at: number): ManagedFieldsEntry {
  if (!isJsonObject(entry))
    throw new FieldsError('expected an entry of managedFields as an object');
  const { operation, fieldsType } = entry;
  if (operation !== 'Apply' && operation !== 'Update') {
    throw new FieldsError('operation must be `Apply` or `Update`');
  }
  const apiVersion = text(entry['apiVersion']);
  if (apiVersion === '') throw new FieldsError('apiVersion must not be empty');
  if (fieldsType !== 'FieldsV1') {
    throw new FieldsError(
      text(fieldsType) === ''
        ? `missing fieldsType in managed fields entry ${at}`
        : `invalid fieldsType in managed fields entry ${at}`,
    );
  }
  const time = text(entry['time']);
  return entryOf({
    manager: text(entry['manager']),
    operation,
    apiVersion,
    ...(time === '' ? {} : { time }),
    fieldsV1: readFieldSet(layout, entry['fieldsV1'] ?? {}),
    subresource: text(entry['subresource']),
  });
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Its fields in their order, without those that are empty. */
export function entryOf({
  manager = '',
  operation,
  apiVersion,
  time,
  fieldsV1,
  subresource = '',
}: Omit<ManagedFieldsEntry, 'fieldsType'>): ManagedFieldsEntry {
  return {
    ...(manager === '' ? {} : { manager }),
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...(subresource === '' ? {} : { subresource }),
  };
}

/** With another set. */
export const withFields = (entry: ManagedFieldsEntry, fieldsV1: FieldSet): ManagedFieldsEntry =>
  entry.fieldsV1 === fieldsV1 ? entry : { ...entry, fieldsV1 };

export type Manager = Pick<
  ManagedFieldsEntry,
  'manager' | 'operation' | 'apiVersion' | 'subresource'
>;

/** Who applies is the same in every version of the kind. */
export const isManager = (a: Manager, b: Manager): boolean =>
  (a.manager ?? '') === (b.manager ?? '') &&
  a.operation === b.operation &&
  (a.subresource ?? '') === (b.subresource ?? '') &&
  (a.operation === 'Apply' || a.apiVersion === b.apiVersion);

/** As upstream sorts them: JSON. */
export const identityOf = ({ manager, operation, apiVersion, subresource }: Manager): string =>
  JSON.stringify({
    manager,
    operation,
    apiVersion: operation === 'Apply' ? undefined : apiVersion,
    subresource,
  });

/** In upstream's order; remembered as canonical. */
export function encode(entries: readonly ManagedFieldsEntry[]): ManagedFields {
  const sorted = entries.toSorted(compareEntries);
  canonical.set(sorted, sorted);
  return sorted;
}

function compareEntries(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  return (
    compareText(a.operation, b.operation) ||
    secondsOf(a) - secondsOf(b) ||
    compareText(a.manager ?? '', b.manager ?? '') ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource ?? '', b.subresource ?? '')
  );
}

export const secondsOf = ({ time }: ManagedFieldsEntry): number =>
  time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);

/** Whether they differ in nothing but times. */
export function isSameButTimes(
  a: readonly ManagedFieldsMeta[] = [],
  b: readonly ManagedFieldsMeta[] = [],
): boolean {
  if (a === b) return true;
  return (
    a.length === b.length && a.every((entry, at) => isEqual(untimed(entry), untimed(b[at] ?? {})))
  );
}

const untimed = (entry: ManagedFieldsMeta): object => ({ ...entry, time: undefined });
