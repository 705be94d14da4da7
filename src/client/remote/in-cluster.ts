/** The transport of a program that runs in a pod: what the kubelet puts there (client-go rest/config.go, `InClusterConfig`). */
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { KubepkiError } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import { serverUrl } from './connect.ts';
import { fileValue } from './files.ts';
import { checkedAuthorities } from './material.ts';
import { tokenFile } from './token-file.ts';
import { createRemoteTransport, type RemoteTransport } from './transport.ts';

export interface InClusterOptions {
  readonly userAgent: string;
  readonly clock: Clock;
  /** With KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** With `token` and `ca.crt`; where the kubelet mounts them unless given. */
  readonly directory?: string;
  /** Told the certificate (DER) of a server that was verified, with each whole handshake. */
  readonly onServerCertificate?: (der: Uint8Array) => void;
}

const DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';
const CA_EVERY_MS = 60_000;

/** @throws KubepkiError NOT_FOUND outside of a pod */
export function inClusterTransport(options: InClusterOptions): RemoteTransport {
  const { userAgent, clock, env, directory = DIRECTORY } = options;
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '';
  if (host === '' || port === '') {
    throw new KubepkiError(
      'NOT_FOUND',
      'not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set',
      { hint: 'give a kubeconfig' },
    );
  }
  const ca = join(directory, 'ca.crt');
  const authorities = fileValue({
    paths: [ca],
    clock,
    everyMs: CA_EVERY_MS,
    make: ([pem = new Uint8Array()]) => checkedAuthorities(pem, ca),
  });
  const token = tokenFile(join(directory, 'token'), clock);
  return createRemoteTransport({
    server: serverUrl(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`, 'in a pod', true),
    userAgent,
    authorities: authorities.get,
    certificate: () => undefined,
    authorization: token.get,
    renew: async ({ authorization = '' }) => token.refresh(authorization),
    onServerCertificate: options.onServerCertificate,
  });
}
