/**
 * Certification paths: from a leaf over intermediates to a root, at a given date, for a given
 * purpose, with a reason for each candidate that was turned down.
 *
 * The behaviour is that of Go's `crypto/x509.Certificate.Verify`, for that is what every Kubernetes
 * component decides with. What differs, and why:
 * - the first valid path is returned, not all of them;
 * - a path has at most 10 certificates (Go bounds the signature checks only, at 100, as here);
 * - without `purpose` every purpose will do; Go then takes serverAuth;
 * - policies are not evaluated, and a certificate with policy constraints is refused (Go evaluates
 *   them; no Kubernetes component asks for a policy);
 * - a critical AKI or SKI is refused here; Go refuses it when it parses;
 * - under name constraints, an e-mail address with a quoted local part is refused.
 *
 * As in Go, and unlike RFC 5280 and OpenSSL: a root needs neither a signature of its own that
 * verifies nor, as a version 1 certificate, basic constraints; a key identifier that differs only
 * moves a candidate to the end of the queue; self-issued certificates count for the path length;
 * extended key usages of CAs, the root's too, limit what is below them. Revocation is not looked at.
 */
import { KubepkiError } from '../errors.ts';
import {
  authorityRefusal,
  type ChainPurpose,
  type ChainRejection,
  constraintRejection,
  hex,
  hostRefusal,
  OID_SUBJECT_ALT_NAME,
  outsideValidity,
  pathLengthRefusal,
  purposeRejection,
  show,
  unhandledExtension,
  weakHash,
} from './chain-rules.ts';
import { fingerprintHex } from './fingerprint.ts';
import { formatName } from './name.ts';
import { signatureAlgorithmName, signatureVerifies } from './signature.ts';
import type { Certificate } from './types.ts';

export { type ChainPurpose, type ChainRejection, MAX_PATH_CERTIFICATES } from './chain-rules.ts';
export { hostMatches } from './hostname.ts';

/** Signature checks in one search: Go's maxChainSignatureChecks. */
const MAX_SIGNATURE_CHECKS = 100;
/** Rejections that a result lists: a mesh of cross-signed CAs would otherwise fill pages. */
const MAX_REJECTIONS = 100;

export interface ChainRequest {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  /** What is trusted. A leaf that is itself among them is a path of one. */
  readonly roots: readonly Certificate[];
  readonly at: Date;
  /** `any` where absent. */
  readonly purpose?: ChainPurpose;
  /** A DNS name or IP address that the leaf must cover. */
  readonly host?: string;
}

export type ChainResult =
  | { readonly ok: true; readonly chain: Certificate[] }
  | { readonly ok: false; readonly rejections: ChainRejection[] };

/**
 * Builds and validates a path from `leaf` to one of `roots`. Finding none is a result and not an
 * error; the rejections then stand in the order in which they were met, up to 100, and those who
 * only have another name than an issuer that is missing come last.
 */
export function verifyChain(request: ChainRequest): ChainResult {
  if (Number.isNaN(request.at.getTime())) {
    throw new RangeError('expected a date to verify at, got an invalid Date');
  }
  const search = new PathSearch(request);
  const chain = search.run();
  return chain === undefined ? { ok: false, rejections: search.rejections } : { ok: true, chain };
}

class PathSearch {
  readonly #request: ChainRequest;
  readonly #roots: ReadonlyMap<string, readonly Certificate[]>;
  readonly #intermediates: ReadonlyMap<string, readonly Certificate[]>;
  readonly #rejections: ChainRejection[] = [];
  /** Certificates of other names where an issuer was missing: told last, for they explain least. */
  readonly #bystanders: ChainRejection[] = [];
  #signatureChecks = 0;
  #gaveUp = false;

  constructor(request: ChainRequest) {
    this.#request = request;
    this.#roots = bySubject(request.roots);
    this.#intermediates = bySubject(request.intermediates);
  }

  get rejections(): ChainRejection[] {
    return [...this.#rejections, ...this.#bystanders].slice(0, MAX_REJECTIONS);
  }

  run(): Certificate[] | undefined {
    const { leaf, roots, at, host } = this.#request;
    const refusal =
      unhandledExtension(leaf) ?? outsideValidity(leaf, at) ?? hostRefusal(leaf, host);
    if (refusal !== undefined) return this.#reject(leaf, refusal);
    if (roots.some((root) => sameBytes(root.der, leaf.der))) return this.#accept([leaf]);
    return this.#extend([leaf]);
  }

  /** Tries every issuer of the path's last certificate, and theirs, until one path holds. */
  #extend(path: readonly Certificate[]): Certificate[] | undefined {
    const child = path.at(-1);
    if (child === undefined) return undefined;
    const weak = weakHash(child.signatureAlgorithm);
    if (weak !== undefined) {
      return this.#reject(child, `is signed with ${weak}, which is not accepted any more`);
    }
    const name = nameKey(child.issuerDer);
    const untried = (pool: ReadonlyMap<string, readonly Certificate[]>): Certificate[] =>
      likelyFirst(pool.get(name) ?? [], child).filter((candidate) => !isInPath(candidate, path));
    const candidates = [
      ...untried(this.#roots).map((candidate) => ({ candidate, trusted: true })),
      ...untried(this.#intermediates).map((candidate) => ({ candidate, trusted: false })),
    ];
    if (candidates.length === 0) this.#rejectDeadEnd(child);
    for (const { candidate, trusted } of candidates) {
      if (this.#exhausted()) return undefined;
      const found = this.#consider(candidate, trusted, path, child);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Ends the search where it has cost enough. Said once, and before everything else. */
  #exhausted(): boolean {
    if (this.#signatureChecks < MAX_SIGNATURE_CHECKS) return false;
    if (!this.#gaveUp) {
      const reason = `was given up: ${MAX_SIGNATURE_CHECKS} signature checks found no path`;
      this.#rejections.unshift({ certificate: this.#request.leaf, reason });
    }
    this.#gaveUp = true;
    return true;
  }

  #consider(
    candidate: Certificate,
    trusted: boolean,
    path: readonly Certificate[],
    child: Certificate,
  ): Certificate[] | undefined {
    const refusal =
      authorityRefusal(candidate, trusted) ??
      this.#signatureRefusal(candidate, child) ??
      unhandledExtension(candidate) ??
      outsideValidity(candidate, this.#request.at) ??
      pathLengthRefusal(candidate, path);
    if (refusal !== undefined) return this.#reject(candidate, refusal);
    const longer = [...path, candidate];
    return trusted ? this.#accept(longer) : this.#extend(longer);
  }

  /** The checks that need the whole path. */
  #accept(chain: Certificate[]): Certificate[] | undefined {
    const rejection =
      purposeRejection(chain, this.#request.purpose ?? 'any') ?? constraintRejection(chain);
    return rejection === undefined ? chain : this.#reject(rejection.certificate, rejection.reason);
  }

  #signatureRefusal(issuer: Certificate, child: Certificate): string | undefined {
    this.#signatureChecks++;
    try {
      if (signatureVerifies(child, issuer)) return undefined;
    } catch (error) {
      if (!(error instanceof KubepkiError)) throw error;
      return `cannot verify the signature of ${show(child)}: ${error.message}`;
    }
    const { authorityKeyId } = child;
    const { subjectKeyId } = issuer;
    const differ =
      authorityKeyId !== undefined &&
      subjectKeyId !== undefined &&
      !sameBytes(authorityKeyId, subjectKeyId);
    return differ
      ? `has the issuer's name but another key: its subject key identifier is ${hex(subjectKeyId)}, the authority key identifier of ${show(child)} is ${hex(authorityKeyId)}`
      : `has the issuer's name, but its key (${issuer.keyType}) does not verify the signature (${signatureAlgorithmName(child.signatureAlgorithm)}) of ${show(child)}`;
  }

  /** Nobody is left to try: says why, and what there was instead. */
  #rejectDeadEnd(child: Certificate): void {
    const name = nameKey(child.issuerDer);
    const issuer = formatName(child.issuer);
    if (sameBytes(child.issuerDer, child.subjectDer)) {
      this.#reject(child, 'is self-signed and not among the roots');
    } else if (this.#roots.has(name) || this.#intermediates.has(name)) {
      this.#reject(child, `leads round in a circle: its issuer ${issuer} is in the path already`);
    } else {
      this.#reject(child, `has an issuer that is not given: ${issuer}`);
      const reason = `is not the issuer of ${show(child)}: the name wanted is ${issuer}`;
      for (const [other] of [...this.#roots.values(), ...this.#intermediates.values()]) {
        if (this.#bystanders.length >= MAX_REJECTIONS) break;
        if (other !== undefined && other !== child) {
          this.#bystanders.push({ certificate: other, reason });
        }
      }
    }
  }

  #reject(certificate: Certificate, reason: string): undefined {
    const known = this.#rejections.some(
      (earlier) => earlier.certificate === certificate && earlier.reason === reason,
    );
    if (!known && this.#rejections.length < MAX_REJECTIONS) {
      this.#rejections.push({ certificate, reason });
    }
    return undefined;
  }
}

/** Candidates in the order of their promise: the key identifiers agree, one is missing, they differ. */
function likelyFirst(candidates: readonly Certificate[], child: Certificate): Certificate[] {
  const wanted = child.authorityKeyId;
  const rank = ({ subjectKeyId }: Certificate): number => {
    if (subjectKeyId === undefined || wanted === undefined) {
      return subjectKeyId === wanted ? 0 : 1;
    }
    return sameBytes(subjectKeyId, wanted) ? 0 : 2;
  };
  return [...candidates].sort((a, b) => rank(a) - rank(b));
}

/** The same subject, key and alternative names: a cross-signed twin would only lead round in a circle. */
function isInPath(candidate: Certificate, path: readonly Certificate[]): boolean {
  const names = sanBytes(candidate);
  return path.some((certificate) => {
    if (!sameBytes(candidate.subjectDer, certificate.subjectDer)) return false;
    if (!sameBytes(candidate.spki, certificate.spki)) return false;
    const others = sanBytes(certificate);
    if (names === undefined || others === undefined) return names === others;
    return sameBytes(names, others);
  });
}

const sanBytes = (certificate: Certificate): Uint8Array | undefined =>
  certificate.extensions.find(({ oid }) => oid === OID_SUBJECT_ALT_NAME)?.value;

function bySubject(certificates: readonly Certificate[]): Map<string, Certificate[]> {
  const map = new Map<string, Certificate[]>();
  // The same certificate twice would be checked, and named in the rejections, twice.
  const seen = new Set<string>();
  for (const certificate of certificates) {
    const id = fingerprintHex(certificate.der);
    if (seen.has(id)) continue;
    seen.add(id);
    const key = nameKey(certificate.subjectDer);
    const list = map.get(key);
    if (list === undefined) map.set(key, [certificate]);
    else list.push(certificate);
  }
  return map;
}

const nameKey = (der: Uint8Array): string => Buffer.from(der).toString('latin1');
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
