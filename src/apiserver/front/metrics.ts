/**
 * What is counted, in Prometheus's text form 0.0.4, under the names, labels and buckets of kube-apiserver
 * (apiserver, pkg/endpoints/metrics/metrics.go, pkg/endpoints/filters/metrics.go, pkg/audit/metrics.go).
 *
 * Recording is cheap: a few look-ups of strings that the caller has anyway, nothing is joined or escaped.
 * Values of labels may come from clients, so the number of series of each metric is bounded.
 */
import { readdirSync } from 'node:fs';
import { type ELDHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { cpuUsage, memoryUsage } from 'node:process';

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Series of one metric; what comes on top is counted under `UNEXPECTED`. */
const MOST_SERIES = 2000;
const LONGEST_LABEL = 128;
const DELAY_RESOLUTION_MS = 50;
/** What upstream puts in the place of a value that is not on its list (component-base, metrics/labels.go). */
const UNEXPECTED = 'unexpected';

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
}

export const createMetrics = (options: MetricsOptions): Metrics => new Metrics(options);

export class Metrics {
  readonly #startedAt: Date;
  readonly #unexpected = new Value();
  readonly #families: Family<Value | Histogram>[] = [];
  /** Runs from the first time that somebody asks. */
  #delay: ELDHistogram | undefined;

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
  readonly #peaks: Readonly<Record<RequestKind, Peak>>;
  /**
   * Requests under way, watches left out; whoever handles them counts up and down. What is reported is
   * the most within the last second, as upstream does.
   */
  readonly inflight: Record<RequestKind, number>;

  constructor({ now, audit }: MetricsOptions) {
    this.#startedAt = now();
    this.#audit = audit;
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
    writeSingles(lines, [
      [
        'cardinality_enforcement_unexpected_categorizations_total',
        'counter',
        'Times that labels had too many values, or one that was too long.',
        this.#unexpected.value,
      ],
      ...processValues(this.#startedAt),
      ...this.#eventLoop(),
    ]);
    lines.push('');
    return lines.join('\n');
  }

  /** Ends what `format` has started. */
  close(): void {
    this.#delay?.disable();
    this.#delay = undefined;
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

  /** Seconds that timers come late, since the last time that somebody asked; names as prom-client has them. */
  #eventLoop(): Single[] {
    const delay = this.#delay ?? monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
    this.#delay = delay;
    delay.enable();
    // What Node records is the time between two ticks, the wanted pause included.
    const late = (nanoseconds: number): number =>
      Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - DELAY_RESOLUTION_MS / 1e3) : 0;
    const values: Single[] = [
      ['nodejs_eventloop_lag_mean_seconds', 'gauge', 'Mean event loop delay.', late(delay.mean)],
      [
        'nodejs_eventloop_lag_p99_seconds',
        'gauge',
        'Event loop delay that 99 of 100 ticks stay below.',
        late(delay.percentile(99)),
      ],
      ['nodejs_eventloop_lag_max_seconds', 'gauge', 'Longest event loop delay.', late(delay.max)],
    ];
    delay.reset();
    return values;
  }
}

type MetricType = 'counter' | 'gauge' | 'histogram';

/** A counter or a gauge of one set of labels. */
class Value {
  value = 0;

  add(by: number): void {
    this.value += by;
  }

  write(lines: string[], name: string, labels: string): void {
    lines.push(`${name}${inBraces(labels)} ${number(this.value)}`);
  }
}

class Histogram {
  readonly #bounds: readonly number[];
  /** Of each bucket alone; the last one has no bound. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** What is below zero, as where the clock was put back, counts as zero. */
  observe(value: number): void {
    const seen = value > 0 ? value : 0;
    let bucket = 0;
    // Most requests are in the first buckets: looking from the start beats halving.
    while (bucket < this.#bounds.length && seen > (this.#bounds[bucket] ?? 0)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += seen;
  }

  write(lines: string[], name: string, labels: string): void {
    const before = labels === '' ? '' : `${labels},`;
    let below = 0;
    for (const [index, count] of this.#counts.entries()) {
      below += count;
      const bound = this.#bounds[index];
      const le = bound === undefined ? '+Inf' : number(bound);
      lines.push(`${name}_bucket{${before}le="${le}"} ${below}`);
    }
    lines.push(`${name}_sum${inBraces(labels)} ${number(this.#sum)}`);
    lines.push(`${name}_count${inBraces(labels)} ${below}`);
  }
}

interface FamilyOptions<T> {
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  readonly make: () => T;
}

/** A tree of values of labels: no joined key, which hostile values could make ambiguous. */
class Branch<T> {
  readonly next = new Map<string, Branch<T>>();
  series: T | undefined;
}

/** One metric with the series of all its sets of labels. */
class Family<T extends Value | Histogram> {
  readonly #name: string;
  readonly #options: FamilyOptions<T>;
  readonly #unexpected: Value;
  readonly #root = new Branch<T>();
  /** Labels as text, with their series, in the order in which they came up. */
  readonly #all: [string, T][] = [];

  /** @param unexpected counts the values of labels that were not taken */
  constructor(name: string, options: FamilyOptions<T>, unexpected: Value) {
    this.#name = name;
    this.#options = options;
    this.#unexpected = unexpected;
  }

  /** The series of these values, in the order of the labels. */
  at(...values: readonly string[]): T {
    let branch: Branch<T> | undefined = this.#root;
    for (const value of values) {
      branch = branch.next.get(value);
      if (branch === undefined) break;
    }
    return branch?.series ?? this.#add(values);
  }

  write(lines: string[]): void {
    const { type, help } = this.#options;
    writeHead(lines, this.#name, type, help);
    for (const [labels, series] of this.#all) series.write(lines, this.#name, labels);
  }

  #add(values: readonly string[]): T {
    const full = this.#all.length >= MOST_SERIES;
    const taken = values.map((value) =>
      full || value.length > LONGEST_LABEL ? UNEXPECTED : value,
    );
    if (taken.some((value, index) => value !== values[index])) this.#unexpected.add(1);
    let branch = this.#root;
    for (const value of taken) {
      let next = branch.next.get(value);
      if (next === undefined) {
        next = new Branch();
        branch.next.set(value, next);
      }
      branch = next;
    }
    if (branch.series === undefined) {
      branch.series = this.#options.make();
      this.#all.push([labelText(this.#options.labels, taken), branch.series]);
    }
    return branch.series;
  }
}

/** The most that a number was within the last second. */
class Peak {
  readonly #now: () => Date;
  current = 0;
  /** Of which second of the clock `#most` is. */
  #second = 0;
  #most = 0;
  #mostBefore = 0;

  constructor(now: () => Date) {
    this.#now = now;
  }

  set(count: number): void {
    this.#turn();
    this.current = count;
    if (count > this.#most) this.#most = count;
  }

  lastSecond(): number {
    this.#turn();
    return Math.max(this.#most, this.#mostBefore);
  }

  #turn(): void {
    const second = Math.floor(this.#now().getTime() / 1000);
    if (second === this.#second) return;
    this.#mostBefore = second === this.#second + 1 ? this.#most : this.current;
    this.#most = this.current;
    this.#second = second;
  }
}

/** Only statuses of HTTP make series. */
const codeText = (code: number): string =>
  Number.isInteger(code) && code >= 100 && code <= 599 ? String(code) : UNEXPECTED;

function userLabel(name: string): string {
  if (USERS.has(name)) return name;
  return name.includes('@') ? 'email_id' : 'other';
}

type Single = [name: string, type: MetricType, help: string, value: number];

function processValues(startedAt: Date): Single[] {
  const { user, system } = cpuUsage();
  const { rss, heapTotal, heapUsed, external } = memoryUsage();
  const values: Single[] = [
    ['process_cpu_seconds_total', 'counter', 'CPU time, user and system.', (user + system) / 1e6],
    ['process_resident_memory_bytes', 'gauge', 'Resident memory.', rss],
    [
      'process_start_time_seconds',
      'gauge',
      'When the server started, in seconds since 1970.',
      startedAt.getTime() / 1000,
    ],
    ['nodejs_heap_size_total_bytes', 'gauge', 'Size of the heap.', heapTotal],
    ['nodejs_heap_size_used_bytes', 'gauge', 'What objects take of the heap.', heapUsed],
    ['nodejs_external_memory_bytes', 'gauge', 'Memory of objects outside the heap.', external],
  ];
  const files = openFiles();
  if (files !== undefined)
    values.push(['process_open_fds', 'gauge', 'Open file descriptors.', files]);
  return values;
}

/** Undefined where the system does not tell. */
function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

function writeSingles(lines: string[], singles: readonly Single[]): void {
  for (const [name, type, help, value] of singles) {
    writeHead(lines, name, type, help);
    lines.push(`${name} ${number(value)}`);
  }
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

function writeHead(lines: string[], name: string, type: MetricType, help: string): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
}

const labelText = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`).join(',');

/** The format knows three escapes; what is no text of Unicode is replaced, since readers refuse the page. */
const escaped = (value: string): string =>
  value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const inBraces = (labels: string): string => (labels === '' ? '' : `{${labels}}`);

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
