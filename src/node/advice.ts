/** What whoever looks after a node can do where the API server does not take what the node has. */
import { join } from 'node:path';
import { isUntrusted } from '../client/index.ts';
import { type KubepkiError, shellWord } from '../errors.ts';
import { refusedFor } from '../kubernetes/index.ts';
import type { NodeAgentOptions } from './types.ts';

/** A token for this very node: with another one, its request waits for an administrator where there is a Node. */
const newToken = (nodeName: string, file: string): string =>
  `kubepki token create --node ${nodeName} --kubeconfig-out ${shellWord(file)} --force`;

/** Of a request with the bootstrap kubeconfig; undefined: the error says it all. */
export function adviceOnBootstrap(
  error: KubepkiError,
  server: string,
  { file, nodeName }: { readonly file: string; readonly nodeName: string },
): string | undefined {
  const anew = `${newToken(nodeName, file)}; it is read again at each attempt`;
  if (refusedFor(error, 'Unauthorized')) {
    return `${error.message}: ${server} does not take the token of ${file}, which has expired, was used up or deleted, or is for other addresses (${anew})`;
  }
  if (isUntrusted(error)) {
    return `${error.message}, which is the one in ${file}; has the cluster been made anew? (${anew})`;
  }
  return undefined;
}

type Files = Pick<NodeAgentOptions, 'nodeName' | 'kubeconfig' | 'bootstrapKubeconfig' | 'certDir'>;

/** Of a request with the node's own certificate: what stands beside the error's message. */
export function adviceOnOwn(
  error: KubepkiError,
  { nodeName, kubeconfig, certDir, bootstrapKubeconfig }: Files,
): string | undefined {
  if (refusedFor(error, 'Unauthorized') || isUntrusted(error)) {
    const refused = `the node comes with what ${kubeconfig} names; was it revoked, or the cluster made anew?`;
    if (bootstrapKubeconfig !== undefined) {
      return `${refused} then give it a new token, and it comes back by itself: ${newToken(nodeName, bootstrapKubeconfig)}`;
    }
    const current = join(certDir, 'kubelet-*-current.pem');
    return `${refused} then remove ${kubeconfig} and ${current}, and start it again with --bootstrap-kubeconfig: ${newToken(nodeName, 'FILE')}`;
  }
  return error.code === 'UNREACHABLE'
    ? [error.hint, `by ${kubeconfig}`].filter((part) => part !== undefined).join('; ')
    : error.hint;
}
