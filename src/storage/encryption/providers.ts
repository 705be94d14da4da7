/**
 * Providers in their order: values are written with the first key of the first one, and read with whichever
 * has written them (apiserver, pkg/storage/value/transformer.go, NewPrefixTransformers).
 */
import { aesCbc, aesGcm } from './aes.ts';
import { isEncrypted, startsWith } from './identity.ts';
import { loadSecretbox } from './secretbox.ts';
import { type Cipher, TransformError, type Transformed, type Transformer } from './transformer.ts';

export interface EncryptionKey {
  readonly name: string;
  readonly secret: Uint8Array;
}

export type Provider =
  | { readonly type: 'identity' }
  | {
      readonly type: 'aesgcm' | 'aescbc' | 'secretbox';
      /** At least one. */
      readonly keys: readonly EncryptionKey[];
    };

type CipherType = Exclude<Provider['type'], 'identity'>;

/** A provider with one of its keys; `identity` has neither cipher nor prefix. */
type Step =
  | { readonly cipher?: never }
  | {
      readonly cipher: Cipher;
      readonly type: CipherType;
      /** `k8s:enc:aescbc:v1:` */
      readonly provider: Uint8Array;
      /** `k8s:enc:aescbc:v1:key1:` */
      readonly prefix: Uint8Array;
    };

/**
 * @param providers at least one, with keys of the right length
 * @throws RangeError for a key of another length
 */
export async function createTransformer(providers: readonly Provider[]): Promise<Transformer> {
  const steps: Step[] = [];
  for (const provider of providers) {
    if (provider.type === 'identity') {
      steps.push({});
      continue;
    }
    const { type, keys } = provider;
    const cipher = await cipherOf(type);
    const start = `k8s:enc:${type}:v1:`;
    for (const { name, secret } of keys) {
      steps.push({
        cipher: cipher(secret),
        type,
        provider: Buffer.from(start),
        prefix: Buffer.from(`${start}${name}:`),
      });
    }
  }
  const [first] = steps;
  if (first === undefined) throw new RangeError('providers: expected at least one');
  return {
    fromStorage: (stored, key) => read(steps, stored, key),
    toStorage: (value, key) => first.cipher?.seal(first.prefix, value, key) ?? value,
  };
}

function read(steps: readonly Step[], stored: Uint8Array, key: string): Transformed {
  let failure: TransformError | undefined;
  let keyless: CipherType | undefined;
  for (const [index, step] of steps.entries()) {
    if (step.cipher === undefined) {
      if (!isEncrypted(stored)) return { value: stored, stale: index > 0 };
      continue;
    }
    if (!startsWith(stored, step.provider)) continue;
    if (!startsWith(stored, step.prefix)) {
      keyless ??= step.type;
      continue;
    }
    try {
      return {
        value: step.cipher.open(stored.subarray(step.prefix.length), key),
        stale: index > 0,
      };
    } catch (error) {
      // Another key may have the same name: upstream tries it, too.
      if (!(error instanceof TransformError)) throw error;
      failure ??= error;
    }
  }
  throw failure ?? new TransformError(keyless === undefined ? NO_PROVIDER : noKey(keyless));
}

const NO_PROVIDER = 'no matching prefix found';

const noKey = (type: CipherType): string =>
  `no matching key was found for the provided ${type === 'secretbox' ? 'Secretbox' : 'AES'} transformer`;

async function cipherOf(type: CipherType): Promise<(secret: Uint8Array) => Cipher> {
  if (type === 'secretbox') return await loadSecretbox();
  return type === 'aesgcm' ? aesGcm : aesCbc;
}
