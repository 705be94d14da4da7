/** What of a resource server-side apply works with, put together once. */
import { apiVersionOf, type KubernetesObject } from '../../kubernetes/index.ts';
import { DEFINITIONS, type ResourceDefinition, readAs } from '../resources/index.ts';
import type { Json } from './compare.ts';
import { layoutOf, type StructLayout, withoutFields } from './layout.ts';
import type { ManagedType } from './managed-fields.ts';
import { resetFields } from './reset-fields.ts';

export interface TrackedType extends ManagedType {
  readonly definition: Tracked;
  readonly apiVersion: string;
  /** What a write of the resource, or of this subresource, sets. */
  readonly settable: StructLayout;
  /** What of that somebody can be the manager of. */
  readonly owned: StructLayout;
  /** The object of Go that nothing has been set in. */
  readonly empty: Json;
}

export type Tracked<T extends KubernetesObject = KubernetesObject> = Pick<
  ResourceDefinition<T>,
  'type' | 'schema'
>;

/** Never managed by anybody (apimachinery, util/managedfields/internal/stripmeta.go). */
const STRIPPED: readonly (readonly string[])[] = [
  ['apiVersion'],
  ['kind'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((field) => ['metadata', field]),
];

const types = new WeakMap<object, Map<string, TrackedType>>();

export function trackedType(definition: Tracked, subresource: string): TrackedType {
  const { type, schema } = definition;
  let bySubresource = types.get(type);
  if (bySubresource === undefined) {
    bySubresource = new Map();
    types.set(type, bySubresource);
  }
  const known = bySubresource.get(subresource);
  if (known !== undefined) return known;
  const layout = layoutOf(schema);
  const settable = withoutFields(layout, resetFields(type, subresource));
  const made: TrackedType = {
    definition,
    layout,
    settable,
    owned: withoutFields(settable, STRIPPED),
    apiVersion: apiVersionOf(type),
    apiVersions: servedVersions(definition),
    empty: readAs(schema, { metadata: {} }),
  };
  bySubresource.set(subresource, made);
  return made;
}

/** Upstream knows the fields of those versions alone that it serves. */
const servedVersions = ({ type }: Tracked): ReadonlySet<string> =>
  new Set(
    [{ type }, ...DEFINITIONS]
      .map((one) => one.type)
      .filter(({ group, resource }) => group === type.group && resource === type.resource)
      .map(apiVersionOf),
  );
