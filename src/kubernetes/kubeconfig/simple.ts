/** The kubeconfig of one user at one cluster, in the shape that kubeadm gives it. */
import { KubepkiError } from '../../errors.ts';
import { emptyKubeconfig, type Kubeconfig, type User } from './types.ts';

export interface SimpleKubeconfig {
  /** Name of the cluster entry. */
  cluster: string;
  /** `https://host:port`. */
  server: string;
  /** PEM of the CA that signed the server's certificate. */
  certificateAuthority: string | Uint8Array;
  /** Name of the user entry. */
  user: string;
  /** Name of the context; `<user>@<cluster>` unless given. */
  context?: string;
  /** PEM; comes with `clientKey`. */
  clientCertificate?: string | Uint8Array;
  /** PEM. */
  clientKey?: string | Uint8Array;
  /** Bearer token, instead of a certificate. */
  token?: string;
  namespace?: string;
}

/**
 * Makes a kubeconfig with everything embedded and its one context current
 * (kubeadm's `util/kubeconfig`: `CreateWithCerts`, `CreateWithToken`).
 *
 * @throws KubepkiError `INVALID_VALUE` where a name is empty, or where there is neither a
 *   certificate with its key nor a token, or both
 */
export function makeKubeconfig(options: SimpleKubeconfig): Kubeconfig {
  const { cluster, server, user, namespace } = options;
  const name = options.context ?? `${user}@${cluster}`;
  for (const [what, value] of Object.entries({ cluster, server, user, context: name })) {
    if (value === '')
      throw new KubepkiError('INVALID_VALUE', `a kubeconfig needs a non-empty ${what}`);
  }
  const config = emptyKubeconfig();
  config.clusters.set(cluster, {
    server,
    certificateAuthorityData: bytes(options.certificateAuthority),
  });
  config.users.set(user, credentials(options));
  config.contexts.set(name, { cluster, user, ...(namespace === undefined ? {} : { namespace }) });
  config.currentContext = name;
  return config;
}

function credentials({ user, token, clientCertificate, clientKey }: SimpleKubeconfig): User {
  if (token !== undefined && clientCertificate === undefined && clientKey === undefined)
    return { token };
  if (token === undefined && clientCertificate !== undefined && clientKey !== undefined) {
    return { clientCertificateData: bytes(clientCertificate), clientKeyData: bytes(clientKey) };
  }
  throw new KubepkiError(
    'INVALID_VALUE',
    `kubeconfig of user "${user}": give a client certificate with its key, or a token, and not both`,
  );
}

const bytes = (pem: string | Uint8Array): Uint8Array =>
  typeof pem === 'string' ? Buffer.from(pem, 'utf8') : pem;
