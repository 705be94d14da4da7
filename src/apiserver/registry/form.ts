/**
 * Subresources in a kind of their own: a Scale of what has replicas, the Binding of a pod. What is written in that
 * form changes the object (k8s.io/kubernetes, pkg/registry: ScaleREST, BindingREST).
 */
import { apiVersionOf, isJsonObject, type KubernetesObject } from '../../kubernetes/index.ts';
import {
  invalidObject,
  type ResourceDefinition,
  type Subresource,
  type SubresourceForm,
} from '../resources/index.ts';
import { unstored } from './codec.ts';
import { checkNamespaceOf } from './create.ts';
import { keyOf } from './keys.ts';
import { readApplyPatch, readPatch } from './patch/index.ts';
import { badRequest, conflict, MODIFIED, notFound } from './refusals.ts';
import type { ObjectKey, Patch, Served, WriteContext } from './registry.ts';
import { ServedObject } from './served.ts';
import { admit, MOST_STORED, type Store } from './store.ts';
import { MOST_TRIES } from './update.ts';

/** @throws TypeError for what is no subresource */
export function subresourceOf<T extends KubernetesObject>(
  { subresources, type }: ResourceDefinition<T>,
  name: string,
): Subresource<T> {
  const found = Object.hasOwn(subresources, name) ? subresources[name] : undefined;
  if (found !== undefined) return found;
  throw new TypeError(`expected a subresource of ${type.resource}, got ${name}`);
}

/** Undefined where a subresource (or the object itself) is of the resource's own kind. */
export const formOf = <T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  subresource: string | undefined,
): SubresourceForm<T> | undefined =>
  subresource === undefined ? undefined : subresourceOf(definition, subresource).form;

/** The object in that form. */
export function shownIn<T extends KubernetesObject>(
  form: SubresourceForm<T>,
  { object, revision }: Pick<Served<T>, 'object' | 'revision'>,
): Served {
  const { definition } = form;
  const shown = unstored(definition, read(form, object));
  return new ServedObject(definition, shown.object, revision);
}

function read<T extends KubernetesObject>(form: SubresourceForm<T>, object: T): KubernetesObject {
  if (form.read === undefined) throw new TypeError('expected a form that can be read');
  return form.read(object);
}

export interface FormWrite<T extends KubernetesObject> {
  readonly definition: ResourceDefinition<T>;
  readonly form: SubresourceForm<T>;
  readonly subresource: string;
  readonly key: ObjectKey;
}

/** What is wanted of an object by an update of a form of it. */
export const updatedBy =
  <T extends KubernetesObject>(write: FormWrite<T>, object: KubernetesObject) =>
  (current: T | undefined): T => {
    if (current === undefined) throw absent(write);
    const { name = '' } = object.metadata;
    if (name !== write.key.name) {
      throw badRequest(
        `the name of the object (${name.slice(0, 253)}) does not match the name on the URL (${write.key.name})`,
      );
    }
    const { namespace } = write.key;
    checkNamespaceOf(write.definition, namespace, object);
    return putInto(write, current, {
      ...object,
      metadata: { ...object.metadata, ...(namespace === undefined ? {} : { namespace }) },
    });
  };

/** As `updatedBy`, of a patch. */
export function patchedBy<T extends KubernetesObject>(
  write: FormWrite<T>,
  patch: Patch,
  context: WriteContext,
): (current: T | undefined) => T {
  const patched = readPatch(write.form.definition, patch, context);
  return (current) => {
    if (current === undefined) throw absent(write);
    const before = read(write.form, current);
    const complete = { ...typeOf(write.form), ...before };
    return putInto(write, current, patched(complete));
  };
}

/** The kind comes first, as in every object that is served. */
const typeOf = ({
  definition: { type },
}: SubresourceForm): { kind: string; apiVersion: string } => ({
  kind: type.kind,
  apiVersion: apiVersionOf(type),
});

/** As `updatedBy`, of fields that are applied: they are those of the object, under the same path. */
export function appliedBy<T extends KubernetesObject>(
  write: FormWrite<T>,
  patch: Patch,
  context: WriteContext,
): (current: T | undefined, now: Date) => T {
  const { definition, form, subresource } = write;
  const apply = readApplyPatch(definition, subresource, patch, context, {
    type: form.definition.type,
    toObject: (body) => {
      const { metadata, spec } = body;
      const { name, namespace } = isJsonObject(metadata) ? metadata : {};
      return {
        apiVersion: apiVersionOf(definition.type),
        kind: definition.type.kind,
        metadata: { name, namespace },
        ...(spec === undefined ? {} : { spec }),
      };
    },
  });
  return (current, now) => {
    if (current === undefined) throw absent(write);
    const next = apply(current, now);
    checkValid(write, read(form, next));
    return next;
  };
}

const absent = <T extends KubernetesObject>({ definition, key }: FormWrite<T>): Error =>
  notFound(definition.type, key.name);

function checkValid<T extends KubernetesObject>(
  { form, key }: FormWrite<T>,
  object: KubernetesObject,
): void {
  const errors = form.validate(object);
  if (errors.length > 0) throw invalidObject(form.definition.type, key.name, errors);
}

/** The object with what the form says, meant as the form means it: this version, this identity. */
function putInto<T extends KubernetesObject>(
  write: FormWrite<T>,
  current: T,
  object: KubernetesObject,
): T {
  checkValid(write, object);
  const { uid = '', resourceVersion } = object.metadata;
  const { uid: found = '' } = current.metadata;
  if (uid !== '' && uid !== found) {
    throw conflict(write.definition.type, write.key.name, otherUid(uid, found));
  }
  const next = write.form.write(current, object);
  const { resourceVersion: _, ...metadata } = next.metadata;
  return {
    ...next,
    metadata: resourceVersion === undefined ? metadata : { ...metadata, resourceVersion },
  };
}

const otherUid = (wanted: string, found: string): string =>
  `Precondition failed: UID in precondition: ${wanted.slice(0, 64)}, UID in object meta: ${found}`;

/**
 * POST of such a subresource: the object is changed as it stands, nobody manages the fields that come of it, and what
 * is posted is stored nowhere.
 *
 * @throws StatusError NotFound, Conflict, BadRequest
 */
export async function post<T extends KubernetesObject>(
  store: Store,
  { definition, form, key: location }: FormWrite<T>,
  object: KubernetesObject,
  context: WriteContext,
): Promise<void> {
  const { type } = definition;
  const { name = '', uid = '', resourceVersion = '' } = object.metadata;
  checkNamespaceOf(definition, location.namespace, object);
  if (name !== location.name) {
    throw badRequest(`name in URL does not match name in ${form.definition.type.kind} object`);
  }
  form.check?.(object);
  await admit(context, { object }, { verb: 'create' });
  const key = keyOf(definition, location);
  for (let left = MOST_TRIES; left > 0; left -= 1) {
    const current = await store.read(definition, key);
    if (current === undefined) throw notFound(type, location.name);
    const { uid: found = '', resourceVersion: version = '' } = current.object.metadata;
    if (uid !== '' && uid !== found) throw conflict(type, name, otherUid(uid, found));
    if (resourceVersion !== '' && resourceVersion !== version) {
      const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${version}`;
      throw conflict(type, name, why);
    }
    const next = form.write(current.object, object, store.clock.now());
    if (context.dryRun === true) return;
    if ((await store.replace(definition, key, next, current.revision, MOST_STORED)) !== undefined) {
      return;
    }
  }
  throw conflict(type, name, MODIFIED);
}
