/** A certificate and its key in two files: examined, issued, asked for, or taken up. */
import { join } from 'node:path';
import type { LeafProfile, PairItem } from '../cluster/index.ts';
import { type Certificate, encodePem, encodePrivateKey, type PrivateKey } from '../x509/index.ts';
import { type Asking, askFirst, askFor } from './asking.ts';
import type { Authority } from './authorities.ts';
import { type HostContext, isElsewhere, type PlannedStep, unusable } from './context.ts';
import { ownerNotes, ownerProblem, type PairFiles, readPair, type Verdict } from './examine.ts';
import { answerProblem, judgeLeaf } from './leaf.ts';
import {
  type Answer,
  answered,
  examineRequest,
  filesWith,
  findAnswer,
  type IsTaken,
  type Judge,
  pairPaths,
  type RequestState,
} from './pending.ts';
import { makeLeaf } from './profile.ts';
import { create, keep, refuse, type Subject, take } from './step.ts';
import type { NewFile } from './write.ts';

/** A pair, the files it consists of, and the CA that it is to be from. */
interface Pair extends Asking {
  readonly context: HostContext;
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly authority: Authority;
}

export function examinePair(
  context: HostContext,
  subject: Subject,
  root: string,
  item: PairItem,
  isTaken: IsTaken,
): PlannedStep {
  const certificatePath = join(root, item.certificatePath);
  const keyPath = join(root, item.keyPath);
  const files = readPair(certificatePath, keyPath);
  if ('verdict' in files && files.verdict === 'refused') {
    return { step: refuse(subject, files.reason) };
  }
  const { profile } = item;
  const signs = 'key' in files && files.key !== undefined && context.signingKeyProblem(files.key);
  if (typeof signs === 'string') return { step: refuse(subject, signs) };
  const authority = context.usable(profile.issuer);
  if (authority === undefined) return { step: refuse(subject, unusable(profile.issuer)) };
  const paths = pairPaths(certificatePath, keyPath, isTaken, (path) =>
    context.leadsElsewhere(path, root),
  );
  const pair = { context, subject, profile, certificatePath, keyPath, paths, authority };
  if (!('verdict' in files)) return examineWhole(pair, files);
  return files.verdict === 'key-only' ? examineKeyOnly(pair, files) : planNew(pair);
}

/** How a certificate is judged that is to be from this authority. */
export function judgeOf(context: HostContext, profile: LeafProfile, authority: Authority): Judge {
  const { certificate: issuer, issuers: above = [] } = authority;
  return (certificate) =>
    issuer === undefined
      ? { reason: unusable(authority.id) }
      : judgeLeaf(certificate, profile, { issuer, above }, context.now);
}

/** How a certificate is judged that somebody else has made because we asked for it: it says that, and no more. */
export function judgeAnswerOf(
  context: HostContext,
  profile: LeafProfile,
  authority: Authority,
): Judge {
  const judge = judgeOf(context, profile, authority);
  return (certificate) => {
    const judged = judge(certificate);
    const reason = 'reason' in judged ? undefined : answerProblem(certificate, profile);
    return reason === undefined ? judged : { reason };
  };
}

function examineWhole(
  pair: Pair,
  { certificate, key, behind, bytes, notes }: PairFiles,
): PlannedStep {
  const { context, subject, profile, authority, certificatePath, paths } = pair;
  if (key === undefined) {
    return { step: refuse(subject, 'the certificate is there, its key is not') };
  }
  const judged = judgeOf(context, profile, authority)(certificate);
  if ('reason' in judged) return { step: refuse(subject, judged.reason) };
  const all = [...notes, ...judged.notes];
  const lying = examineRequest(paths, profile, key);
  if (lying.state === 'valid' && lying.own) {
    const excess = answerProblem(certificate, profile);
    if (excess !== undefined) return { step: refuse(subject, excess) };
    const others = paths.answers.filter((path) => path !== certificatePath);
    const answer = { certificate, notes: all, paths: filesWith(others, certificate) };
    return takeUp(pair, answer, 'its request is answered', bytes);
  }
  return { step: keep(subject, [...all, ...chainNotes(pair, behind)]) };
}

/** A server that sends itself alone is understood by those who trust its CA, and by nobody who only knows the root. */
function chainNotes({ profile, authority }: Pair, behind: readonly Certificate[]): string[] {
  const own = authority.certificate;
  const sends =
    own === undefined ||
    !profile.usages.includes('serverAuth') ||
    (authority.intermediatesText ?? '') === '' ||
    behind.some(({ der }) => Buffer.compare(der, own.der) === 0);
  return sends
    ? []
    : [
        `its file does not hold ${authority.id}: clients that know only the root above it would not accept it`,
      ];
}

/** What a file holds for a leaf: a server's certificate with the intermediates behind it. */
function certificateText({ profile, authority }: Pair, der: Uint8Array): string {
  const behind = profile.usages.includes('serverAuth') ? (authority.intermediatesText ?? '') : '';
  return encodePem('CERTIFICATE', der) + behind;
}

function takeUp(
  pair: Pair,
  { certificate, notes, paths }: Omit<Answer, 'name'>,
  reason: string,
  replaces?: Uint8Array,
): PlannedStep {
  const { subject, certificatePath, paths: pending } = pair;
  return {
    step: take(subject, reason, notes),
    make: async () => ({
      first: [],
      second: [
        {
          path: certificatePath,
          content: certificateText(pair, certificate.der),
          mode: 0o644,
          ...(replaces === undefined ? {} : { replaces }),
        },
      ],
      obsolete: answered(pending, paths),
    }),
  };
}

/** The key is there: its certificate is asked for, has come, or is still to be issued. */
function examineKeyOnly(
  pair: Pair,
  { key, owner, notes: found }: Extract<Verdict, { verdict: 'key-only' }>,
): PlannedStep {
  const { context, subject, profile, authority, paths } = pair;
  const notes = [...found, ...ownerNotes(owner, 'the key')];
  const lying = examineRequest(paths, profile, key);
  let problems: readonly string[] = [];
  if (lying.state === 'valid' || lying.state === 'stale') {
    const answers = findAnswer(paths, key, judgeAnswerOf(context, profile, authority));
    const { answer } = answers;
    if (answer !== undefined) {
      const all = [...notes, ...answer.notes, ...answers.problems];
      return takeUp(pair, { ...answer, notes: all }, `signed: ${answer.name}`);
    }
    problems = answers.problems;
  }
  const strange = isAskedFor(authority, lying) ? undefined : ownerProblem(owner);
  if (strange !== undefined) return { step: refuse(subject, strange) };
  if (!isElsewhere(authority)) {
    return planIssue(pair, key, 'its key is there, the certificate is not', notes, lying);
  }
  return askFor(pair, key, lying, notes, problems);
}

/**
 * Whether a key is one that a run of ours, perhaps another user's, waits with: who signs the request
 * decides. Where we would sign ourselves a request says nothing; its maker has the key.
 */
export const isAskedFor = (authority: Authority, lying: RequestState): boolean =>
  isElsewhere(authority) && lying.state === 'valid' && lying.own;

/** Neither key nor certificate are there. */
const planNew = (pair: Pair): PlannedStep =>
  isElsewhere(pair.authority)
    ? askFirst(pair, (key) => keyFile(pair.keyPath, key))
    : planIssue(pair, undefined, 'not there', [], { state: 'missing' });

const keyFile = (path: string, key: PrivateKey): NewFile => ({
  path,
  content: encodePrivateKey(key),
  mode: 0o600,
});

function planIssue(
  pair: Pair,
  existing: PrivateKey | undefined,
  reason: string,
  notes: readonly string[],
  lying: RequestState,
): PlannedStep {
  const { context, subject, profile, authority, certificatePath, keyPath, paths } = pair;
  const isOurs = lying.state === 'valid' && lying.own;
  return {
    step: create(subject, reason, notes),
    make: async () => {
      const issuer = context.issuer(authority);
      const { key, certificate } = await makeLeaf(profile, issuer, context.now, existing);
      return {
        first: existing === undefined ? [keyFile(keyPath, key)] : [],
        second: [
          { path: certificatePath, content: certificateText(pair, certificate), mode: 0o644 },
        ],
        ...(isOurs ? { obsolete: answered(paths, []) } : {}),
      };
    },
  };
}
