/** Who signs with which CA in the server's own process, and what it publishes of the one that verifies it. */
import { describe, expect, it } from 'vitest';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  CLUSTER_TRUST_BUNDLES,
  CONFIG_MAPS,
  KUBE_APISERVER_CLIENT_SIGNER,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  NAMESPACES,
  SERVICE_ACCOUNTS,
  withCondition,
} from '../../../src/kubernetes/index.ts';
import { commonName, readCertificates } from '../../../src/x509/index.ts';
import { createAuthority } from '../../client/tls-server.ts';
import {
  CLIENT_USAGES,
  csrObject,
  SERVING_USAGES,
} from '../../kubernetes/certificates/requests.ts';
import { running, until } from './running.ts';

type Server = Awaited<ReturnType<typeof running>>['server'];

async function request(
  { client }: Server,
  name: string,
  options: Parameters<typeof csrObject>[1],
): Promise<void> {
  const csr = await client.create(CERTIFICATE_SIGNING_REQUESTS, {
    ...csrObject(name, options),
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
  });
  const condition = { type: 'Approved', status: 'True', reason: 'Test' } as const;
  await client.update(CERTIFICATE_SIGNING_REQUESTS, withCondition(csr, condition), {
    subresource: 'approval',
  });
}

const statusOf = async (
  { client }: Server,
  name: string,
): Promise<NonNullable<CertificateSigningRequest['status']>> =>
  (await client.get(CERTIFICATE_SIGNING_REQUESTS, { name })).status ?? {};

/** The common name of the CA that has signed it, as soon as it is signed. */
async function signedBy(server: Server, name: string): Promise<string | undefined> {
  await until(async () => (await statusOf(server, name)).certificate !== undefined);
  const { certificate } = await statusOf(server, name);
  const [leaf] = readCertificates(Buffer.from(certificate ?? '', 'base64'));
  return commonName(leaf.issuer);
}

const CLIENT = { signerName: KUBELET_CLIENT_SIGNER, usages: CLIENT_USAGES };
const SERVING = {
  signerName: KUBELET_SERVING_SIGNER,
  usages: SERVING_USAGES,
  asked: { names: { ip: ['10.0.0.1'] } },
};
const ANYBODY = { signerName: KUBE_APISERVER_CLIENT_SIGNER, usages: CLIENT_USAGES };

describe('a signer', () => {
  it('signs with the CA that is its own; one without a CA signs nothing', async () => {
    const { server } = await running(
      (path) => ({
        controllers: ['csrsigning'],
        clusterSigningKubeletClientCertFile: path('clients.crt'),
        clusterSigningKubeletClientKeyFile: path('clients.key'),
        clusterSigningKubeletServingCertFile: path('servers.crt'),
        clusterSigningKubeletServingKeyFile: path('servers.key'),
      }),
      ({ replace }) => {
        for (const name of ['clients', 'servers']) {
          const { ca, caKey } = createAuthority(name);
          replace(`${name}.crt`, ca);
          replace(`${name}.key`, caKey);
        }
      },
    );
    await request(server, 'nobody', ANYBODY);
    await request(server, 'client', CLIENT);
    await request(server, 'server', SERVING);
    expect(await signedBy(server, 'client')).toBe('clients');
    expect(await signedBy(server, 'server')).toBe('servers');
    expect((await statusOf(server, 'nobody')).certificate).toBe(undefined);
  });

  it('goes on with another CA when its files have changed, and with the old one while they are broken', async () => {
    const { server, replace, logged } = await running(
      (path) => ({
        controllers: ['csrsigning'],
        clusterSigningCertFile: path('signing.crt'),
        clusterSigningKeyFile: path('signing.key'),
      }),
      (arranged) => {
        const { ca, caKey } = createAuthority('first');
        arranged.replace('signing.crt', ca);
        arranged.replace('signing.key', caKey);
      },
    );
    await request(server, 'a', CLIENT);
    expect(await signedBy(server, 'a')).toBe('first');

    const next = createAuthority('second');
    replace('signing.crt', next.ca);
    await server.reload();
    expect(logged).toEqual([
      expect.stringMatching(/^signing CA: what was read before stays in use: .*is not the key of/),
    ]);
    await request(server, 'b', CLIENT);
    expect(await signedBy(server, 'b')).toBe('first');

    replace('signing.key', next.caKey);
    await server.reload();
    await request(server, 'c', CLIENT);
    expect(await signedBy(server, 'c')).toBe('second');
    // What was signed before stays as it was.
    expect(await signedBy(server, 'a')).toBe('first');
  });
});

describe('each namespace', () => {
  const rootCa = { namespace: 'default', name: 'kube-root-ca.crt' };

  it('has the CA of the server and its service account, and a new one of it when that is rotated', async () => {
    const { server, authority, replace } = await running((path) => ({
      controllers: ['*'],
      rootCaFile: path('ca.crt'),
    }));
    const { client } = server;
    const published = async (namespace: string): Promise<string | undefined> => {
      const found = (await client.list(CONFIG_MAPS, { namespace })).items;
      return found.find(({ metadata }) => metadata.name === rootCa.name)?.data?.['ca.crt'];
    };
    const accounts = async (): Promise<readonly string[]> =>
      (await client.list(SERVICE_ACCOUNTS)).items
        .filter(({ metadata }) => metadata.name === 'default')
        .map(({ metadata }) => metadata.namespace ?? '')
        .sort();
    const namespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
    await until(async () => (await accounts()).join() === namespaces.join());
    for (const namespace of namespaces) {
      await until(async () => (await published(namespace)) === authority.ca);
    }
    const bundles = async (): Promise<readonly string[]> =>
      (await client.list(CLUSTER_TRUST_BUNDLES)).items.map(({ spec }) => spec.trustBundle);
    await until(async () => (await bundles()).join() === authority.ca);

    const both = authority.ca + createAuthority('next').ca;
    replace('ca.crt', both);
    await server.reload();
    await until(async () => (await published('default')) === both);
    await until(async () => (await bundles()).join() === both);

    await client.create(NAMESPACES, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'team' },
    });
    await until(async () => (await published('team')) === both);
    await client.delete(NAMESPACES, { name: 'team' });
    await until(async () =>
      (await client.list(NAMESPACES)).items.every(({ metadata }) => metadata.name !== 'team'),
    );
  });

  it('has none where nothing says what verifies the server, which is told', async () => {
    const { server, told } = await running({ controllers: ['*'] });
    await until(async () => (await server.client.list(SERVICE_ACCOUNTS)).items.length > 3);
    expect(told).toContainEqual(
      'root-ca-cert-publisher: not started: nothing says what verifies the API server (--root-ca-file)',
    );
    expect(
      (await server.client.list(CONFIG_MAPS)).items.map(({ metadata }) => metadata.name),
    ).not.toContain(rootCa.name);
  });
});
