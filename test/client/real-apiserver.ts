/**
 * A real etcd and a real kube-apiserver on this machine's loopback, for the client to talk to.
 * Nothing of it outlives this process: the kernel sees to that.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectTransport } from '../../src/client/index.ts';
import { formatKubeconfig, makeKubeconfig } from '../../src/kubernetes/index.ts';
import { encodePrivateKey, generatePrivateKey, makeName } from '../../src/x509/index.ts';
import { peers } from '../peers/peers.ts';
import { type Authority, createAuthority, type Pem } from './tls-server.ts';

export interface RealApiserver {
  readonly url: string;
  readonly authority: Authority;
  /** A member of system:masters. */
  readonly admin: Pem;
  /** Of `token-user`, in `token-group`. */
  readonly token: string;
  /** Makes etcd forget everything before now. */
  compact(): Promise<void>;
  /** Runs etcdctl against the etcd, and answers its output. */
  etcdctl(args: readonly string[], input?: Uint8Array): Promise<string>;
  stop(): Promise<void>;
}

const TOKEN = 'real-token-0123456789';

/** Resources whose lists and watches come from etcd itself, which can be made to forget. */
const UNCACHED = ['configmaps'];

/** Writes a file for the servers and answers its path. */
export type WriteFile = (name: string, content: string) => Promise<string>;

/** A kubeconfig of its admin, with the credentials in it. */
export const adminKubeconfig = ({ url, authority, admin }: RealApiserver): string =>
  formatKubeconfig(
    makeKubeconfig({
      cluster: 'c',
      server: url,
      certificateAuthority: authority.ca,
      user: 'u',
      clientCertificate: admin.certificate,
      clientKey: admin.key,
    }),
  );

/** @param moreFlags of kube-apiserver: one that is a list goes on where the flags here end */
export async function startRealApiserver(
  moreFlags: (file: WriteFile) => Promise<readonly string[]> = async () => [],
): Promise<RealApiserver> {
  const programs = await peers(['etcd', 'etcdctl', 'kube-apiserver']);
  const directory = await mkdtemp(join(tmpdir(), 'kubepki-apiserver-'));
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(
      children.reverse().map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }),
    );
    await rm(directory, { recursive: true, force: true });
  };
  const file: WriteFile = async (name, content) => {
    const path = join(directory, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  const start = async (name: string, command: string, flags: readonly string[]): Promise<void> => {
    const log = await open(join(directory, `${name}.log`), 'a');
    children.push(
      spawn('setpriv', ['--pdeathsig', 'KILL', command, ...flags], {
        stdio: ['ignore', log.fd, log.fd],
        env: { PATH: process.env['PATH'], HOME: directory, GOMAXPROCS: '2' },
      }),
    );
    await log.close();
  };
  const [etcdPort, peerPort, port] = await freePorts();
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const authority = createAuthority('kubernetes');
  const server = authority.issue('kube-apiserver');
  const admin = authority.issue('admin', {
    subject: makeName({ commonName: 'admin', organizations: ['system:masters'] }),
  });
  try {
    await start('etcd', programs.etcd, [
      `--data-dir=${join(directory, 'etcd')}`,
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--unsafe-no-fsync=true',
    ]);
    const key = await file('sa.key', encodePrivateKey(generatePrivateKey('RSA-2048')));
    await start('kube-apiserver', programs['kube-apiserver'], [
      `--etcd-servers=${etcd}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--tls-cert-file=${await file('server.crt', server.certificate)}`,
      `--tls-private-key-file=${await file('server.key', server.key)}`,
      `--client-ca-file=${await file('ca.crt', authority.ca)}`,
      `--token-auth-file=${await file('token.csv', `${TOKEN},token-user,7,"token-group"\n`)}`,
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      '--service-cluster-ip-range=10.96.0.0/24',
      '--authorization-mode=RBAC',
      `--watch-cache-sizes=${UNCACHED.map((resource) => `${resource}#0`).join(',')}`,
      ...(await moreFlags(file)),
    ]);
    const url = `https://127.0.0.1:${port}`;
    await ready(url, authority, admin, children, join(directory, 'kube-apiserver.log'));
    const etcdctl: RealApiserver['etcdctl'] = async (args, input) =>
      output(programs.etcdctl, [`--endpoints=${etcd}`, ...args], input);
    return {
      url,
      authority,
      admin,
      token: TOKEN,
      async compact() {
        const [status] = JSON.parse(await etcdctl(['endpoint', 'status', '--write-out=json']));
        await etcdctl(['compact', String(status.Status.header.revision)]);
      },
      etcdctl,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ready(
  server: string,
  { ca }: Authority,
  admin: Pem,
  children: readonly ChildProcess[],
  log: string,
): Promise<void> {
  const transport = connectTransport({ server, ca, ...admin, userAgent: 'kubepki-test' });
  const end = performance.now() + 120_000;
  try {
    for (;;) {
      const answered = await transport
        .send({ method: 'GET', url: '/readyz', headers: {} })
        .then(({ status }) => status)
        .catch(() => 0);
      if (answered === 200) return;
      const ended = children.some((child) => child.exitCode !== null);
      if (ended || performance.now() > end) {
        const tail = (await readFile(log, 'utf8')).split('\n').slice(-20).join('\n');
        throw new Error(`kube-apiserver does not become ready:\n${tail}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await transport.close();
  }
}

async function output(
  command: string,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(0),
): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  return text;
}

async function freePorts(): Promise<readonly [number, number, number]> {
  const free = async (): Promise<[number, () => void]> => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return [(server.address() as AddressInfo).port, () => void server.close()];
  };
  const [a, b, c] = [await free(), await free(), await free()];
  for (const [, close] of [a, b, c]) close();
  return [a[0], b[0], c[0]];
}
