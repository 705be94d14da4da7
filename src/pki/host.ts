/**
 * The work of one host: what is there is examined, what is missing is planned, and what is planned
 * is made. Hosts do not depend on each other, so this runs in worker threads as well.
 */
import { join } from 'node:path';
import type {
  CopyItem,
  CredentialId,
  HostItem,
  KubeconfigItem,
  LeafProfile,
  PairItem,
} from '../cluster/index.ts';
import { lookAtFile } from '../collect/index.ts';
import { formatKubeconfig, makeKubeconfig } from '../kubernetes/index.ts';
import {
  type Certificate,
  createIssuer,
  decodePrivateKey,
  decodePublicKeys,
  encodePem,
  encodePrivateKey,
  type Issuer,
  keysMatch,
  type PrivateKey,
  readCertificates,
} from '../x509/index.ts';
import type { Authorities, Authority } from './authorities.ts';
import { attempt, judgeLeaf, modeNotes, readPair, refused, type Verdict } from './examine.ts';
import { examineKubeconfig } from './kubeconfig.ts';
import { makeLeaf } from './profile.ts';
import type { Step } from './step.ts';
import type { NewFile } from './write.ts';

/** The files that a step asks for, in the two rounds in which they are written: keys, then the rest. */
export interface NewFiles {
  readonly first: readonly NewFile[];
  readonly second: readonly NewFile[];
}

export interface PlannedStep {
  readonly step: Step;
  /** Makes the files; absent where nothing is to be done. Keys are generated only here. */
  readonly make?: () => Promise<NewFiles>;
}

/** What the work on a host needs to know, besides the host. */
export class HostContext {
  readonly authorities: Authorities;
  readonly now: Date;
  readonly #issuers = new Map<CredentialId, Issuer>();

  constructor(authorities: Authorities, now: Date) {
    this.authorities = authorities;
    this.now = now;
  }

  authority(id: CredentialId): Authority | undefined {
    return this.authorities.get(id);
  }

  issuer(authority: Authority): Issuer {
    let issuer = this.#issuers.get(authority.id);
    if (issuer === undefined) {
      const { certificate, key } = authority;
      if (certificate === undefined || key === undefined)
        throw new TypeError(`expected a CA with its key, got ${authority.id}`);
      issuer = createIssuer(certificate, key);
      this.#issuers.set(authority.id, issuer);
    }
    return issuer;
  }
}

/** Examines everything that one place (a host, or the administrator's directory) has to hold. */
export function examinePlace(
  context: HostContext,
  place: string,
  root: string,
  items: readonly HostItem[],
): PlannedStep[] {
  // Where a host trusts another CA, nothing of ours would verify there: its other items are refused too.
  const foreign = new Set<CredentialId>();
  const trust = items
    .filter((item) => item.kind === 'copy')
    .map((item) => examineCopy(context, place, root, item));
  for (const { step } of trust) if (step.action === 'refuse') foreign.add(step.credential);
  const planned: PlannedStep[] = trust.map((copy) =>
    copy.make !== undefined && foreign.has(copy.step.credential)
      ? {
          step: refuse(
            copy.step,
            `another file of ${copy.step.credential} on this host is not the authorities' own`,
          ),
        }
      : copy,
  );
  for (const item of items) {
    if (item.kind === 'copy') continue;
    const step = {
      credential: item.credential,
      place,
      path: join(root, item.kind === 'pair' ? item.certificatePath : item.path),
    };
    const { issuer } = item.profile;
    planned.push(
      foreign.has(issuer)
        ? { step: refuse(step, `this host trusts another ${issuer}`) }
        : item.kind === 'pair'
          ? examinePair(context, step, root, item)
          : examineKubeconfigItem(context, step, root, item),
    );
  }
  return planned;
}

type StepBase = Pick<Step, 'credential' | 'place' | 'path'>;

const keep = (step: StepBase, notes: readonly string[]): Step => ({
  ...step,
  action: 'keep',
  notes,
});
const create = (step: StepBase, reason: string, notes: readonly string[] = []): Step => ({
  ...step,
  action: 'create',
  reason,
  notes,
});
const refuse = (step: StepBase, reason: string): Step => ({
  ...step,
  action: 'refuse',
  reason,
  notes: [],
});

/** Why a leaf cannot be issued by its CA, if it cannot. */
function issuerProblem(authority: Authority | undefined, id: CredentialId): string | undefined {
  if (authority === undefined || authority.state === 'refused')
    return `${id} cannot be used, see there`;
  if (authority.state === 'there' && authority.key === undefined)
    return `the key of ${id} is not here to issue it with`;
  return undefined;
}

function examinePair(
  context: HostContext,
  step: StepBase,
  root: string,
  item: PairItem,
): PlannedStep {
  const certificatePath = join(root, item.certificatePath);
  const keyPath = join(root, item.keyPath);
  const verdict = judgePair(context, certificatePath, keyPath, item.profile);
  if (verdict.verdict === 'kept') return { step: keep(step, verdict.notes) };
  if (verdict.verdict === 'refused') return { step: refuse(step, verdict.reason) };
  const { issuer } = item.profile;
  const authority = context.authority(issuer);
  const problem = issuerProblem(authority, issuer);
  if (problem !== undefined || authority === undefined)
    return { step: refuse(step, problem ?? '') };
  const existing = verdict.verdict === 'key-only' ? verdict.key : undefined;
  const reason = existing === undefined ? 'not there' : 'its key is there, the certificate is not';
  return {
    step: create(step, reason, verdict.verdict === 'key-only' ? verdict.notes : []),
    make: async () => {
      const { key, certificate } = await makeLeaf(
        item.profile,
        context.issuer(authority),
        context.now,
        existing,
      );
      const keyFile: NewFile[] =
        existing === undefined
          ? [{ path: keyPath, content: encodePrivateKey(key), mode: 0o600 }]
          : [];
      return {
        first: keyFile,
        second: [
          { path: certificatePath, content: encodePem('CERTIFICATE', certificate), mode: 0o644 },
        ],
      };
    },
  };
}

function judgePair(
  context: HostContext,
  certificatePath: string,
  keyPath: string,
  profile: LeafProfile,
): Verdict {
  const pair = readPair(certificatePath, keyPath);
  if ('verdict' in pair) return pair;
  if (pair.key === undefined) return refused('the certificate is there, its key is not');
  return judgeCertificate(context, pair.certificate, profile, pair.notes);
}

function judgeCertificate(
  context: HostContext,
  certificate: Certificate,
  profile: LeafProfile,
  notes: readonly string[],
): Extract<Verdict, { verdict: 'kept' | 'refused' }> {
  const issuer = context.authority(profile.issuer);
  if (issuer?.certificate === undefined) {
    return refused(
      issuer?.state === 'planned'
        ? `${profile.issuer} does not exist yet; this certificate is of another CA`
        : `${profile.issuer} cannot be used, see there`,
    );
  }
  const judged = judgeLeaf(certificate, profile, issuer.certificate, context.now);
  return 'reason' in judged
    ? refused(judged.reason)
    : { verdict: 'kept', notes: [...notes, ...judged.notes] };
}

function examineKubeconfigItem(
  context: HostContext,
  step: StepBase,
  root: string,
  item: KubeconfigItem,
): PlannedStep {
  const path = join(root, item.path);
  const file = lookAtFile(path);
  const authority = context.authority(item.profile.issuer);
  if (file.state === 'unreadable') return { step: refuse(step, file.reason) };
  if (file.state === 'there') {
    const found = examineKubeconfig(file.bytes.toString('utf8'), root, item, authority);
    if ('reason' in found) return { step: refuse(step, found.reason) };
    const notes = [...modeNotes(file, 'the file'), ...found.notes];
    if (found.certificate === undefined) return { step: keep(step, notes) };
    const verdict = judgeCertificate(context, found.certificate, item.profile, notes);
    return {
      step:
        verdict.verdict === 'refused' ? refuse(step, verdict.reason) : keep(step, verdict.notes),
    };
  }
  const problem = issuerProblem(authority, item.profile.issuer);
  if (problem !== undefined || authority === undefined)
    return { step: refuse(step, problem ?? '') };
  return {
    step: create(step, 'not there'),
    make: () => makeKubeconfigFile(context, path, item, authority),
  };
}

async function makeKubeconfigFile(
  context: HostContext,
  path: string,
  item: KubeconfigItem,
  authority: Authority,
): Promise<NewFiles> {
  const { key, certificate } = await makeLeaf(item.profile, context.issuer(authority), context.now);
  const content = formatKubeconfig(
    makeKubeconfig({
      cluster: item.clusterName,
      server: item.server,
      certificateAuthority: authority.publicText ?? '',
      user: item.user,
      clientCertificate: encodePem('CERTIFICATE', certificate),
      clientKey: encodePrivateKey(key),
    }),
  );
  return { first: [], second: [{ path, content, mode: 0o600 }] };
}

function examineCopy(
  context: HostContext,
  place: string,
  root: string,
  item: CopyItem,
): PlannedStep {
  const path = join(root, item.path);
  const step = { credential: item.credential, place, path };
  const authority = context.authority(item.credential);
  if (authority === undefined || authority.state === 'refused') {
    return { step: refuse(step, `${item.credential} cannot be used, see there`) };
  }
  const file = lookAtFile(path);
  if (file.state === 'unreadable') return { step: refuse(step, file.reason) };
  if (file.state === 'there') {
    const reason = copyProblem(authority, item, file.bytes.toString('utf8'));
    if (reason !== undefined) return { step: refuse(step, reason) };
    return { step: keep(step, item.part === 'key' ? modeNotes(file, 'the key') : []) };
  }
  const content = item.part === 'key' ? authority.keyText : authority.publicText;
  if (content === undefined && authority.state === 'there') {
    return {
      step: refuse(
        step,
        `the ${item.part === 'key' ? 'key' : 'public part'} of ${item.credential} is not here to copy`,
      ),
    };
  }
  const secret = item.part === 'key';
  const files: NewFile[] = [{ path, content: content ?? '', mode: secret ? 0o600 : 0o644 }];
  return {
    step: create(step, 'not there'),
    make: async () => (secret ? { first: files, second: [] } : { first: [], second: files }),
  };
}

/** Why a host's copy is not of our authority. A bundle that contains it is fine: that is how CAs are replaced with overlap. */
function copyProblem(authority: Authority, item: CopyItem, text: string): string | undefined {
  if (
    authority.state === 'planned' &&
    (authority.key === undefined || item.part === 'certificate')
  ) {
    return `${item.credential} does not exist yet; this is another one`;
  }
  const same = attempt(() => holdsAuthority(authority, item.part, text));
  if ('reason' in same) return same.reason;
  return same.value
    ? undefined
    : `not the ${item.part === 'key' ? 'key' : 'one'} of ${item.credential} in the authorities`;
}

function holdsAuthority(authority: Authority, part: CopyItem['part'], text: string): boolean {
  if (part === 'certificate') {
    const own = authority.certificate;
    return (
      own !== undefined &&
      readCertificates(text).some(({ der }) => Buffer.compare(der, own.der) === 0)
    );
  }
  const own: PrivateKey | undefined = authority.key;
  if (part === 'key') return own !== undefined && keysMatch(decodePrivateKey(text), own);
  const keys = decodePublicKeys(text);
  if (own !== undefined) return keys.some((key) => keysMatch(key, own));
  return decodePublicKeys(authority.publicText ?? '').every((wanted) =>
    keys.some((key) => keysMatch(key, wanted)),
  );
}
