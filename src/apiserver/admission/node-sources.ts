/** What NodeRestriction asks of the server, and what its parts have in common. */
import { goQuote, type KubernetesObject, StatusError } from '../../kubernetes/index.ts';
import type { AdmissionRequest, Authorizer } from '../types.ts';

export type Found = KubernetesObject | undefined;

export type Looked =
  | 'pods'
  | 'nodes'
  | 'serviceaccounts'
  | 'persistentvolumeclaims'
  | 'persistentvolumes'
  | 'csidrivers';

export interface NodeRestrictionSources {
  /** A stored object as it is now; undefined where there is none, or none of its kind is served. */
  readonly find: (resource: Looked, namespace: string, name: string) => Promise<Found>;
  readonly authorizer: Authorizer;
}

/**
 * What is wrong with a node's request; undefined where nothing is.
 *
 * @throws StatusError NotFound where what the request is about is not there
 */
export type Restriction = (
  node: string,
  request: AdmissionRequest,
  sources: NodeRestrictionSources,
) => string | undefined | Promise<string | undefined>;

/** @throws StatusError NotFound, as upstream's listers say it */
export async function mustFind(
  { find }: NodeRestrictionSources,
  resource: Looked,
  namespace: string,
  name: string,
): Promise<KubernetesObject> {
  const found = await find(resource, namespace, name);
  if (found !== undefined) return found;
  throw StatusError.of('NotFound', `${resource} ${goQuote(name)} not found`, {
    name,
    kind: resource,
  });
}
