import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { type AuditLog, openAuditLog } from '../../../src/apiserver/front/audit.ts';
import { type Audited, auditEvent } from '../../../src/apiserver/front/audit-event.ts';
import type { IncomingRequest } from '../../../src/apiserver/front/exchange.ts';
import { requestInfo } from '../../../src/apiserver/front/request-info.ts';
import { StatusError } from '../../../src/kubernetes/index.ts';
import { command } from '../../spawn.ts';
import { temporaryDirectory } from '../../temporary.ts';

const RECEIVED = new Date('2030-01-01T00:00:00.123Z');
const ENDED = new Date('2030-01-01T00:00:00.456Z');
const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

type Json = Readonly<Record<string, unknown>>;

function audited(request: Partial<IncomingRequest> = {}, rest: Partial<Audited> = {}): Audited {
  const whole: IncomingRequest = {
    method: 'POST',
    url: CSRS,
    headers: { 'user-agent': 'kubelet/v1.36.3' },
    peer: { address: '10.0.0.7', certificates: [] },
    ...request,
  };
  return {
    id: '7d7d4f86-0000-4000-8000-000000000000',
    request: whole,
    info: requestInfo(whole.method, whole.url),
    receivedAt: RECEIVED,
    user: { name: 'system:bootstrap:abcdef', groups: ['system:bootstrappers'] },
    ...rest,
  };
}

/** As a reader of the log gets it. */
const event = (...args: Parameters<typeof auditEvent>): Json =>
  JSON.parse(JSON.stringify(auditEvent(...args)));

const linesOf = (path: string): Json[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

async function opened(path: string, output?: Writable): Promise<[AuditLog, Error[]]> {
  const errors: Error[] = [];
  return [await openAuditLog(path, (error) => errors.push(error), output), errors];
}

describe('an event of the audit log', () => {
  it('says who, what, when, whether it was allowed and how it ended', () => {
    const decision = { allowed: true, reason: 'RBAC: allowed by ClusterRoleBinding "b"' };
    expect(event(audited({}, { decision }), 'ResponseComplete', ENDED, { code: 201 })).toEqual({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: '7d7d4f86-0000-4000-8000-000000000000',
      stage: 'ResponseComplete',
      requestURI: CSRS,
      verb: 'create',
      user: { username: 'system:bootstrap:abcdef', groups: ['system:bootstrappers'] },
      sourceIPs: ['10.0.0.7'],
      userAgent: 'kubelet/v1.36.3',
      objectRef: {
        resource: 'certificatesigningrequests',
        apiGroup: 'certificates.k8s.io',
        apiVersion: 'v1',
      },
      responseStatus: { metadata: {}, code: 201 },
      requestReceivedTimestamp: '2030-01-01T00:00:00.123000Z',
      stageTimestamp: '2030-01-01T00:00:00.456000Z',
      annotations: {
        'authorization.k8s.io/decision': 'allow',
        'authorization.k8s.io/reason': 'RBAC: allowed by ClusterRoleBinding "b"',
      },
    });
  });

  it('says of a refusal what the client was told', () => {
    const { status } = StatusError.of('Forbidden', 'nodes is forbidden', { kind: 'nodes' });
    const decision = { allowed: false, reason: '' };
    const refused = audited({ method: 'GET', url: '/api/v1/nodes/n1' }, { decision });
    expect(event(refused, 'ResponseComplete', ENDED, { code: 403, status })).toMatchObject({
      verb: 'get',
      objectRef: { resource: 'nodes', name: 'n1', apiVersion: 'v1' },
      responseStatus: {
        status: 'Failure',
        reason: 'Forbidden',
        message: 'nodes is forbidden',
        details: { kind: 'nodes' },
        code: 403,
      },
      annotations: {
        'authorization.k8s.io/decision': 'forbid',
        'authorization.k8s.io/reason': '',
      },
    });
  });

  it('has no object for a path that is no resource, and nobody where nobody is known', () => {
    const result = event(
      audited(
        { method: 'GET', url: '/healthz', headers: {}, peer: { certificates: [] } },
        { user: { name: '', groups: [] } },
      ),
      'ResponseComplete',
      ENDED,
      { code: 401 },
    );
    expect(result).toMatchObject({ verb: 'get', user: {} });
    expect(Object.keys(result)).not.toEqual(
      expect.arrayContaining(['objectRef', 'sourceIPs', 'userAgent', 'annotations']),
    );
    expect(result['objectRef']).toBeUndefined();
    expect(result['sourceIPs']).toBeUndefined();
  });

  it.each([
    '?token=abcdef.0123456789abcdef',
    '?limit=1&access_token=abcdef.0123456789abcdef&watch=1',
    '?ACCESS_TOKEN=abcdef.0123456789abcdef',
    '?acc%65ss_t%6Fken=abcdef.0123456789abcdef',
    '?a=1;token=abcdef.0123456789abcdef',
    '?token=a&token=abcdef.0123456789abcdef',
    '?%FF&token=abcdef.0123456789abcdef',
    '?token=x=abcdef.0123456789abcdef',
    '?id_token=abcdef.0123456789abcdef#token=abcdef.0123456789abcdef',
  ])('shows no token of the query %s', (query) => {
    const text = JSON.stringify(
      event(audited({ url: `${CSRS}${query}` }), 'ResponseComplete', ENDED),
    );
    expect(text).not.toContain('0123456789abcdef');
    expect(text).toContain('REDACTED');
  });

  it.each(['?limit=500&continue=token', '?fieldSelector=metadata.name%3Dtoken', '?', '?&&=&token'])(
    'leaves the query %s as it is',
    (query) => {
      const url = `${CSRS}${query}`;
      expect(event(audited({ url }), 'ResponseComplete', ENDED)['requestURI']).toBe(url);
    },
  );

  it('holds no header, so no credential that stands in one', () => {
    const headers = { authorization: 'Bearer abcdef.0123456789abcdef', cookie: 'c00kie' };
    const text = JSON.stringify(event(audited({ headers }), 'ResponseComplete', ENDED));
    expect(text).not.toMatch(/0123456789abcdef|c00kie/);
  });

  it.each([
    ['203.0.113.9, 10.1.1.1', undefined, ['203.0.113.9', '10.1.1.1', '10.0.0.7']],
    ['203.0.113.9,10.0.0.7', '203.0.113.9', ['203.0.113.9', '10.0.0.7']],
    ['evil", 1.2.3.4.5, 2001:db8::1', '198.51.100.1', ['2001:db8::1', '198.51.100.1', '10.0.0.7']],
    [undefined, 'nonsense', ['10.0.0.7']],
    ['1.1.1.1,'.repeat(10_000), undefined, [...Array<string>(31).fill('1.1.1.1'), '10.0.0.7']],
  ])('names the hops that proxies claim, and the known one last: %.30s', (forwarded, real, ips) => {
    const headers = { 'x-forwarded-for': forwarded, 'x-real-ip': real };
    expect(event(audited({ headers }), 'ResponseComplete', ENDED)['sourceIPs']).toEqual(ips);
  });

  it('cuts a long user agent, and escapes what would break the line', () => {
    const agent = (text: string): unknown =>
      event(audited({ headers: { 'user-agent': text } }), 'ResponseComplete', ENDED)['userAgent'];
    expect(agent('a'.repeat(5000))).toBe(`${'a'.repeat(1024)}...TRUNCATED`);
    const line = JSON.stringify(
      auditEvent(audited({ headers: { 'user-agent': 'a\n{"kind":"Event"}' } }), 'Panic', ENDED),
    );
    expect(line).not.toContain('\n');
  });
});

describe('the audit log', () => {
  it('appends lines to a file that only its owner reads, in a directory that it makes', async () => {
    const path = join(temporaryDirectory(), 'logs', 'audit.log');
    const [log, errors] = await opened(path);
    for (let index = 0; index < 1000; index++) log.write({ index });
    await log.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    const [again] = await opened(path);
    again.write({ index: 1000 });
    await again.close();
    expect(linesOf(path).map(({ index }) => index)).toEqual(
      Array.from({ length: 1001 }, (_, i) => i),
    );
    expect(errors).toEqual([]);
    expect(log.counts).toEqual({ events: 1000, lost: 0 });
  });

  it('writes without being asked to', async () => {
    const path = join(temporaryDirectory(), 'audit.log');
    const [log] = await opened(path);
    log.write({ first: true });
    await vi.waitFor(() => expect(linesOf(path)).toEqual([{ first: true }]));
    log.write({ second: true });
    await vi.waitFor(() => expect(linesOf(path)).toHaveLength(2));
    await log.close();
  });

  it('leaves the mode of a file that is there to its owner', async () => {
    const path = join(temporaryDirectory(), 'audit.log');
    writeFileSync(path, '');
    chmodSync(path, 0o640);
    const [log] = await opened(path);
    await log.close();
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('refuses to start where it cannot write, and says where', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    for (const path of [directory, join(directory, 'file', 'audit.log')]) {
      await expect(openAuditLog(path, () => undefined)).rejects.toMatchObject({
        code: 'FILE_SYSTEM',
        message: expect.stringContaining(path),
      });
    }
  });

  it('goes on in a new file after the old one was renamed', async () => {
    const path = join(temporaryDirectory(), 'audit.log');
    const [log, errors] = await opened(path);
    log.write({ in: 'old' });
    renameSync(path, `${path}.1`);
    await log.reopen();
    log.write({ in: 'new' });
    await log.close();
    expect(linesOf(`${path}.1`)).toEqual([{ in: 'old' }]);
    expect(linesOf(path)).toEqual([{ in: 'new' }]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(errors).toEqual([]);
  });

  it('stays with the old file where a new one cannot be opened', async () => {
    const path = join(temporaryDirectory(), 'audit.log');
    const [log] = await opened(path);
    renameSync(path, `${path}.1`);
    mkdirSync(path);
    await expect(log.reopen()).rejects.toMatchObject({ code: 'FILE_SYSTEM' });
    log.write({ still: 'here' });
    await log.close();
    expect(linesOf(`${path}.1`)).toEqual([{ still: 'here' }]);
  });

  it('takes nothing after it was closed, and closes once', async () => {
    const path = join(temporaryDirectory(), 'audit.log');
    const [log] = await opened(path);
    await Promise.all([log.close(), log.close()]);
    log.write({ late: true });
    await log.reopen();
    expect(linesOf(path)).toEqual([]);
    expect(log.counts.events).toBe(0);
  });

  it('counts what a full disk does not take, says so once, and serves on', async () => {
    const [log, errors] = await opened('/dev/full');
    for (let index = 0; index < 10; index++) log.write({ index });
    await vi.waitFor(() => expect(log.counts.lost).toBe(10));
    log.write({ index: 10 });
    await log.close();
    expect(log.counts).toEqual({ events: 11, lost: 11 });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      code: 'FILE_SYSTEM',
      message: expect.stringContaining('ENOSPC'),
    });
  });

  it('loses only what does not fit, and starts a line of its own when there is room again', async () => {
    const path = join(temporaryDirectory(), 'audit.log');
    const module = resolve('src/apiserver/front/audit.ts');
    const script = `
      import { truncateSync } from 'node:fs';
      import { openAuditLog } from ${JSON.stringify(module)};
      const errors = [];
      const path = ${JSON.stringify(path)};
      const log = await openAuditLog(path, (error) => errors.push(error.message));
      const settled = async (lost) => { while (log.counts.lost < lost) await new Promise((r) => setTimeout(r, 5)); };
      const pad = 'x'.repeat(300);
      for (let index = 0; index < 20; index++) log.write({ index, pad });
      await settled(1);
      const lost = log.counts.lost;
      truncateSync(path, 1000);
      log.write({ after: true });
      await log.close();
      console.log(JSON.stringify({ lost, end: log.counts.lost, errors }));
    `;
    // 4 KiB are the most that this process may write to a file.
    const { stdout, stderr, code } = await command('bash', [
      '-c',
      'ulimit -f 4; exec "$0" --input-type=module -e "$1"',
      process.execPath,
      script,
    ]);
    expect([code, stderr]).toEqual([0, '']);
    const { lost, end, errors } = JSON.parse(stdout) as {
      lost: number;
      end: number;
      errors: string[];
    };
    const line = JSON.stringify({ index: 10, pad: 'x'.repeat(300) }).length + 1;
    expect(lost).toBe(20 - Math.floor((4096 + 10) / line));
    expect(end).toBe(lost);
    expect(errors).toEqual(['the audit log loses events: EFBIG']);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.at(-2)).toBe('{"after":true}');
    expect(lines.at(-1)).toBe('');
  });

  it('holds a bounded number of lines while nothing is taken, without waiting', async () => {
    const taken: string[] = [];
    let release: (() => void) | undefined;
    const output = new Writable({
      write(chunk: Buffer, _, done) {
        taken.push(chunk.toString());
        if (release === undefined) release = done;
        else done();
      },
    });
    const [log, errors] = await opened('-', output);
    const pad = 'x'.repeat(100_000);
    for (let index = 0; index < 200; index++) log.write({ index, pad });
    await vi.waitFor(() => expect(release).toBeDefined());
    expect(log.counts.lost).toBeGreaterThan(100);
    expect(errors).toHaveLength(1);
    const { lost } = log.counts;
    release?.();
    await log.close();
    expect(log.counts).toEqual({ events: 200, lost });
    expect(taken.join('').trimEnd().split('\n')).toHaveLength(200 - lost);
    expect(Math.max(...taken.map((batch) => batch.length))).toBeLessThan(400_000);
  });

  it('writes to standard output for -, and leaves it open', async () => {
    const module = resolve('src/apiserver/front/audit.ts');
    const script = `
      import { openAuditLog } from ${JSON.stringify(module)};
      const log = await openAuditLog('-', () => undefined);
      log.write({ a: 1 });
      await log.reopen();
      await log.close();
      console.log('still open');
    `;
    const result = await command(process.execPath, ['--input-type=module', '-e', script]);
    expect(result).toMatchObject({ code: 0, stdout: '{"a":1}\nstill open\n' });
  });

  it('outlives a reader of standard output that goes away', async () => {
    const module = resolve('src/apiserver/front/audit.ts');
    const script = `
      import { openAuditLog } from ${JSON.stringify(module)};
      const errors = [];
      const log = await openAuditLog('-', (error) => errors.push(error.message));
      const lost = () => log.counts.lost > 0;
      while (!lost()) { log.write({ pad: 'x'.repeat(10000) }); await new Promise((r) => setTimeout(r, 5)); }
      await log.close();
      console.error(errors.join());
    `;
    const { stderr } = await command('bash', [
      '-c',
      '"$0" --input-type=module -e "$1" | head -c 1 >/dev/null',
      process.execPath,
      script,
    ]);
    expect(stderr).toBe('the audit log loses events: EPIPE\n');
  });
});
