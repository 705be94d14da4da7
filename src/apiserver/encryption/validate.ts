/** What an `EncryptionConfiguration` must hold (apiserver, pkg/apis/apiserver/validation/validation_encryption.go). */
import { addAll } from '../../add-all.ts';
import type { Issue } from '../../errors.ts';
import type {
  EncryptionConfiguration,
  KeyConfiguration,
  ProviderConfiguration,
} from './configuration.ts';
import { ANY, formatGroupResource, parseGroupResource } from './group-resource.ts';

const AES_SIZES = [16, 24, 32];
const SECRETBOX_SIZES = [32];

/** Stored, and no resources of the API. */
const NOT_REST = ['apiserveripinfo', 'serviceipallocations', 'servicenodeportallocations'];

export function validateEncryptionConfiguration({ resources }: EncryptionConfiguration): Issue[] {
  if (resources.length === 0) {
    return [{ path: 'resources', message: 'at least one resources is required' }];
  }
  return resources.flatMap((one, index) => {
    const path = `resources[${index}]`;
    return [
      ...validateResources(one.resources, `${path}.resources`),
      ...validateProviders(one.providers, `${path}.providers`),
    ];
  });
}

function validateResources(resources: readonly string[], path: string): Issue[] {
  if (resources.length === 0) {
    return [{ path, message: `at least one ${path} is required` }];
  }
  const issues: Issue[] = [];
  const different = new Set(resources.map((name) => formatGroupResource(parseGroupResource(name))));
  if (different.size < resources.length) {
    issues.push({ path, message: 'the same resource cannot be specified multiple times' });
  }
  if (isOverlapping(different)) {
    issues.push({
      path,
      message:
        "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked",
    });
  }
  for (const [index, resource] of resources.entries()) {
    const wrong = wrongName(resource);
    if (wrong === undefined) continue;
    // What does not look like a resource may be a key that has slipped in.
    const value = /^[a-z.*-]{1,63}$/.test(resource) ? `Invalid value: "${resource}": ` : '';
    issues.push({ path: `${path}[${index}]`, message: `${value}${wrong}` });
  }
  return issues;
}

/** One of them means others, too. */
function isOverlapping(names: ReadonlySet<string>): boolean {
  if (names.size < 2) return false;
  if (names.has(formatGroupResource(ANY))) return true;
  const all = [...names].map(parseGroupResource);
  const whole = new Set(all.flatMap((one) => (one.resource === '*' ? one.group : [])));
  return all.some(({ group, resource }) => resource !== '*' && whole.has(group));
}

function wrongName(name: string): string | undefined {
  if (name.toLowerCase() !== name) return 'resource name should not contain capital letters';
  if (name === '*') {
    return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources";
  }
  if (NOT_REST.includes(name)) return 'resources which do not have REST API/s cannot be encrypted';
  const { group, resource } = parseGroupResource(name);
  if (group === 'events.k8s.io') {
    return "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file";
  }
  if (group === 'extensions') {
    return "'extensions' group has been removed and cannot be used for encryption";
  }
  if (group === '*' && resource !== '*') {
    return 'encrypting the same resource across groups is not supported';
  }
  return undefined;
}

function validateProviders(providers: readonly ProviderConfiguration[], path: string): Issue[] {
  if (providers.length === 0) return [{ path, message: `at least one ${path} is required` }];
  return providers.flatMap((provider, index) => validateProvider(provider, `${path}[${index}]`));
}

function validateProvider(provider: ProviderConfiguration, path: string): Issue[] {
  const given = Object.keys(provider);
  if (given.length === 0) {
    const known = 'KMS, AESGCM, AESCBC, Secretbox, Identity';
    return [{ path, message: `provider does not contain any of the expected providers: ${known}` }];
  }
  const issues: Issue[] = [];
  if (given.length > 1) {
    issues.push({
      path,
      message:
        'more than one provider specified in a single element, should split into different list elements',
    });
  }
  const { aesgcm, aescbc, secretbox, kms } = provider;
  if (kms === true) {
    issues.push({
      path: `${path}.kms`,
      message: 'needs a KMS plugin, over gRPC, which kubepki does not speak: neither v1 nor v2',
    });
  }
  if (aesgcm !== undefined) {
    addAll(issues, validateKeys(aesgcm.keys, `${path}.aesgcm.keys`, AES_SIZES));
  }
  if (aescbc !== undefined) {
    addAll(issues, validateKeys(aescbc.keys, `${path}.aescbc.keys`, AES_SIZES));
  }
  if (secretbox !== undefined) {
    addAll(issues, validateKeys(secretbox.keys, `${path}.secretbox.keys`, SECRETBOX_SIZES));
  }
  return issues;
}

function validateKeys(
  keys: readonly KeyConfiguration[],
  path: string,
  sizes: readonly number[],
): Issue[] {
  if (keys.length === 0) return [{ path, message: 'at least one keys is required' }];
  return keys.flatMap((key, index) => validateKey(key, `${path}[${index}]`, sizes));
}

function validateKey(
  { name, secret }: KeyConfiguration,
  path: string,
  sizes: readonly number[],
): Issue[] {
  const issues: Issue[] = [];
  if (name === '') {
    issues.push({ path: `${path}.name`, message: 'name is a mandatory field for a key' });
  }
  const wrong = wrongSecret(secret, sizes);
  if (wrong !== undefined) issues.push({ path: `${path}.secret`, message: wrong });
  return issues;
}

function wrongSecret(secret: string, sizes: readonly number[]): string | undefined {
  if (secret === '') return 'secret is a mandatory field for a key';
  const bytes = decodeSecret(secret);
  if (bytes === undefined) return 'secrets must be base64 encoded';
  if (sizes.includes(bytes.length)) return undefined;
  return `secret is not of the expected length, got ${bytes.length}, expected one of [${sizes.join(' ')}]`;
}

/** Base64 with padding, as Go's `StdEncoding` reads it: line breaks do not count. Undefined for anything else. */
export function decodeSecret(secret: string): Uint8Array | undefined {
  const text = secret.replace(/[\r\n]/g, '');
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)
    ? Buffer.from(text, 'base64')
    : undefined;
}
