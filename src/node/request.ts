/**
 * One attempt at a certificate: a new key, a CertificateSigningRequest, the wait for it, and a hard
 * look at what comes back (client-go, util/certificate/csr/csr.go).
 */

import type { Clock, KubernetesClient } from '../client/index.ts';
import { KubepkiError, quotable, quoted } from '../errors.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  refusedFor,
  StatusError,
} from '../kubernetes/index.ts';
import {
  createRequest,
  encodePem,
  generatePrivateKey,
  type PrivateKey,
  readCertificates,
} from '../x509/index.ts';
import type { NodeEvent } from './types.ts';
import { doubling, ENDED, pause, TimeLimit, withTimeLimit } from './waiting.ts';
import { checkIssued, requestTemplate, SIGNERS, USAGES, type WantedCertificate } from './wanted.ts';

export interface RequestContext {
  /** Asked anew for each request, as connections are made again when credentials change. */
  readonly client: () => KubernetesClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onEvent: (event: NodeEvent) => void;
}

export interface IssuedCertificate {
  /** PEM, leaf first. */
  readonly certificate: string;
  readonly key: PrivateKey;
}

/** How long one request may wait for its certificate. */
const PATIENCE_MS = 15 * 60_000;
/** After which somebody should be told that nobody has approved yet. */
const QUIET_MS = 2_000;

/**
 * Asks for one certificate and waits up to 15 minutes until it is signed.
 *
 * @throws StatusError or KubepkiError UNREACHABLE from creating the request; API_REFUSED where it was
 *   denied, has failed, was deleted or not signed in time; INVALID_VALUE, MALFORMED_PEM,
 *   MALFORMED_DER for a certificate that is not the one asked for; the signal's reason
 */
export async function requestCertificate(
  wanted: WantedCertificate,
  context: RequestContext,
): Promise<IssuedCertificate> {
  const { client, clock, signal, onEvent } = context;
  const key = generatePrivateKey('ECDSA-P256');
  const pem = encodePem('CERTIFICATE REQUEST', createRequest(requestTemplate(wanted), key));
  const request = Buffer.from(pem, 'utf8').toString('base64');
  const created = await client().create(
    CERTIFICATE_SIGNING_REQUESTS,
    {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { generateName: 'csr-' },
      spec: {
        request,
        signerName: SIGNERS[wanted.kind],
        usages: USAGES[wanted.kind],
      },
    },
    { signal },
  );
  const name = created.metadata.name ?? '';
  const signerName = SIGNERS[wanted.kind];
  onEvent({ type: 'csr-created', kind: wanted.kind, name, signerName, request });
  const certificate = await waitForCertificate(created, wanted, context);
  const where = `CertificateSigningRequest ${quotable(name)}`;
  checkIssued(readIssued(certificate, where), { wanted, key, now: clock.now(), where });
  return { certificate, key };
}

function readIssued(certificate: string, where: string) {
  try {
    return readCertificates(certificate)[0];
  } catch (cause) {
    if (!(cause instanceof KubepkiError)) throw cause;
    throw new KubepkiError(cause.code, `${where}: in the certificate issued, ${cause.message}`, {
      hint: 'the signer of the cluster does not do what it should: look at its logs',
      cause,
    });
  }
}

async function waitForCertificate(
  created: CertificateSigningRequest,
  { kind }: WantedCertificate,
  context: RequestContext,
): Promise<string> {
  const { clock, signal, onEvent } = context;
  const name = created.metadata.name ?? '';
  const approved = new AbortController();
  const onApproved = (): void => {
    if (approved.signal.aborted) return;
    approved.abort(ENDED);
    onEvent({ type: 'csr-approved', kind, name });
  };
  try {
    return await withTimeLimit(clock, { ms: PATIENCE_MS, signal }, async (limited) => {
      const quiet = AbortSignal.any([limited, approved.signal]);
      const remind = async (): Promise<void> => {
        if (await pause(clock, QUIET_MS, quiet)) onEvent({ type: 'waiting', kind, name });
      };
      void remind();
      return followRequest(created, { ...context, signal: limited }, onApproved);
    });
  } catch (error) {
    if (!(error instanceof TimeLimit)) throw error;
    throw ended(name, 'was not signed within 15 minutes', {
      hint: approved.signal.aborted
        ? 'it is approved: is a signer running?'
        : `approve it: kubectl certificate approve ${quotable(name)}`,
    });
  } finally {
    // Ends the reminder, whatever became of the request.
    approved.abort(ENDED);
  }
}

function ended(name: string, what: string, details: { hint?: string } = {}): KubepkiError {
  const message = `CertificateSigningRequest ${quoted(name, 80)} ${what}`;
  return new KubepkiError('API_REFUSED', message, details);
}

/**
 * Follows one request to its end: watches from its creation on, and where a watch ends too early or is
 * refused, lists and watches again.
 */
async function followRequest(
  created: CertificateSigningRequest,
  { client, clock, signal }: RequestContext,
  onApproved: () => void,
): Promise<string> {
  const name = created.metadata.name ?? '';
  const judge = (current: CertificateSigningRequest): string | undefined =>
    certificateOf(current, created, onApproved);
  const fieldSelector = `metadata.name=${name}`;
  let from = created.metadata.resourceVersion;
  let pauses = doubling(1_000, 30_000);
  for (;;) {
    try {
      if (from === undefined) {
        const list = await client().list(CERTIFICATE_SIGNING_REQUESTS, { fieldSelector, signal });
        const current = list.items.find(({ metadata }) => metadata.name === name);
        if (current === undefined) throw ended(name, 'was deleted');
        const certificate = judge(current);
        if (certificate !== undefined) return certificate;
        from = list.metadata.resourceVersion;
      }
      const watch = client().watch(CERTIFICATE_SIGNING_REQUESTS, {
        fieldSelector,
        allowWatchBookmarks: true,
        signal,
        ...(from === undefined ? {} : { resourceVersion: from }),
      });
      for await (const { type, object } of watch) {
        if (type === 'BOOKMARK' || object.metadata.name !== name) continue;
        if (type === 'DELETED') throw ended(name, 'was deleted');
        const certificate = judge(object);
        if (certificate !== undefined) return certificate;
        pauses = doubling(1_000, 30_000);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
    }
    signal.throwIfAborted();
    from = undefined;
    await clock.sleep(pauses.next().value, signal);
  }
}

/** Whether waiting may help: the server did not answer, or refuses for now. Credentials it does not know stay unknown. */
const isPassing = (error: unknown): boolean =>
  error instanceof StatusError
    ? !refusedFor(error, 'Unauthorized')
    : error instanceof KubepkiError && error.code === 'UNREACHABLE';

/** The certificate, once there is one. @throws KubepkiError API_REFUSED where there will be none */
function certificateOf(
  current: CertificateSigningRequest,
  { metadata: { name = '', uid } }: CertificateSigningRequest,
  onApproved: () => void,
): string | undefined {
  if (current.metadata.uid !== uid) {
    throw ended(name, 'was deleted, and another one has its name now');
  }
  let approved = false;
  for (const { type, reason, message } of current.status?.conditions ?? []) {
    if (type === 'Approved') approved = true;
    if (type !== 'Denied' && type !== 'Failed') continue;
    const words = [reason, message].filter((word) => word !== undefined && word !== '');
    const why = words.length === 0 ? '' : ` (${quotable(words.join(': '))})`;
    throw ended(name, type === 'Denied' ? `was denied${why}` : `has failed${why}`);
  }
  if (!approved) return undefined;
  onApproved();
  const certificate = current.status?.certificate;
  if (certificate === undefined || certificate === '') return undefined;
  return Buffer.from(certificate, 'base64').toString('utf8');
}
