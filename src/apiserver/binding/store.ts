/** Reads and writes of the server itself on NodeBindings. */
import { NODE_BINDINGS, type NodeBinding, refusedFor } from '../../kubernetes/index.ts';
import type { Registry, Served, WriteContext } from '../registry/index.ts';
import { NODE_BINDING_DEFINITION } from '../resources/index.ts';
import { SERVER_USER } from '../seed-roles.ts';

export interface Kept extends Pick<Served, 'object' | 'revision'> {
  /** Nothing stood there. */
  readonly isNew: boolean;
}

export interface BindingStore {
  /** Writes it, or answers what stands there of that name: another server may have been faster. */
  keep(binding: NodeBinding): Promise<Kept>;
  /** That it is gone already is no error. */
  remove(name: string): Promise<void>;
}

export function bindingStoreIn(
  registry: Pick<Registry, 'get' | 'create' | 'delete'>,
): BindingStore {
  const find = async (name: string): Promise<Kept | undefined> => {
    try {
      const found = await registry.get(NODE_BINDING_DEFINITION, { name });
      return { object: found.object, revision: found.revision, isNew: false };
    } catch (error) {
      if (refusedFor(error, 'NotFound')) return undefined;
      throw error;
    }
  };
  return {
    async keep(binding) {
      for (;;) {
        try {
          const context = contextOf('create', '');
          const made = await registry.create(NODE_BINDING_DEFINITION, undefined, binding, context);
          return { object: made.object, revision: made.revision, isNew: true };
        } catch (error) {
          if (!refusedFor(error, 'AlreadyExists')) throw error;
        }
        const there = await find(binding.metadata.name ?? '');
        if (there !== undefined) return there;
      }
    },
    async remove(name) {
      try {
        await registry.delete(NODE_BINDING_DEFINITION, { name }, {}, contextOf('delete', name));
      } catch (error) {
        if (!refusedFor(error, 'NotFound')) throw error;
      }
    },
  };
}

const contextOf = (verb: string, name: string): WriteContext => ({
  attributes: {
    kind: 'resource',
    user: SERVER_USER,
    verb,
    group: NODE_BINDINGS.group,
    version: NODE_BINDINGS.version,
    resource: NODE_BINDINGS.resource,
    subresource: '',
    namespace: '',
    name,
  },
});
