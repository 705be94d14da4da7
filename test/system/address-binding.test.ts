/**
 * A kubelet-client-current.pem that was copied: `kubepki server --bind-node-credentials` and `kubepki up` take
 * it from its own host only, also behind a real balancer that speaks the PROXY protocol.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BOOTSTRAP_BINDINGS,
  CERTIFICATE_SIGNING_REQUESTS,
  CLUSTER_ROLE_BINDINGS,
  NODE_BINDINGS,
} from '../../src/kubernetes/index.ts';
import { freePort } from '../free-port.ts';
import { kubepki } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';
import { eventually, inBackground, programInBackground } from './background.ts';
import { type LocalServer, localServer } from './local-server.ts';

const AWAY = '127.0.0.9';

interface Asked {
  readonly port: number;
  readonly ca: string;
  /** A file with certificate and key, as a kubelet has it. */
  readonly pem: string;
  readonly from: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
}

/** Whoever has the file asks for the node `worker-1`. */
async function ask({ port, ca, pem, from, headers = {}, path = '/api/v1/nodes/worker-1' }: Asked) {
  const credential = readFileSync(pem);
  return await new Promise<{ readonly status: number; readonly body: string }>(
    (resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port,
          path,
          localAddress: from,
          agent: false,
          ca,
          cert: credential,
          key: credential,
          headers,
        },
        (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            body += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        },
      );
      sent.on('error', reject).end();
    },
  );
}

/** `kubepki node` with a bootstrap kubeconfig that `kubepki token create` has written; its certificate's file. */
async function joinNode(server: LocalServer, ...flags: readonly string[]): Promise<string> {
  const bootstrap = join(server.directory, 'bootstrap.conf');
  const { code, stderr } = await kubepki([
    'token',
    'create',
    '--kubeconfig',
    server.superAdmin,
    '--kubeconfig-out',
    bootstrap,
    ...flags,
  ]);
  if (code !== 0) throw new Error(stderr);
  const certDir = join(server.directory, 'worker/pki');
  const node = inBackground([
    'node',
    `--bootstrap-kubeconfig=${bootstrap}`,
    `--kubeconfig=${join(server.directory, 'worker/kubelet.conf')}`,
    `--cert-dir=${certDir}`,
    '--hostname-override=worker-1',
    '--node-ip=127.0.0.1',
    '--address=127.0.0.1',
    `--port=${await freePort()}`,
    '--rotate-server-certificates=false',
  ]);
  const pem = join(certDir, 'kubelet-client-current.pem');
  await eventually(
    async () => {
      const { ca, port } = server;
      return (await ask({ ca, port, pem, from: '127.0.0.1' }).catch(() => undefined))?.status;
    },
    (status) => status === 200,
  ).catch((error: unknown) => {
    throw new Error(`the node does not come in: ${node.said()}`, { cause: error });
  });
  return pem;
}

async function prepared(...flags: readonly string[]) {
  const server = await localServer();
  const audit = join(server.directory, 'audit.log');
  const start = () =>
    server.start('--bind-node-credentials', `--audit-log-path=${audit}`, ...flags);
  const running = await start();
  for (const binding of BOOTSTRAP_BINDINGS) {
    await server.admin.create(CLUSTER_ROLE_BINDINGS, binding);
  }
  return { server, running, start, audit };
}

describe('kubepki server --bind-node-credentials', () => {
  it('takes the certificate of kubepki node from where it was asked for, also after kill -9', async () => {
    const { server, running, start, audit } = await prepared();
    const pem = await joinNode(server);
    const stolen = { ca: server.ca, port: server.port, pem, from: AWAY };
    const refused = await ask(stolen);
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.body)).toMatchObject({
      kind: 'Status',
      reason: 'Forbidden',
      message: `nodes "worker-1" is forbidden: its credential is not accepted from ${AWAY}`,
    });
    for (const name of ['x-forwarded-for', 'x-real-ip']) {
      expect((await ask({ ...stolen, headers: { [name]: '127.0.0.1' } })).status).toBe(403);
    }
    await running.says(`came from ${AWAY} and is bound to 127.0.0.1`);
    await eventually(
      async () => readFileSync(audit, 'utf8').includes('"kubepki.dev/bound-addresses":"127.0.0.1"'),
      (isThere) => isThere,
    );
    await running.end('SIGKILL');
    await start();
    expect((await ask(stolen)).status).toBe(403);
    expect((await ask({ ...stolen, from: '127.0.0.1' })).status).toBe(200);
    const { items } = await server.admin.list(NODE_BINDINGS);
    expect(items).toMatchObject([
      { spec: { node: 'worker-1', addresses: ['127.0.0.1'] }, status: { boundBy: 'Request' } },
    ]);
    const requests = await server.admin.list(CERTIFICATE_SIGNING_REQUESTS);
    expect(requests.items[0]?.spec.extra?.['kubepki.dev/source-address']).toEqual(['127.0.0.1']);
  });

  it('takes it from the addresses that its token was made with', async () => {
    const { server } = await prepared();
    const pem = await joinNode(
      server,
      '--node=worker-1',
      '--node-address=127.0.0.1',
      '--node-address=127.0.0.8',
    );
    const asked = { ca: server.ca, port: server.port, pem };
    expect((await ask({ ...asked, from: '127.0.0.8' })).status).toBe(200);
    expect((await ask({ ...asked, from: AWAY })).status).toBe(403);
  });

  it('takes it from where the cluster file says, and reads that again', async () => {
    const file = join(temporaryDirectory(), 'cluster.yaml');
    const declaring = (host: string): string => `apiVersion: kubepki.dev/v1alpha1
kind: Cluster
metadata: { name: test }
spec:
  controlPlaneEndpoint: 10.0.0.1:6443
  hosts:
    - { name: cp, addresses: [10.0.0.1], roles: [control-plane, etcd] }
    - { name: ${host}, addresses: [10.0.0.2], roles: [worker] }
`;
    writeFileSync(file, declaring('worker-2'));
    const { server, running } = await prepared(`--cluster-file=${file}`);
    const pem = await joinNode(server);
    const answers = async (status: number): Promise<void> => {
      const asked = { ca: server.ca, port: server.port, pem, from: '127.0.0.1' };
      await eventually(
        async () => (await ask(asked)).status,
        (answered) => answered === status,
      );
    };
    writeFileSync(file, declaring('worker-1'));
    await answers(403);
    writeFileSync(file, 'hosts: nothing');
    await running.says('cluster file: what was read before stays in use');
    await answers(403);
    writeFileSync(file, declaring('worker-2'));
    await answers(200);
  });

  it('says what is wrong with its flags', async () => {
    const server = await localServer();
    const said = async (flag: string): Promise<string> => {
      try {
        await server.start(flag);
        return '';
      } catch (error) {
        return String(error);
      }
    };
    expect(await said('--cluster-file=x.yaml')).toContain('--bind-node-credentials only');
    expect(await said('--proxy-protocol-from=balancer')).toContain('neither an IP address nor');
  });
});

describe('behind a balancer', () => {
  it.each(['send-proxy', 'send-proxy-v2'])(
    'that says %s, nodes have their own addresses',
    async (says) => {
      const balancer = '127.0.0.2';
      const { server, running, audit } = await prepared(`--proxy-protocol-from=${balancer}/32`);
      const pem = await joinNode(server);
      const port = await freePort();
      const configuration = join(server.directory, 'haproxy.cfg');
      writeFileSync(
        configuration,
        `defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend api
  bind 127.0.0.1:${port}
  default_backend servers
backend servers
  source ${balancer}
  server one 127.0.0.1:${server.port} ${says}
`,
      );
      const haproxy = programInBackground('haproxy', ['-db', '-f', configuration]);
      const through = { ca: server.ca, port, pem };
      await eventually(
        async () => (await ask({ ...through, from: '127.0.0.1' }).catch(() => undefined))?.status,
        (status) => status === 200,
      ).catch((error: unknown) => {
        throw new Error(haproxy.said(), { cause: error });
      });
      const refused = await ask({ ...through, from: AWAY });
      expect(refused.status).toBe(403);
      expect(refused.body).toContain(`not accepted from ${AWAY}`);
      await eventually(
        async () => readFileSync(audit, 'utf8').includes(`"sourceIPs":["${AWAY}"]`),
        (isThere) => isThere,
      );
      // Without a header nobody comes in from there.
      const direct = { ca: server.ca, port: server.port, pem };
      await expect(ask({ ...direct, from: balancer })).rejects.toThrow();
      await running.says(`PROXY protocol: a connection from ${balancer} was ended`);
      expect((await ask({ ...direct, from: '127.0.0.1' })).status).toBe(200);
    },
  );
});

describe('kubepki up', () => {
  it('binds the certificates of its nodes', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    const up = inBackground(['up', '--data-dir', directory, '--secure-port', String(port)]);
    await up.says('1 of 1 node is in');
    const pem = join(directory, 'nodes/node-1/pki/kubelet-client-current.pem');
    const ca = readFileSync(join(directory, 'pki/authorities/ca.crt'), 'utf8');
    const asked = { ca, port, pem, path: '/api/v1/nodes/node-1' };
    expect((await ask({ ...asked, from: AWAY })).status).toBe(403);
    expect((await ask({ ...asked, from: '127.0.0.1' })).status).toBe(200);
  });
});
