/** LIST: a snapshot of a revision, in pages if wanted. */
import { addAll } from '../../add-all.ts';
import {
  apiVersionOf,
  envelopeList,
  type KubernetesObject,
  type ListMeta,
} from '../../kubernetes/index.ts';
import {
  CompactedError,
  FutureRevisionError,
  type Listed,
  type ListOptions,
  type Storage,
} from '../../storage/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import type { Codec } from './codec.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import { checkListOptions } from './list-options.ts';
import { badRequest, expired, tooLargeVersion } from './refusals.ts';
import type { ListRequest, Served, ServedList } from './registry.ts';
import { parseListVersion } from './resource-version.ts';
import { type Selection, select } from './selection.ts';
import { ServedObject } from './served.ts';

/** Keys that are looked at in one step, where a selector may pass most of them over. */
const MOST_STEP = 10_000;

interface ListResult<T extends KubernetesObject> extends ServedList<T> {
  readonly items: readonly ServedObject<T>[];
}

interface Start {
  readonly after?: string;
  readonly revision?: number;
}

export async function list<T extends KubernetesObject>(
  storage: Storage,
  codec: Codec,
  definition: ResourceDefinition<T>,
  request: ListRequest,
): Promise<ListResult<T>> {
  checkListOptions(request);
  const selection = select(definition, request);
  const start = startOf(storage, request, selection);
  if (selection.single) return listOne(storage, codec, definition, selection, start);
  const limit = Math.max(request.limit ?? 0, 0);
  const items: ServedObject<T>[] = [];
  let { after, revision } = start;
  for (;;) {
    const step = limit === 0 ? undefined : stepOf(limit - items.length, selection);
    const page = await listPage(
      storage,
      selection.prefix,
      {
        ...(step === undefined ? {} : { limit: step }),
        ...(after === undefined ? {} : { after }),
        ...(revision === undefined ? {} : { revision }),
      },
      start,
    );
    revision = page.revision;
    for (const [index, stored] of page.items.entries()) {
      after = stored.key;
      const served = codec.decode(definition, stored);
      if (selection.matches === undefined || selection.matches(served.object)) items.push(served);
      const remaining = page.items.length - index - 1 + page.remaining;
      if (limit > 0 && items.length === limit && remaining > 0) {
        return {
          items,
          revision,
          continue: encodeContinue(after, selection.prefix, revision),
          ...(selection.matches === undefined ? { remainingItemCount: remaining } : {}),
        };
      }
    }
    if (page.remaining === 0 || page.items.length === 0) return { items, revision };
  }
}

const stepOf = (wanted: number, { matches }: Selection): number =>
  matches === undefined ? wanted : Math.min(Math.max(wanted, 100) * 2, MOST_STEP);

/** Where the list begins, by what the request says of versions (Kubernetes API concepts, "Semantics for get and list"). */
function startOf(storage: Storage, request: ListRequest, { prefix }: Selection): Start {
  const { resourceVersion = '', resourceVersionMatch = '', limit = 0 } = request;
  if (request.continue !== undefined && request.continue !== '') {
    if (resourceVersion !== '' && resourceVersion !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    return decodeContinue(request.continue, prefix);
  }
  const version = parseListVersion(resourceVersion);
  if (version > storage.revision) throw tooLargeVersion(version, storage.revision);
  const exact =
    resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && limit > 0 && version > 0);
  return exact ? { revision: version } : {};
}

async function listPage(
  storage: Storage,
  prefix: string,
  options: ListOptions,
  start: Start,
): Promise<Listed> {
  try {
    return await storage.list(prefix, options);
  } catch (error) {
    if (error instanceof CompactedError) {
      throw expired(
        start.after === undefined
          ? 'The resourceVersion for the provided list is too old.'
          : 'The provided continue parameter is too old to display a consistent list result: start a new list without the continue parameter.',
      );
    }
    if (error instanceof FutureRevisionError) {
      throw tooLargeVersion(options.revision ?? 0, storage.revision);
    }
    throw error;
  }
}

/** The name is selected: the prefix is its key, and others may only begin with it. */
async function listOne<T extends KubernetesObject>(
  storage: Storage,
  codec: Codec,
  definition: ResourceDefinition<T>,
  { prefix, matches }: Selection,
  start: Start,
): Promise<ListResult<T>> {
  const { items, revision } = await listPage(
    storage,
    prefix,
    { limit: 1, ...(start.revision === undefined ? {} : { revision: start.revision }) },
    start,
  );
  const [stored] = items;
  if (stored?.key !== prefix) return { items: [], revision };
  const served = codec.decode(definition, stored);
  return { items: matches?.(served.object) === false ? [] : [served], revision };
}

const COMMA = Buffer.from(',');
const OPEN = Buffer.from('{');
const CLOSE = Buffer.from(']}');

export const listMeta = ({ revision, remainingItemCount, ...more }: ServedList): ListMeta => ({
  resourceVersion: String(revision),
  ...(more.continue === undefined ? {} : { continue: more.continue }),
  ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
});

/** The JSON of a list as upstream writes it, put together from the bytes of its items. */
export function encodeList<T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  list: ServedList<T>,
): Uint8Array {
  const { items } = list;
  const head = JSON.stringify({
    kind: definition.listKind,
    apiVersion: apiVersionOf(definition.type),
    metadata: listMeta(list),
  });
  const parts: Uint8Array[] = [Buffer.from(`${head.slice(0, -1)},"items":[`)];
  for (const [index, served] of items.entries()) {
    if (index > 0) parts.push(COMMA);
    addAll(parts, itemParts(served));
  }
  parts.push(CLOSE);
  return Buffer.concat(parts);
}

/** The same in protobuf. */
export const encodeListProtobuf = (
  { type, listKind }: ResourceDefinition,
  list: ServedList,
): Uint8Array =>
  envelopeList(
    apiVersionOf(type),
    listKind,
    listMeta(list),
    list.items.map(({ message }) => message),
  );

const itemParts = (served: Served): Uint8Array[] =>
  served instanceof ServedObject ? [OPEN, served.itemTail] : [served.item];
