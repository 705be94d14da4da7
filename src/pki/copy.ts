/** The copies of authorities' files on a host: what it trusts, and the keys that it needs. Examined before what hangs on them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CopyItem, CredentialId } from '../cluster/index.ts';
import { lookAtFile } from '../collect/index.ts';
import { decodePrivateKey, decodePublicKeys, encodePrivateKey, keysMatch } from '../x509/index.ts';
import type { Authority } from './authorities.ts';
import type { HostContext, PlannedStep } from './context.ts';
import {
  attempt,
  modeNotes,
  readCertificateFile,
  readPublicKeyFile,
  strangerNotes,
  writableNotes,
} from './examine.ts';
import { create, keep, refuse, type Subject } from './step.ts';
import type { NewFile } from './write.ts';

export interface Copies {
  readonly planned: readonly PlannedStep[];
  /** The files, by what they stand for, with which nothing of ours would verify on this host. */
  readonly foreign: ReadonlyMap<CredentialId, string>;
}

export function examineCopies(
  context: HostContext,
  place: string,
  root: string,
  items: readonly CopyItem[],
): Copies {
  // kube-controller-manager signs with the cluster CA's file where it gets the key as well.
  const signs = items.some(
    (item) => item.standsFor === 'ca' && item.part === 'key' && holdsKey(context, root, item),
  );
  const examined = items.flatMap((item) => {
    const found = examineCopy(context, place, root, item, signs && item.standsFor === 'ca');
    return found === undefined ? [] : [{ item, ...found }];
  });
  const strange = examined.filter(({ isForeign }) => isForeign);
  const planned = examined.map(({ item, step, make }): PlannedStep => {
    // Key and certificate of two authorities in one place would be worse than one of them missing.
    const other = strange.find((one) => one.item.standsFor === item.standsFor);
    if (make === undefined) return { step };
    if (other === undefined) return { step, make };
    const reason = `${other.item.path} on this host is not the one of ${item.credential}, see there`;
    return { step: refuse(step, reason) };
  });
  const trust = strange.filter(({ item }) => item.part === 'certificate');
  return { planned, foreign: new Map(trust.map(({ item }) => [item.standsFor, item.path])) };
}

/** Whether the host has the key, or gets it: not where it is elsewhere. */
const holdsKey = ({ authorities }: HostContext, root: string, item: CopyItem): boolean =>
  !isWithoutKey(authorities.get(item.credential)) || existsSync(join(root, item.path));

const isWithoutKey = (authority: Authority | undefined): boolean =>
  authority?.certificate !== undefined && authority.key === undefined;

type ExaminedCopy = PlannedStep & { readonly isForeign?: boolean };

function examineCopy(
  context: HostContext,
  place: string,
  root: string,
  item: CopyItem,
  signs: boolean,
): ExaminedCopy | undefined {
  const path = join(root, item.path);
  const subject = { credential: item.credential, place, path };
  const authority = context.authority(item.credential);
  if (authority === undefined || authority.state === 'refused') {
    return { step: refuse(subject, `${item.credential} cannot be used, see there`) };
  }
  const elsewhere = context.leadsElsewhere(path, root);
  if (elsewhere !== undefined) return { step: refuse(subject, elsewhere) };
  const file = lookAtFile(path);
  if (file.state === 'unreadable') return { step: refuse(subject, file.reason) };
  if (file.state === 'missing') return planCopy(subject, item, authority);
  const judged = judgeCopy(authority, item, file.bytes, signs);
  if ('reason' in judged) {
    return { step: refuse(subject, judged.reason), isForeign: judged.isForeign };
  }
  const modes = item.part === 'key' ? modeNotes(file, 'the key') : writableNotes(file);
  return { step: keep(subject, [...modes, ...judged.notes]) };
}

/** Undefined of the key of a CA whose key is elsewhere: then the host does without, as kubeadm's do. */
function planCopy(subject: Subject, item: CopyItem, authority: Authority): PlannedStep | undefined {
  const secret = item.part === 'key';
  if (secret && isWithoutKey(authority)) return undefined;
  const there = authority.state === 'there';
  if (there && (secret ? authority.key : authority.publicText) === undefined) {
    const what = secret ? 'key' : 'public part';
    return { step: refuse(subject, `the ${what} of ${item.credential} is not here to copy`) };
  }
  return {
    step: create(subject, 'not there'),
    make: async () => {
      const { key, publicText = '' } = authority;
      // Written anew, not copied as it stands: what else the authority's file holds goes to no host.
      const content = secret && key !== undefined ? encodePrivateKey(key) : publicText;
      const files: NewFile[] = [{ path: subject.path, content, mode: secret ? 0o600 : 0o644 }];
      return secret ? { first: files, second: [] } : { first: [], second: files };
    },
  };
}

type Judgement =
  | { readonly reason: string; readonly isForeign: boolean }
  | { readonly notes: readonly string[] };

const foreign = (reason: string): Judgement => ({ reason, isForeign: true });

/** A host's copy against our authority. */
function judgeCopy(authority: Authority, item: CopyItem, bytes: Buffer, signs: boolean): Judgement {
  switch (item.part) {
    case 'certificate':
      return judgeTrustFile(authority, bytes, signs);
    case 'key': {
      const read = attempt(() => decodePrivateKey(bytes));
      if ('reason' in read) return foreign(read.reason);
      return ownKeys(authority).some((own) => keysMatch(read.value, own))
        ? { notes: [] }
        : foreign(`not the key of ${item.credential} in the authorities`);
    }
    case 'publicKey': {
      const read = readPublicKeyFile(bytes);
      if ('reason' in read) return foreign(read.reason);
      const own = ownKeys(authority);
      if (!read.value.some((key) => own.some((one) => keysMatch(key, one))))
        return foreign(`not the one of ${item.credential} in the authorities`);
      const others = read.value.length - 1;
      return {
        notes:
          others === 0 ? [] : [`${others} more public keys: tokens of each of them are accepted`],
      };
    }
  }
}

/** The key that a copy has to hold; of a key pair whose key is elsewhere any of its public keys. */
function ownKeys({ certificate, key, publicText }: Authority): readonly { spki: Uint8Array }[] {
  const own = certificate ?? key;
  if (own !== undefined) return [own];
  return publicText === undefined ? [] : decodePublicKeys(publicText);
}

/** A bundle that contains our CA is kept, with a note of whom else it trusts. */
function judgeTrustFile(authority: Authority, bytes: Buffer, signs: boolean): Judgement {
  const read = readCertificateFile(bytes);
  if ('reason' in read) return foreign(read.reason);
  const own = authority.certificate;
  if (own === undefined || !read.value.some(({ der }) => Buffer.compare(der, own.der) === 0)) {
    return foreign(`not the one of ${authority.id} in the authorities`);
  }
  if (signs && read.value.length > 1) {
    // pkg/controller/certificates/signer/ca_provider.go: "expected 1 certificate, found …".
    const reason = `it holds ${read.value.length} certificates; kube-controller-manager signs with this file and takes exactly one`;
    return { reason, isForeign: false };
  }
  return { notes: strangerNotes(read.value, own) };
}
