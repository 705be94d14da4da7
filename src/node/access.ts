/**
 * Who may call the node's HTTPS endpoint: a client certificate of the cluster's CA says who it is, the
 * API server says whether that one may (pkg/kubelet/server/auth.go, and apiserver's x509
 * authenticator and webhook authorizer).
 */
import type { Clock, KubernetesClient } from '../client/index.ts';
import { KubepkiError } from '../errors.ts';
import {
  SUBJECT_ACCESS_REVIEWS,
  type SubjectAccessReview,
  type UserInfo,
} from '../kubernetes/index.ts';
import {
  type Certificate,
  commonName,
  fingerprintHex,
  organizations,
  readCertificates,
  verifyChain,
} from '../x509/index.ts';
import type { Disk } from './disk.ts';
import { withTimeLimit } from './waiting.ts';

/** Reads the CAs again when the file has changed. */
export class ClientAuthorities {
  readonly #file: string;
  readonly #disk: Disk;
  readonly #log: (line: string) => void;
  #text = '';
  #roots: readonly Certificate[] = [];

  /** @throws KubepkiError where the file is not there or holds no certificates */
  constructor(file: string, { disk, log }: { disk: Disk; log: (line: string) => void }) {
    this.#file = file;
    this.#disk = disk;
    this.#log = log;
    this.#read();
  }

  /** As the file says at this moment; where it cannot be read any more, as it said last. */
  get roots(): readonly Certificate[] {
    try {
      this.#read();
    } catch (error) {
      if (!(error instanceof KubepkiError)) throw error;
      this.#log(`${error.message}; going on with what it held before`);
    }
    return this.#roots;
  }

  #read(): void {
    const bytes = this.#disk.read(this.#file);
    if (bytes === undefined) throw new KubepkiError('NOT_FOUND', `${this.#file}: no such file`);
    const text = bytes.toString('latin1');
    if (text === this.#text) return;
    // A text that cannot be read is told of once, not at every request.
    this.#text = text;
    try {
      this.#roots = readCertificates(bytes);
    } catch (cause) {
      if (!(cause instanceof KubepkiError)) throw cause;
      throw new KubepkiError(cause.code, `${this.#file}: ${cause.message}`, { cause });
    }
  }
}

const AUTHENTICATED = 'system:authenticated';
const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id';

/** Who has proven these certificates; undefined: nobody that the CAs know. */
export function userOfCertificates(
  [leaf, ...intermediates]: readonly Certificate[],
  roots: readonly Certificate[],
  now: Date,
): UserInfo | undefined {
  if (leaf === undefined) return undefined;
  const name = commonName(leaf.subject);
  if (name === undefined || name === '') return undefined;
  const { ok } = verifyChain({ leaf, intermediates, roots, at: now, purpose: 'clientAuth' });
  if (!ok) return undefined;
  return {
    name,
    groups: [...organizations(leaf.subject), AUTHENTICATED],
    extra: { [CREDENTIAL_ID]: [`X509SHA256=${fingerprintHex(leaf.der)}`] },
  };
}

const VERBS: ReadonlyMap<string, string> = new Map([
  ['GET', 'get'],
  ['HEAD', 'head'],
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
]);

/** What a request to the endpoint means to the API server: a verb, and subresources of which one must be allowed. */
export function attributesOf(
  method: string,
  path: string,
): { readonly verb: string; readonly subresources: readonly string[] } {
  const isHealth = path === '/healthz' || path.startsWith('/healthz/');
  return {
    verb: VERBS.get(method) ?? '',
    subresources: isHealth ? ['healthz', 'proxy'] : ['proxy'],
  };
}

const ALLOWED_FOR_MS = 10_000;
const DENIED_FOR_MS = 5_000;
const MOST_CACHED = 1_000;
const REVIEW_LIMIT_MS = 10_000;

interface Verdict {
  readonly allowed: boolean;
  readonly until: number;
}

export interface AccessOptions {
  readonly nodeName: string;
  readonly client: () => KubernetesClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Asks the API server, as the node, and remembers: 10 s what was allowed, 5 s what was not. */
export class AccessReviewer {
  readonly #options: AccessOptions;
  readonly #verdicts = new Map<string, Verdict>();

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** @throws StatusError, KubepkiError UNREACHABLE, TimeLimit where there is no verdict */
  async isAllowed(user: UserInfo, verb: string, subresource: string): Promise<boolean> {
    const { nodeName, client, clock, signal } = this.#options;
    const spec: SubjectAccessReview['spec'] = {
      resourceAttributes: {
        verb,
        version: 'v1',
        resource: 'nodes',
        subresource,
        name: nodeName,
      },
      user: user.name,
      groups: user.groups,
      ...(user.extra === undefined ? {} : { extra: user.extra }),
    };
    const key = JSON.stringify(spec);
    const known = this.#verdicts.get(key);
    if (known !== undefined && known.until > clock.now().getTime()) return known.allowed;
    const review: SubjectAccessReview = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: {},
      spec,
    };
    const { status } = await withTimeLimit(
      clock,
      { ms: REVIEW_LIMIT_MS, signal },
      async (limited) => client().create(SUBJECT_ACCESS_REVIEWS, review, { signal: limited }),
    );
    const allowed = status?.allowed === true && status.denied !== true;
    this.#remember(key, {
      allowed,
      until: clock.now().getTime() + (allowed ? ALLOWED_FOR_MS : DENIED_FOR_MS),
    });
    return allowed;
  }

  #remember(key: string, verdict: Verdict): void {
    this.#verdicts.delete(key);
    this.#verdicts.set(key, verdict);
    if (this.#verdicts.size <= MOST_CACHED) return;
    // A Map keeps the order: the first is the oldest.
    const [oldest] = this.#verdicts.keys();
    if (oldest !== undefined) this.#verdicts.delete(oldest);
  }
}
