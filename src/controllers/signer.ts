/**
 * Signs approved CertificateSigningRequests of Kubernetes' own signers (kube-controller-manager's
 * csrsigning: kubernetes, pkg/controller/certificates/signer/signer.go).
 *
 * A request that its signer must not sign, now or ever, gets the condition Failed and stays as it is.
 * That includes what upstream would try again without end: a request that cannot be read, a signature
 * that is wrong, a name that no certificate can carry, a requester who was revoked meanwhile; and an RSA
 * key that is too weak, which upstream signs for. Trouble that can pass (an expired CA, an API that does
 * not answer) is thrown, and the queue tries again.
 */
import { randomBytes } from 'node:crypto';
import { KubepkiError } from '../errors.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  certificateTemplate,
  certificateValidity,
  DEFAULT_SIGNING_DURATION,
  type IssuingSigner,
  isApproved,
  isFailed,
  isIssued,
  isSignerName,
  SIGNER_POLICIES,
  signingDuration,
  usagesOf,
  withCondition,
} from '../kubernetes/index.ts';
import { formatRfc3339 } from '../tokens/index.ts';
import {
  type CertificationRequest,
  encodePem,
  formatName,
  type Issuer,
  verifyRequest,
} from '../x509/index.ts';
import type { ControllerContext } from './context.ts';
import type { CsrHandler } from './csr-controller.ts';
import { readRequest } from './request-reader.ts';
import { denialOf } from './requester.ts';

/** The CA that a signer signs with, asked for anew for every certificate: it may change meanwhile. */
export type CertificateAuthority = () => Promise<Issuer>;

export interface SigningOptions {
  /** One CA for all signers, or for each its own: one without a CA signs nothing. */
  readonly authorities:
    | CertificateAuthority
    | Readonly<Partial<Record<IssuingSigner, CertificateAuthority>>>;
  /** The longest that is issued, and what is where nothing is asked for, in milliseconds; a year where absent. */
  readonly duration?: number;
}

/** The CA of a signer; undefined where it has none. */
export function authorityOf(
  signing: SigningOptions | undefined,
  signer: IssuingSigner,
): CertificateAuthority | undefined {
  const { authorities } = signing ?? {};
  return typeof authorities === 'function' ? authorities : authorities?.[signer];
}

/** Whether a request is approved, its signer has a CA, and nothing has come of it yet. */
export const canBeSigned =
  (options: SigningOptions) =>
  (csr: CertificateSigningRequest): boolean =>
    isApproved(csr) && !isIssued(csr) && !isFailed(csr) && caOf(csr, options) !== undefined;

const caOf = (
  { spec: { signerName } }: CertificateSigningRequest,
  options: SigningOptions,
): CertificateAuthority | undefined =>
  isSignerName(signerName) ? authorityOf(options, signerName) : undefined;

/** The signer of every request whose signer has a CA. */
export function createSigner(context: ControllerContext, options: SigningOptions): CsrHandler {
  const { duration = DEFAULT_SIGNING_DURATION } = options;

  return async (csr) => {
    if (isIssued(csr) || !isApproved(csr) || isFailed(csr)) return 'done';
    const { signerName } = csr.spec;
    if (!isSignerName(signerName)) return 'done';
    const authority = authorityOf(options, signerName);
    if (authority === undefined) return 'done';

    const { request, problem } = readRequest(csr);
    if (request === undefined) return fail(context, csr, `unable to parse csr: ${problem}`);
    const reason =
      SIGNER_POLICIES[signerName](request, usagesOf(csr.spec)) ?? weaknessOf(request.keyType);
    if (reason !== undefined) return fail(context, csr, reason);

    const issuer = await authority();
    const longest = signingDuration(csr.spec.expirationSeconds, duration);
    const signed = sign(context, csr, { request, issuer, longest });
    if (signed.der === undefined) return fail(context, csr, signed.problem);
    try {
      await updateStatus(context, {
        ...csr,
        status: {
          ...csr.status,
          certificate: Buffer.from(encodePem('CERTIFICATE', signed.der)).toString('base64'),
        },
      });
    } catch (error) {
      // Asked only now: nobody has seen the certificate, and hardly ever is anybody revoked.
      const denial = await denialOf(context, csr, error);
      if (denial === undefined) throw error;
      return fail(context, csr, denial);
    }
    context.log({
      level: 'info',
      message: 'signed',
      csr: csr.metadata.name,
      signerName,
      subject: formatName(request.subject),
      serialNumber: signed.serialNumber,
      notAfter: formatRfc3339(signed.notAfter),
    });
    return 'done';
  };
}

/** As every public CA; kube-controller-manager signs for whatever Go reads, which begins at 1024. */
const LEAST_RSA_BITS = 2048;

function weaknessOf(keyType: string): string | undefined {
  const bits = keyType.startsWith('RSA-') ? Number(keyType.slice('RSA-'.length)) : undefined;
  if (bits === undefined || bits >= LEAST_RSA_BITS) return undefined;
  return `the key is too weak: RSA of ${bits} bits, where ${LEAST_RSA_BITS} are the least`;
}

type Signed =
  | {
      readonly der: Uint8Array;
      readonly serialNumber: string;
      readonly notAfter: Date;
    }
  | { readonly der?: never; readonly problem: string };

/** @throws KubepkiError where the CA has expired: the only trouble here that can pass. */
function sign(
  { clock }: ControllerContext,
  csr: CertificateSigningRequest,
  { request, issuer, longest }: { request: CertificationRequest; issuer: Issuer; longest: number },
): Signed {
  // The API server has verified it as well, but it need not be the one of this process.
  if (!verifyRequest(request)) {
    return { problem: 'unable to verify certificate request signature' };
  }
  const validity = certificateValidity(clock.now(), longest, issuer.certificate.notAfter);
  const serialNumber = randomBytes(16);
  try {
    const template = certificateTemplate(request, usagesOf(csr.spec), validity);
    const der = issuer.issue({ ...template, serialNumber }, request.spki);
    const { notAfter } = validity;
    return { der, serialNumber: serialNumber.toString('hex'), notAfter };
  } catch (error) {
    if (error instanceof KubepkiError) return { problem: error.message };
    throw error;
  }
}

async function fail(
  context: ControllerContext,
  csr: CertificateSigningRequest,
  message: string,
): Promise<'done'> {
  const failed = withCondition(csr, {
    type: 'Failed',
    status: 'True',
    reason: 'SignerValidationFailure',
    message,
    lastUpdateTime: formatRfc3339(context.clock.now()),
  });
  await updateStatus(context, failed);
  context.log({ level: 'warn', message: 'not signed', csr: csr.metadata.name, reason: message });
  return 'done';
}

async function updateStatus(
  { client, signal }: ControllerContext,
  after: CertificateSigningRequest,
): Promise<void> {
  await client.update(CERTIFICATE_SIGNING_REQUESTS, after, { subresource: 'status', signal });
}
