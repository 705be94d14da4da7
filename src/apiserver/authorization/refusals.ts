/** The 403 that a request is refused with, worded as upstream words it. */
import { goQuote, type StatusCause, StatusError } from '../../kubernetes/index.ts';
import type { RequestAttributes } from '../types.ts';

/** What a refusal is about; all three empty where it is no resource. */
export interface Refused {
  readonly group: string;
  readonly resource: string;
  readonly name: string;
}

/** As apimachinery's NewForbidden: `secrets "a" is forbidden: <text>`. */
export function forbiddenError(
  { group, resource, name }: Refused,
  text: string,
  causes: readonly StatusCause[] = [],
): StatusError {
  const what = group === '' ? resource : `${resource}.${group}`;
  const named = name === '' ? what : `${what} ${goQuote(name)}`;
  const message = what === '' ? `forbidden: ${text}` : `${named} is forbidden: ${text}`;
  return StatusError.of('Forbidden', message, {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    ...(resource === '' ? {} : { kind: resource }),
    ...(causes.length === 0 ? {} : { causes }),
  });
}

const HTML: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
]);

/**
 * The refusal of a request that no authorizer has allowed
 * (apiserver, pkg/endpoints/handlers/responsewriters/errors.go).
 */
export function forbidden(attributes: RequestAttributes, reason: string): StatusError {
  // A browser must not take it for HTML.
  const text = describe(attributes).replace(/[&<>]/g, (char) => HTML.get(char) ?? char);
  const refused =
    attributes.kind === 'resource' ? attributes : { group: '', resource: '', name: '' };
  return forbiddenError(refused, reason === '' ? text : `${text}: ${reason}`);
}

function describe(attributes: RequestAttributes): string {
  const who = `User ${goQuote(attributes.user.name)} cannot ${attributes.verb}`;
  if (attributes.kind === 'path') return `${who} path ${goQuote(attributes.path)}`;
  const { resource, subresource, group, namespace } = attributes;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where =
    namespace === '' ? 'at the cluster scope' : `in the namespace ${goQuote(namespace)}`;
  return `${who} resource ${goQuote(what)} in API group ${goQuote(group)} ${where}`;
}
