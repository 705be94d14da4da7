/** What whoever looks after a node can do where the API server does not take what the node has. */
import { join } from 'node:path';
import { isUntrusted } from '../client/index.ts';
import { type KubepkiError, shellWord } from '../errors.ts';
import { refusedFor } from '../kubernetes/index.ts';
import type { NodeAgentOptions } from './types.ts';

/** Of a request with the bootstrap kubeconfig; undefined: the error says it all. */
export function adviceOnBootstrap(
  error: KubepkiError,
  server: string,
  file: string,
): string | undefined {
  const anew = `kubepki token create --kubeconfig-out ${shellWord(file)} --force; it is read again at each attempt`;
  if (refusedFor(error, 'Unauthorized')) {
    return `${error.message}: ${server} does not take the token of ${file}, which has expired or was deleted (${anew})`;
  }
  if (isUntrusted(error)) {
    return `${error.message}, which is the one in ${file}; has the cluster been made anew? (${anew})`;
  }
  return undefined;
}

type Files = Pick<NodeAgentOptions, 'kubeconfig' | 'bootstrapKubeconfig' | 'certDir'>;

/** Of a request with the node's own certificate: what stands beside the error's message. */
export function adviceOnOwn(
  error: KubepkiError,
  { kubeconfig, certDir, bootstrapKubeconfig }: Files,
): string | undefined {
  if (refusedFor(error, 'Unauthorized') || isUntrusted(error)) {
    const file = bootstrapKubeconfig ?? 'FILE';
    const current = join(certDir, 'kubelet-*-current.pem');
    return `the node comes with what ${kubeconfig} names; has the cluster been made anew? then remove ${kubeconfig} and ${current}, and start it again with a bootstrap kubeconfig: kubepki token create --kubeconfig-out ${shellWord(file)}`;
  }
  return error.code === 'UNREACHABLE'
    ? [error.hint, `by ${kubeconfig}`].filter((part) => part !== undefined).join('; ')
    : error.hint;
}
