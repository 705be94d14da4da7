/**
 * Watches over requests and nodes: how many there are and how fast they grow, who has too many, and whose
 * certificates should have been renewed by now. What it knows is in memory: from the requests that are there
 * and come, and, in kubepki's server, from the connections of nodes.
 */
import type { Informer, InformerChange } from '../../client/index.ts';
import { KubepkiError } from '../../errors.ts';
import {
  type CertificateSigningRequest,
  decodeBase64,
  isIssued,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  NODE_USER_PREFIX,
  type Node,
} from '../../kubernetes/index.ts';
import { commonName, decodePem, parseCertificate } from '../../x509/index.ts';
import type { ControllerContext } from '../context.ts';
import type { ControllerMetrics } from '../metrics.ts';
import { deleteExcess } from './excess.ts';
import { type Forecast, Growth, MEASURE_MS } from './growth.ts';
import { LIMITS, type LimitName } from './limits.ts';
import type { NodeCertificateKind, NodeCertificates, Overdue } from './node-certificates.ts';
import { guardrailReadings } from './readings.ts';
import { RequestCounts } from './request-counts.ts';

/** What is reached within a day is told. */
const HORIZON_MS = 86_400_000;
const TELL_AGAIN_MS = 3_600_000;
/** Nodes that are told by name in one line. */
const MOST_TOLD = 5;

const KINDS: ReadonlyMap<string, NodeCertificateKind> = new Map([
  [KUBELET_CLIENT_SIGNER, 'client'],
  [KUBELET_SERVING_SIGNER, 'serving'],
]);

export interface Guardrails {
  /** To be told every change of a request. */
  readonly onRequest: (change: InformerChange<CertificateSigningRequest>) => void;
  readonly onNode: (change: InformerChange<Node>) => void;
  /** To be called when all requests are known: what comes then is news. Measures, tells and tidies until the signal aborts. */
  readonly run: () => Promise<void>;
}

export interface GuardrailsOptions {
  readonly metrics: ControllerMetrics;
  readonly certificates: NodeCertificates;
  /** The Nodes that there are, where somebody follows them: no other is overdue. */
  readonly nodes: Informer<Node> | undefined;
  /** Whether requests that are too many are deleted. */
  readonly tidy: boolean;
}

export function createGuardrails(
  context: ControllerContext,
  { metrics, certificates, nodes, tidy }: GuardrailsOptions,
): Guardrails {
  const { clock, signal } = context;
  const counts = new RequestCounts(metrics, () => clock.now());
  const growth: Readonly<Record<LimitName, Growth>> = {
    objects: new Growth(),
    requester: new Growth(),
  };
  const overdue = (): Overdue[] =>
    certificates
      .overdue(clock.now())
      .filter(({ node }) => nodes === undefined || nodes.get(undefined, node) !== undefined);
  const alarm = createAlarm(context, counts, overdue);
  let live = false;
  metrics.guardrails(() =>
    guardrailReadings({ counts, certificates, overdue: overdue(), growth, now: clock.now() }),
  );
  return {
    onRequest: (change) => {
      counts.apply(change, live);
      learn(certificates, change);
    },
    onNode: (change) => {
      if (change.type === 'deleted') certificates.forget(change.object.metadata.name ?? '');
    },
    run: async () => {
      live = true;
      while (!signal.aborted) {
        growth.objects.measure(counts.total);
        growth.requester.measure(counts.busiest().undecided);
        alarm(growth);
        if (tidy) await deleteExcess(context, counts, metrics);
        await clock.sleep(MEASURE_MS, signal);
      }
    },
  };
}

/** Remembers the certificate that a node has just got, or had before this process began. */
function learn(
  certificates: NodeCertificates,
  change: InformerChange<CertificateSigningRequest>,
): void {
  if (change.type === 'deleted' || change.type === 'resync') return;
  const { object } = change;
  const kind = KINDS.get(object.spec.signerName);
  if (kind === undefined || !isIssued(object)) return;
  if (change.type === 'updated' && isIssued(change.previous)) return;
  try {
    const [block] = decodePem(decodeBase64(object.status?.certificate ?? '', 'status.certificate'));
    if (block === undefined) return;
    const certificate = parseCertificate(block.bytes);
    const user = commonName(certificate.subject) ?? '';
    if (!user.startsWith(NODE_USER_PREFIX)) return;
    certificates.seen(user.slice(NODE_USER_PREFIX.length), kind, certificate);
  } catch (error) {
    // What no node can use is none.
    if (!(error instanceof KubepkiError)) throw error;
  }
}

type Alarm = (growth: Readonly<Record<LimitName, Growth>>) => void;

/** Tells what is coming, and again every hour for as long as it is. */
function createAlarm(
  { clock, log }: ControllerContext,
  counts: RequestCounts,
  overdueNow: () => readonly Overdue[],
): Alarm {
  const toldAt = new Map<string, number>();
  const isNews = (what: string): boolean => {
    const now = clock.now().getTime();
    if (now - (toldAt.get(what) ?? Number.NEGATIVE_INFINITY) < TELL_AGAIN_MS) return false;
    toldAt.set(what, now);
    return true;
  };
  return (growth) => {
    for (const name of ['objects', 'requester'] as const) {
      const forecast = growth[name].forecast(LIMITS[name]);
      if (forecast.reachedIn > HORIZON_MS || !isNews(name)) continue;
      const { requester, undecided } = counts.busiest();
      const message = growthSentence(name, forecast);
      log({ level: 'warn', message, requests: counts.total, most: requester, undecided });
    }
    const overdue = overdueNow();
    if (overdue.length === 0 || !isNews('overdue')) return;
    const nodes = new Set(overdue.map(({ node }) => node));
    const named = [...nodes].slice(0, MOST_TOLD);
    log({
      level: 'warn',
      message: `${nodes.size} nodes should have renewed a certificate by now`,
      nodes: nodes.size > named.length ? [...named, '…'] : named,
      firstEnds: overdue[0]?.notAfter.toISOString(),
    });
  };
}

function growthSentence(name: LimitName, { perHour, reachedIn }: Forecast): string {
  const limit = LIMITS[name].toLocaleString('en-US');
  const what =
    name === 'objects'
      ? `${limit} certificate signing requests`
      : `${limit} undecided certificate signing requests of one requester`;
  if (reachedIn === 0) return `there are ${what} or more`;
  const minutes = Math.max(1, Math.round(reachedIn / 60_000));
  const time = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return `at this rate (${Math.round(perHour)} more an hour) there will be ${what} in ${time}`;
}
