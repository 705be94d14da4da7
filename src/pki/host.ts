/**
 * The work of one host: what is there is examined, what is missing is planned, and what is planned
 * is made. Hosts do not depend on each other, so this runs in worker threads as well.
 */
import { join } from 'node:path';
import {
  CATALOGUE,
  type CredentialId,
  type HostItem,
  type KubeconfigItem,
  type LeafProfile,
  type PairItem,
} from '../cluster/index.ts';
import { lookAtFile } from '../collect/index.ts';
import { formatKubeconfig, makeKubeconfig } from '../kubernetes/index.ts';
import { type Certificate, encodePem, encodePrivateKey } from '../x509/index.ts';
import type { Authority } from './authorities.ts';
import type { HostContext, NewFiles, PlannedStep } from './context.ts';
import { examineCopies } from './copy.ts';
import { modeNotes, readPair, refused, type Verdict } from './examine.ts';
import { examineKubeconfig } from './kubeconfig.ts';
import { judgeLeaf } from './leaf.ts';
import { makeLeaf } from './profile.ts';
import { create, keep, refuse, type Subject } from './step.ts';
import type { NewFile } from './write.ts';

/** Examines everything that one place (a host, or the administrator's directory) has to hold. */
export function examinePlace(
  context: HostContext,
  place: string,
  root: string,
  items: readonly HostItem[],
): PlannedStep[] {
  const copies = items.filter((item) => item.kind === 'copy');
  const { planned: trust, foreign } = examineCopies(context, place, root, copies);
  const planned = [...trust];
  for (const item of items) {
    if (item.kind === 'copy') continue;
    const path = join(root, item.kind === 'pair' ? item.certificatePath : item.path);
    const subject = { credential: item.credential, place, path };
    const { issuer } = CATALOGUE[item.credential];
    // Where a host verifies it with another CA's file, nothing of ours would be accepted.
    const trustFile = issuer === null ? undefined : foreign.get(issuer);
    const obstacle =
      context.leadsElsewhere(path) ??
      (trustFile === undefined
        ? undefined
        : `${trustFile} on this host is not the one of ${item.profile.issuer}, see there`);
    if (obstacle !== undefined) planned.push({ step: refuse(subject, obstacle) });
    else if (item.kind === 'pair') planned.push(examinePair(context, subject, root, item));
    else planned.push(examineKubeconfigItem(context, subject, root, item));
  }
  return planned;
}

/** The CA of this id where it can be used at all; what is wrong with it stands at its own step. */
function usable(context: HostContext, id: CredentialId): Authority | undefined {
  const authority = context.authority(id);
  return authority?.state === 'refused' ? undefined : authority;
}

const unusable = (id: CredentialId): string => `${id} cannot be used, see there`;

/** The CA that a new leaf is issued by, or why it cannot be. */
function issuerOf(context: HostContext, id: CredentialId): Authority | string {
  const authority = usable(context, id);
  if (authority === undefined) return unusable(id);
  if (authority.state === 'there' && authority.key === undefined)
    return `the key of ${id} is not here to issue it with`;
  return authority;
}

function examinePair(
  context: HostContext,
  subject: Subject,
  root: string,
  item: PairItem,
): PlannedStep {
  const certificatePath = join(root, item.certificatePath);
  const keyPath = join(root, item.keyPath);
  const verdict = judgePair(context, certificatePath, keyPath, item.profile);
  if (verdict.verdict === 'kept') return { step: keep(subject, verdict.notes) };
  if (verdict.verdict === 'refused') return { step: refuse(subject, verdict.reason) };
  const issuer = issuerOf(context, item.profile.issuer);
  if (typeof issuer === 'string') return { step: refuse(subject, issuer) };
  const existing = verdict.verdict === 'key-only' ? verdict.key : undefined;
  const reason = existing === undefined ? 'not there' : 'its key is there, the certificate is not';
  return {
    step: create(subject, reason, verdict.verdict === 'key-only' ? verdict.notes : []),
    make: async () => {
      const { key, certificate } = await makeLeaf(
        item.profile,
        context.issuer(issuer),
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
  const issuer = usable(context, profile.issuer)?.certificate;
  if (issuer === undefined) return refused(unusable(profile.issuer));
  const judged = judgeLeaf(certificate, profile, issuer, context.now);
  return 'reason' in judged
    ? refused(judged.reason)
    : { verdict: 'kept', notes: [...notes, ...judged.notes] };
}

function examineKubeconfigItem(
  context: HostContext,
  subject: Subject,
  root: string,
  item: KubeconfigItem,
): PlannedStep {
  const { path } = subject;
  const file = lookAtFile(path);
  if (file.state === 'unreadable') return { step: refuse(subject, file.reason) };
  if (file.state === 'there') {
    const trusted = usable(context, item.profile.issuer);
    if (trusted === undefined) return { step: refuse(subject, unusable(item.profile.issuer)) };
    const found = examineKubeconfig(file.bytes.toString('utf8'), root, item, trusted);
    if ('reason' in found) return { step: refuse(subject, found.reason) };
    const notes = [...modeNotes(file, 'the file'), ...found.notes];
    if (found.certificate === undefined) return { step: keep(subject, notes) };
    const verdict = judgeCertificate(context, found.certificate, item.profile, notes);
    return {
      step:
        verdict.verdict === 'refused'
          ? refuse(subject, verdict.reason)
          : keep(subject, verdict.notes),
    };
  }
  const issuer = issuerOf(context, item.profile.issuer);
  if (typeof issuer === 'string') return { step: refuse(subject, issuer) };
  return {
    step: create(subject, 'not there'),
    make: () => makeKubeconfigFile(context, path, item, issuer),
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
