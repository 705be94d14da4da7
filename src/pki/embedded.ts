/** A certificate and its key in a kubeconfig: examined, issued, asked for, or taken up. */
import type { KubeconfigItem } from '../cluster/index.ts';
import { type FileState, lookAtFile } from '../collect/index.ts';
import { formatKubeconfig, makeKubeconfig } from '../kubernetes/index.ts';
import { encodePem, encodePrivateKey, type PrivateKey } from '../x509/index.ts';
import { type Asking, askFirst, askFor } from './asking.ts';
import type { Authority } from './authorities.ts';
import { type HostContext, isElsewhere, type PlannedStep, unusable } from './context.ts';
import { modeNotes, ownerNotes, ownerProblem, strangerOf } from './examine.ts';
import { examineKubeconfig, type KubeconfigFinding } from './kubeconfig.ts';
import { answerProblem } from './leaf.ts';
import { isAskedFor, judgeAnswerOf, judgeOf } from './pair.ts';
import {
  type Answer,
  answered,
  examineRequest,
  filesWith,
  findAnswer,
  type IsTaken,
  kubeconfigPaths,
} from './pending.ts';
import { makeLeaf } from './profile.ts';
import { create, keep, refuse, type Subject, take } from './step.ts';
import type { NewFile } from './write.ts';

interface Embedded extends Asking {
  readonly context: HostContext;
  readonly item: KubeconfigItem;
  /** Issues its certificate. */
  readonly authority: Authority;
  /** Has issued the server's. */
  readonly trust: Authority;
}

export function examineEmbedded(
  context: HostContext,
  subject: Subject,
  root: string,
  item: KubeconfigItem,
  isTaken: IsTaken,
): PlannedStep {
  const { path } = subject;
  const file = lookAtFile(path);
  if (file.state === 'unreadable') return { step: refuse(subject, file.reason) };
  const { issuer } = item.profile;
  const authority = context.usable(issuer);
  if (authority === undefined) return { step: refuse(subject, unusable(issuer)) };
  const trust = context.usable(item.trust);
  if (trust === undefined) return { step: refuse(subject, unusable(item.trust)) };
  const elsewhere = (file: string): string | undefined => context.leadsElsewhere(file, root);
  const paths = kubeconfigPaths(path, isTaken, elsewhere);
  const { profile } = item;
  const embedded = { context, subject, item, profile, paths, authority, trust };
  if (file.state === 'missing') return planNew(embedded);
  const found = examineKubeconfig(file.bytes.toString('utf8'), { root, elsewhere }, item, trust);
  if ('reason' in found) return { step: refuse(subject, found.reason) };
  const key = 'pending' in found ? found.pending.key : found.key;
  const signs = key === undefined ? undefined : context.signingKeyProblem(key);
  if (signs !== undefined) return { step: refuse(subject, signs) };
  return 'pending' in found
    ? examinePending(embedded, found, file)
    : examineWhole(embedded, found, file);
}

type There = FileState & { readonly state: 'there' };
type Found<K extends string> = Extract<KubeconfigFinding, { readonly [Key in K]?: unknown }>;

function examineWhole(
  { context, subject, item, paths, authority }: Embedded,
  { certificate, key, notes: found }: Found<'certificate'>,
  file: There,
): PlannedStep {
  const notes = [...modeNotes(file, 'the file'), ...found];
  if (certificate === undefined || key === undefined) return { step: keep(subject, notes) };
  const judged = judgeOf(context, item.profile, authority)(certificate);
  if ('reason' in judged) return { step: refuse(subject, judged.reason) };
  const all = [...notes, ...judged.notes];
  const lying = examineRequest(paths, item.profile, key);
  if (lying.state !== 'valid' || !lying.own) return { step: keep(subject, all) };
  const excess = answerProblem(certificate, item.profile);
  if (excess !== undefined) return { step: refuse(subject, excess) };
  return {
    step: take(subject, 'its request is answered', all),
    make: async () => ({
      first: [],
      second: [],
      obsolete: answered(paths, filesWith(paths.answers, certificate)),
    }),
  };
}

/** The key is there: its certificate is asked for, has come, or is still to be issued. */
function examinePending(
  embedded: Embedded,
  { pending: { key, complete }, notes: found }: Found<'pending'>,
  file: There,
): PlannedStep {
  const { context, subject, profile, paths, authority } = embedded;
  const owner = strangerOf(file);
  const notes = [...modeNotes(file, 'the file'), ...ownerNotes(owner, 'the file'), ...found];
  const lying = examineRequest(paths, profile, key);
  const judge = judgeAnswerOf(context, profile, authority);
  const { answer, problems } =
    lying.state === 'valid' || lying.state === 'stale'
      ? findAnswer(paths, key, judge)
      : { problems: [] };
  const whole = (certificate: Uint8Array): NewFile => ({
    path: subject.path,
    content: complete(certificate),
    mode: 0o600,
    replaces: file.bytes,
  });
  if (answer !== undefined) return takeUp(embedded, answer, [...notes, ...problems], whole);
  const strange = isAskedFor(authority, lying) ? undefined : ownerProblem(owner);
  if (strange !== undefined) return { step: refuse(subject, strange) };
  if (!isElsewhere(authority)) {
    const obsolete = lying.state === 'valid' && lying.own ? { obsolete: answered(paths, []) } : {};
    return {
      step: create(subject, 'its key is there, the certificate is not', notes),
      make: async () => {
        const { certificate } = await makeLeaf(
          profile,
          context.issuer(authority),
          context.now,
          key,
        );
        return { first: [], second: [whole(certificate)], ...obsolete };
      },
    };
  }
  return askFor(embedded, key, lying, notes, problems);
}

function takeUp(
  { subject, paths }: Embedded,
  { certificate, name, notes, paths: answers }: Answer,
  more: readonly string[],
  whole: (certificate: Uint8Array) => NewFile,
): PlannedStep {
  return {
    step: take(subject, `signed: ${name}`, [...more, ...notes]),
    make: async () => ({
      first: [],
      second: [whole(certificate.der)],
      obsolete: answered(paths, answers),
    }),
  };
}

function planNew(embedded: Embedded): PlannedStep {
  const { context, subject, profile, authority } = embedded;
  if (!isElsewhere(authority)) {
    return {
      step: create(subject, 'not there'),
      make: async () => {
        const issuer = context.issuer(authority);
        const { key, certificate } = await makeLeaf(profile, issuer, context.now);
        return { first: [], second: [wholeFile(embedded, key, certificate)] };
      },
    };
  }
  return askFirst(embedded, (key) => keyOnlyFile(embedded, key));
}

function wholeFile(
  { subject, item, trust }: Embedded,
  key: PrivateKey,
  certificate: Uint8Array,
): NewFile {
  const content = formatKubeconfig(
    makeKubeconfig({
      cluster: item.clusterName,
      server: item.server,
      certificateAuthority: trust.trustText ?? '',
      user: item.user,
      clientCertificate: encodePem('CERTIFICATE', certificate),
      clientKey: encodePrivateKey(key),
    }),
  );
  return { path: subject.path, content, mode: 0o600 };
}

/** The kubeconfig until the certificate has come. */
function keyOnlyFile({ subject, item, trust }: Embedded, key: PrivateKey): NewFile {
  const { clusterName: cluster, server, user } = item;
  const certificateAuthority = trust.trustText ?? '';
  const config = makeKubeconfig({ cluster, server, certificateAuthority, user, token: '-' });
  config.users.set(user, { clientKeyData: Buffer.from(encodePrivateKey(key), 'utf8') });
  return { path: subject.path, content: formatKubeconfig(config), mode: 0o600 };
}
