/** Where objects are in the storage: the keys of kube-apiserver's etcd. */
import { pathSegment, type ResourceDefinition } from '../resources/index.ts';
import { badRequest } from './refusals.ts';
import type { ObjectKey } from './registry.ts';

const ROOT = '/registry/';

/** `/registry/secrets/`, `/registry/secrets/kube-system/`. */
export function prefixOf(definition: ResourceDefinition, namespace?: string): string {
  const prefix = `${ROOT}${pathOf(definition)}/`;
  if (!definition.type.namespaced || namespace === undefined) return prefix;
  return `${prefix}${checked(namespace, 'Namespace')}/`;
}

/** @throws StatusError BadRequest for a name that no key can hold: it would mean another object. */
export function keyOf(definition: ResourceDefinition, { namespace, name }: ObjectKey): string {
  if (definition.type.namespaced && (namespace === undefined || namespace === '')) {
    throw badRequest('Namespace parameter required.');
  }
  return `${prefixOf(definition, namespace)}${checked(name, 'Name')}`;
}

function checked(part: string, what: string): string {
  if (part === '') throw badRequest(`${what} parameter required.`);
  const problems = pathSegment(part, false);
  if (problems.length > 0) {
    throw badRequest(`${what} parameter invalid: ${JSON.stringify(part)}: ${problems.join(';')}`);
  }
  return part;
}

function pathOf({ path, type }: ResourceDefinition): string {
  if (path === undefined) {
    throw new TypeError(`expected a resource that is stored, got ${type.resource}`);
  }
  return path;
}
