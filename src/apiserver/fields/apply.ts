/**
 * Server-side apply: the object that somebody wants, merged into the one that is there, and whose fields they are then
 * (structured-merge-diff, merge/update.go; apimachinery, util/managedfields).
 */
import { type KubernetesObject, StatusError } from '../../kubernetes/index.ts';
import { formatTime, readObject, TypeMismatch } from '../resources/index.ts';
import { asObject, type Comparison, compare, type Json } from './compare.ts';
import { type Conflict, conflictError } from './conflict.ts';
import { FieldsError } from './element.ts';
import { isEqual } from './equal.ts';
import { difference, EMPTY, intersection, isEmpty, union, unionOfAll } from './field-set.ts';
import { fieldSetOf } from './field-set-of.ts';
import { fieldsOfLastApplied, KUBECTL, withLastApplied } from './last-applied.ts';
import {
  decode,
  encode,
  entryOf,
  givenManagedFields,
  isManager,
  type ManagedFields,
  type ManagedFieldsEntry,
  type Manager,
  withFields,
} from './managed-fields.ts';
import { merge } from './merge.ts';
import { prune } from './prune.ts';
import { type Tracked, type TrackedType, trackedType } from './tracked-type.ts';
import { asJson, type FieldsRequest, managedAfterUpdate } from './update.ts';
import { appliedProblems } from './validate-applied.ts';

export interface ApplyRequest extends FieldsRequest {
  /** Takes fields from others. */
  readonly force: boolean;
}

/** Who has what an object has had before anybody applied something to it. */
const BEFORE_FIRST = 'before-first-apply';

/**
 * The object as it is then, with its `managedFields`, before defaults.
 *
 * @param live what is there; absent: nothing
 * @param applied of the resource's kind, without `managedFields`
 * @throws StatusError Conflict where others have other values; one of 500 where it does not fit the type
 */
export function applied<T extends KubernetesObject>(
  definition: Tracked<T> & Parameters<typeof readObject<T>>[0],
  live: T | undefined,
  applied: Json,
  request: ApplyRequest,
): T {
  const type = trackedType(definition, request.subresource ?? '');
  const problems = appliedProblems(definition.schema, type.layout, applied);
  if (problems.length > 0) throw unfit(type, applied, problems);
  const application = new Application(type, live, applied, request);
  const { object, managed } = application.run();
  return withManaged(read(definition, object), managed);
}

class Application {
  readonly #type: TrackedType;
  readonly #live: Json;
  readonly #applied: Json;
  readonly #request: ApplyRequest;
  readonly #before: ManagedFields;
  readonly #actor: Manager;

  constructor(
    type: TrackedType,
    live: KubernetesObject | undefined,
    applied: Json,
    request: ApplyRequest,
  ) {
    this.#type = type;
    this.#live = live === undefined ? type.empty : asJson(live);
    this.#applied = applied;
    this.#request = request;
    this.#before = managersOf(type, live, request);
    this.#actor = {
      manager: request.manager,
      operation: 'Apply',
      apiVersion: type.apiVersion,
      subresource: request.subresource ?? '',
    };
  }

  run(): { readonly object: Json; readonly managed: ManagedFields } {
    const own = this.#before.find((entry) => isManager(entry, this.#actor));
    const others = this.#before.filter((entry) => entry !== own);
    const object = this.#object(own, others);
    const comparison = compare(this.#type.owned, this.#live, object);
    this.#refuse(this.#conflicts(others, comparison));
    const isSame = isEqual(this.#live, object);
    const set = fieldSetOf(this.#type.owned, this.#applied);
    const entries = others.flatMap((entry) => leftOf(entry, comparison));
    // Who applies what is there already has no time of their own for it.
    const time = isSame ? own?.time : formatTime(this.#request.now);
    if (!isEmpty(set)) {
      entries.push(
        entryOf({ ...this.#actor, ...(time === undefined ? {} : { time }), fieldsV1: set }),
      );
    }
    const result = isSame ? this.#live : object;
    const isKubectl = this.#request.manager === KUBECTL;
    return {
      object: isKubectl ? withLastApplied(result, this.#applied) : result,
      managed: encode(entries),
    };
  }

  /** Merged, and without what the same manager had before and nobody has now. */
  #object(own: ManagedFieldsEntry | undefined, others: readonly ManagedFieldsEntry[]): Json {
    const { layout, settable } = this.#type;
    const merged = merge(layout, this.#live, this.#applied);
    if (own === undefined) return merged;
    // With the name and the like, which hold the metadata together.
    const set = fieldSetOf(settable, this.#applied);
    const managed = unionOfAll([set, ...others.map(({ fieldsV1 }) => fieldsV1)]);
    return prune(layout, merged, own.fieldsV1, managed);
  }

  #conflicts(others: readonly ManagedFieldsEntry[], { added, modified }: Comparison): Conflict[] {
    if (this.#request.force) return [];
    const touched = union(modified, added);
    return others.flatMap((manager) => {
      const fields = intersection(manager.fieldsV1, touched);
      return isEmpty(fields) ? [] : [{ manager, fields }];
    });
  }

  /** What kubectl has set in the days when it applied by itself is its own. */
  #refuse(conflicts: readonly Conflict[]): void {
    if (conflicts.length === 0) return;
    const past =
      this.#request.manager === KUBECTL ? fieldsOfLastApplied(this.#type, this.#live) : undefined;
    const left = conflicts
      .map(({ manager, fields }) => ({ manager, fields: difference(fields, past ?? EMPTY) }))
      .filter(({ fields }) => !isEmpty(fields));
    if (left.length > 0) throw conflictError(left);
  }
}

/** Nothing where all of it is taken or gone. */
function leftOf(
  entry: ManagedFieldsEntry,
  { added, modified, removed }: Comparison,
): readonly ManagedFieldsEntry[] {
  const left = [modified, added, removed].reduce(difference, entry.fieldsV1);
  return isEmpty(left) ? [] : [withFields(entry, left)];
}

/** @throws StatusError of 500 where they cannot be read */
function managersOf(
  type: TrackedType,
  live: KubernetesObject | undefined,
  request: ApplyRequest,
): ManagedFields {
  if (live === undefined) return [];
  const there = readManaged(type, live);
  if (there.length > 0) return there;
  const { managedFields: _, ...metadata } = live.metadata;
  const unmanaged = { ...live, metadata };
  return (
    managedAfterUpdate(type.definition, undefined, unmanaged, {
      ...request,
      manager: BEFORE_FIRST,
    }) ?? []
  );
}

function readManaged(type: TrackedType, live: KubernetesObject): ManagedFields {
  try {
    return decode(type, givenManagedFields(live));
  } catch (error) {
    if (!(error instanceof FieldsError)) throw error;
    throw StatusError.unexplained(`failed to decode managed fields: ${error.message}`);
  }
}

/** The object of the merged JSON. */
function read<T extends KubernetesObject>(
  definition: Parameters<typeof readObject<T>>[0],
  object: Json,
): T {
  try {
    return readObject(definition, object);
  } catch (error) {
    if (!(error instanceof TypeMismatch)) throw error;
    throw StatusError.unexplained(
      `failed to convert new object (${shownObject(definition, object)}) to proper version: ${error.message}`,
    );
  }
}

function withManaged<T extends KubernetesObject>(object: T, managed: ManagedFields): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: managed.length === 0 ? metadata : { ...metadata, managedFields: managed },
  };
}

function unfit(type: TrackedType, applied: Json, problems: readonly string[]): StatusError {
  const all = problems.length === 1 ? problems.join('') : `errors:\n  ${problems.join('\n  ')}`;
  return StatusError.unexplained(
    `failed to create typed patch object (${shownObject(type.definition, applied)}): ${all}`,
  );
}

function shownObject({ type }: Pick<Tracked, 'type'>, object: Json): string {
  const { namespace = '', name = '' } = asObject(object['metadata']);
  const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 253) : '');
  return `${text(namespace)}/${text(name)}; ${type.group}/${type.version}, Kind=${type.kind}`;
}
