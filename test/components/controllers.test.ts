/**
 * The controllers beside a real kube-apiserver, against a real kube-controller-manager: both are given
 * the same requests, one after the other, and what they make of them is compared.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CertificateSigningRequest,
  conditionsOf,
  KUBE_APISERVER_CLIENT_SIGNER,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  REQUEST_USAGES,
} from '../../src/kubernetes/index.ts';
import {
  ATTRIBUTE_TYPES,
  type Certificate,
  createRequest,
  makeName,
  type Name,
  type RequestTemplate,
  readCertificates,
  serialHex,
} from '../../src/x509/index.ts';
import { specRequest } from '../kubernetes/certificates/requests.ts';
import { peers } from '../peers/peers.ts';
import { type Program, waitFor } from '../system/program.ts';
import { keyOf } from '../x509/support.ts';
import { startControllerManager } from './components.ts';
import { adminKubeconfig, hostFile } from './credentials.ts';
import { type OwnServer, startUpstreamServer } from './own-server/bench.ts';
import { ADMIN, CP_1 } from './topology.ts';

/** Who creates a request, by impersonation. */
const REQUESTERS = {
  admin: [],
  bootstrap: ['--as=system:bootstrap:abcdef', '--as-group=system:bootstrappers'],
  node: ['--as=system:node:worker-1', '--as-group=system:nodes'],
  /** May ask, but is in no group whose requests are approved. */
  stranger: ['--as=somebody', '--as-group=strangers'],
} as const;

interface Case {
  readonly template: RequestTemplate;
  readonly key?: string;
  readonly signerName?: string;
  readonly usages: readonly string[];
  readonly expirationSeconds?: number;
  readonly requester?: keyof typeof REQUESTERS;
  /** Left to the approver. */
  readonly pending?: true;
}

const CLIENT = ['digital signature', 'client auth'];
const SERVING = ['digital signature', 'server auth'];
const NODE = makeName({ commonName: 'system:node:worker-1', organizations: ['system:nodes'] });
const JANE = makeName({ commonName: 'jane' });
const one = (type: string, value: string): Name[number] => [{ type, value }];
const attribute = (type: keyof typeof ATTRIBUTE_TYPES, value: string): Name[number] =>
  one(ATTRIBUTE_TYPES[type], value);

const client = (template: RequestTemplate, more: Partial<Case> = {}): Case => ({
  template,
  signerName: KUBE_APISERVER_CLIENT_SIGNER,
  usages: CLIENT,
  ...more,
});
const kubelet = (template: Partial<RequestTemplate> = {}, more: Partial<Case> = {}): Case => ({
  template: { subject: NODE, ...template },
  signerName: KUBELET_CLIENT_SIGNER,
  usages: CLIENT,
  ...more,
});
const serving = (template: Partial<RequestTemplate> = {}, more: Partial<Case> = {}): Case => ({
  template: { subject: NODE, subjectAltNames: { dns: ['worker-1'] }, ...template },
  signerName: KUBELET_SERVING_SIGNER,
  usages: SERVING,
  ...more,
});
const lasting = (expirationSeconds: number): Case =>
  client({ subject: JANE }, { expirationSeconds });
const of = (...organizations: string[]): Name =>
  makeName({ commonName: 'system:node:worker-1', organizations });
const STRANGER = makeName({ commonName: 'worker-1', organizations: ['system:nodes'] });

/** What is asked for beside names, and not given: keyUsage keyCertSign, basicConstraints CA, an own one. */
const EXTENSIONS = [
  { oid: '2.5.29.15', critical: true, value: Buffer.from('03020204', 'hex') },
  { oid: '2.5.29.19', critical: true, value: Buffer.from('30030101ff', 'hex') },
  { oid: '1.3.6.1.4.1.99999.1', critical: false, value: Buffer.from('0500', 'hex') },
];

const CASES: Readonly<Record<string, Case>> = {
  // Whoever approves first would stand in it: left to the approver.
  'kubelet-ecdsa': kubelet({}, { pending: true }),
  'kubelet-rsa': kubelet(
    {},
    { key: 'RSA-2048', usages: [...CLIENT, 'key encipherment'], pending: true },
  ),
  // From somebody whose requests no approver approves: ours approves none without a name.
  'kubelet-empty-name': kubelet(
    { subject: makeName({ commonName: 'system:node:', organizations: ['system:nodes'] }) },
    { requester: 'stranger' },
  ),
  'serving-names': serving({
    subjectAltNames: {
      dns: ['worker-1', '*.example.com', 'a_b.example.com'],
      ip: ['172.16.10.21', '::ffff:192.0.2.1', 'fd00::1', '::1'],
    },
  }),
  'serving-rsa': serving({}, { key: 'RSA-2048', usages: ['key encipherment', ...SERVING] }),
  'several-organizations': client({
    subject: makeName({ commonName: 'jane', organizations: ['ops', 'dev', 'a', 'ops'] }),
  }),
  'whole-subject': client({
    subject: [
      attribute('CN', 'first'),
      attribute('SERIALNUMBER', '7'),
      attribute('OU', 'b'),
      attribute('DC', 'example'),
      attribute('O', 'zeta'),
      attribute('L', 'Bern'),
      attribute('C', 'CH'),
      attribute('UID', 'u-1'),
      attribute('O', 'alpha'),
      attribute('STREET', 'Main Street 1'),
      attribute('postalCode', '3000'),
      attribute('ST', 'BE'),
      attribute('OU', 'a'),
      one('1.3.6.1.4.1.57683.2', 'a-uid'),
      attribute('CN', 'last'),
    ],
  }),
  'multi-valued': client({
    subject: [[...attribute('CN', 'jane'), ...attribute('O', 'dev'), ...attribute('OU', 'x')]],
  }),
  'odd-letters': client({
    subject: makeName({ commonName: 'Zoë_*&@', organizations: ['*', 'a&b', "it's (ok)"] }),
  }),
  'every-name': client({
    subject: JANE,
    subjectAltNames: {
      dns: ['jane.example.com'],
      email: ['jane@example.com'],
      ip: ['192.0.2.7'],
      uri: ['spiffe://cluster.local/ns/default/sa/jane', 'urn:uuid:f81d4fae'],
    },
  }),
  'more-extensions': client({ subject: JANE, extensions: EXTENSIONS }),
  'empty-subject': client({ subject: [], subjectAltNames: { dns: ['jane'] } }),
  'nothing-at-all': client({ subject: [] }),
  'all-client-usages': client(
    { subject: JANE },
    { usages: ['client auth', 'key encipherment', 'digital signature'] },
  ),
  p384: client({ subject: JANE }, { key: 'ECDSA-P384' }),
  p521: client({ subject: JANE }, { key: 'ECDSA-P521' }),
  ed25519: client({ subject: JANE }, { key: 'Ed25519' }),
  'rsa-4096': client({ subject: JANE }, { key: 'RSA-4096' }),
  'ten-minutes': lasting(600),
  'an-odd-time': lasting(12_345),
  'just-short': lasting(28_799),
  'just-long': lasting(28_800),
  'as-long-as-it-gets': lasting(31_536_000),
  'longer-than-it-gets': lasting(2 ** 31 - 1),

  'client-of-nobody': kubelet({ subject: JANE }),
  'client-of-two': kubelet({ subject: of('system:nodes', 'x') }),
  'client-with-dns': kubelet({
    subject: STRANGER,
    subjectAltNames: { dns: ['a'], email: ['a@b'], ip: ['10.0.0.1'], uri: ['spiffe://a/b'] },
  }),
  'client-with-email': kubelet({
    subjectAltNames: { email: ['a@b'], ip: ['10.0.0.1'], uri: ['spiffe://a/b'] },
  }),
  'client-with-ip': kubelet({ subjectAltNames: { ip: ['10.0.0.1'], uri: ['spiffe://a/b'] } }),
  'client-with-uri': kubelet({ subject: STRANGER, subjectAltNames: { uri: ['spiffe://a/b'] } }),
  'client-stranger': kubelet({ subject: STRANGER }, { usages: ['any'] }),
  'client-usages': kubelet({}, { usages: ['client auth'] }),
  'serving-of-nobody': serving({ subject: of('x'), subjectAltNames: {} }),
  'serving-nameless': serving({ subjectAltNames: { uri: ['spiffe://a/b'] } }),
  'serving-with-email': serving({
    subject: STRANGER,
    subjectAltNames: { ip: ['10.0.0.1'], email: ['a@b'], uri: ['spiffe://a/b'] },
  }),
  'serving-with-uri': serving(
    { subjectAltNames: { dns: ['a'], uri: ['spiffe://a/b'] } },
    { usages: ['any'] },
  ),
  'serving-usages': serving({ subject: STRANGER }, { usages: CLIENT }),
  'serving-stranger': serving({ subject: STRANGER }),
  'apiserver-usage': client({ subject: JANE }, { usages: REQUEST_USAGES }),
  'apiserver-lacks': client({ subject: JANE }, { usages: ['digital signature'] }),

  'bootstrap-pending': kubelet({}, { requester: 'bootstrap', pending: true }),
  'renewal-pending': kubelet({}, { requester: 'node', pending: true }),
  'stranger-pending': kubelet({}, { requester: 'stranger', pending: true }),
  elsewhere: client({ subject: JANE }, { signerName: 'example.com/mine' }),
};

/** What both leave as it is. */
const LEFT = ['stranger-pending', 'elsewhere'];

/** The same bytes for both. */
const REQUESTS = new Map(
  Object.entries(CASES).map(([name, { template, key = 'ECDSA-P256' }]) => [
    name,
    specRequest(createRequest(template, keyOf(key))),
  ]),
);

let cluster: OwnServer;

async function run(input: string | undefined, ...args: readonly string[]): Promise<string> {
  return input === undefined ? cluster.admin(...args) : cluster.feed(input, ...args);
}

const ask = async (...args: readonly string[]): Promise<string> => run(undefined, ...args);

/** Creates objects; as somebody else where flags say so. */
async function create(items: readonly object[], ...flags: readonly string[]): Promise<void> {
  if (items.length === 0) return;
  await run(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'create', '-f-', ...flags);
}

const csrObject = (name: string, spec: Omit<Case, 'template'> & { request: string }): object => {
  const { request, signerName, usages, expirationSeconds } = spec;
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request,
      signerName,
      usages,
      ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
    },
  };
};

async function requests(): Promise<Map<string, CertificateSigningRequest>> {
  const list: { items: CertificateSigningRequest[] } = JSON.parse(
    await ask('get', 'csr', '-ojson'),
  );
  return new Map(list.items.map((csr) => [csr.metadata.name ?? '', csr]));
}

const isFinished = (csr: CertificateSigningRequest | undefined): boolean =>
  csr?.status?.certificate !== undefined ||
  (csr !== undefined && conditionsOf(csr).some(({ type }) => type === 'Failed'));

/** Gives all requests to whoever runs, under names of their own, and waits until they are finished. */
async function outcomes(
  prefix: string,
  programs: readonly Program[],
): Promise<Map<string, CertificateSigningRequest>> {
  const named = (name: string): string => `${prefix}-${name}`;
  for (const [requester, flags] of Object.entries(REQUESTERS)) {
    const mine = Object.entries(CASES).filter(
      ([, { requester: who = 'admin' }]) => who === requester,
    );
    const items = mine.map(([name, one]) =>
      csrObject(named(name), { ...one, request: REQUESTS.get(name) ?? '' }),
    );
    await create(items, ...flags);
  }
  const approvable = Object.keys(CASES).filter((name) => CASES[name]?.pending !== true);
  await ask('certificate', 'approve', ...approvable.map(named));
  const finishing = Object.keys(CASES).filter((name) => !LEFT.includes(name));
  const found = await waitFor(
    `${prefix}: every request is finished`,
    async () => {
      const all = await requests();
      const lacking = finishing.filter((name) => !isFinished(all.get(named(name))));
      if (lacking.length > 0) throw new Error(`not finished: ${lacking.join(', ')}`);
      return all;
    },
    { deadline: 90_000, programs },
  );
  return new Map(
    Object.keys(CASES).map((name) => {
      const csr = found.get(named(name));
      if (csr === undefined) throw new Error(`there is no ${named(name)}`);
      return [name, csr];
    }),
  );
}

const certificateOf = ({ status }: CertificateSigningRequest): Certificate => {
  const all = readCertificates(Buffer.from(status?.certificate ?? '', 'base64'));
  expect(all).toHaveLength(1);
  return all[0];
};

/** What two certificates for one request have in common: all but serial number, dates and signature. */
const facts = (certificate: Certificate): object => ({
  version: certificate.version,
  issuer: Buffer.from(certificate.issuerDer).toString('hex'),
  subject: Buffer.from(certificate.subjectDer).toString('hex'),
  spki: Buffer.from(certificate.spki).toString('hex'),
  signatureAlgorithm: certificate.signatureAlgorithm,
  extensions: certificate.extensions.map(({ oid, critical, value }) => [
    oid,
    critical,
    Buffer.from(value).toString('hex'),
  ]),
  seconds: (certificate.notAfter.getTime() - certificate.notBefore.getTime()) / 1000,
});

/** `kubepki controllers`, as the administrator. */
async function startControllers(name: string, ...flags: readonly string[]): Promise<Program> {
  const command = new URL('../../src/cli/commands/controllers.ts', import.meta.url);
  const script = `
    import { Command } from 'commander';
    import { registerControllers } from ${JSON.stringify(command.href)};
    const program = new Command();
    registerControllers(program);
    await program.parseAsync(${JSON.stringify([
      'controllers',
      `--kubeconfig=${adminKubeconfig(cluster.files, 'super-admin')}`,
      `--cluster-signing-cert-file=${hostFile(cluster.files, CP_1, 'ca', 'certificate')}`,
      `--cluster-signing-key-file=${hostFile(cluster.files, CP_1, 'ca', 'key')}`,
      '--allowed-cidrs=172.16.10.0/24',
      // As kube-controller-manager, which knows no such thing.
      '--protect-existing-nodes=false',
      ...flags,
    ])}, { from: 'user' });`;
  return cluster.network.start(
    ADMIN.name,
    process.execPath,
    ['--input-type=module', '-e', script],
    {
      name,
    },
  );
}

const startTheirs = async (controllers: string): Promise<Program> =>
  startControllerManager(cluster, {
    host: CP_1,
    flags: { controllers, 'leader-elect': 'false' },
  });

async function startBench(): Promise<void> {
  await peers(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl']);
  cluster = await startUpstreamServer();
  const bind = async (name: string, role: string, group: string): Promise<string> =>
    ask('create', 'clusterrolebinding', name, `--clusterrole=${role}`, `--group=${group}`);
  const csr = 'system:certificates.k8s.io:certificatesigningrequests';
  await bind('bootstrapper', 'system:node-bootstrapper', 'system:bootstrappers');
  await bind('strangers', 'system:node-bootstrapper', 'strangers');
  await bind('nodeclient', `${csr}:nodeclient`, 'system:bootstrappers');
  await bind('selfnodeclient', `${csr}:selfnodeclient`, 'system:nodes');
  // What those who ask as system:bootstrap:abcdef have: ours approves nothing for a token that is gone.
  await create([tokenSecret('abcdef', new Date(Date.now() + 3_600_000))]);
}

const tokenSecret = (id: string, expiration: Date): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
  type: 'bootstrap.kubernetes.io/token',
  stringData: {
    'token-id': id,
    'token-secret': '0123456789abcdef',
    expiration: expiration.toISOString(),
  },
});

describe('beside a real kube-apiserver', () => {
  let theirs: Map<string, CertificateSigningRequest>;
  let ours: Map<string, CertificateSigningRequest>;
  let controllers: Program;

  beforeAll(async () => {
    await startBench();
    const manager = await startTheirs('csrsigning,csrapproving,csrcleaner');
    theirs = await outcomes('theirs', [manager]);
    await manager.stop();
    controllers = await startControllers('controllers');
    ours = await outcomes('ours', [controllers]);
  });

  afterAll(async () => {
    await cluster?.stop();
  });

  const issued = Object.keys(CASES).filter((name) => !LEFT.includes(name));
  it.each(issued)('does with %s what kube-controller-manager does', (name) => {
    const [a, b] = [theirs.get(name), ours.get(name)];
    if (a === undefined || b === undefined) throw new Error('not answered');
    const told = (csr: CertificateSigningRequest): object[] =>
      conditionsOf(csr).map(({ type, status, reason, message }) => ({
        type,
        status,
        reason,
        message,
      }));
    expect(told(b)).toEqual(told(a));
    expect(b.status?.certificate === undefined).toBe(a.status?.certificate === undefined);
    if (a.status?.certificate === undefined) return;
    const [upstream, own] = [certificateOf(a), certificateOf(b)];
    expect(facts(own)).toEqual(facts(upstream));
    const created = (csr: CertificateSigningRequest): number =>
      Date.parse(csr.metadata.creationTimestamp ?? '');
    const age = (certificate: Certificate, csr: CertificateSigningRequest): number =>
      (certificate.notBefore.getTime() - created(csr)) / 1000;
    for (const seconds of [age(upstream, a), age(own, b)]) {
      expect(seconds).toBeGreaterThanOrEqual(-301);
      expect(seconds).toBeLessThan(-300 + 90);
    }
    expect(own.serialNumber.length).toBeLessThanOrEqual(17);
    expect(serialHex(own)).not.toBe(serialHex(upstream));
  });

  it('has met both ends of every rule', () => {
    const failed = issued.filter((name) => theirs.get(name)?.status?.certificate === undefined);
    expect(failed).toHaveLength(16);
    expect(issued.length - failed.length).toBeGreaterThan(20);
  });

  it.each(LEFT)('leaves %s as kube-controller-manager leaves it', (name) => {
    const types = [theirs, ours].map((all) => {
      const csr = all.get(name);
      return csr === undefined ? undefined : conditionsOf(csr).map(({ type }) => type);
    });
    expect(types[1]).toEqual(types[0]);
    expect(ours.get(name)?.status?.certificate).toBe(undefined);
  });

  it('approves the serving certificate of a Node for its own addresses, once they are known', async () => {
    const node = (name: string, ...ips: string[]): object => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name },
      status: {
        addresses: [
          { type: 'Hostname', address: name },
          ...ips.map((address) => ({ type: 'InternalIP', address })),
        ],
      },
    });
    const asked = (name: string, names: object): object =>
      csrObject(name, {
        ...serving(),
        request: specRequest(
          createRequest({ subject: NODE, subjectAltNames: names }, keyOf('ECDSA-P256')),
        ),
      });
    const items = [
      asked('serving-own', { dns: ['worker-1'], ip: ['172.16.10.21'] }),
      asked('serving-other', { ip: ['172.16.10.22'] }),
      asked('serving-claimed', { ip: ['172.16.10.23'] }),
    ];
    await create(items, ...REQUESTERS.node);
    await create([
      node('worker-2', '172.16.10.22', '172.16.10.23'),
      node('worker-1', '172.16.10.21', '172.16.10.23'),
    ]);
    const found = await waitFor(
      'the serving certificate is issued',
      async () => {
        const all = await requests();
        return isFinished(all.get('serving-own')) ? all : undefined;
      },
      { programs: [controllers] },
    );
    const own = found.get('serving-own');
    expect(own === undefined ? [] : conditionsOf(own)).toMatchObject([
      { type: 'Approved', status: 'True', reason: 'AutoApproved' },
    ]);
    const log = await controllers.log();
    expect(log).toContain('172.16.10.23 is claimed by the Node worker-2 as well');
    for (const name of ['serving-other', 'serving-claimed']) {
      expect(found.get(name)?.status).toEqual({});
    }
  });

  it('deletes a bootstrap token that has expired', async () => {
    const now = Date.now();
    await create([
      tokenSecret('expird', new Date(now + 3000)),
      tokenSecret('lively', new Date(now + 3_600_000)),
    ]);
    const names = await waitFor(
      'the token is gone',
      async () => {
        const text = await ask('get', 'secrets', '-n=kube-system', '-oname');
        return text.includes('expird') ? undefined : text;
      },
      { programs: [controllers] },
    );
    expect(names).toContain('bootstrap-token-lively');
  });

  it('issues one certificate for each request where both work at once, and ends cleanly', async () => {
    const manager = await startTheirs('csrsigning,csrapproving');
    const second = await startControllers('second', '--leader-elect=false');
    const names = Array.from({ length: 40 }, (_, i) => `both-${i}`);
    const request = REQUESTS.get('kubelet-ecdsa') ?? '';
    // Until kube-controller-manager signs at all.
    await create([csrObject('warm-up', { ...kubelet(), request })], ...REQUESTERS.bootstrap);
    await waitFor(
      'kube-controller-manager works',
      async () => (await manager.log()).includes('Caches are synced') || undefined,
      { programs: [manager] },
    );
    await waitFor(
      'the second works',
      // Of what this server does not have.
      async () => (await second.log()).includes('not started') || undefined,
      { programs: [second] },
    );
    const items = names.map((name) => csrObject(name, { ...kubelet(), request }));
    await create(items, ...REQUESTERS.bootstrap);
    const found = await waitFor(
      'all are issued',
      async () => {
        const all = await requests();
        return names.every((name) => isFinished(all.get(name))) ? all : undefined;
      },
      { programs: [manager, controllers, second] },
    );
    const log = `${await controllers.log()}${await second.log()}`;
    for (const name of names) {
      const csr = found.get(name);
      if (csr === undefined) throw new Error(`there is no ${name}`);
      expect(conditionsOf(csr)).toHaveLength(1);
      // Who says to have signed it has: its certificate is the one that is there.
      const claims = [
        ...log.matchAll(new RegExp(`signed csr="${name}" .*serialNumber="([0-9a-f]+)"`, 'g')),
      ];
      expect(claims.length).toBeLessThanOrEqual(1);
      const [claim] = claims;
      if (claim !== undefined) {
        expect(claim[1]?.replace(/^0+/, '')).toBe(serialHex(certificateOf(csr)).replace(/^0+/, ''));
      }
    }
    await manager.stop();
    for (const [program, signal] of [
      [second, 'INT'],
      [controllers, 'TERM'],
    ] as const) {
      await program.kill(signal);
      expect(await program.exited).toEqual({ code: 0, signal: null });
    }
    const lease: { spec: { holderIdentity: string } } = JSON.parse(
      await ask('get', 'lease', '-n=kube-system', 'kubepki-controllers', '-ojson'),
    );
    expect(lease.spec.holderIdentity).toBe('');
  });
});
