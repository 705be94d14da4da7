/** A storage that encrypts does what every storage does, whatever it encrypts with. */
import {
  createMemoryStorage,
  createTransformer,
  EncryptedStorage,
  type Provider,
} from '../../../src/storage/index.ts';
import { conformance } from '../conformance.ts';
import { TestTime } from '../time.ts';

const key = (bytes: number): Pick<Extract<Provider, { keys: unknown }>, 'keys'> => ({
  keys: [{ name: 'key1', secret: new Uint8Array(bytes).fill(7) }],
});

const PROVIDERS: readonly Provider[] = [
  { type: 'identity' },
  { type: 'aesgcm', ...key(32) },
  { type: 'aescbc', ...key(16) },
  { type: 'secretbox', ...key(32) },
];

for (const provider of PROVIDERS) {
  conformance(`memory, encrypted by ${provider.type}`, async () => {
    const time = new TestTime();
    const transformer = await createTransformer([provider]);
    const storage = new EncryptedStorage(
      createMemoryStorage(time),
      () => transformer,
      () => undefined,
    );
    return { storage, pass: (seconds) => time.pass(seconds) };
  });
}
