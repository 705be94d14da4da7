/**
 * Names that credentials had whose certificates are lost: by a key, a request or a tool's copy that
 * is still there. What is made again gets the same name.
 */
import { posix } from 'node:path';
import type { CredentialId } from '../../cluster/index.ts';
import { commonName } from '../../x509/index.ts';
import { credentialOf } from './file-names.ts';
import { type Holdings, isArchived, placeOf } from './holdings.ts';
import { identityOf, type Telling } from './identity.ts';
import type { Inventory } from './inventory.ts';
import { isArchive, isPutAway, stemOf } from './names.ts';

/** A credential whose certificate is not at its place. */
export interface Awaiting {
  /** Its file's name, without endings. */
  readonly name: string;
  /** Its key's file, where that is here. */
  readonly key?: string;
  /** A copy of its certificate in a tool's archive. */
  readonly copy?: string;
}

/** The surest sign of each: a tool's copy, then a request, then the name of a key. */
export function findAwaiting(
  inventory: Inventory,
  { held, looseKeys }: Holdings,
): Map<CredentialId, Awaiting> {
  const found = new Map<CredentialId, Awaiting>();
  const add = (id: CredentialId | undefined, awaiting: Awaiting): void => {
    if (id !== undefined && !PER_HOST.has(id) && !found.has(id)) found.set(id, awaiting);
  };
  const usable = looseKeys.filter(({ path }) => !isArchive(path));
  const keys = new Map(
    usable.flatMap(({ path, open }) => (open === undefined ? [] : [[text(open.spki), path]])),
  );
  const issued = new Set(
    held.filter((one) => !isArchived(one)).map(({ certificate }) => text(certificate.spki)),
  );
  const requests = new Map(
    inventory.requests
      .filter(({ path, request: { spki } }) => !isArchive(path) && !issued.has(text(spki)))
      .map((file) => [text(file.request.spki), file] as const),
  );
  for (const one of held) {
    const copy = placeOf(one);
    if (!isArchived(one) || isPutAway(copy)) continue;
    const { certificate, isAuthority } = one;
    const spki = text(certificate.spki);
    const key = keys.get(spki);
    const name = nameOf(key ?? requests.get(spki)?.path, certificate);
    if (!isAuthority && name !== undefined)
      add(identify(certificate, name), { name, ...optional(key), copy });
  }
  for (const [spki, { path, request }] of requests) {
    const name = stemOf(path);
    add(identify(request, path) ?? credentialOf(path), { name, ...optional(keys.get(spki)) });
  }
  for (const { path } of usable) add(credentialOf(path), { name: stemOf(path), key: path });
  return found;
}

/** Keys that were made for a certificate: one that was asked for, or of which only a tool's copy is here. */
export function keysWaiting({ requests }: Inventory, { held, looseKeys }: Holdings): Set<string> {
  const asked = new Set([
    ...requests.map(({ request }) => text(request.spki)),
    ...held.filter(isArchived).map(({ certificate }) => text(certificate.spki)),
  ]);
  return new Set(
    looseKeys.flatMap(({ path, open }) =>
      open !== undefined && asked.has(text(open.spki)) ? [path] : [],
    ),
  );
}

/** Each node has its own: what one has lost says its pattern. */
const PER_HOST: ReadonlySet<CredentialId> = new Set(['kubelet-client', 'kubelet-server']);

const text = (spki: Uint8Array): string => Buffer.from(spki).toString('base64');

const optional = (key: string | undefined): { key?: string } => (key === undefined ? {} : { key });

const identify = (telling: Telling, path: string): CredentialId | undefined =>
  identityOf(telling, path)?.id;

/** easy-rsa calls files by their common name, unless it was told another name in the request's file. */
function nameOf(path: string | undefined, { subject }: Telling): string | undefined {
  if (path !== undefined) return stemOf(path);
  const name = commonName(subject) ?? '';
  return /^[A-Za-z0-9][A-Za-z0-9._:-]*$/.test(name) ? posix.basename(name) : undefined;
}
