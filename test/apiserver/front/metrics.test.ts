import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createMetrics,
  type Metrics,
  type MetricsOptions,
  type Subject,
} from '../../../src/apiserver/front/metrics.ts';
import { seeded } from '../../seeded.ts';

const START = new Date('2030-01-01T00:00:00.500Z');
const CSRS: Subject = {
  group: 'certificates.k8s.io',
  version: 'v1',
  resource: 'certificatesigningrequests',
  subresource: '',
  scope: 'resource',
  verb: 'POST',
  dryRun: false,
};
const CSR_LABELS =
  'group="certificates.k8s.io",resource="certificatesigningrequests",scope="resource",subresource="",verb="POST",version="v1"';

function metricsAt(options: Partial<MetricsOptions> = {}): Metrics {
  const metrics = createMetrics({ now: () => START, ...options });
  onTestFinished(() => metrics.close());
  return metrics;
}

/** The samples of a page: name with labels, and value. */
function samples(page: string): Map<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1).replace('Inf', 'Infinity'))];
    }),
  );
}

describe('metrics', () => {
  it('counts requests by what they are about and the status', () => {
    const metrics = metricsAt();
    metrics.observe(CSRS, 201, 0.003);
    metrics.observe(CSRS, 201, 0.3);
    metrics.observe(CSRS, 409, 0.003);
    metrics.observe({ ...CSRS, dryRun: true }, 201, 0.003);
    const page = samples(metrics.format());
    const total = (code: number, dryRun = ''): number | undefined =>
      page.get(
        `apiserver_request_total{code="${code}",component="apiserver",dry_run="${dryRun}",${CSR_LABELS}}`,
      );
    expect([total(201), total(409), total(201, 'All')]).toEqual([2, 1, 1]);
  });

  it('puts durations into the buckets of upstream, each with all that are below', () => {
    const metrics = metricsAt();
    // 0.005 is a bound itself and belongs to its bucket; -1 is a clock that was put back.
    for (const seconds of [0.001, 0.005, 0.006, 0.7, 100, -1]) {
      metrics.observe(CSRS, 201, seconds);
    }
    const page = samples(metrics.format());
    const labels = `component="apiserver",dry_run="",${CSR_LABELS}`;
    const bucket = (le: string): number | undefined =>
      page.get(`apiserver_request_duration_seconds_bucket{${labels},le="${le}"}`);
    expect(['0.005', '0.025', '0.6', '0.8', '60', '+Inf'].map(bucket)).toEqual([3, 4, 4, 5, 5, 6]);
    expect(page.get(`apiserver_request_duration_seconds_count{${labels}}`)).toBe(6);
    expect(page.get(`apiserver_request_duration_seconds_sum{${labels}}`)).toBeCloseTo(100.712);
    const bounds = [...page.keys()].filter((name) => name.includes('request_duration_seconds_bu'));
    expect(bounds).toHaveLength(24);
  });

  it('counts watches that are open, and each end once', () => {
    const metrics = metricsAt();
    const watch = { ...CSRS, verb: 'WATCH', scope: 'cluster' } as const;
    const name =
      'apiserver_longrunning_requests{component="apiserver",group="certificates.k8s.io",resource="certificatesigningrequests",scope="cluster",subresource="",verb="WATCH",version="v1"}';
    const [first, second] = [metrics.watcher(watch), metrics.watcher(watch)];
    expect(samples(metrics.format()).get(name)).toBe(2);
    first();
    first();
    expect(samples(metrics.format()).get(name)).toBe(1);
    second();
    expect(samples(metrics.format()).get(name)).toBe(0);
  });

  it('shows the most requests at once of the last second', () => {
    let now = START.getTime();
    const metrics = metricsAt({ now: () => new Date(now) });
    const shown = (kind: string): number | undefined =>
      samples(metrics.format()).get(`apiserver_current_inflight_requests{request_kind="${kind}"}`);
    metrics.inflight.readOnly += 1;
    metrics.inflight.readOnly += 1;
    metrics.inflight.mutating += 1;
    metrics.inflight.readOnly -= 2;
    expect(metrics.inflight).toEqual({ readOnly: 0, mutating: 1 });
    expect([shown('readOnly'), shown('mutating')]).toEqual([2, 1]);
    now += 1000;
    expect([shown('readOnly'), shown('mutating')]).toEqual([2, 1]);
    now += 1000;
    expect([shown('readOnly'), shown('mutating')]).toEqual([0, 1]);
    now += 60_000;
    expect([shown('readOnly'), shown('mutating')]).toEqual([0, 1]);
  });

  it('counts who was let in without telling who it was', () => {
    const metrics = metricsAt();
    metrics.authenticated('success', 0.001, 'system:node:secret-host');
    metrics.authenticated('success', 0.001, 'jane@example.com');
    metrics.authenticated('success', 0.001, 'kubelet');
    metrics.authenticated('error', 0.001);
    metrics.authorized('denied', 0.002);
    metrics.clientCertificate(7200);
    metrics.dropped('mutating');
    const page = metrics.format();
    expect(page).not.toContain('secret-host');
    expect(page).not.toContain('jane');
    expect(Object.fromEntries(samples(page))).toMatchObject({
      'authentication_attempts{result="success"}': 3,
      'authentication_attempts{result="error"}': 1,
      'authenticated_user_requests{username="other"}': 1,
      'authenticated_user_requests{username="email_id"}': 1,
      'authenticated_user_requests{username="kubelet"}': 1,
      'authorization_attempts_total{result="denied"}': 1,
      'authorization_duration_seconds_count{result="denied"}': 1,
      'apiserver_client_certificate_expiration_seconds_bucket{le="3600"}': 0,
      'apiserver_client_certificate_expiration_seconds_bucket{le="7200"}': 1,
      'apiserver_client_certificate_expiration_seconds_bucket{le="31104000"}': 1,
      'apiserver_dropped_requests_total{request_kind="mutating"}': 1,
    });
  });

  it('shows what the audit log has counted, where there is one', () => {
    expect(metricsAt().format()).not.toContain('apiserver_audit');
    const audit = { events: 1, lost: 0 };
    const metrics = metricsAt({ audit });
    audit.events = 7;
    audit.lost = 2;
    expect(Object.fromEntries(samples(metrics.format()))).toMatchObject({
      apiserver_audit_event_total: 7,
      'apiserver_audit_error_total{plugin="log"}': 2,
    });
  });

  it('tells of the process', () => {
    const page = samples(metricsAt().format());
    expect(page.get('process_start_time_seconds')).toBe(START.getTime() / 1000);
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_heap_size_used_bytes',
    ]) {
      expect(page.get(name)).toBeGreaterThan(0);
    }
    expect(page.get('nodejs_eventloop_lag_max_seconds')).toBe(0);
  });

  it('sees the event loop stand still between two pages', async () => {
    const metrics = metricsAt();
    metrics.format();
    const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));
    // The monitor has to have ticked once to know of what time on the next tick is late.
    await tick();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    await tick();
    expect(samples(metrics.format()).get('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.1);
  });

  it.each([
    [
      'a quotation mark',
      'a"} 1\napiserver_request_total{x="',
      'a\\"} 1\\napiserver_request_total{x=\\"',
    ],
    ['a backslash', '\\', '\\\\'],
    ['a backslash before an n', '\\n', '\\\\n'],
    ['half a character', '\ud800', '\ufffd'],
    ['the name of a prototype', '__proto__', '__proto__'],
    ['nothing', '', ''],
  ])('keeps a value with %s inside its label', (_, value, shown) => {
    const metrics = metricsAt();
    metrics.observe({ ...CSRS, resource: value }, 200, 0.001);
    const lines = metrics
      .format()
      .split('\n')
      .filter((line) => line.startsWith('apiserver_request_total{'));
    expect(lines).toEqual([
      `apiserver_request_total{code="200",component="apiserver",dry_run="",group="certificates.k8s.io",resource="${shown}",scope="resource",subresource="",verb="POST",version="v1"} 1`,
    ]);
  });

  it('does not mix up values that look alike when put together', () => {
    const metrics = metricsAt();
    for (const [group, resource] of [
      ['a b', 'c'],
      ['a', 'b c'],
      ['a\u0000b', 'c'],
      ['a', 'b\u0000c'],
      ['a,resource="b"', 'c'],
    ] as const) {
      metrics.observe({ ...CSRS, group, resource }, 200, 0.001);
    }
    const lines = metrics.format().match(/^apiserver_request_total\{.*\} 1$/gm);
    expect(new Set(lines).size).toBe(5);
  });

  it('does not grow with what clients make up', () => {
    const metrics = metricsAt();
    const dice = seeded('metrics');
    const random = (): string =>
      dice
        .next()
        .toString(36)
        .repeat(1 + Math.floor(dice.next() * 20));
    for (let index = 0; index < 5000; index++) {
      metrics.observe(
        { ...CSRS, verb: random(), group: random(), resource: random() },
        Math.floor(dice.next() * 1e6),
        dice.next(),
      );
    }
    metrics.observe(CSRS, 201, 0.001);
    const page = metrics.format();
    const series = page.match(/^apiserver_request_total\{.*$/gm) ?? [];
    expect(series.length).toBeLessThanOrEqual(2001);
    expect(page).not.toMatch(/="[^"]{129}/);
    expect([...samples(series.join('\n')).values()].reduce((a, b) => a + b)).toBe(5001);
    expect(
      samples(page).get('cardinality_enforcement_unexpected_categorizations_total'),
    ).toBeGreaterThan(3000);
  });

  it('takes verbs and statuses only where they are ones', () => {
    const metrics = metricsAt();
    for (const code of [99, 600, 200.5, Number.NaN]) {
      metrics.observe({ ...CSRS, verb: 'BREW' }, code, 0.001);
    }
    const series = metrics.format().match(/^apiserver_request_total\{.*$/gm);
    expect(series).toHaveLength(1);
    expect(series?.[0]).toMatch(/code="unexpected".*verb="other".* 4$/);
  });

  it('is a page that Prometheus reads: head before samples, each name once, a newline at the end', () => {
    const metrics = metricsAt({ audit: { events: 0, lost: 0 } });
    metrics.observe(CSRS, 201, 0.003);
    metrics.watcher(CSRS);
    const page = metrics.format();
    expect(page.endsWith('\n')).toBe(true);
    expect(page).not.toContain('\n\n');
    let current = '';
    const seen = new Set<string>();
    for (const line of page.trimEnd().split('\n')) {
      const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
      const sample = /^([a-z_0-9]+)(\{[^}]*\})? (-?[0-9.e+-]+|[+-]Inf|NaN)$/.exec(line);
      if (type !== null) {
        current = type[1] ?? '';
        expect(seen.has(current)).toBe(false);
        seen.add(current);
      } else if (!line.startsWith(`# HELP `)) {
        expect(sample, line).not.toBeNull();
        expect(sample?.[1]?.replace(/_(bucket|sum|count)$/, '')).toBe(
          current.replace(/_(bucket|sum|count)$/, ''),
        );
      }
    }
    expect(seen.size).toBeGreaterThan(15);
  });
});
