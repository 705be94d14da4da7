/** What is done beside a kubelet: its bootstrap kubeconfig goes when its certificate is proven, and not before. */
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StatusError } from '../../src/kubernetes/index.ts';
import { DISK, type NodeEvent, watchKubelet } from '../../src/node/index.ts';
import { encodePem, encodePrivateKey, generatePrivateKey, makeName } from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { FakeApi, makeAuthority, unreachable } from './fake-api.ts';
import { ManualClock, settle } from './manual-clock.ts';

const DAY = 86_400_000;

function arrange() {
  const dir = temporaryDirectory();
  const clock = new ManualClock('2026-03-01T10:00:00Z');
  const api = new FakeApi(() => clock.now());
  const ca = join(dir, 'ca.crt');
  writeFileSync(ca, api.authority.pem);
  const files = {
    kubeconfig: join(dir, 'kubelet.conf'),
    bootstrapKubeconfig: join(dir, 'bootstrap.conf'),
  };
  const kubeconfig = (user: string, server = 'https://api.test:6443', authority = ca): string => `
apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "${server}", certificate-authority: ${authority} } }]
users: [{ name: u, user: { ${user} } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
current-context: x
`;
  const bootstrap = kubeconfig('token: bootstrap');
  writeFileSync(files.bootstrapKubeconfig, bootstrap);
  const pem = join(dir, 'kubelet-client-current.pem');
  /** As a kubelet does: the kubeconfig before the certificate. */
  const writeKubeconfig = (server?: string): void =>
    writeFileSync(
      files.kubeconfig,
      kubeconfig(`client-certificate: ${pem}, client-key: ${pem}`, server),
    );
  const storeCertificate = (commonName = 'system:node:worker-1', days = 10): void => {
    const key = generatePrivateKey('ECDSA-P256');
    const der = api.authority.issuer.issue(
      {
        subject: makeName({ organizations: ['system:nodes'], commonName }),
        notBefore: clock.now(),
        notAfter: new Date(clock.now().getTime() + days * DAY),
        basicConstraints: { ca: false },
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: ['clientAuth'],
      },
      key.spki,
    );
    writeFileSync(pem, encodePem('CERTIFICATE', der) + encodePrivateKey(key));
  };
  const bootstrapped = (commonName?: string, server?: string): void => {
    writeKubeconfig(server);
    storeCertificate(commonName);
  };
  const start = (more: Partial<Parameters<typeof watchKubelet>[0]> = {}) => {
    const events: NodeEvent[] = [];
    const log: string[] = [];
    const stop = new AbortController();
    const running = watchKubelet(
      { ...files, exitAfterBootstrap: false, ...more },
      {
        clock,
        connect: api.connect,
        signal: stop.signal,
        log: (line) => log.push(line),
        onEvent: (event) => events.push(event),
        // Takes no time, so that none has to be waited for.
        disk: { ...DISK, sync: async () => undefined },
      },
    );
    running.catch(() => undefined);
    onTestFinished(async () => {
      stop.abort();
      await running.catch(() => undefined);
    });
    return { events, log, running, stop };
  };
  const isThere = (): boolean => existsSync(files.bootstrapKubeconfig);
  const wait = async (times = 1): Promise<void> => {
    await settle();
    for (let i = 0; i < times; i++) await clock.advance(10_000);
  };
  return {
    dir,
    clock,
    api,
    files,
    kubeconfig,
    bootstrap,
    pem,
    writeKubeconfig,
    storeCertificate,
    bootstrapped,
    start,
    isThere,
    wait,
  };
}

const types = (events: readonly NodeEvent[]): string[] => events.map(({ type }) => type);

describe('the bootstrap kubeconfig of a kubelet', () => {
  it('goes when its certificate is there and the server takes it, and nothing else is touched', async () => {
    const { dir, api, files, writeKubeconfig, storeCertificate, start, isThere, wait } = arrange();
    const { events, log } = start();
    await wait(2);
    expect(log).toEqual([
      `waiting for the kubelet to bootstrap: ${files.kubeconfig}: no such file`,
    ]);
    writeKubeconfig();
    await wait(2);
    expect(log).toHaveLength(2);
    expect(isThere()).toBe(true);
    storeCertificate();
    const before = readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'utf8')]);
    await wait();
    expect(isThere()).toBe(false);
    expect(types(events)).toEqual(['kubelet-certificate', 'bootstrap-kubeconfig-deleted']);
    expect(api.calls).toEqual([
      { user: 'system:node:worker-1', what: 'get /api/v1/nodes/worker-1' },
    ]);
    const after = readdirSync(dir).map((name) => [name, readFileSync(join(dir, name), 'utf8')]);
    expect(after).toEqual(before.filter(([name]) => name !== 'bootstrap.conf'));
    expect(api.openConnections).toBe(0);
  });

  it('goes also the next time, and the watch ends then where it is told to', async () => {
    const { api, bootstrap, files, bootstrapped, start, isThere, wait } = arrange();
    api.put('/api/v1/nodes/worker-1', { kind: 'Node', metadata: { name: 'worker-1' } });
    bootstrapped();
    const first = start();
    await wait();
    expect(isThere()).toBe(false);
    writeFileSync(files.bootstrapKubeconfig, bootstrap);
    await wait();
    expect(isThere()).toBe(false);
    expect(types(first.events).filter((type) => type.startsWith('boot'))).toHaveLength(2);
    first.stop.abort();
    await first.running;
    writeFileSync(files.bootstrapKubeconfig, bootstrap);
    const second = start({ exitAfterBootstrap: true });
    await second.running;
    expect(isThere()).toBe(false);
    // Nothing to do any more.
    await start({ exitAfterBootstrap: true }).running;
  });

  it.each([
    ['does not take it', StatusError.of('Unauthorized', 'Unauthorized'), 'Unauthorized'],
    ['does not answer', unreachable(), 'did not answer'],
    ['is ill', StatusError.of('InternalError', 'oops'), 'oops'],
  ])(
    'stays while the server %s, says so once, and asks ever less often',
    async (_, error, words) => {
      const { api, bootstrapped, start, isThere, wait } = arrange();
      bootstrapped();
      api.failure = () => error;
      const { log } = start();
      await wait(360);
      expect(isThere()).toBe(true);
      expect(log).toHaveLength(1);
      expect(log[0]).toContain("is not deleted: the kubelet's certificate is not proven");
      expect(log[0]).toContain(words);
      expect(api.calls.length).toBeLessThanOrEqual(17);
      api.failure = () => undefined;
      await wait(31);
      expect(isThere()).toBe(false);
    },
  );

  it('stays when the certificate has expired', async () => {
    const { clock, bootstrapped, start, isThere, wait } = arrange();
    bootstrapped();
    await clock.advance(11 * DAY);
    const { log } = start();
    await wait(2);
    expect(isThere()).toBe(true);
    expect(log[0]).toContain('its client certificate expired 2026-03-11');
  });

  it.each<[string, (all: ReturnType<typeof arrange>) => void, string]>([
    [
      'leads to another server',
      ({ bootstrapped }) => bootstrapped(undefined, 'https://other.test:6443'),
      "it leads to https://api.test:6443, and the kubelet's kubeconfig to https://other.test:6443",
    ],
    [
      'has another CA',
      ({ dir, clock, files, kubeconfig, bootstrapped }) => {
        bootstrapped();
        const other = join(dir, 'other.crt');
        writeFileSync(other, makeAuthority(clock.now(), 'other').pem);
        writeFileSync(files.bootstrapKubeconfig, kubeconfig('token: t', undefined, other));
      },
      'another CA',
    ],
    [
      'has a CA that cannot be read',
      ({ dir, files, kubeconfig, bootstrapped }) => {
        bootstrapped();
        const other = join(dir, 'other.crt');
        writeFileSync(other, 'nothing');
        writeFileSync(files.bootstrapKubeconfig, kubeconfig('token: t', undefined, other));
      },
      'PEM',
    ],
    [
      "is the kubelet's kubeconfig under another name",
      ({ files, kubeconfig, pem, bootstrapped }) => {
        bootstrapped();
        writeFileSync(
          files.bootstrapKubeconfig,
          kubeconfig(`client-certificate: ${pem}, client-key: ${pem}`),
        );
      },
      'holds the certificate of "system:node:worker-1" itself',
    ],
    [
      'is no kubeconfig',
      ({ files, bootstrapped }) => {
        bootstrapped();
        writeFileSync(files.bootstrapKubeconfig, 'a: [');
      },
      'cannot be read as a kubeconfig',
    ],
    [
      'belongs to no node',
      ({ bootstrapped }) => bootstrapped('kubernetes-admin'),
      'that of "kubernetes-admin", which is no node',
    ],
  ])('stays where it %s', async (_, prepare, words) => {
    const all = arrange();
    prepare(all);
    const { log } = all.start({ exitAfterBootstrap: true });
    await all.wait(3);
    expect(all.isThere()).toBe(true);
    expect(log.join()).toContain(words);
    expect(log).toHaveLength(1);
  });

  it('stays where it is a link: what that leads to would stay with the token', async () => {
    const { dir, bootstrapped, start, wait } = arrange();
    bootstrapped();
    const link = join(dir, 'link.conf');
    symlinkSync(join(dir, 'bootstrap.conf'), link);
    const { log } = start({ bootstrapKubeconfig: link });
    await wait();
    expect(existsSync(link)).toBe(true);
    expect(log.join()).toContain('not a regular file');
  });

  it('is refused where it is the kubeconfig', async () => {
    const { dir, files, start } = arrange();
    await expect(start({ bootstrapKubeconfig: files.kubeconfig }).running).rejects.toMatchObject({
      code: 'USAGE',
    });
    const link = join(dir, 'link.conf');
    symlinkSync(files.bootstrapKubeconfig, link);
    await expect(start({ kubeconfig: link }).running).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('the certificate of a kubelet', () => {
  it('is told of when it is another one, and when it should be another one by now', async () => {
    const { clock, bootstrapped, storeCertificate, start, wait } = arrange();
    bootstrapped();
    const { events } = start();
    await wait();
    clock.jump(8 * DAY);
    storeCertificate();
    await wait(2);
    expect(types(events)).toEqual([
      'kubelet-certificate',
      'bootstrap-kubeconfig-deleted',
      'kubelet-certificate',
    ]);
    clock.jump(9 * DAY);
    await wait();
    expect(types(events)).not.toContain('kubelet-overdue');
    clock.jump(DAY / 2);
    await wait(10);
    expect(types(events).filter((type) => type === 'kubelet-overdue')).toHaveLength(1);
  });
});
