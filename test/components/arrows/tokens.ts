/** The seed's arrow S12: tokens of service accounts, signed with `sa.key`, verified with `sa.pub`. */

import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodePublicKey, publicKeyId } from '../../../src/x509/index.ts';
import { waitFor } from '../../system/program.ts';
import type { Cluster } from '../cluster.ts';
import { hostFile } from '../credentials.ts';
import { apiUrl, CONTROL_PLANES, CP_1, ISSUER, STRANGER } from '../topology.ts';
import { auditEvent } from './apiserver.ts';

const ACCOUNT = 'robot';
const USER = `system:serviceaccount:default:${ACCOUNT}`;
const SECRET = `
apiVersion: v1
kind: Secret
metadata: { name: robot-token, annotations: { kubernetes.io/service-account.name: ${ACCOUNT} } }
type: kubernetes.io/service-account-token
`;

export function tokenArrows(clusterOf: () => Cluster): void {
  const kinds = [
    {
      kind: 'that kube-apiserver signs on demand (TokenRequest)',
      issuer: ISSUER,
      make: async (cluster: Cluster) =>
        (await cluster.kubectl('create', 'token', ACCOUNT, '--duration=1h')).trim(),
    },
    {
      kind: 'that kube-controller-manager signs and stores in a Secret',
      issuer: 'kubernetes/serviceaccount',
      make: secretToken,
    },
  ];

  describe('S12: a service account', () => {
    beforeAll(async () => {
      await clusterOf().kubectl('create', 'serviceaccount', ACCOUNT);
    });

    describe.each(kinds)('with a token $kind', ({ make, issuer }) => {
      let token: string;
      beforeAll(async () => {
        token = await make(clusterOf());
      });

      it('has the signature of sa.key, and says so by its key id', () => {
        const { files } = clusterOf();
        const publicKey = readFileSync(hostFile(files, CP_1, 'sa', 'publicKey'), 'utf8');
        const { header, payload, isSignedBy } = parts(token);
        expect(header['kid']).toBe(publicKeyId(decodePublicKey(publicKey).spki));
        expect(payload['iss']).toBe(issuer);
        expect(isSignedBy(publicKey)).toBe(true);
      });

      it.each(CONTROL_PLANES)('is itself to kube-apiserver on $name', async (host) => {
        const { files, tryKubectl } = clusterOf();
        const { stdout, stderr } = await tryKubectl(
          { host: STRANGER.name, kubeconfig: '/dev/null' },
          `--server=${apiUrl(host)}`,
          `--certificate-authority=${hostFile(files, CP_1, 'ca', 'certificate')}`,
          `--token=${token}`,
          'auth',
          'whoami',
          '-o=json',
        );
        expect(stderr).toBe('');
        expect(JSON.parse(stdout)).toMatchObject({
          status: {
            userInfo: {
              username: USER,
              groups: [
                'system:serviceaccounts',
                'system:serviceaccounts:default',
                'system:authenticated',
              ],
            },
          },
        });
      });
    });
  });

  it('S12: kube-controller-manager works as its service accounts', async () => {
    const event = await auditEvent(clusterOf(), ({ user }) =>
      user.username.startsWith('system:serviceaccount:kube-system:'),
    );
    expect(event.user.groups).toContain('system:serviceaccounts:kube-system');
  });

  it('S12: a kubelet gets the token of a pod that runs on its node', async () => {
    const cluster = clusterOf();
    await cluster.kubectl('run', 'with-token', '--image=example.com/nothing', '--restart=Never');
    const asked = await auditEvent(
      cluster,
      ({ objectRef, user }) =>
        objectRef?.resource === 'serviceaccounts' &&
        objectRef.subresource === 'token' &&
        user.username.startsWith('system:node:'),
    );
    expect(asked.user.groups).toContain('system:nodes');
    expect(asked.responseStatus?.code).toBe(201);
  });

  it('S12: pods get the CA that verifies kube-apiserver', async () => {
    const { files, kubectl } = clusterOf();
    const text = await kubectl(
      'get',
      'configmap',
      'kube-root-ca.crt',
      '-o=jsonpath={.data.ca\\.crt}',
    );
    expect(text).toBe(readFileSync(hostFile(files, CP_1, 'ca', 'certificate'), 'utf8'));
  });
}

/** Waits until the token controller has filled the Secret. */
async function secretToken(cluster: Cluster): Promise<string> {
  const { code, stderr } = await cluster.tryKubectl({ input: SECRET }, 'create', '--filename=-');
  expect(code, stderr).toBe(0);
  const path = '-o=jsonpath={.data.token}';
  const text = await waitFor(
    'the Secret holds a token',
    async () => (await cluster.kubectl('get', 'secret', 'robot-token', path)) || undefined,
    { programs: [cluster.program(CP_1, 'kube-controller-manager')] },
  );
  return Buffer.from(text, 'base64').toString();
}

function parts(token: string) {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const json = (part: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(part, 'base64url').toString());
  return {
    header: json(header),
    payload: json(payload),
    isSignedBy: (publicKey: string): boolean =>
      verify(
        // RS256, ES256, ES384: the number is the hash's.
        `sha${String(json(header)['alg']).slice(2)}`,
        Buffer.from(`${header}.${payload}`),
        // JWS (RFC 7518, section 3.4) has both numbers of an ECDSA signature side by side.
        { key: createPublicKey(publicKey), dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      ),
  };
}
