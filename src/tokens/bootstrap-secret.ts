/**
 * The Secret that a bootstrap token is kept in: type `bootstrap.kubernetes.io/token`, in kube-system,
 * named after the token's id (kubernetes, cmd/kubeadm/app/apis/bootstraptoken/v1/utils.go,
 * staging/src/k8s.io/cluster-bootstrap/util/secrets/secrets.go).
 */
import { quoted } from '../errors.ts';
import type { Secret } from '../kubernetes/index.ts';
import {
  isBootstrapGroup,
  isBootstrapTokenId,
  parseBootstrapToken,
  type TokenParts,
} from './bootstrap-token.ts';
import { sameSecret } from './compare.ts';
import { encodeTokenBinding, nodeBindingOf, type TokenBinding } from './node-binding.ts';
import { formatRfc3339, parseRfc3339 } from './rfc3339.ts';
import { secretData, secretText } from './secret-text.ts';

export const BOOTSTRAP_SECRET_TYPE = 'bootstrap.kubernetes.io/token';
export const BOOTSTRAP_SECRET_NAMESPACE = 'kube-system';
/** What a bootstrap token is good for, in the order in which kubeadm names them. */
export const BOOTSTRAP_USAGES = ['signing', 'authentication'] as const;
/** Every holder of a bootstrap token is in it. */
export const BOOTSTRAPPERS_GROUP = 'system:bootstrappers';
/** Before the id, in the name of the user that a token stands for. */
export const BOOTSTRAP_USER_PREFIX = 'system:bootstrap:';

const NAME_PREFIX = 'bootstrap-token-';
const USAGE_PREFIX = 'usage-bootstrap-';

export interface BootstrapToken extends TokenParts {
  readonly description?: string;
  /** Absent: never expires. */
  readonly expiration?: Date;
  /** Of `BOOTSTRAP_USAGES`; a Secret may hold others. */
  readonly usages: readonly string[];
  /** In addition to `BOOTSTRAPPERS_GROUP`. */
  readonly groups: readonly string[];
  /** Absent: good for as many nodes as come. */
  readonly binding?: TokenBinding;
}

export type Decoded =
  | { readonly ok: true; readonly token: BootstrapToken }
  /** Why not, in words that hold no secret. */
  | { readonly ok: false; readonly reason: string };

export const bootstrapSecretName = (id: string): string => NAME_PREFIX + id;

/** The id in a Secret's name; undefined where it is not the name of a bootstrap token. */
export function bootstrapTokenId(secretName: string): string | undefined {
  if (!secretName.startsWith(NAME_PREFIX)) return undefined;
  const id = secretName.slice(NAME_PREFIX.length);
  return isBootstrapTokenId(id) ? id : undefined;
}

/**
 * The Secret for a token. A claim is not written.
 *
 * @throws TypeError where id or secret are not those of a token: such a Secret could not be read again
 */
export function encodeBootstrapTokenSecret(token: BootstrapToken): Secret {
  const { id, secret, description, expiration, usages, groups, binding } = token;
  if (parseBootstrapToken(`${id}.${secret}`) === undefined) {
    throw new TypeError('expected the id and the secret of a bootstrap token, got something else');
  }
  const data: Record<string, string> = { 'token-id': id, 'token-secret': secret };
  if (description !== undefined && description !== '') data['description'] = description;
  if (expiration !== undefined) data['expiration'] = formatRfc3339(expiration);
  for (const usage of usages) data[USAGE_PREFIX + usage] = 'true';
  if (groups.length > 0) data['auth-extra-groups'] = groups.join(',');
  if (binding !== undefined) Object.assign(data, encodeTokenBinding(binding));
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: bootstrapSecretName(id), namespace: BOOTSTRAP_SECRET_NAMESPACE },
    type: BOOTSTRAP_SECRET_TYPE,
    data: secretData(data),
  };
}

/**
 * Reads the token in a Secret, as kubeadm lists it. Whether it has expired or is good for anything is
 * not asked, nor of which type the Secret is.
 */
export function decodeBootstrapTokenSecret(secret: Secret): Decoded {
  const name = secret.metadata.name ?? '';
  const where = `Secret ${quoted(name, 80)}`;
  const id = secretText(secret, 'token-id');
  if (id === '') return refused(`${where} has no token-id`);
  if (name !== bootstrapSecretName(id)) {
    return refused(`${where} is not named ${NAME_PREFIX}, followed by its token-id`);
  }
  const tokenSecret = secretText(secret, 'token-secret');
  if (tokenSecret === '') return refused(`${where} has no token-secret`);
  if (parseBootstrapToken(`${id}.${tokenSecret}`) === undefined) {
    return refused(`${where} has a token-id or token-secret that no token can have`);
  }
  const text = secretText(secret, 'expiration');
  const expiration = text === '' ? undefined : parseRfc3339(text);
  if (text !== '' && expiration === undefined) {
    return refused(`${where} has an expiration that is no time: ${quoted(text, 40)}`);
  }
  const description = secretText(secret, 'description');
  const binding = nodeBindingOf(secret);
  return {
    ok: true,
    token: {
      id,
      secret: tokenSecret,
      ...(description === '' ? {} : { description }),
      ...(expiration === undefined ? {} : { expiration }),
      usages: usagesIn(secret),
      groups: listedGroups(secret),
      ...(binding.oneShot ? { binding } : {}),
    },
  };
}

/** The id of the token that a user has come with; undefined for other users. */
export function bootstrapUserTokenId(userName: string): string | undefined {
  if (!userName.startsWith(BOOTSTRAP_USER_PREFIX)) return undefined;
  const id = userName.slice(BOOTSTRAP_USER_PREFIX.length);
  return isBootstrapTokenId(id) ? id : undefined;
}

/** How long a token lives on: whether it has expired, and else how many milliseconds are left, if there is an end. */
export type Lifetime =
  | { readonly expired: true }
  | { readonly expired: false; readonly left?: number };

/** An expiration that cannot be read counts as passed (cluster-bootstrap: GetExpiration). */
export function bootstrapTokenLifetime(secret: Secret, now: Date): Lifetime {
  const text = secretText(secret, 'expiration');
  if (text === '') return { expired: false };
  const left = (parseRfc3339(text)?.getTime() ?? 0) - now.getTime();
  return left > 0 ? { expired: false, left } : { expired: true };
}

export type TokenUser =
  | { readonly ok: true; readonly name: string; readonly groups: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/**
 * Whom a token stands for, by the Secret that bears its id
 * (kubernetes, plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go).
 */
export function bootstrapTokenUser(secret: Secret, token: TokenParts, now: Date): TokenUser {
  if (typeof secret.metadata.deletionTimestamp === 'string') return refused('is being deleted');
  if (secret.type !== BOOTSTRAP_SECRET_TYPE) {
    return refused(`is not of the type ${BOOTSTRAP_SECRET_TYPE}`);
  }
  if (!sameSecret(secretText(secret, 'token-secret'), token.secret)) {
    return refused('has another token-secret');
  }
  if (secretText(secret, 'token-id') !== token.id) return refused('has another token-id');
  if (bootstrapTokenLifetime(secret, now).expired) return refused('has expired');
  if (secretText(secret, 'usage-bootstrap-authentication') !== 'true') {
    return refused('is not marked usage-bootstrap-authentication=true');
  }
  const groups = new Set([BOOTSTRAPPERS_GROUP]);
  const extra = secretText(secret, 'auth-extra-groups');
  // Each one counts, an empty one between two commas as well: it makes the whole Secret invalid.
  for (const group of extra === '' ? [] : extra.split(',')) {
    if (!isBootstrapGroup(group)) return refused('has a group that no bootstrap token may have');
    groups.add(group);
  }
  return { ok: true, name: BOOTSTRAP_USER_PREFIX + token.id, groups: [...groups].sort() };
}

const refused = (reason: string): { readonly ok: false; readonly reason: string } => ({
  ok: false,
  reason,
});

function usagesIn(secret: Secret): string[] {
  return Object.keys(secret.data ?? {})
    .filter((key) => key.startsWith(USAGE_PREFIX) && secretText(secret, key) === 'true')
    .map((key) => key.slice(USAGE_PREFIX.length))
    .sort();
}

/** As kubeadm shows them: nothing is checked, but a list that begins with an empty name counts as none. */
function listedGroups(secret: Secret): string[] {
  const groups = secretText(secret, 'auth-extra-groups').split(',');
  return groups[0] === '' ? [] : groups;
}
