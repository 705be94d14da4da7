/**
 * The administrator's kubeconfig where people look for it: a copy of the one in `pki/`, made once. From
 * then on it is theirs (a namespace, another cluster beside), as long as it leads to the server.
 */
import { renameSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileSystemError, lookAtFile } from '../../collect/index.ts';
import { KubepkiError } from '../../errors.ts';
import { type Kubeconfig, parseKubeconfig } from '../../kubernetes/index.ts';
import { DISK, writeAtomically } from '../../node/index.ts';
import { decodePrivateKey, fingerprintHex, keysMatch, readCertificates } from '../../x509/index.ts';

export type AdminOutcome =
  | { readonly done: 'made' | 'same' }
  /** It differs, and is good. */
  | { readonly done: 'kept'; readonly note?: string }
  /** It led nowhere any more. */
  | { readonly done: 'replaced'; readonly because: string; readonly old: string };

/**
 * Puts the administrator's kubeconfig in its place, where it is missing or of no use any more; the one
 * that was of no use stays beside it.
 *
 * @param from the one that `apply` has made and checked
 * @throws KubepkiError FILE_SYSTEM
 */
export async function publishAdmin(from: string, to: string): Promise<AdminOutcome> {
  const text = read(from);
  if (text === undefined) throw new KubepkiError('NOT_FOUND', `${from}: no such file`);
  const there = read(to);
  if (there === text) return { done: 'same' };
  if (there === undefined) {
    await writeAtomically(DISK, to, text);
    return { done: 'made' };
  }
  const verdict = judge(there, to, parseKubeconfig(text, from), from);
  if (!('because' in verdict)) return { done: 'kept', ...verdict };
  const old = `${to}.old`;
  try {
    renameSync(to, old);
  } catch (error) {
    throw fileSystemError(error, old);
  }
  await writeAtomically(DISK, to, text);
  return { done: 'replaced', old, ...verdict };
}

function read(path: string): string | undefined {
  const file = lookAtFile(path);
  if (file.state === 'there') return file.bytes.toString('utf8');
  if (file.state === 'missing') return undefined;
  throw new KubepkiError('FILE_SYSTEM', `${path}: ${file.reason}`, {
    hint: 'make it readable, or move it away and run this again',
  });
}

/** Whether a kubeconfig still leads to the server as the administrator that `pki/` has. */
function judge(
  text: string,
  path: string,
  wanted: Kubeconfig,
  from: string,
): { readonly because: string } | { readonly note?: string } {
  let config: Kubeconfig;
  try {
    config = parseKubeconfig(text, path);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return { because: error.message };
  }
  const good = partsOf(wanted, wanted.currentContext, from);
  const problem = (context: string) => differs(partsOf(config, context, path), good);
  const current = problem(config.currentContext);
  if (current === undefined) return {};
  const other = [...config.contexts.keys()].find((name) => problem(name) === undefined);
  return other === undefined
    ? { because: current }
    : { note: `its current context leads elsewhere; use context ${other}` };
}

interface Parts {
  readonly server: string;
  readonly ca: string;
  readonly client: string;
}

function partsOf(config: Kubeconfig, name: string, path: string): Parts | undefined {
  const context = config.contexts.get(name);
  const cluster = config.clusters.get(context?.cluster ?? '');
  const user = config.users.get(context?.user ?? '');
  if (cluster === undefined || user === undefined) return undefined;
  const bytes = (data: Uint8Array | undefined, file: string | undefined): Uint8Array => {
    if (data !== undefined) return data;
    const found = lookAtFile(resolve(dirname(path), file ?? ''));
    return found.state === 'there' ? found.bytes : Buffer.alloc(0);
  };
  try {
    const [client] = readCertificates(bytes(user.clientCertificateData, user.clientCertificate));
    const key = decodePrivateKey(bytes(user.clientKeyData, user.clientKey));
    const [ca] = readCertificates(
      bytes(cluster.certificateAuthorityData, cluster.certificateAuthority),
    );
    return {
      server: cluster.server,
      ca: fingerprintHex(ca.der),
      client: keysMatch(client, key) ? fingerprintHex(client.der) : '',
    };
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return undefined;
  }
}

function differs(found: Parts | undefined, wanted: Parts | undefined): string | undefined {
  if (found === undefined || wanted === undefined) return 'no credentials in it that can be read';
  if (!isSameServer(found.server, wanted.server)) return `it leads to ${found.server}`;
  if (found.ca !== wanted.ca) return 'it trusts another CA';
  return found.client === wanted.client ? undefined : 'its client certificate is another';
}

/** The server's certificate is for `localhost`, too. */
const isSameServer = (found: string, wanted: string): boolean =>
  found.replace(/^https:\/\/localhost(?=:|$)/, 'https://127.0.0.1').replace(/\/$/, '') === wanted;
