/** How `kubepki up` lets its nodes in: the roles for bootstrapping, a token, a bootstrap kubeconfig for each node. */
import { rmSync, writeFileSync } from 'node:fs';
import type { KubernetesClient } from '../../client/index.ts';
import { fileSystemError } from '../../collect/index.ts';
import {
  BOOTSTRAP_BINDINGS,
  BOOTSTRAP_GROUP,
  CLUSTER_ROLE_BINDINGS,
  formatKubeconfig,
  makeKubeconfig,
  refusedFor,
  SECRETS,
} from '../../kubernetes/index.ts';
import {
  BOOTSTRAP_SECRET_NAMESPACE,
  bootstrapSecretName,
  encodeBootstrapTokenSecret,
  generateBootstrapToken,
  parseBootstrapToken,
} from '../../tokens/index.ts';
import type { NodeFiles } from './directory.ts';

/** Long enough for nodes that are slow, short enough for a token that was forgotten. */
export const TOKEN_HOURS = 1;

/** Makes what kubeadm makes so that nodes can join; what is there stays as it is. */
export async function prepareBootstrapping(client: KubernetesClient): Promise<void> {
  await Promise.all(
    BOOTSTRAP_BINDINGS.map(async (binding) => {
      try {
        await client.create(CLUSTER_ROLE_BINDINGS, binding);
      } catch (error) {
        if (!refusedFor(error, 'AlreadyExists')) throw error;
      }
    }),
  );
}

export interface Token {
  readonly id: string;
  readonly text: string;
  readonly expiration: Date;
  /** Takes it away again. */
  release(): Promise<void>;
}

/** A token for the nodes of this run, stored. */
export async function makeToken(client: KubernetesClient, now: Date): Promise<Token> {
  const text = generateBootstrapToken();
  const parts = parseBootstrapToken(text);
  if (parts === undefined) throw new TypeError('expected a bootstrap token, got something else');
  const expiration = new Date(now.getTime() + TOKEN_HOURS * 3_600_000);
  const secret = encodeBootstrapTokenSecret({
    ...parts,
    description: 'made by kubepki up for its own nodes',
    expiration,
    usages: ['authentication'],
    groups: [BOOTSTRAP_GROUP],
  });
  await client.create(SECRETS, secret);
  return {
    id: parts.id,
    text,
    expiration,
    async release() {
      const name = bootstrapSecretName(parts.id);
      try {
        await client.delete(SECRETS, { namespace: BOOTSTRAP_SECRET_NAMESPACE, name });
      } catch (error) {
        if (!refusedFor(error, 'NotFound')) throw error;
      }
    },
  };
}

/** The same for all nodes. */
export const bootstrapKubeconfig = (
  server: string,
  certificateAuthority: Uint8Array,
  token: string,
): string =>
  formatKubeconfig(
    makeKubeconfig({
      cluster: 'kubepki',
      server,
      certificateAuthority,
      user: 'tls-bootstrap-token-user',
      token,
    }),
  );

/**
 * All that a new node owns. Never into what is there already, which might be a link that leads elsewhere.
 * Not synced: who loses it to a power cut gets a new one at the next start.
 */
export function writeBootstrapKubeconfig(files: NodeFiles, text: string): void {
  const path = files.bootstrapKubeconfig;
  try {
    rmSync(path, { force: true });
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw fileSystemError(error, path);
  }
}
