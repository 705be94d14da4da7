/**
 * An authority under another one: the certificates behind it in its file, judged, and who gets
 * which of them.
 *
 * What decides who may speak for whom (`--client-ca-file`, `--trusted-ca-file`, …) gets the
 * authority alone: with a company's root in it every certificate of the company would be let in. A
 * server sends the intermediates along, for clients that know the root only. A kubeconfig trusts all.
 */
import { quoted } from '../errors.ts';
import {
  type Certificate,
  commonName,
  encodePem,
  formatName,
  signatureVerifies,
} from '../x509/index.ts';
import { dateProblem } from './leaf.ts';

/** The certificates behind an authority's own, as far as they are its issuers. */
export interface Issuers {
  /** Nearest first; a root, where it is there, is the last. */
  readonly issuers: readonly Certificate[];
  readonly notes: readonly string[];
}

const pem = (certificates: readonly Certificate[]): string =>
  certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join('');

const shown = ({ subject }: Certificate): string =>
  quoted(commonName(subject) ?? formatName(subject));

export const isSelfSigned = (certificate: Certificate): boolean =>
  isIssuedBy(certificate, certificate);

/** How the note about certificates ends that go nowhere. */
export const FIRST_ONLY = 'hosts get the first only';

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const isIssuedBy = (certificate: Certificate, issuer: Certificate): boolean =>
  sameBytes(certificate.issuerDer, issuer.subjectDer) && signatureVerifies(certificate, issuer);

const ORDER = 'the CA that signs comes first, then its issuer, and so on';

/** Judges what stands behind a CA in its file: the issuer of each, in order, up to or without the root. */
export function judgeIssuers(
  own: Certificate,
  behind: readonly Certificate[],
  now: Date,
): Issuers | { readonly reason: string } {
  if (behind.length === 0) return { issuers: [], notes: [] };
  if (isSelfSigned(own)) {
    // Not the same CA with other dates: that overlaps.
    const below = behind.find(
      (one) => !sameBytes(one.subjectDer, own.subjectDer) && isIssuedBy(one, own),
    );
    if (below !== undefined) {
      return { reason: `${shown(below)} behind it in its file is issued by it: ${ORDER}` };
    }
    // The overlap while a root is replaced, most likely.
    const others = behind.map(shown).join(', ');
    return {
      issuers: [],
      notes: [`${others} behind it in its file: not its issuer; ${FIRST_ONLY}`],
    };
  }
  let below = own;
  for (const [i, certificate] of behind.entries()) {
    const which = `certificate ${i + 2} of its file, ${shown(certificate)},`;
    const problem = issuerProblem(below, certificate, which) ?? useProblem(certificate, which, now);
    if (problem !== undefined) return { reason: problem };
    below = certificate;
  }
  return { issuers: behind, notes: [] };
}

function issuerProblem(
  below: Certificate,
  certificate: Certificate,
  which: string,
): string | undefined {
  if (isSelfSigned(below)) return `${which} stands behind a root: ${ORDER}`;
  if (!sameBytes(below.issuerDer, certificate.subjectDer)) {
    return `${which} is not the issuer of ${shown(below)}, which is ${shownIssuer(below)}: ${ORDER}`;
  }
  if (!signatureVerifies(below, certificate)) {
    return `${which} has the name of the issuer of ${shown(below)} and another key`;
  }
  return undefined;
}

const shownIssuer = ({ issuer }: Certificate): string =>
  quoted(commonName(issuer) ?? formatName(issuer));

function useProblem(certificate: Certificate, which: string, now: Date): string | undefined {
  if (certificate.basicConstraints?.ca !== true) return `${which} is not a CA`;
  if (certificate.keyUsage?.includes('keyCertSign') === false) {
    return `${which} may not sign certificates: its key usage lacks keyCertSign`;
  }
  const date = dateProblem(certificate, now);
  return date === undefined ? undefined : `${which} ${date}`;
}

/** The texts of an authority's certificates, written anew for those who get them. */
export interface AuthorityTexts {
  /** The authority alone. */
  readonly publicText: string;
  /** With its issuers, the root too: for kubeconfigs. */
  readonly trustText: string;
  /** What a server sends behind its own certificate; empty where the authority is a root. */
  readonly intermediatesText: string;
}

export function authorityTexts(
  own: Certificate,
  issuers: readonly Certificate[] = [],
): AuthorityTexts {
  const all = [own, ...issuers];
  return {
    publicText: pem([own]),
    trustText: pem(all),
    intermediatesText: pem(all.filter((certificate) => !isSelfSigned(certificate))),
  };
}
