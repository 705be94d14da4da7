/** Attempts with tokens of service accounts, where key, audience and account take the places of CA, usage and name. */

import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decodePublicKey, publicKeyId } from '../../../src/x509/index.ts';
import { waitFor } from '../../system/program.ts';
import { hostFile } from '../credentials.ts';
import type { Kind } from '../refusals.ts';
import { apiUrl, CP_1, ISSUER, STRANGER } from '../topology.ts';
import type { Prepare } from './attempt.ts';
import { observeHttp } from './http.ts';
import { SOMEBODY } from './variations.ts';

const TRUSTED = 'may-read';

/** A service account that asks for ConfigMaps. */
export const tokenToApiserver: Prepare = async (cluster) => {
  const { files } = cluster;
  const account = (name: string): object => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: 'default' },
  });
  await cluster.create([
    account(TRUSTED),
    account(SOMEBODY),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: TRUSTED, namespace: 'default' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: TRUSTED }],
    },
  ]);
  const uids = new Map<string, string>();
  for (const name of [TRUSTED, SOMEBODY]) {
    const path = '-o=jsonpath={.metadata.uid}';
    uids.set(name, await cluster.kubectl('get', 'serviceaccount', name, path));
  }
  await waitFor('kube-apiserver knows the rights of the account', async () => {
    const as = `--as=system:serviceaccount:default:${TRUSTED}`;
    const args = [`--server=${apiUrl(CP_1)}`, as, 'auth', 'can-i', 'list', 'configmaps'];
    return (await cluster.tryKubectl({}, ...args)).code === 0 ? true : undefined;
  });
  const key = createPrivateKey(readFileSync(hostFile(files, CP_1, 'sa', 'key')));
  const kid = publicKeyId(
    decodePublicKey(readFileSync(hostFile(files, CP_1, 'sa', 'publicKey'), 'utf8')).spki,
  );
  const right: Claims = { name: TRUSTED, audience: ISSUER, seconds: 3600, key };
  const tokens: Record<Kind, Claims | undefined> = {
    right,
    none: undefined,
    'wrong-ca': { ...right, key: another(key) },
    expired: { ...right, seconds: -3600 },
    'wrong-usage': { ...right, audience: 'https://elsewhere.example.com' },
    'wrong-name': { ...right, name: SOMEBODY },
    'other-role': undefined,
  };
  return {
    async observe(kind) {
      const claims = tokens[kind];
      const headers =
        claims === undefined
          ? undefined
          : { Authorization: `Bearer ${makeToken(claims, uids.get(claims.name) ?? '', kid)}` };
      return observeHttp(cluster, cluster.program(CP_1, 'kube-apiserver'), STRANGER, {
        url: `${apiUrl(CP_1)}/api/v1/namespaces/default/configmaps`,
        ca: hostFile(files, CP_1, 'ca', 'certificate'),
        ...(headers && { headers }),
      });
    },
  };
};

interface Claims {
  name: string;
  audience: string;
  /** From now until it expires. */
  seconds: number;
  key: KeyObject;
}

function makeToken({ name, audience, seconds, key }: Claims, uid: string, kid: string): string {
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const from = exp - 2 * 3600;
  const { alg, hash } = algorithmOf(key);
  const payload = {
    iss: ISSUER,
    sub: `system:serviceaccount:default:${name}`,
    aud: [audience],
    exp,
    iat: from,
    nbf: from,
    jti: randomUUID(),
    'kubernetes.io': { namespace: 'default', serviceaccount: { name, uid } },
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg, kid })}.${part(payload)}`;
  const signature = sign(hash, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

const curveOf = (key: KeyObject): string | undefined => key.asymmetricKeyDetails?.namedCurve;

function algorithmOf(key: KeyObject): { alg: string; hash: string } {
  if (key.asymmetricKeyType === 'rsa') return { alg: 'RS256', hash: 'sha256' };
  return curveOf(key) === 'secp384r1'
    ? { alg: 'ES384', hash: 'sha384' }
    : { alg: 'ES256', hash: 'sha256' };
}

/** A key of the same kind. */
function another(key: KeyObject): KeyObject {
  const namedCurve = curveOf(key);
  return namedCurve === undefined
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve }).privateKey;
}
