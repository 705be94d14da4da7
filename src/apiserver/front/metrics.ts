/**
 * What is counted, under the names, labels and buckets of kube-apiserver (apiserver,
 * pkg/endpoints/metrics/metrics.go, pkg/endpoints/filters/metrics.go, pkg/audit/metrics.go).
 */
import {
  EventLoop,
  Family,
  type FamilyOptions,
  Histogram,
  type Metric,
  type MetricType,
  processValues,
  UNEXPECTED,
  Value,
  writeHead,
  writeMetric,
  writeSingles,
} from '../../metrics/index.ts';
import { Peak } from './metrics-peak.ts';

/** Seconds. */
const REQUEST_BUCKETS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45,
  60,
];
const AUTH_BUCKETS = Array.from({ length: 15 }, (_, power) => 0.001 * 2 ** power);
const HOUR = 3600;
/** apiserver, pkg/authentication/request/x509/x509.go. */
const EXPIRATION_BUCKETS = [0, 0.5, 1, 2, 6, 12, 24, 48, 96, 168, 720, 2160, 4320, 8640].map(
  (hours) => hours * HOUR,
);

const REQUEST_LABELS = ['group', 'resource', 'scope', 'subresource', 'verb', 'version'];
/** Verbs that are counted by their name; others are `other`. */
const VERBS = new Set([
  'GET',
  'LIST',
  'WATCH',
  'POST',
  'PUT',
  'PATCH',
  'APPLY',
  'DELETE',
  'CONNECT',
]);
/** The users that have a counter of their own (apiserver, pkg/endpoints/filters/metrics.go). */
const USERS = new Set(
  'admin client kube_proxy kubelet system:serviceaccount:kube-system:default'.split(' '),
);

/** What a request was about, as far as it is counted. */
export interface Subject {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Of paths that are no resources upstream has the path here (`/readyz`). */
  readonly subresource: string;
  /** `resource` for one object and for create, empty for what is no resource. */
  readonly scope: '' | 'cluster' | 'namespace' | 'resource';
  /** `GET`, `LIST`, `WATCH`, `POST`, `PUT`, `PATCH`, `APPLY`, `DELETE` (also of collections). */
  readonly verb: string;
  readonly dryRun: boolean;
}

export type RequestKind = 'mutating' | 'readOnly';
export type AuthenticationResult = 'error' | 'failure' | 'success';
export type AuthorizationResult = 'allowed' | 'denied' | 'error' | 'no-opinion';

/** What the audit log has counted so far. */
export interface AuditCounts {
  readonly events: number;
  readonly lost: number;
}

export interface MetricsOptions {
  readonly now: () => Date;
  /** The counts of an audit log, where there is one; asked each time that the page is. */
  readonly audit?: AuditCounts | undefined;
  /** What others count, asked each time that the page is. */
  readonly readings?: (() => readonly Metric[]) | undefined;
}

export const createMetrics = (options: MetricsOptions): Metrics => new Metrics(options);

export class Metrics {
  readonly #startedAt: Date;
  readonly #unexpected = new Value();
  readonly #families: Family<Value | Histogram>[] = [];
  readonly #eventLoop = new EventLoop();

  readonly #requests = this.#values(
    'apiserver_request_total',
    'counter',
    'Requests that were answered, by what they were about and the HTTP status.',
    ['code', 'component', 'dry_run', ...REQUEST_LABELS],
  );
  readonly #durations = this.#histograms(
    'apiserver_request_duration_seconds',
    'How long answers took, in seconds; of watches how long they were open.',
    ['component', 'dry_run', ...REQUEST_LABELS],
    REQUEST_BUCKETS,
  );
  readonly #longRunning = this.#values(
    'apiserver_longrunning_requests',
    'gauge',
    'Watches that are open.',
    ['component', ...REQUEST_LABELS],
  );
  readonly #dropped = this.#values(
    'apiserver_dropped_requests_total',
    'counter',
    'Requests that were refused since too many were under way.',
    ['request_kind'],
  );
  readonly #authentications = this.#values(
    'authentication_attempts',
    'counter',
    'Attempts to find out who asks, by their result.',
    ['result'],
  );
  readonly #authenticationTimes = this.#histograms(
    'authentication_duration_seconds',
    'How long authentication took, in seconds.',
    ['result'],
    AUTH_BUCKETS,
  );
  readonly #users = this.#values(
    'authenticated_user_requests',
    'counter',
    'Authenticated requests by user name, as far as that is one of the well-known ones.',
    ['username'],
  );
  readonly #authorizations = this.#values(
    'authorization_attempts_total',
    'counter',
    'Decisions on what is allowed, by their result.',
    ['result'],
  );
  readonly #authorizationTimes = this.#histograms(
    'authorization_duration_seconds',
    'How long authorization took, in seconds.',
    ['result'],
    AUTH_BUCKETS,
  );
  readonly #expirations = this.#histograms(
    'apiserver_client_certificate_expiration_seconds',
    'How long the client certificates that requests were made with are still valid, in seconds.',
    [],
    EXPIRATION_BUCKETS,
  ).at();
  readonly #audit: AuditCounts | undefined;
  readonly #readings: () => readonly Metric[];
  readonly #peaks: Readonly<Record<RequestKind, Peak>>;
  /**
   * Requests under way, watches left out; whoever handles them counts up and down. What is reported is
   * the most within the last second, as upstream does.
   */
  readonly inflight: Record<RequestKind, number>;

  constructor({ now, audit, readings }: MetricsOptions) {
    this.#startedAt = now();
    this.#audit = audit;
    this.#readings = readings ?? (() => []);
    const mutating = new Peak(now);
    const readOnly = new Peak(now);
    this.#peaks = { mutating, readOnly };
    this.inflight = {
      get mutating() {
        return mutating.current;
      },
      set mutating(count) {
        mutating.set(count);
      },
      get readOnly() {
        return readOnly.current;
      },
      set readOnly(count) {
        readOnly.set(count);
      },
    };
  }

  /**
   * A request was answered; a watch when it has ended.
   *
   * @param code HTTP status
   * @param component empty for health checks, as upstream
   */
  observe(subject: Subject, code: number, seconds: number, component = 'apiserver'): void {
    const { group, resource, scope, subresource, version } = subject;
    const verb = VERBS.has(subject.verb) ? subject.verb : 'other';
    const dryRun = subject.dryRun ? 'All' : '';
    this.#requests
      .at(codeText(code), component, dryRun, group, resource, scope, subresource, verb, version)
      .add(1);
    this.#durations
      .at(component, dryRun, group, resource, scope, subresource, verb, version)
      .observe(seconds);
  }

  /** A watch is open. Returns what says that it has ended; only the first call counts. */
  watcher({ group, resource, scope, subresource, version }: Subject): () => void {
    const values = ['apiserver', group, resource, scope, subresource, 'WATCH', version];
    const open = this.#longRunning.at(...values);
    open.add(1);
    let ended = false;
    return () => {
      if (!ended) open.add(-1);
      ended = true;
    };
  }

  /** Refused with 429. Older releases of upstream have this metric; the request itself is observed besides. */
  dropped(kind: RequestKind): void {
    this.#dropped.at(kind).add(1);
  }

  /** @param user of a success; names that upstream does not single out become `other` or `email_id` */
  authenticated(result: AuthenticationResult, seconds: number, user?: string): void {
    this.#authentications.at(result).add(1);
    this.#authenticationTimes.at(result).observe(seconds);
    if (user !== undefined) this.#users.at(userLabel(user)).add(1);
  }

  authorized(result: AuthorizationResult, seconds: number): void {
    this.#authorizations.at(result).add(1);
    this.#authorizationTimes.at(result).observe(seconds);
  }

  /** A request was made with a client certificate that is valid for so many seconds more. */
  clientCertificate(secondsLeft: number): void {
    this.#expirations.observe(secondsLeft);
  }

  /** The whole page, to be sent with `METRICS_CONTENT_TYPE`. */
  format(): string {
    const lines: string[] = [];
    for (const family of this.#families) family.write(lines);
    this.#writeInflight(lines);
    if (this.#audit !== undefined) writeAudit(lines, this.#audit);
    for (const metric of this.#readings()) writeMetric(lines, metric);
    writeSingles(lines, [
      [
        'cardinality_enforcement_unexpected_categorizations_total',
        'counter',
        'Times that labels had too many values, or one that was too long.',
        this.#unexpected.value,
      ],
      ...processValues(this.#startedAt),
      ...this.#eventLoop.values(),
    ]);
    lines.push('');
    return lines.join('\n');
  }

  /** Ends what `format` has started. */
  close(): void {
    this.#eventLoop.close();
  }

  #writeInflight(lines: string[]): void {
    const name = 'apiserver_current_inflight_requests';
    writeHead(
      lines,
      name,
      'gauge',
      'The most requests at once in the last second, without watches.',
    );
    for (const kind of ['mutating', 'readOnly'] as const) {
      lines.push(`${name}{request_kind="${kind}"} ${this.#peaks[kind].lastSecond()}`);
    }
  }

  #values(name: string, type: MetricType, help: string, labels: readonly string[]): Family<Value> {
    return this.#family(name, { type, help, labels, make: () => new Value() });
  }

  #histograms(
    name: string,
    help: string,
    labels: readonly string[],
    bounds: readonly number[],
  ): Family<Histogram> {
    return this.#family(name, {
      type: 'histogram',
      help,
      labels,
      make: () => new Histogram(bounds),
    });
  }

  #family<T extends Value | Histogram>(name: string, kind: FamilyOptions<T>): Family<T> {
    const family = new Family(name, kind, this.#unexpected);
    this.#families.push(family);
    return family;
  }
}

/** Only statuses of HTTP make series. */
const codeText = (code: number): string =>
  Number.isInteger(code) && code >= 100 && code <= 599 ? String(code) : UNEXPECTED;

function userLabel(name: string): string {
  if (USERS.has(name)) return name;
  return name.includes('@') ? 'email_id' : 'other';
}

/** The log is the only plug-in that there is, and its level is always the same. */
function writeAudit(lines: string[], { events, lost }: AuditCounts): void {
  writeSingles(lines, [
    ['apiserver_audit_event_total', 'counter', 'Events for the audit log.', events],
  ]);
  const name = 'apiserver_audit_error_total';
  writeHead(lines, name, 'counter', 'Events that did not get into the audit log.');
  lines.push(`${name}{plugin="log"} ${lost}`);
}
