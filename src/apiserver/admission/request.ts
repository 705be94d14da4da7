/** What admissions ask of a request, and how they refuse it. */
import type { StatusCause, StatusError } from '../../kubernetes/index.ts';
import { forbiddenError } from '../authorization/index.ts';
import type { AdmissionRequest } from '../types.ts';

export type Operation = 'create' | 'update' | 'delete';

/** By the objects and not by the verb: a patch may create, and a collection may be deleted. */
export function operationOf({ object, old }: AdmissionRequest): Operation {
  if (object === undefined) return 'delete';
  return old === undefined ? 'create' : 'update';
}

/** Whether a request is about a resource of a group: `leases.coordination.k8s.io`, `nodes`. */
export function isAbout({ attributes }: AdmissionRequest, resource: string): boolean {
  const { group, resource: asked } = attributes;
  return resource === (group === '' ? asked : `${asked}.${group}`);
}

/** The name of the object that a request is about; in a create, the one that the object has or begins with. */
export function nameOf({ attributes, object }: AdmissionRequest): string {
  const { name = '', generateName = '' } = object?.metadata ?? {};
  return [attributes.name, name, generateName].find((text) => text !== '') ?? 'Unknown';
}

/** 403 as upstream's admission words it (apiserver, pkg/admission/errors.go). */
export function refusal(
  request: AdmissionRequest,
  text: string,
  causes: readonly StatusCause[] = [],
): StatusError {
  const { group, resource } = request.attributes;
  return forbiddenError({ group, resource, name: nameOf(request) }, text, causes);
}

/** A field at a path of an object, `spec.signerName`; undefined where it is not there. */
export function fieldOf(object: unknown, path: string): unknown {
  let value = object;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

export function textOf(object: unknown, path: string): string {
  const value = fieldOf(object, path);
  return typeof value === 'string' ? value : '';
}
