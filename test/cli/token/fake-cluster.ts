/** A cluster that keeps Secrets in memory and answers as an API server does. */
import type { Cluster } from '../../../src/cli/token/cluster.ts';
import { createClient, type Transport } from '../../../src/client/index.ts';
import { parseKubeconfig, type Secret, StatusError } from '../../../src/kubernetes/index.ts';

export const NOW = new Date('2026-06-01T12:00:00Z');

const PATH = /^\/api\/v1\/namespaces\/kube-system\/secrets(?:\/([^/?]+))?(?:\?(.*))?$/;

export interface FakeCluster extends Cluster {
  readonly secrets: Map<string, Secret>;
  /** Methods and paths that were asked for. */
  readonly requests: string[];
  readonly printed: string[];
  readonly warned: string[];
}

const KUBECONFIG = `apiVersion: v1
kind: Config
clusters:
- name: c
  cluster: { server: "https://192.0.2.1:6443", certificate-authority: ca.crt, tls-server-name: kubernetes }
users:
- name: u
  user: { token: hush }
contexts:
- name: x
  context: { cluster: c, user: u }
current-context: x
`;

export function fakeCluster(
  path: string,
  options: { readonly dryRun?: boolean; readonly kubeconfig?: string } = {},
): FakeCluster {
  const secrets = new Map<string, Secret>();
  const requests: string[] = [];
  const printed: string[] = [];
  const warned: string[] = [];
  const transport: Transport = {
    async send({ method, url, body }) {
      requests.push(`${method} ${url}`);
      const answer = (status: number, value: unknown) => ({
        status,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(value)),
      });
      const refuse = (reason: 'NotFound' | 'AlreadyExists', name: string) => {
        const text = reason === 'NotFound' ? 'not found' : 'already exists';
        const { status, httpStatus } = StatusError.of(reason, `secrets "${name}" ${text}`);
        return answer(httpStatus, status);
      };
      const [, name] = PATH.exec(url) ?? [];
      if (method === 'POST') {
        const secret = JSON.parse(Buffer.from(body ?? []).toString()) as Secret;
        const key = secret.metadata.name ?? '';
        if (secrets.has(key)) return refuse('AlreadyExists', key);
        secrets.set(key, secret);
        return answer(201, secret);
      }
      if (name === undefined) {
        const items = [...secrets.values()];
        return answer(200, { kind: 'SecretList', apiVersion: 'v1', metadata: {}, items });
      }
      const secret = secrets.get(name);
      if (secret === undefined) return refuse('NotFound', name);
      if (method === 'DELETE') secrets.delete(name);
      return answer(200, secret);
    },
    close: async () => undefined,
  };
  return {
    client: createClient(transport),
    kubeconfig: parseKubeconfig(options.kubeconfig ?? KUBECONFIG, path),
    path,
    dryRun: options.dryRun ?? false,
    now: () => NOW,
    print: (text) => void printed.push(text),
    warn: (text) => void warned.push(text),
    secrets,
    requests,
    printed,
    warned,
  };
}
