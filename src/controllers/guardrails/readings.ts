/** What `/metrics` tells of requests and of the certificates of nodes. */
import type { Reading } from '../../metrics/index.ts';
import type { Growth } from './growth.ts';
import { LIMITS, type LimitName } from './limits.ts';
import type { NodeCertificates, Overdue } from './node-certificates.ts';
import type { RequestCounts } from './request-counts.ts';

/** Nodes that have a series of their own: those first whose certificate ends first. */
const MOST_NODES = 100;

export interface GuardrailFacts {
  readonly counts: RequestCounts;
  readonly certificates: NodeCertificates;
  readonly overdue: readonly Overdue[];
  readonly growth: Readonly<Record<LimitName, Growth>>;
  readonly now: Date;
}

export function guardrailReadings(facts: GuardrailFacts): readonly Reading[] {
  const { counts, certificates, overdue, now } = facts;
  return [
    gauge(
      'kubepki_csr_objects',
      'Certificate signing requests that are stored, by signer.',
      [...counts.objects()].map(([signer, count]) => [{ signer }, count]),
    ),
    ...undecided(counts, now),
    gauge('kubepki_csr_undecided_of_one_requester', 'Undecided requests of whoever has the most.', [
      [{}, counts.busiest().undecided],
    ]),
    ...forecasts(facts),
    gauge(
      'kubepki_node_certificates_known',
      'Nodes whose newest certificate is known, by its kind.',
      KINDS.map((kind) => [{ kind }, certificates.known(kind)]),
    ),
    gauge(
      'kubepki_node_certificates_renewal_overdue',
      'Nodes that should have renewed a certificate by now, by its kind.',
      KINDS.map((kind) => [{ kind }, overdue.filter((one) => one.kind === kind).length]),
    ),
    gauge(
      'kubepki_node_certificate_renewal_overdue_expiration_timestamp_seconds',
      `When the certificate ends that should have been renewed by now, in seconds since 1970; of the ${MOST_NODES} that end first.`,
      overdue.slice(0, MOST_NODES).map(ofNode),
    ),
  ];
}

const KINDS = ['client', 'serving'] as const;

const gauge = (name: string, help: string, values: Reading['values']): Reading => ({
  name,
  type: 'gauge',
  help,
  values,
});

const ofNode = ({ node, kind, notAfter }: Overdue): Reading['values'][number] => [
  { node, kind },
  notAfter.getTime() / 1000,
];

function undecided(counts: RequestCounts, now: Date): Reading[] {
  const bySigner = new Map<string, { count: number; oldest: number }>();
  for (const own of counts.undecided().values()) {
    for (const { signer, created } of own.values()) {
      const known = bySigner.get(signer) ?? { count: 0, oldest: created };
      bySigner.set(signer, {
        count: known.count + 1,
        oldest: Math.min(known.oldest, created),
      });
    }
  }
  const all = [...bySigner];
  return [
    gauge(
      'kubepki_csr_undecided',
      'Certificate signing requests that nobody has decided, by signer.',
      all.map(([signer, { count }]) => [{ signer }, count]),
    ),
    gauge(
      'kubepki_csr_undecided_oldest_seconds',
      'Age of the oldest of them, in seconds.',
      all.map(([signer, { oldest }]) => [{ signer }, Math.max(0, (now.getTime() - oldest) / 1000)]),
    ),
  ];
}

function forecasts({ growth }: GuardrailFacts): Reading[] {
  const all = (['objects', 'requester'] as const).map((limit) => ({
    limit,
    ...growth[limit].forecast(LIMITS[limit]),
  }));
  return [
    gauge(
      'kubepki_csr_limit',
      'Requests that there should not be more of: in all, and undecided of one requester.',
      all.map(({ limit }) => [{ limit }, LIMITS[limit]]),
    ),
    gauge(
      'kubepki_csr_growth_per_hour',
      'How fast requests grow towards a limit, over the last 5, 10 and 60 minutes, the lowest of them.',
      all.map(({ limit, perHour }) => [{ limit }, perHour]),
    ),
    gauge(
      'kubepki_csr_limit_reached_seconds',
      'In how many seconds the limit is reached at this rate; +Inf where it is not.',
      all.map(({ limit, reachedIn }) => [{ limit }, reachedIn / 1000]),
    ),
  ];
}
