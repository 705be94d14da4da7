/**
 * Signs requests: all of them are judged, then all are signed and looked at as their verifiers would,
 * and only then is the first file written.
 */
import type { CredentialId, LeafProfile } from '../../cluster/index.ts';
import { identify } from '../../collect/index.ts';
import { type Issue, KubepkiError, quotable } from '../../errors.ts';
import {
  type Certificate,
  type CertificateTemplate,
  type CertificationRequest,
  decodePem,
  encodePem,
  keysMatch,
  makeName,
  parseCertificate,
  parseRequest,
  readRequest,
} from '../../x509/index.ts';
import { chainProblem } from '../leaf.ts';
import { leafTemplate } from '../profile.ts';
import { type Asked, readAsked } from './asked.ts';
import type { SigningAuthority } from './authority.ts';
import type { CatalogueJudgement } from './catalogue.ts';
import type { Judgement } from './judge.ts';
import type { ClusterLeaf } from './leaves.ts';
import { always, type Grant, type Refusal } from './policy.ts';

/** One request as it was given. */
export interface GivenRequest {
  /** Its file's name, for messages. */
  readonly name: string;
  /** PEM or DER. */
  readonly bytes: Buffer;
}

export interface SigningOptions<T extends GivenRequest = GivenRequest> {
  readonly judge: (asked: Asked, given: T) => Judgement | CatalogueJudgement;
  /** The CA for what a credential's certificate is signed by; undefined where no cluster file says so. */
  readonly authority: (issuer: CredentialId | undefined) => SigningAuthority;
  /** Whether there is a place for its certificate; called for each request before the first is signed. */
  readonly check?: (given: T, leaf: ClusterLeaf | undefined) => void;
  /** What to do about refusals. */
  readonly hint?: string | undefined;
  readonly now: Date;
}

export interface SignedRequest<T extends GivenRequest = GivenRequest> {
  readonly given: T;
  readonly certificate: Certificate;
  /** PEM: the certificate, and behind it the CA where that is under another one. */
  readonly text: string;
  /** The credential that it is, where a cluster file says so. */
  readonly leaf: ClusterLeaf | undefined;
  /** Whether it ends before it was meant to, because its CA does. */
  readonly isCutShort: boolean;
}

/** What a policy has let through. */
interface Granted<T> {
  readonly given: T;
  readonly request: CertificationRequest;
  readonly grant: Grant;
  readonly leaf: ClusterLeaf | undefined;
}

interface Accepted<T> extends Granted<T> {
  readonly authority: SigningAuthority;
}

/**
 * Judges and signs. Writes nothing.
 *
 * @throws KubepkiError `INVALID_VALUE` naming every rule that a request breaks: then none is signed;
 *   what the authority throws; `BAD_SIGNATURE` and `UNREACHABLE` of a command that signs
 */
export function signRequests<T extends GivenRequest>(
  requests: readonly T[],
  options: SigningOptions<T>,
): SignedRequest<T>[] {
  const judged = requests.map((given) => judgeOne(given, options.judge));
  refuse(judged, options);
  // Only now: to be told of a refusal nobody should have to open the key of a CA.
  const ready = judged
    .filter((one) => 'grant' in one)
    .map((one) => withAuthority(one, options.authority));
  refuse(ready, options);
  const accepted = ready.filter((one) => 'authority' in one);
  for (const { given, leaf } of accepted) options.check?.(given, leaf);
  return accepted.map((one) => signOne(one, options.now));
}

interface Refused {
  readonly given: GivenRequest;
  readonly refusals: readonly Refusal[];
}

/** @throws KubepkiError `INVALID_VALUE` where any of them is refused */
function refuse(
  judged: readonly (Refused | Granted<GivenRequest>)[],
  { hint }: Pick<SigningOptions, 'hint'>,
): void {
  const refused = judged.filter((one) => 'refusals' in one);
  if (refused.length > 0) throw refusedError(refused, judged.length, hint);
}

function judgeOne<T extends GivenRequest>(
  given: T,
  judge: SigningOptions<T>['judge'],
): Granted<T> | Refused {
  const request = readGiven(given);
  if ('part' in request) return { given, refusals: [request] };
  const { asked, refusals } = readAsked(request);
  const judgement = judge(asked, given);
  if ('refusals' in judgement) return { given, refusals: [...refusals, ...judgement.refusals] };
  if (refusals.length > 0) return { given, refusals };
  const leaf = 'leaf' in judgement ? judgement.leaf : undefined;
  return { given, request, grant: judgement.grant, leaf };
}

function withAuthority<T extends GivenRequest>(
  one: Granted<T>,
  authorityOf: SigningOptions['authority'],
): Accepted<T> | Refused {
  const authority = authorityOf(one.leaf?.item.profile.issuer);
  return keysMatch(one.request, authority.issuer.certificate)
    ? { given: one.given, refusals: [always('key', `the key of ${authority.id} itself`)] }
    : { ...one, authority };
}

/** The one request of a file: of several nobody could say which was looked at, and which was meant. */
function readGiven({ bytes }: GivenRequest): CertificationRequest | Refusal {
  try {
    // By the eyes of csr show, so that what was looked at is what is signed.
    if (identify(bytes).format === 'der') return parseRequest(bytes);
    const labels = decodePem(bytes).map(({ label }) => label);
    if (labels.filter((label) => label === 'CERTIFICATE REQUEST').length > 1) {
      return always('request', 'several requests in one file');
    }
    return readRequest(bytes);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return { part: 'request', reason: error.message, origin: 'cannot be read' };
  }
}

const MOST_ISSUES = 50;

function refusedError(
  refused: readonly Refused[],
  total: number,
  hint: string | undefined,
): KubepkiError {
  const all = refused.flatMap(({ given, refusals }): Issue[] =>
    refusals.map(({ part, reason, origin, remedy }) => ({
      path: `${quotable(given.name)}: ${part}`,
      message: `${reason} [${origin}]${remedy === undefined ? '' : `; to allow it: ${remedy}`}`,
    })),
  );
  const isRemediable = refused.some(({ refusals }) => refusals.some(({ remedy }) => remedy));
  const issues = all.slice(0, MOST_ISSUES);
  if (all.length > MOST_ISSUES) {
    issues.push({ path: '…', message: `and ${all.length - MOST_ISSUES} more` });
  }
  const what =
    total === 1
      ? 'the request is refused'
      : `${refused.length} of ${total} requests ${refused.length === 1 ? 'is' : 'are'} refused, and none is signed`;
  return new KubepkiError('INVALID_VALUE', what, {
    issues,
    ...(isRemediable && hint !== undefined ? { hint } : {}),
  });
}

/** What only matters to whoever makes a key, or knows of a cluster. */
const WITHOUT_KEY = {
  issuer: 'ca',
  keyAlgorithm: 'ECDSA-P256',
} as const satisfies Partial<LeafProfile>;

function templateOf(
  { grant, request, authority }: Accepted<unknown>,
  now: Date,
): CertificateTemplate {
  const { attributes, organizations, commonName = '' } = grant;
  const profile = { ...grant, ...WITHOUT_KEY, commonName };
  return {
    ...leafTemplate(profile, authority.issuer.certificate, request.keyType, now),
    subject: makeName({
      country: attributes.C,
      province: attributes.ST,
      locality: attributes.L,
      streetAddress: attributes.STREET,
      postalCode: attributes.postalCode,
      organizations,
      organizationalUnits: attributes.OU,
      commonName,
    }),
  };
}

function signOne<T extends GivenRequest>(one: Accepted<T>, now: Date): SignedRequest<T> {
  const { given, request, grant, leaf, authority } = one;
  const { issuer, above, chainText } = authority;
  const der = issuer.issue(templateOf(one, now), request.spki);
  const certificate = parseCertificate(der);
  const path = { issuer: issuer.certificate, above };
  const problem = chainProblem(certificate, grant.usages, path, now);
  if (problem !== undefined) {
    throw new KubepkiError('CONFLICT', `${quotable(given.name)}: ${problem}; nothing was written`);
  }
  const wanted = Math.floor(now.getTime() / 1000) + grant.validity;
  const isCutShort = certificate.notAfter.getTime() / 1000 < wanted;
  return { given, certificate, text: encodePem('CERTIFICATE', der) + chainText, leaf, isCutShort };
}
