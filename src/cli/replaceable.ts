/** What `--force` replaces in no case: keys, certificates and kubeconfigs, which nobody could make again. */
import { entriesOf, identify, lookAtFile } from '../collect/index.ts';
import { KubepkiError } from '../errors.ts';

/** An archive of a host's files is larger than each of them. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Refuses to replace credentials by something else.
 *
 * @param path a file that may be missing
 * @param isOwn whether what lies there is of the kind that is to be written
 * @throws KubepkiError `CONFLICT`
 */
export function requireNoCredential(path: string, isOwn: (bytes: Buffer) => boolean): void {
  const file = lookAtFile(path, MAX_BYTES);
  if (file.state === 'missing') return;
  const held = file.state === 'unreadable' ? file.reason : heldIn(file.bytes, isOwn);
  if (held === undefined) return;
  throw new KubepkiError('CONFLICT', `${path}: ${held}, and is not replaced`, {
    hint: 'not with --force either: move it away, or give another name with -o',
  });
}

function heldIn(bytes: Buffer, isOwn: (bytes: Buffer) => boolean): string | undefined {
  if (isOwn(bytes)) return undefined;
  const material = identify(bytes);
  if (material.format === 'kubeconfig') return 'holds a kubeconfig';
  if (material.format === 'pkcs12') return 'holds a PKCS#12 archive';
  const kinds = new Set(entriesOf(material).map(({ kind }) => kind));
  if (kinds.has('privateKey') || kinds.has('lockedKey')) return 'holds a private key';
  if (kinds.has('certificate')) return 'holds a certificate';
  return kinds.size > 0 ? 'holds certificate material' : undefined;
}
