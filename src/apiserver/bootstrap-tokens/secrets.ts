/** Reads and writes of the server itself on the Secrets of bootstrap tokens. */
import { refusedFor, SECRETS, type Secret } from '../../kubernetes/index.ts';
import { BOOTSTRAP_SECRET_NAMESPACE, bootstrapSecretName } from '../../tokens/index.ts';
import type { ObjectKey, Registry, WriteContext } from '../registry/index.ts';
import { SECRET_DEFINITION } from '../resources/index.ts';
import { SERVER_USER } from '../seed-roles.ts';

export interface TokenSecrets {
  /** As it is stored now; undefined where there is none. */
  readonly find: (id: string) => Promise<Secret | undefined>;
  /** Whether it is written: not where it is another one by now, or gone. */
  replace(secret: Secret): Promise<boolean>;
  /** Deletes it, if it still has this UID. */
  remove(id: string, uid: string): Promise<void>;
}

/** @throws whatever the registry throws, but that somebody was faster */
export function tokenSecretsIn(
  registry: Pick<Registry, 'reader' | 'update' | 'delete'>,
): TokenSecrets {
  const unlessFaster = async (write: () => Promise<unknown>): Promise<boolean> => {
    try {
      await write();
      return true;
    } catch (error) {
      if (refusedFor(error, 'Conflict', 'NotFound')) return false;
      throw error;
    }
  };
  return {
    find: (id) => registry.reader.secret(BOOTSTRAP_SECRET_NAMESPACE, bootstrapSecretName(id)),
    replace(secret) {
      const { name = '' } = secret.metadata;
      return unlessFaster(() => {
        const key = keyOf(name);
        return registry.update(SECRET_DEFINITION, key, undefined, secret, context('update', name));
      });
    },
    async remove(id, uid) {
      const name = bootstrapSecretName(id);
      const options = { preconditions: { uid } };
      await unlessFaster(() =>
        registry.delete(SECRET_DEFINITION, keyOf(name), options, context('delete', name)),
      );
    },
  };
}

const keyOf = (name: string): ObjectKey => ({ namespace: BOOTSTRAP_SECRET_NAMESPACE, name });

const context = (verb: string, name: string): WriteContext => ({
  attributes: {
    kind: 'resource',
    user: SERVER_USER,
    verb,
    group: SECRETS.group,
    version: SECRETS.version,
    resource: SECRETS.resource,
    subresource: '',
    namespace: BOOTSTRAP_SECRET_NAMESPACE,
    name,
  },
});
