/** What a request is counted as. */
import type { Subject } from './metrics.ts';
import type { RequestInfo } from './request-info.ts';
import type { Routes } from './routes.ts';

const VERB_NAMES: ReadonlyMap<string, string> = new Map([
  ['create', 'POST'],
  ['update', 'PUT'],
]);

/** What is not served is counted as one. */
export function subjectOf(routes: Routes, info: RequestInfo): Subject {
  const definition = info.isResource ? routes.definition(info) : undefined;
  if (definition === undefined) {
    return {
      group: '',
      version: '',
      resource: '',
      subresource: '',
      scope: '',
      verb: 'GET',
      dryRun: false,
    };
  }
  const { group, version, resource } = definition.type;
  const { subresource, verb, parts, inNamespace } = info;
  const isKnown = Object.hasOwn(definition.subresources, subresource);
  return {
    group,
    version,
    resource,
    subresource: isKnown ? subresource : '',
    scope: parts > 1 ? 'resource' : inNamespace ? 'namespace' : 'cluster',
    verb: verb === '' ? 'OTHER' : (VERB_NAMES.get(verb) ?? verb.toUpperCase()),
    dryRun: info.query.get('dryRun') !== undefined,
  };
}
