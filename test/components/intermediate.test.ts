/**
 * CAs under a company's root, on unmodified components: kube-controller-manager signs for kubelets with
 * the file that it is given, everybody verifies everybody, and nobody else of the company gets in.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CertificateTemplate,
  createIssuer,
  createRequest,
  encodePem,
  encodePrivateKey,
  generatePrivateKey,
  type Issuer,
  makeName,
  parseCertificate,
  readCertificates,
  selfSign,
} from '../../src/x509/index.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { get } from './probes/ask.ts';
import { ADMIN, apiUrl, CP_1, type Variant } from './topology.ts';

const VARIANT: Variant = { layout: 'kubeadm', keyAlgorithm: 'ECDSA-P256', endpoint: 'name' };
const YEAR = 365 * 24 * 3600 * 1000;

function template(
  commonName: string,
  ca: boolean,
  organizations: string[] = [],
): CertificateTemplate {
  return {
    subject: makeName({ commonName, organizations }),
    notBefore: new Date(Date.now() - 3600_000),
    notAfter: new Date(Date.now() + YEAR * (ca ? 10 : 1)),
    basicConstraints: { ca },
    keyUsage: ca ? ['keyCertSign', 'cRLSign', 'digitalSignature'] : ['digitalSignature'],
    extendedKeyUsage: ca ? [] : ['clientAuth'],
  };
}

const pem = (der: Uint8Array): string => encodePem('CERTIFICATE', der);

interface Company {
  readonly issuer: Issuer;
  readonly directory: string;
}

/** A company's root, and under it the three CAs of the cluster, with their keys, where apply looks for them. */
async function foundCompany(): Promise<Company> {
  const directory = await mkdtemp(join(tmpdir(), 'kubepki-intermediate-'));
  const key = generatePrivateKey('ECDSA-P384');
  const root = parseCertificate(selfSign(template('Company Root', true), key));
  const issuer = createIssuer(root, key);
  for (const name of ['ca', 'etcd/ca', 'front-proxy-ca']) {
    const path = join(directory, 'pki/authorities', name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const own = generatePrivateKey('ECDSA-P256');
    const der = issuer.issue(template(`company-${name.replace('/', '-')}`, true), own.spki);
    writeFileSync(`${path}.crt`, pem(der) + pem(root.der));
    writeFileSync(`${path}.key`, encodePrivateKey(own), { mode: 0o600 });
  }
  return { issuer, directory };
}

describe('a cluster whose CAs are under a company', () => {
  let company: Company | undefined;
  let cluster: Cluster | undefined;
  const started = (): Cluster => {
    if (cluster === undefined) throw new Error('the cluster was not started');
    return cluster;
  };

  beforeAll(async () => {
    company = await foundCompany();
    cluster = await startCluster({ variant: VARIANT, data: company.directory });
  });
  afterAll(async () => {
    await cluster?.stop();
    if (company !== undefined) await rm(company.directory, { recursive: true, force: true });
  });

  it('has a kube-controller-manager that signs with its file', async () => {
    const { kubectl, create } = started();
    const request = createRequest(
      { subject: makeName({ commonName: 'somebody' }) },
      generatePrivateKey('ECDSA-P256'),
    );
    const name = 'somebody';
    await create([
      {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name },
        spec: {
          request: Buffer.from(encodePem('CERTIFICATE REQUEST', request)).toString('base64'),
          signerName: 'kubernetes.io/kube-apiserver-client',
          usages: ['client auth', 'digital signature'],
        },
      },
    ]);
    await kubectl('certificate', 'approve', name);
    await kubectl('wait', `csr/${name}`, '--for=jsonpath={.status.certificate}', '--timeout=60s');
    const issued = await kubectl('get', 'csr', name, '-o=jsonpath={.status.certificate}');
    const [certificate] = readCertificates(Buffer.from(issued, 'base64'));
    expect(certificate.issuer).toEqual(makeName({ commonName: 'company-ca' }));
  });

  it('lets nobody else of the company in, whatever their certificate says', async () => {
    if (company === undefined) throw new Error('no company');
    const { network } = started();
    const key = generatePrivateKey('ECDSA-P256');
    const der = company.issuer.issue(template('mallory', false, ['system:masters']), key.spki);
    const client = {
      certificate: join(company.directory, 'm.crt'),
      key: join(company.directory, 'm.key'),
    };
    writeFileSync(client.certificate, pem(der));
    writeFileSync(client.key, encodePrivateKey(key), { mode: 0o600 });
    const url = `${apiUrl(CP_1)}/api/v1/secrets`;
    expect((await get(network, ADMIN, { url, client })).status).toBe(401);
  });
});
