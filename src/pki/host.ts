/**
 * The work of one host: what is there is examined, what is missing is planned, and what is planned
 * is made. Hosts do not depend on each other, so this runs in worker threads as well.
 */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  encodePem,
  encodePrivateKey,
  type Issuer,
  keysMatch,
} from '../x509/index.ts';
import type { Authorities, Authority } from './authorities.ts';
import {
  attempt,
  judgeLeaf,
  modeNotes,
  readCertificateFile,
  readPair,
  readPublicKeyFile,
  refused,
  strangerNotes,
  type Verdict,
  writableNotes,
} from './examine.ts';
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
  /** What lies there is of another PKI. */
  readonly foreign?: true;
}

/** What the work on a host needs to know, besides the host. */
export class HostContext {
  readonly authorities: Authorities;
  readonly now: Date;
  readonly #issuers = new Map<CredentialId, Issuer>();
  readonly #confined: boolean;
  #lastDirectory = '';
  #lastReal = '';

  /** @param confined whether every path has to lie where it says, without a link that leads elsewhere */
  constructor(authorities: Authorities, now: Date, confined: boolean) {
    this.authorities = authorities;
    this.now = now;
    this.#confined = confined;
  }

  /**
   * Why a file is not looked at: a tree that was fetched from a host could hold links that lead out
   * of it. On a machine itself links are its administrator's own affair.
   */
  leadsElsewhere(path: string): string | undefined {
    if (!this.#confined) return undefined;
    const directory = dirname(path);
    // Several files lie in each directory, one behind the other in the catalogue.
    if (directory !== this.#lastDirectory) {
      this.#lastDirectory = directory;
      this.#lastReal = existsSync(directory) ? realpathSync.native(directory) : directory;
    }
    if (this.#lastReal === directory) return undefined;
    return `a symbolic link on the way to it leads to ${this.#lastReal}`;
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
  // kube-controller-manager signs with the cluster CA's file where it gets the key as well.
  const copies = items.filter((item) => item.kind === 'copy');
  const signs = copies.some(({ credential, part }) => credential === 'ca' && part === 'key');
  const signing = copies.find(
    ({ credential, part }) => signs && credential === 'ca' && part === 'certificate',
  );
  const trust = copies.map((item) => examineCopy(context, place, root, item, item === signing));
  // Where a host trusts another CA, nothing of ours would verify there: its other items are refused too.
  const foreign = new Set(trust.filter((copy) => copy.foreign).map(({ step }) => step.credential));
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
    const path = join(root, item.kind === 'pair' ? item.certificatePath : item.path);
    const step = { credential: item.credential, place, path };
    const { issuer } = item.profile;
    const obstacle =
      context.leadsElsewhere(path) ??
      (foreign.has(issuer) ? `this host trusts another ${issuer}` : undefined);
    if (obstacle !== undefined) planned.push({ step: refuse(step, obstacle) });
    else if (item.kind === 'pair') planned.push(examinePair(context, step, root, item));
    else planned.push(examineKubeconfigItem(context, step, root, item));
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
  signs: boolean,
): PlannedStep {
  const path = join(root, item.path);
  const step = { credential: item.credential, place, path };
  const authority = context.authority(item.credential);
  if (authority === undefined || authority.state === 'refused') {
    return { step: refuse(step, `${item.credential} cannot be used, see there`) };
  }
  const elsewhere = context.leadsElsewhere(path);
  if (elsewhere !== undefined) return { step: refuse(step, elsewhere) };
  const file = lookAtFile(path);
  if (file.state === 'unreadable') return { step: refuse(step, file.reason) };
  if (file.state === 'there') {
    const judged = judgeCopy(authority, item, file.bytes.toString('utf8'), signs);
    if ('reason' in judged) return { step: refuse(step, judged.reason), foreign: true };
    const modes = item.part === 'key' ? modeNotes(file, 'the key') : writableNotes(file);
    return { step: keep(step, [...modes, ...judged.notes]) };
  }
  return planCopy(step, item, authority);
}

function planCopy(step: StepBase, item: CopyItem, authority: Authority): PlannedStep {
  const secret = item.part === 'key';
  const there = authority.state === 'there';
  if (there && (secret ? authority.key : authority.publicText) === undefined) {
    const what = secret ? 'key' : 'public part';
    return { step: refuse(step, `the ${what} of ${item.credential} is not here to copy`) };
  }
  return {
    step: create(step, 'not there'),
    make: async () => {
      const { key, publicText = '' } = authority;
      // Written anew, not copied as it stands: what else the authority's file holds goes to no host.
      const content = secret && key !== undefined ? encodePrivateKey(key) : publicText;
      const files: NewFile[] = [{ path: step.path, content, mode: secret ? 0o600 : 0o644 }];
      return secret ? { first: files, second: [] } : { first: [], second: files };
    },
  };
}

type Judgement = { readonly reason: string } | { readonly notes: readonly string[] };

/** A host's copy against our authority. A bundle that contains it is kept, with a note of whom else it trusts. */
function judgeCopy(authority: Authority, item: CopyItem, text: string, signs: boolean): Judgement {
  const own = authority.certificate ?? authority.key;
  if (own === undefined || (authority.state === 'planned' && item.part === 'certificate')) {
    return { reason: `${item.credential} does not exist yet; this is another one` };
  }
  switch (item.part) {
    case 'certificate':
      return judgeTrustFile(authority, text, signs);
    case 'key': {
      const read = attempt(() => decodePrivateKey(text));
      if ('reason' in read) return read;
      return keysMatch(read.value, own)
        ? { notes: [] }
        : { reason: `not the key of ${item.credential} in the authorities` };
    }
    case 'publicKey': {
      const read = readPublicKeyFile(text);
      if ('reason' in read) return read;
      if (!read.value.some((key) => keysMatch(key, own)))
        return { reason: `not the one of ${item.credential} in the authorities` };
      const others = read.value.length - 1;
      return {
        notes:
          others === 0 ? [] : [`${others} more public keys: tokens of each of them are accepted`],
      };
    }
  }
}

function judgeTrustFile(authority: Authority, text: string, signs: boolean): Judgement {
  const read = readCertificateFile(text);
  if ('reason' in read) return read;
  const own = authority.certificate;
  if (own === undefined || !read.value.some(({ der }) => Buffer.compare(der, own.der) === 0)) {
    return { reason: `not the one of ${authority.id} in the authorities` };
  }
  if (signs && read.value.length > 1) {
    // pkg/controller/certificates/signer/ca_provider.go: "expected 1 certificate, found …".
    return {
      reason: `it holds ${read.value.length} certificates; kube-controller-manager signs with this file and takes exactly one`,
    };
  }
  return { notes: strangerNotes(read.value, own) };
}
