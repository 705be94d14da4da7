/** What a certificate may take the place of, with `--force` too: another certificate of a leaf, and nothing that signs. */
import { type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CertificateEntry, type Entry, identify, lookAtFile } from '../../collect/index.ts';
import { KubepkiError } from '../../errors.ts';

/**
 * Refuses to write over a file that the run itself works with, whatever its name or the link to it.
 *
 * @throws KubepkiError `CONFLICT`
 */
export function requireOther(target: string, inUse: Iterable<string>): void {
  const stats = statsOf(target);
  for (const path of inUse) {
    if (resolve(path) !== resolve(target) && !isSame(stats, statsOf(path))) continue;
    const what = resolve(path) === resolve(target) ? '' : ` is ${path},`;
    throw new KubepkiError(
      'CONFLICT',
      `${target}:${what} what this run works with, and not overwritten`,
      { hint: 'give another place with --out or --out-dir' },
    );
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

const isSame = (a: Stats | undefined, b: Stats | undefined): boolean =>
  a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;

/**
 * Refuses to replace anything but the certificate of a leaf, behind which those of CAs may stand.
 *
 * @throws KubepkiError `CONFLICT`
 */
export function requireReplaceable(target: string): void {
  const file = lookAtFile(target);
  if (file.state === 'missing') return;
  const reason = file.state === 'unreadable' ? file.reason : otherwise(file.bytes);
  if (reason === undefined) return;
  throw new KubepkiError('CONFLICT', `${target}: ${reason}, and not replaced`, {
    hint: '--force replaces certificates only: move it away, or give another place with --out or --out-dir',
  });
}

const isCa = ({ certificate }: CertificateEntry): boolean =>
  certificate.basicConstraints?.ca === true ||
  // A root of version 1 says nothing of itself.
  Buffer.compare(certificate.subjectDer, certificate.issuerDer) === 0;

/** What else it is than a leaf's certificate. */
function otherwise(bytes: Buffer): string | undefined {
  const content = identify(bytes);
  const entries: readonly Entry[] = 'entries' in content ? content.entries : [];
  const [first, ...behind] = entries.map((entry) =>
    entry.kind !== 'certificate' ? 'other' : isCa(entry) ? 'ca' : 'leaf',
  );
  if (first === 'ca') return 'the certificate of a CA';
  return first === 'leaf' && behind.every((kind) => kind === 'ca')
    ? undefined
    : 'not the certificate of a leaf alone';
}
