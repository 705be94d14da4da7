/** Keeps ConfigMap kube-system/extension-apiserver-authentication as it should be, as kube-apiserver does. */
import { CONFIG_MAPS, type ConfigMap, refusedFor } from '../kubernetes/index.ts';
import { type PublishedParts, publishedData } from './authentication/index.ts';
import { sameJson } from './authorization/index.ts';
import type { Registry, WriteContext } from './registry/index.ts';
import { SERVER_USER } from './seed-roles.ts';

const KEY = { namespace: 'kube-system', name: 'extension-apiserver-authentication' } as const;

/** @param parts as they are when it is called */
export async function publishAuthentication(
  registry: Registry,
  parts: () => PublishedParts,
  now: Date,
): Promise<void> {
  const existing = await registry.reader.get(CONFIG_MAPS, KEY);
  const data = publishedData(existing?.data, parts(), now);
  if (sameJson(existing?.data, data)) return;
  const { group, version, resource } = CONFIG_MAPS;
  const definition = registry.definition(group, version, resource);
  if (definition === undefined) return;
  try {
    if (existing === undefined) {
      const object: ConfigMap = { metadata: KEY, data };
      await registry.create(definition, KEY.namespace, object, context('create'));
    } else {
      const object: ConfigMap = { ...existing, data };
      await registry.update(definition, KEY, undefined, object, context('update'));
    }
  } catch (error) {
    // Another server has been here: the next look shows what it has left to do.
    if (!refusedFor(error, 'AlreadyExists', 'Conflict')) throw error;
  }
}

const context = (verb: string): WriteContext => ({
  attributes: {
    kind: 'resource',
    user: SERVER_USER,
    verb,
    group: '',
    version: 'v1',
    resource: 'configmaps',
    subresource: '',
    ...KEY,
  },
});
