/** DELETE of a collection (apiserver, pkg/registry/generic/registry/store.go, DeleteCollection). */
import { addAll } from '../../add-all.ts';
import type { KubernetesObject } from '../../kubernetes/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import { removeUnlessGone } from './delete.ts';
import { list } from './list.ts';
import type {
  DeleteOptions,
  ListRequest,
  ObjectKey,
  ServedList,
  WriteContext,
} from './registry.ts';
import type { ServedObject } from './served.ts';
import type { Store } from './store.ts';

const PAGE = 500;

/** One after the other; what is gone meanwhile is no error. Answers what was there. */
export async function removeCollection<T extends KubernetesObject>(
  store: Store,
  definition: ResourceDefinition<T>,
  request: ListRequest,
  options: DeleteOptions,
  context: WriteContext,
): Promise<ServedList<T>> {
  const { limit = 0 } = request;
  const items: ServedObject<T>[] = [];
  let page = await list(store.storage, store.codec, definition, {
    ...request,
    limit: limit > 0 ? limit : PAGE,
  });
  const { revision } = page;
  for (;;) {
    addAll(items, page.items);
    for (const { object } of page.items) {
      await removeUnlessGone(store, definition, locationOf(definition, object), options, context);
    }
    // A limit of the request is the end; our own is only a step.
    if (page.continue === undefined || limit > 0) return { ...page, items, revision };
    const { resourceVersion: _, resourceVersionMatch: __, ...rest } = request;
    page = await list(store.storage, store.codec, definition, {
      ...rest,
      limit: PAGE,
      continue: page.continue,
    });
  }
}

const locationOf = ({ type }: ResourceDefinition, { metadata }: KubernetesObject): ObjectKey => ({
  ...(type.namespaced ? { namespace: metadata.namespace ?? '' } : {}),
  name: metadata.name ?? '',
});
