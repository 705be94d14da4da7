/** Values as they are (apiserver, pkg/storage/value/encrypt/identity/identity.go). */
import { TransformError, type Transformer } from './transformer.ts';

/** How every encrypted value begins. JSON begins with a brace, protobuf with `k8s` and a zero. */
const ENCRYPTED = Buffer.from('k8s:enc:');

export function isEncrypted(stored: Uint8Array): boolean {
  return startsWith(stored, ENCRYPTED);
}

export function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  if (bytes.length < start.length) return false;
  for (let at = 0; at < start.length; at += 1) {
    if (bytes[at] !== start[at]) return false;
  }
  return true;
}

/** For resources that nothing is said of: never encrypted, and not to be read where they are. */
export const IDENTITY: Transformer = {
  fromStorage(stored) {
    if (isEncrypted(stored)) {
      throw new TransformError('identity transformer tried to read encrypted data');
    }
    return { value: stored, stale: false };
  },
  toStorage: (value) => value,
};
