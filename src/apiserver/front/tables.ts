/** Objects as rows of a Table, or as nothing but their metadata (apiserver, pkg/endpoints/handlers/response.go). */
import {
  encodeProtobuf,
  type KubernetesObject,
  type ListMeta,
  StatusError,
  watchFrame,
} from '../../kubernetes/index.ts';
import { listMeta, type Served, type ServedEvent, type ServedList } from '../registry/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import type { Conversion } from './negotiate.ts';
import type { Query } from './query.ts';

/** What stands in each row beside the cells. */
export type IncludeObject = 'Metadata' | 'Object' | 'None';

/** The end of what a watch has shown first is told by this annotation, which must not be lost. */
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

/** @throws StatusError BadRequest */
export function includeObject(query: Query): IncludeObject {
  const value = query.get('includeObject') ?? '';
  switch (value) {
    case '':
    case 'Metadata':
      return 'Metadata';
    case 'Object':
    case 'None':
      return value;
    default:
      throw StatusError.of(
        'BadRequest',
        `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
      );
  }
}

export interface TableContext {
  readonly definition: ResourceDefinition;
  readonly apiVersion: string;
  readonly include: IncludeObject;
  readonly now: Date;
}

/** JSON of a Table with a row for each object. */
export function table(
  context: TableContext,
  metadata: ListMeta,
  objects: readonly KubernetesObject[],
  columns = true,
): object {
  return {
    kind: 'Table',
    apiVersion: context.apiVersion,
    metadata,
    columnDefinitions: columns ? context.definition.columns : null,
    rows: objects.map((object) => ({
      cells: context.definition.row(object, context.now),
      object: rowObject(context, object),
    })),
  };
}

function rowObject({ include, apiVersion }: TableContext, object: KubernetesObject): unknown {
  const marksEnd = object.metadata.annotations?.[INITIAL_EVENTS_END] !== undefined;
  if (include === 'Object') return object;
  if (include === 'Metadata' || marksEnd) return partial(apiVersion, object);
  return null;
}

const partial = (apiVersion: string, { metadata }: KubernetesObject): object => ({
  kind: 'PartialObjectMetadata',
  apiVersion,
  metadata,
});

/** An object in the kind that the client wants. */
export function convertObject(
  definition: ResourceDefinition,
  { object, revision }: Pick<Served, 'object' | 'revision'>,
  { kind, apiVersion }: Conversion,
  query: Query,
  now: Date,
): object {
  switch (kind) {
    case 'Table': {
      const context = { definition, apiVersion, include: includeObject(query), now };
      // What a dry run would have written has none.
      const { resourceVersion = revision > 0 ? String(revision) : undefined } = object.metadata;
      return table(context, resourceVersion === undefined ? {} : { resourceVersion }, [object]);
    }
    case 'PartialObjectMetadata':
      return partial(apiVersion, object);
    case 'PartialObjectMetadataList':
      throw notAcceptable(
        `you requested PartialObjectMetadataList, but the requested object is not a list (${definition.type.kind})`,
      );
  }
}

export function convertList(
  definition: ResourceDefinition,
  list: ServedList,
  { kind, apiVersion }: Conversion,
  query: Query,
  now: Date,
): object {
  const metadata = listMeta(list);
  const objects = list.items.map(({ object }) => object);
  switch (kind) {
    case 'Table':
      return table(
        { definition, apiVersion, include: includeObject(query), now },
        metadata,
        objects,
      );
    case 'PartialObjectMetadataList':
      return {
        kind,
        apiVersion,
        metadata,
        items: objects.map((object) => partial(apiVersion, object)),
      };
    case 'PartialObjectMetadata':
      throw notAcceptable(
        `you requested PartialObjectMetadata, but the requested object is a list (${definition.listKind})`,
      );
  }
}

const notAcceptable = (message: string): StatusError => StatusError.of('NotAcceptable', message);

/** Writes the events of one watch in the kind that the client wants; columns come with the first only. */
export function eventConverter(
  definition: ResourceDefinition,
  { kind, apiVersion }: Conversion,
  format: 'json' | 'protobuf',
  query: Query,
  now: () => Date,
): (event: ServedEvent) => Uint8Array {
  if (kind === 'PartialObjectMetadataList') {
    throw notAcceptable('you requested PartialObjectMetadataList, but a watch has no lists');
  }
  const include = includeObject(query);
  let first = true;
  return (event) => {
    const { type, object } = event;
    if (type === 'ERROR' || !isObject(object)) return format === 'json' ? event.line : event.frame;
    const converted =
      kind === 'PartialObjectMetadata'
        ? partial(apiVersion, object)
        : table(
            { definition, apiVersion, include, now: now() },
            { resourceVersion: object.metadata.resourceVersion ?? '' },
            [object],
            first,
          );
    first = false;
    return format === 'json'
      ? Buffer.from(`${JSON.stringify({ type, object: converted })}\n`)
      : watchFrame(type, encodeProtobuf(converted));
  };
}

/** A Status has metadata too, but no version and no cells. */
const isObject = (object: ServedEvent['object']): object is KubernetesObject =>
  object.kind !== 'Status';
