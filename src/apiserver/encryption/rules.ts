/** From an `EncryptionConfiguration` to how each key's value is encrypted (apiserver, pkg/server/options/encryptionconfig/config.go). */
import { type Issue, quotable } from '../../errors.ts';
import {
  createTransformer,
  type EncryptionKey,
  type EncryptionRules,
  IDENTITY,
  type Provider,
  type Transformer,
} from '../../storage/index.ts';
import { DEFINITIONS } from '../resources/index.ts';
import {
  type EncryptionConfiguration,
  type KeysConfiguration,
  type ProviderConfiguration,
  readEncryptionConfiguration,
  refuse,
} from './configuration.ts';
import {
  ANY,
  formatGroupResource,
  type GroupResource,
  parseGroupResource,
} from './group-resource.ts';
import { decodeSecret, validateEncryptionConfiguration } from './validate.ts';

/**
 * @param where the file, for messages
 * @throws KubepkiError `MALFORMED_DOCUMENT`, `INVALID_VALUE` with each place; nothing of the keys is in it
 */
export async function encryptionRules(text: string, where: string): Promise<EncryptionRules> {
  const configuration = readEncryptionConfiguration(text, where);
  refuse(where, validateEncryptionConfiguration(configuration));
  return rulesOf(await transformersOf(configuration, where));
}

/** By resource, as a configuration names it. */
type Transformers = ReadonlyMap<string, Transformer>;

async function transformersOf(
  { resources }: EncryptionConfiguration,
  where: string,
): Promise<Transformers> {
  const providers = new Map<string, readonly Provider[]>();
  const issues: Issue[] = [];
  for (const [index, one] of resources.entries()) {
    const own = one.providers.map(providerOf);
    for (const [at, name] of one.resources.entries()) {
      const resource = parseGroupResource(name);
      const mask = [{ group: resource.group, resource: '*' }, ANY]
        .map(formatGroupResource)
        .find((earlier) => providers.has(earlier));
      if (mask !== undefined) {
        const message = `resource "${quotable(name)}" is masked by earlier rule "${mask}"`;
        issues.push({ path: `resources[${index}].resources[${at}]`, message });
        continue;
      }
      const known = formatGroupResource(resource);
      providers.set(known, [...(providers.get(known) ?? []), ...own]);
    }
  }
  refuse(where, issues);
  const made = new Map<string, Transformer>();
  for (const [name, list] of providers) made.set(name, await createTransformer(list));
  return made;
}

function providerOf({ aesgcm, aescbc, secretbox }: ProviderConfiguration): Provider {
  if (aesgcm !== undefined) return { type: 'aesgcm', keys: keysOf(aesgcm) };
  if (aescbc !== undefined) return { type: 'aescbc', keys: keysOf(aescbc) };
  if (secretbox !== undefined) return { type: 'secretbox', keys: keysOf(secretbox) };
  return { type: 'identity' };
}

const keysOf = ({ keys }: KeysConfiguration): EncryptionKey[] =>
  keys.map(({ name, secret }) => ({ name, secret: decodeSecret(secret) ?? new Uint8Array(0) }));

/** Where all that is stored lies. */
const ROOT = '/registry/';

/** The prefixes of all that this server reads. */
export const storedPrefixes = (): string[] =>
  [...storedResources().keys()].map((path) => `${ROOT}${path}/`);

function rulesOf(transformers: Transformers): EncryptionRules {
  const byPath = new Map<string, Transformer>();
  for (const [path, resource] of storedResources()) {
    byPath.set(path, transformerOf(transformers, resource));
  }
  const others = transformers.get(formatGroupResource(ANY)) ?? IDENTITY;
  return (key) => {
    if (!key.startsWith(ROOT)) return IDENTITY;
    const first = key.indexOf('/', ROOT.length);
    const one = byPath.get(key.slice(ROOT.length, first));
    if (one !== undefined) return one;
    return byPath.get(key.slice(ROOT.length, key.indexOf('/', first + 1))) ?? others;
  };
}

/** The resource by its own name, then its group, then all. */
function transformerOf(transformers: Transformers, resource: GroupResource): Transformer {
  return (
    [resource, { ...resource, resource: '*' }, ANY]
      .map((name) => transformers.get(formatGroupResource(name)))
      .find((transformer) => transformer !== undefined) ?? IDENTITY
  );
}

/** The resources by where they lie below the root. Events lie in one place, as those of the core group, for both of theirs. */
function storedResources(): Map<string, GroupResource> {
  const stored = new Map<string, GroupResource>();
  for (const { path, type } of DEFINITIONS) {
    if (path === undefined) continue;
    const group = path === 'events' ? '' : type.group;
    stored.set(path, { group, resource: type.resource });
  }
  return stored;
}
