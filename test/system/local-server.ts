/** A `kubepki server` of a test's own, on loopback, with a PKI made by `apply` and a client for the administrator. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  connectTransport,
  createClient,
  type KubernetesClient,
  systemClock,
  transportFromKubeconfig,
} from '../../src/client/index.ts';
import { freePort } from '../free-port.ts';
import { kubepki } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';
import { type Background, inBackground } from './background.ts';

export interface LocalServer {
  readonly directory: string;
  readonly port: number;
  readonly url: string;
  /** A file of the control plane's `/etc/kubernetes/pki`. */
  pki(file: string): string;
  readonly ca: string;
  /** Of super-admin: may do everything. */
  readonly superAdmin: string;
  readonly admin: KubernetesClient;
  /** A client with this bearer token, or with nothing. */
  as(token?: string): KubernetesClient;
  /** Starts the program; again, where it has been ended. */
  start(...flags: string[]): Promise<Background>;
}

const clusterFile = (port: number): string => `apiVersion: kubepki.dev/v1alpha1
kind: Cluster
metadata: { name: test }
spec:
  controlPlaneEndpoint: 127.0.0.1:${port}
  hosts:
    - { name: server, addresses: [127.0.0.1], roles: [control-plane, etcd] }
`;

export async function localServer(): Promise<LocalServer> {
  const directory = temporaryDirectory();
  const port = await freePort();
  const file = join(directory, 'cluster.yaml');
  writeFileSync(file, clusterFile(port));
  const { code, stderr } = await kubepki(['apply', '-f', file, '-d', join(directory, 'pki')]);
  if (code !== 0) throw new Error(`kubepki apply ended with ${code}: ${stderr}`);
  const pki = (name: string): string =>
    join(directory, 'pki/hosts/server/etc/kubernetes/pki', name);
  const superAdmin = join(directory, 'pki/admin/super-admin.conf');
  const url = `https://127.0.0.1:${port}`;
  const ca = readFileSync(pki('ca.crt'), 'utf8');
  const userAgent = 'kubepki-test';
  const tidy = (client: KubernetesClient): KubernetesClient => {
    onTestFinished(async () => client.close());
    return client;
  };
  return {
    directory,
    port,
    url,
    pki,
    ca,
    superAdmin,
    admin: tidy(
      createClient(
        await transportFromKubeconfig({ path: superAdmin, userAgent, clock: systemClock }),
      ),
    ),
    as: (token) =>
      tidy(
        createClient(
          connectTransport({
            server: url,
            ca,
            userAgent,
            ...(token === undefined ? {} : { token }),
          }),
        ),
      ),
    async start(...flags) {
      const server = inBackground([
        'server',
        `--data-dir=${join(directory, 'data')}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${port}`,
        `--tls-cert-file=${pki('apiserver.crt')}`,
        `--tls-private-key-file=${pki('apiserver.key')}`,
        `--client-ca-file=${pki('ca.crt')}`,
        `--cluster-signing-cert-file=${pki('ca.crt')}`,
        `--cluster-signing-key-file=${pki('ca.key')}`,
        '--enable-bootstrap-token-auth',
        ...flags,
      ]);
      await server.says('serving on');
      return server;
    },
  };
}
