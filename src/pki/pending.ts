/**
 * Leaves whose CA's key is elsewhere: the request that goes out beside the key, whether the one that
 * lies there still asks for what is wanted, and the certificate that has come back.
 */
import { basename } from 'node:path';
import type { KubeconfigItem, LeafProfile, PairItem } from '../cluster/index.ts';
import { lookAtFile } from '../collect/index.ts';
import { quoted } from '../errors.ts';
import {
  type Certificate,
  type CertificationRequest,
  commonName,
  createRequest,
  encodePem,
  encodeRequestInfo,
  keysMatch,
  organizations,
  type PrivateKey,
  readRequest,
  verifyRequest,
} from '../x509/index.ts';
import type { Obsolete } from './context.ts';
import { attempt, readCertificateFile } from './examine.ts';
import { requestTemplate } from './profile.ts';
import type { RequestFile } from './step.ts';
import type { NewFile } from './write.ts';

/** Where a leaf's request lies, and where its certificate may come back. */
export interface PendingPaths {
  readonly request: string;
  /** Best first. */
  readonly answers: readonly string[];
  /** Why one of these files is not looked at: a link that leads out of the tree. */
  readonly elsewhere: Elsewhere;
}

type Elsewhere = (path: string) => string | undefined;

/** Whether a path is another credential's, so that no answer is looked for there. */
export type IsTaken = (path: string) => boolean;

const withoutEnding = (path: string): string => path.replace(/\.(crt|pem|cer|cert)$/, '');

/** Where the request for a credential lies, below the root of its tree. */
export const requestPath = (item: PairItem | KubeconfigItem): string =>
  `${item.kind === 'pair' ? withoutEnding(item.certificatePath) : item.path}.csr`;

/** `X.csr` beside the certificate `X.crt` or `X.pem`; the answer at the certificate's own place, or as the other of the two. */
export function pairPaths(
  certificatePath: string,
  keyPath: string,
  isTaken: IsTaken,
  elsewhere: Elsewhere = () => undefined,
): PendingPaths {
  const base = withoutEnding(certificatePath);
  return {
    request: `${base}.csr`,
    elsewhere,
    // Most pairs are whole, and nobody asks.
    get answers() {
      const others = [`${base}.crt`, `${base}.pem`].filter(
        (path) => path !== certificatePath && path !== keyPath && !isTaken(path),
      );
      return [certificatePath, ...others];
    },
  };
}

/** `X.conf.csr` beside `X.conf`, as `kubeadm certs generate-csr` has it; the answer as `X.conf.crt` or `X.conf.pem`. */
export const kubeconfigPaths = (
  path: string,
  isTaken: IsTaken,
  elsewhere: Elsewhere,
): PendingPaths => ({
  request: `${path}.csr`,
  elsewhere,
  get answers() {
    return [`${path}.crt`, `${path}.pem`].filter((answer) => !isTaken(answer));
  },
});

/** What the request's file holds. */
export type RequestState =
  | { readonly state: 'missing' }
  /** Asks for what is wanted. `own`: in just our words, so that it is ours to remove when it is answered. */
  | { readonly state: 'valid'; readonly own: boolean }
  /** Asks for something else by now: to be made anew in place of these bytes. */
  | { readonly state: 'stale'; readonly reason: string; readonly bytes: Buffer }
  /** No request at all. */
  | { readonly state: 'strange'; readonly reason: string };

/** Judges the request that lies there for a key. */
export function examineRequest(
  { request: path }: PendingPaths,
  profile: LeafProfile,
  key: PrivateKey,
): RequestState {
  const file = lookAtFile(path);
  if (file.state === 'missing') return { state: 'missing' };
  const strange = (reason: string): RequestState => ({
    state: 'strange',
    reason: `${basename(path)}: ${reason}`,
  });
  if (file.state === 'unreadable') return strange(file.reason);
  const read = attempt(() => readRequest(file.bytes));
  if ('reason' in read) return strange(read.reason);
  const wanted = encodeRequestInfo(requestTemplate(profile, key.type), key.spki);
  const own = Buffer.compare(read.value.info, wanted) === 0;
  const reason = own ? signatureProblem(read.value) : staleness(read.value, profile, key);
  return reason === undefined
    ? { state: 'valid', own }
    : { state: 'stale', reason, bytes: file.bytes };
}

const signatureProblem = (request: CertificationRequest): string | undefined =>
  verifyRequest(request) ? undefined : 'its signature does not verify';

/** Why a request does not ask for what is wanted, if it does not. Without usages, as kubeadm's is, it leaves them to the CA. */
function staleness(
  request: CertificationRequest,
  profile: LeafProfile,
  key: PrivateKey,
): string | undefined {
  if (!keysMatch(request, key)) return 'it is for another key';
  const { subject, subjectAltNames: names, extendedKeyUsage: usages, basicConstraints } = request;
  const asked = [
    ...(names?.dns ?? []),
    ...(names?.ip ?? []),
    ...(names?.uri ?? []),
    ...(names?.email ?? []),
  ];
  return (
    signatureProblem(request) ??
    difference('the common name', [commonName(subject) ?? ''], [profile.commonName]) ??
    difference('the organization', organizations(subject), profile.organizations) ??
    difference('the name', asked, [...profile.dns, ...profile.ip]) ??
    (usages === undefined ? undefined : difference('the usage', usages, profile.usages)) ??
    (basicConstraints?.ca === true ? 'it asks for a CA certificate' : undefined)
  );
}

function difference(
  what: string,
  asked: readonly string[],
  wanted: readonly string[],
): string | undefined {
  const missing = wanted.find((value) => !asked.includes(value));
  if (missing !== undefined) return `it does not ask for ${what} ${quoted(missing)}`;
  const extra = asked.find((value) => !wanted.includes(value));
  return extra === undefined ? undefined : `it asks for ${what} ${quoted(extra)}`;
}

/** A request without its key is nothing that a run of ours leaves behind: the key is durable before it. */
export const orphanProblem = ({ request: path }: PendingPaths): string | undefined =>
  lookAtFile(path).state === 'missing'
    ? undefined
    : `${basename(path)} is there, its key is not; remove it, and both are made anew`;

/** The request's file, written anew. */
export function requestFile(
  { request: path }: PendingPaths,
  profile: LeafProfile,
  key: PrivateKey,
  replaces?: Uint8Array,
): NewFile {
  const der = createRequest(requestTemplate(profile, key.type), key);
  return {
    path,
    content: encodePem('CERTIFICATE REQUEST', der),
    mode: 0o644,
    ...(replaces === undefined ? {} : { replaces }),
  };
}

/** What somebody who signs has to know. */
export const toBeSigned = (
  { request: path, answers }: PendingPaths,
  profile: LeafProfile,
): RequestFile => ({ path, answers, issuer: profile.issuer, validity: profile.validity });

/** How a certificate is judged: by the profile and its CA. */
export type Judge = (
  certificate: Certificate,
) => { readonly reason: string } | { readonly notes: readonly string[] };

/** A certificate that has come back and is what was asked for. */
export interface Answer {
  readonly certificate: Certificate;
  readonly name: string;
  readonly notes: readonly string[];
  /** The files that hold it, to be removed when it is in its place. */
  readonly paths: readonly string[];
}

/** What lies where answers are looked for: the first good one, or what is wrong with each. */
export function findAnswer(
  { answers, elsewhere }: PendingPaths,
  key: PrivateKey,
  judge: Judge,
): { readonly answer?: Answer; readonly problems: readonly string[] } {
  let answer: (Answer & { paths: string[] }) | undefined;
  const problems: string[] = [];
  for (const path of answers) {
    const link = elsewhere(path);
    if (link !== undefined) {
      problems.push(link);
      continue;
    }
    const read = readAnswer(path, key);
    if (read === undefined) continue;
    if ('reason' in read) {
      problems.push(`${basename(path)}: ${read.reason}`);
      continue;
    }
    const { certificate } = read;
    if (answer !== undefined) {
      if (sameBytes(answer.certificate, certificate)) answer.paths.push(path);
      continue;
    }
    const judged = judge(certificate);
    if ('reason' in judged) problems.push(`${basename(path)}: ${judged.reason}`);
    else answer = { certificate, name: basename(path), notes: judged.notes, paths: [path] };
  }
  return answer === undefined ? { problems } : { answer, problems };
}

/** Those of the files that hold this very certificate: answers that an interrupted run has taken up already. */
export const filesWith = (paths: readonly string[], { der }: Certificate): string[] =>
  paths.filter((path) => {
    const read = readCertificates(path);
    return read !== undefined && 'value' in read && sameBytes(read.value[0], { der });
  });

const sameBytes = (a: Pick<Certificate, 'der'>, b: Pick<Certificate, 'der'>): boolean =>
  Buffer.compare(a.der, b.der) === 0;

function readCertificates(
  path: string,
): ReturnType<typeof readCertificateFile> | { readonly reason: string } | undefined {
  const file = lookAtFile(path);
  if (file.state === 'missing') return undefined;
  return file.state === 'unreadable' ? { reason: file.reason } : readCertificateFile(file.bytes);
}

function readAnswer(
  path: string,
  key: PrivateKey,
): { readonly certificate: Certificate } | { readonly reason: string } | undefined {
  const read = readCertificates(path);
  if (read === undefined || 'reason' in read) return read;
  const [certificate] = read.value;
  return keysMatch(certificate, key) ? { certificate } : { reason: 'it is for another key' };
}

/** The request and the answers to it, where the certificate is in its place. */
export const answered = ({ request }: PendingPaths, answers: readonly string[]): Obsolete => ({
  answers,
  request,
});
