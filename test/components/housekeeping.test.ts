/**
 * What is kept for pods: service accounts, the CA of the API server in each namespace and as a ClusterTrustBundle,
 * and certificates. The same story of namespaces is told to kube-apiserver with kube-controller-manager, to
 * kube-apiserver with our controllers, and to our server with them. Certificates of pods have no signer upstream:
 * both servers must take ours, and know who comes with one.
 */
import { readFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesClient } from '../../src/client/index.ts';
import {
  CLUSTER_TRUST_BUNDLES,
  CONFIG_MAPS,
  KUBE_APISERVER_CLIENT_POD_SIGNER,
  type KubernetesObject,
  NAMESPACES,
  NODES,
  POD_CERTIFICATE_REQUESTS,
  PODS,
  type PodCertificateRequest,
  parseKubeconfig,
  type ResourceType,
  SERVICE_ACCOUNTS,
} from '../../src/kubernetes/index.ts';
import {
  createIssuer,
  createRequest,
  decodePrivateKey,
  encodePrivateKey,
  generatePrivateKey,
  makeName,
  readCertificates,
} from '../../src/x509/index.ts';
import { eventually } from '../controllers/own-api.ts';
import {
  clientOf,
  kubeconfigOf,
  type ServerName,
  withControllerManager,
  withOurControllers,
} from './kubectl/controllers.ts';
import { type Servers, startServers } from './kubectl/servers.ts';

const CONTROLLERS = [
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'kube-apiserver-serving-clustertrustbundle-publisher-controller',
];
const PODS_CONTROLLERS = [
  'podcertificaterequest-signing-controller',
  'podcertificaterequest-cleaner-controller',
];

let servers: Servers;

beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

/** The CA of both servers, as kube-controller-manager has it from its kubeconfig. */
async function rootCa(name: ServerName): Promise<string> {
  const path = kubeconfigOf(servers, name);
  const { clusters } = parseKubeconfig(await readFile(path, 'utf8'), path);
  const data = clusters.get('c')?.certificateAuthorityData ?? new Uint8Array();
  return Buffer.from(data).toString('utf8');
}

/** Also answers what they have warned of. */
async function withOurs<T>(name: ServerName, work: () => Promise<T>) {
  const pem = await rootCa(name);
  const issuer = createIssuer(readCertificates(pem)[0], decodePrivateKey(servers.authority.caKey));
  const options = {
    controllers: [...CONTROLLERS, ...PODS_CONTROLLERS],
    rootCa: { pem: () => pem, onChange: () => undefined },
    signing: { authorities: async () => issuer },
  };
  return withOurControllers(servers, name, options, work);
}

/** Objects of one kind without what a server or a moment chooses, and without words. */
async function shown<T extends KubernetesObject>(
  client: KubernetesClient,
  type: ResourceType<T>,
  namespace?: string,
): Promise<readonly object[]> {
  const { items } = await client.list(type, namespace === undefined ? {} : { namespace });
  return items.map(({ metadata, ...others }) => ({
    ...others,
    name: metadata.name,
    labels: metadata.labels,
    annotations: Object.keys(metadata.annotations ?? {}),
    owners: metadata.ownerReferences,
    finalizers: metadata.finalizers,
  }));
}

/** What a namespace holds from its beginning, after it was tampered with, and when it is going. */
async function tell(name: ServerName, namespace: string): Promise<object> {
  const client = await clientOf(servers, name);
  const pem = await rootCa(name);
  const at = { namespace, name: 'kube-root-ca.crt' };
  const map = async () => client.get(CONFIG_MAPS, at).catch(() => undefined);
  const complete = async (): Promise<readonly object[]> =>
    eventually(
      async () => [
        ...(await shown(client, SERVICE_ACCOUNTS, namespace)),
        ...(await shown(client, CONFIG_MAPS, namespace)),
      ],
      (found) => found.length === 2 && JSON.stringify(found).includes(JSON.stringify(pem)),
    );
  try {
    await client.create(NAMESPACES, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
    const first = await complete();
    const there = await map();
    if (there === undefined) throw new Error('expected the ConfigMap');
    const { metadata } = there;
    const mine = { ...metadata, annotations: { mine: 'x' }, labels: { mine: 'x' } };
    await client.update(CONFIG_MAPS, { ...there, metadata: mine, data: { more: 'x' } });
    const mended = await complete();
    await client.delete(CONFIG_MAPS, at);
    await client.delete(SERVICE_ACCOUNTS, { namespace, name: 'default' });
    const again = await complete();
    const bundles = await eventually(
      async () => shown(client, CLUSTER_TRUST_BUNDLES),
      (found) => found.length > 0,
    );
    // Nobody empties it here: it goes on and on, and nothing is made in it any more.
    await client.delete(NAMESPACES, { name: namespace });
    await client.delete(CONFIG_MAPS, at);
    await client.create(NAMESPACES, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: `${namespace}-2` },
    });
    await eventually(
      async () => client.list(CONFIG_MAPS, { namespace: `${namespace}-2` }),
      ({ items }) => items.length === 1,
    );
    return { first, mended, again, bundles, going: await map() };
  } finally {
    await client.close();
  }
}

describe('namespaces', () => {
  let upstream: object;

  it('have from kube-controller-manager what they have', async () => {
    upstream = await withControllerManager(
      servers,
      CONTROLLERS,
      () => tell('real', 'upstream'),
      '--feature-gates=ClusterTrustBundle=true',
    );
    // That it is no empty story.
    expect(upstream).toMatchObject({
      mended: [{ name: 'default' }, { labels: { mine: 'x' } }],
      bundles: [
        { name: expect.stringMatching(/^kubernetes\.io:kube-apiserver-serving:[0-9a-f]{24}$/) },
      ],
      going: undefined,
    });
  });

  it('have the same at kube-apiserver from our controllers, which change nothing of what is right', async () => {
    const client = await clientOf(servers, 'real');
    const bundle = async (): Promise<string | undefined> =>
      (await client.list(CLUSTER_TRUST_BUNDLES)).items[0]?.metadata.uid;
    const before = await bundle();
    const map = { namespace: 'upstream-2', name: 'kube-root-ca.crt' };
    const { resourceVersion } = (await client.get(CONFIG_MAPS, map)).metadata;
    const { result, warnings } = await withOurs('real', () => tell('real', 'mixed'));
    expect(result).toEqual(upstream);
    expect(warnings).toEqual([]);
    expect(await bundle()).toBe(before);
    expect((await client.get(CONFIG_MAPS, map)).metadata.resourceVersion).toBe(resourceVersion);
    await client.close();
  });

  it('have the same at our server', async () => {
    const { result, warnings } = await withOurs('ours', () => tell('ours', 'ours'));
    expect(result).toEqual(upstream);
    expect(warnings).toEqual([]);
  });
});

/** Asks with a client certificate. */
const ask = (name: ServerName, cert: string, key: string, body: object): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const sent = httpsRequest(
      `${servers[name].url}${path}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        agent: false,
        ca: servers.authority.ca,
        cert,
        key,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(JSON.parse(text)));
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });

describe.each<ServerName>(['real', 'ours'])('a pod at the server (%s)', (name) => {
  const key = generatePrivateKey('ECDSA-P256');
  const stub = createRequest({ subject: makeName({}) }, key);

  /** What becomes of a request of the pod. */
  async function outcome(
    client: KubernetesClient,
    id: string,
    changes: Partial<PodCertificateRequest['spec']> = {},
  ): Promise<NonNullable<PodCertificateRequest['status']>> {
    const [pod, account, node] = [
      await client.get(PODS, { namespace: 'default', name: 'web-0' }),
      await client.get(SERVICE_ACCOUNTS, { namespace: 'default', name: 'default' }),
      await client.get(NODES, { name: 'worker-1' }),
    ];
    await client.create(POD_CERTIFICATE_REQUESTS, {
      apiVersion: 'certificates.k8s.io/v1beta1',
      kind: 'PodCertificateRequest',
      metadata: { namespace: 'default', name: id },
      spec: {
        signerName: KUBE_APISERVER_CLIENT_POD_SIGNER,
        podName: 'web-0',
        podUID: pod.metadata.uid ?? '',
        serviceAccountName: 'default',
        serviceAccountUID: account.metadata.uid ?? '',
        nodeName: 'worker-1',
        nodeUID: node.metadata.uid ?? '',
        stubPKCS10Request: Buffer.from(stub).toString('base64'),
        pkixPublicKey: null,
        proofOfPossession: null,
        ...changes,
      },
    });
    const done = await eventually(
      async () => client.get(POD_CERTIFICATE_REQUESTS, { namespace: 'default', name: id }),
      ({ status }) => (status?.conditions ?? []).length > 0,
    );
    return done.status ?? {};
  }

  it('gets a certificate, and comes in with it as its service account', async () => {
    const { result, warnings } = await withOurs(name, async () => {
      const client = await clientOf(servers, name);
      await eventually(
        async () =>
          client.get(SERVICE_ACCOUNTS, { namespace: 'default', name: 'default' }).catch(() => {}),
        (found) => found !== undefined,
      );
      await client.create(NODES, {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'worker-1' },
      });
      await client.create(PODS, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'default', name: 'web-0' },
        spec: {
          serviceAccountName: 'default',
          nodeName: 'worker-1',
          containers: [{ name: 'c', image: 'example.com/c' }],
        },
      });
      const uid = (await client.get(SERVICE_ACCOUNTS, { namespace: 'default', name: 'default' }))
        .metadata.uid;
      const day = await outcome(client, 'day');
      const hour = await outcome(client, 'hour', { maxExpirationSeconds: 3600 });
      const forged = await outcome(client, 'forged', { serviceAccountName: 'admin' });
      await client.close();
      return { uid, day, hour, forged };
    });
    // What its author is told is not trouble of the signer's.
    expect(warnings.map(({ message }) => message)).toEqual(['not signed']);
    expect(result.forged.conditions).toMatchObject([{ type: 'Denied', reason: 'InvalidPod' }]);
    for (const [status, seconds] of [
      [result.day, 86_400],
      [result.hour, 3600],
    ] as const) {
      const { notBefore = '', notAfter = '', beginRefreshAt = '' } = status;
      expect((Date.parse(notAfter) - Date.parse(notBefore)) / 1000).toBe(seconds);
      expect((Date.parse(beginRefreshAt) - Date.parse(notBefore)) / 1000).toBe(seconds / 2);
      const review = await ask(name, status.certificateChain ?? '', encodePrivateKey(key), {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'SelfSubjectReview',
      });
      expect(review).toMatchObject({
        status: {
          userInfo: {
            username: 'system:serviceaccount:default:default',
            uid: result.uid,
            groups: [
              'system:serviceaccounts',
              'system:serviceaccounts:default',
              'system:authenticated',
            ],
            extra: {
              'authentication.kubernetes.io/credential-id': [
                expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/),
              ],
            },
          },
        },
      });
    }
  });
});
