/** The PKI of `kubepki up`: made by `apply`, and what is to be said of it. */
import { join } from 'node:path';
import type { Cluster } from '../../cluster/index.ts';
import { lookAtFile } from '../../collect/index.ts';
import { KubepkiError, shellWord } from '../../errors.ts';
import { apply, type Report, type Step } from '../../pki/index.ts';
import { readCertificates } from '../../x509/index.ts';

export interface PkiState {
  /** How many credentials were made, and how many there are. */
  readonly made: number;
  readonly total: number;
  /** Which of those that were there ends first. */
  readonly first?: { readonly path: string; readonly notAfter: Date };
  /** What differs without harm, or will be wrong soon. */
  readonly notes: readonly { readonly path: string; readonly note: string }[];
}

/**
 * Makes what is missing.
 *
 * @throws KubepkiError CONFLICT with every file that is not what the cluster file wants, and what to do
 */
export async function makePki(directory: string, cluster: Cluster, now: Date): Promise<PkiState> {
  const pki = join(directory, 'pki');
  const { steps, counts } = await applied(pki, { cluster, now });
  const refused = steps.filter(({ action }) => action === 'refuse');
  if (refused.length > 0) throw refusal(directory, refused, now);
  const unsigned = steps.filter(({ action }) => action === 'request' || action === 'wait');
  if (unsigned.length > 0) throw withoutKey(pki, unsigned);
  const kept = steps.filter(({ action }) => action === 'keep');
  const first = firstToEnd(kept);
  return {
    made: counts.create + counts.take,
    total: steps.length,
    ...(first === undefined ? {} : { first }),
    notes: steps.flatMap(({ path, notes }) => notes.map((note) => ({ path, note }))),
  };
}

async function applied(
  pki: string,
  { cluster, now }: { readonly cluster: Cluster; readonly now: Date },
): Promise<Report> {
  try {
    return await apply({ cluster, place: { kind: 'directory', directory: pki }, now });
  } catch (error) {
    if (!(error instanceof KubepkiError) || error.code !== 'CONFLICT') throw error;
    // Its hint is for the flags of apply.
    const { code, message, issues } = error;
    const hint = `put right what it names, or start anew with another --data-dir; ${look(join(pki, '..'))}`;
    throw new KubepkiError(code, message, { issues, hint, cause: error });
  }
}

const look = (directory: string): string =>
  `kubepki plan -f ${shellWord(join(directory, 'cluster.yaml'))} -d ${shellWord(join(directory, 'pki'))} says more`;

/** What is refused only because of another. */
const FOLLOWS = /, see there$/;
/** Why, in the words of apply: the clock comes first, for with a wrong one nothing else can be told. */
const CLOCK = /not valid before/;
const EXPIRED = /\bexpired\b/;
const PERMISSION = /permission denied|read-only/;

function refusal(directory: string, refused: readonly Step[], now: Date): KubepkiError {
  const roots = refused.filter(({ reason = '' }) => !FOLLOWS.test(reason));
  const shown = roots.length > 0 ? roots : refused;
  const follow = refused.length - shown.length;
  const count = shown.length === 1 ? '1 file is' : `${shown.length} files are`;
  const also =
    follow === 0 ? '' : `, and ${follow} more ${follow === 1 ? 'hangs' : 'hang'} on that`;
  return new KubepkiError('CONFLICT', `${directory}/pki: ${count} not what is wanted${also}`, {
    issues: shown.map(({ path, reason = '' }) => ({ path, message: reason })),
    hint: adviceOn(directory, shown, now),
  });
}

/** A CA whose key is elsewhere: apply has made requests, but there is nobody whom up could ask. */
const withoutKey = (pki: string, steps: readonly Step[]): KubepkiError =>
  new KubepkiError(
    'CONFLICT',
    `${pki}: ${steps.length === 1 ? '1 credential lacks' : `${steps.length} credentials lack`} a signature, for the key of the CA is not there`,
    {
      issues: steps.map(({ path, reason = '' }) => ({ path, message: reason })),
      hint: `put the keys back into ${shellWord(join(pki, 'authorities'))} and run this again`,
    },
  );

function adviceOn(directory: string, refused: readonly Step[], now: Date): string {
  const some = (pattern: RegExp): boolean =>
    refused.some(({ reason = '' }) => pattern.test(reason));
  if (some(CLOCK)) {
    return `set this machine's clock right (it says ${now.toISOString()}) and run this again; nothing has to be made anew`;
  }
  if (some(PERMISSION))
    return 'run as the user that the files belong to; nothing has to be made anew';
  const more = `${look(directory)}, and docs/operations/first-cluster.md what to do`;
  if (refused.some(({ place }) => place === 'authorities')) {
    return some(EXPIRED)
      ? `is this machine's clock right (it says ${now.toISOString()})? If it is: what a CA has signed ends with it; ${more}`
      : more;
  }
  // Whatever the CA has signed for up, it can sign again.
  const anew = 'move these files away, certificate and key, and run this again: new ones are made';
  return some(EXPIRED)
    ? `is this machine's clock right (it says ${now.toISOString()})? If it is, ${anew}`
    : `${anew}; ${look(directory)}`;
}

function firstToEnd(steps: readonly Step[]): PkiState['first'] {
  let first: PkiState['first'];
  for (const { path } of steps) {
    const notAfter = endOf(path);
    if (notAfter !== undefined && (first === undefined || notAfter < first.notAfter)) {
      first = { path, notAfter };
    }
  }
  return first;
}

/** When the certificate in a file ends, or the client's in a kubeconfig; undefined where there is none. */
function endOf(path: string): Date | undefined {
  const file = lookAtFile(path);
  if (file.state !== 'there') return undefined;
  const text = file.bytes.toString('latin1');
  const embedded = /client-certificate-data: (\S+)/.exec(text)?.[1];
  const pem = embedded === undefined ? text : Buffer.from(embedded, 'base64').toString('latin1');
  if (!pem.includes('BEGIN CERTIFICATE')) return undefined;
  try {
    return readCertificates(pem)[0].notAfter;
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return undefined;
  }
}
