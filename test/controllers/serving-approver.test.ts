/** When a node's serving certificate is approved, and what is told of the decision. */
import { describe, expect, it } from 'vitest';
import { addressesOf, canonicalAddress, claimsOf } from '../../src/controllers/node-addresses.ts';
import { createServingApprover } from '../../src/controllers/serving-approver.ts';
import type { Holder } from '../../src/controllers/serving-holders.ts';
import { createServingNames, type ServingOptions } from '../../src/controllers/serving-names.ts';
import { nodeKey } from '../../src/controllers/serving-verdict.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  KUBELET_SERVING_SIGNER,
  type Node,
} from '../../src/kubernetes/index.ts';
import { makeName } from '../../src/x509/index.ts';
import {
  type Asked,
  csrObject,
  nodeName,
  SERVING_USAGES,
} from '../kubernetes/certificates/requests.ts';
import { FakeApi } from './fake-client.ts';
import { approved, benchOf, csrIn } from './support.ts';

const nodeOf = (name: string, ...addresses: string[]): Node => ({
  metadata: { name },
  status: {
    addresses: addresses.map((address) => ({
      type: /^[\d.]+$|:/.test(address) ? 'InternalIP' : 'Hostname',
      address,
    })),
  },
});

const WORKER_1 = nodeOf(
  'worker-1',
  '172.16.10.141',
  'fd00:0:0::1',
  'worker-1',
  'Worker-1.example.com',
);
const WORKER_2 = nodeOf('worker-2', '172.16.10.142', 'worker-2');

type Spec = Partial<CertificateSigningRequest['spec']> & { readonly asked?: Asked };

const serving = (spec: Spec = {}): CertificateSigningRequest =>
  csrObject('a', {
    signerName: KUBELET_SERVING_SIGNER,
    usages: SERVING_USAGES,
    username: 'system:node:worker-1',
    groups: ['system:nodes', 'system:authenticated'],
    asked: { names: { dns: ['worker-1'], ip: ['172.16.10.141'] } },
    ...spec,
  });

const asking = (names: NonNullable<Asked['names']>): CertificateSigningRequest =>
  serving({ asked: { names } });

const LIMITS: ServingOptions = {
  allowedCidrs: ['172.16.0.0/12', '10.0.0.0/8', 'fd00::/8'],
  allowedDnsSuffixes: ['example.com'],
  reserved: ['10.96.0.1', 'api.example.com', 'cp-1', '172.16.10.11', '*.lb.example.com'],
};

interface Outcome {
  readonly conditions: readonly unknown[];
  /** A word, and the sentence beside it. */
  readonly reason: unknown;
  readonly why: unknown;
  /** Whether a change of its Node has it looked at again. */
  readonly waiting: readonly string[];
}

const HOLDERS = new Map<string, Holder>([
  ['10.96.0.10', { kind: 'Service', text: 'the Service kube-system/kube-dns' }],
  ['172.16.10.200', { kind: 'Service', text: 'the Service web/front' }],
  ['worker-1.example.com', { kind: 'Service', text: 'the Service web/named' }],
  ['172.16.10.12', { kind: 'ControlPlane', text: 'an API server' }],
]);

interface Circumstances {
  readonly limits?: Partial<ServingOptions>;
  readonly holders?: ReadonlyMap<string, Holder>;
}

async function approving(
  csr: CertificateSigningRequest,
  nodes: readonly Node[] = [WORKER_1, WORKER_2],
  { limits = {}, holders = new Map<string, Holder>() }: Circumstances = {},
): Promise<Outcome> {
  const api = new FakeApi();
  const { context, lines } = benchOf(api);
  const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, csr);
  const options = { ...LIMITS, ...limits };
  const { handle, waiting } = createServingApprover(context, {
    facts: {
      nodes: {
        get: (name: string) => nodes.find(({ metadata }) => metadata.name === name),
        claimants: (address: string) => nodes.filter((node) => claimsOf(node).includes(address)),
      },
      holderOf: (address) => holders.get(address),
      names: createServingNames(options),
      limited: options.allowedCidrs.length > 0,
    },
    events: { tell: () => undefined },
    counted: () => undefined,
    dryRun: false,
  });
  expect(await handle(stored)).toBe('done');
  const { conditions = [] } = csrIn(api, 'a').status ?? {};
  const node = (csr.spec.username ?? '').replace('system:node:', '');
  const said = lines.at(-1);
  const [reason, why] = [said?.['reason'], said?.['why']];
  return { conditions, reason, why, waiting: waiting([nodeKey(node)]) };
}

describe('a serving certificate is approved', () => {
  it.each<[string, CertificateSigningRequest]>([
    ['for what its Node has', serving()],
    ['for a part of it', asking({ ip: ['172.16.10.141'] })],
    [
      'for all of it',
      asking({ dns: ['worker-1', 'worker-1.example.com'], ip: ['172.16.10.141', 'fd00::1'] }),
    ],
    ['in other letters', asking({ dns: ['WORKER-1'] })],
    ['of an RSA key', serving({ usages: ['key encipherment', ...SERVING_USAGES] })],
  ])('%s', async (_what, csr) => {
    const { conditions, waiting } = await approving(csr);
    expect(conditions).toMatchObject([
      {
        type: 'Approved',
        status: 'True',
        reason: 'AutoApproved',
        message: expect.stringContaining('those of the Node worker-1 and of no other'),
      },
    ]);
    expect(waiting).toEqual([]);
  });

  it('for a Node that is known by its address', async () => {
    const node = nodeOf('10.0.0.7');
    const csr = serving({
      username: 'system:node:10.0.0.7',
      asked: { subject: nodeName('10.0.0.7'), names: { ip: ['10.0.0.7'] } },
    });
    const status = { addresses: [{ type: 'Hostname' as const, address: '10.0.0.7' }] };
    expect((await approving(csr, [{ ...node, status }])).conditions).toHaveLength(1);
  });
});

describe('a serving certificate is not approved, and stays pending', () => {
  it.each<[string, CertificateSigningRequest, string]>([
    [
      'for somebody else',
      serving({ username: 'system:node:worker-2' }),
      'the requester is not the node',
    ],
    [
      'for an administrator',
      serving({ username: 'kubernetes-admin' }),
      'the requester is not the node',
    ],
    ['for nobody', serving({ username: '' }), 'the requester is not the node'],
    [
      'outside of system:nodes',
      serving({ groups: ['system:authenticated'] }),
      'the requester is not in system:nodes',
    ],
    [
      'without groups',
      serving({ groups: undefined as unknown as string[] }),
      'the requester is not in system:nodes',
    ],
    [
      'with a client’s usages',
      serving({ usages: ['digital signature', 'client auth'] }),
      'usages did not match',
    ],
    ['without names', serving({ asked: {} }), 'DNS or IP subjectAltName is required'],
    [
      'with a URI',
      asking({ dns: ['worker-1'], uri: ['spiffe://a/b'] }),
      'URI subjectAltNames are not allowed',
    ],
    [
      'of another organization',
      serving({ asked: { subject: nodeName('worker-1', 'x') } }),
      'organization',
    ],
    ['of garbage', serving({ request: 'garbage!' }), 'spec.request is not base64'],
  ])('for good: %s', async (_what, csr, reason) => {
    const outcome = await approving(csr);
    expect(outcome.conditions).toEqual([]);
    expect(outcome.why).toContain(reason);
    expect(outcome.waiting).toEqual([]);
  });

  const ghost = serving({
    username: 'system:node:ghost',
    asked: { subject: nodeName('ghost'), names: { dns: ['ghost'] } },
  });
  it.each<[string, CertificateSigningRequest, readonly Node[], string]>([
    ['its Node is not there', ghost, [WORKER_1], 'there is no Node ghost yet'],
    [
      'its Node has no addresses yet',
      serving(),
      [nodeOf('worker-1')],
      'worker-1 is not among the addresses of the Node',
    ],
    ['its Node has no status', serving(), [{ metadata: { name: 'worker-1' } }], 'is not among'],
    [
      'a name is not its Node’s',
      asking({ dns: ['worker-1.example.com'] }),
      [nodeOf('worker-1', 'worker-1')],
      'worker-1.example.com is not among the addresses',
    ],
    [
      'an address is not its Node’s',
      asking({ ip: ['172.16.10.14'] }),
      [WORKER_1],
      '172.16.10.14 is not among',
    ],
    [
      'another Node claims an address',
      asking({ ip: ['fd00::1'] }),
      [WORKER_1, nodeOf('b', 'FD00::0:1')],
      'fd00::1 is claimed by the Node b as well',
    ],
    [
      'another Node is called so',
      asking({ dns: ['worker-1.example.com'] }),
      [WORKER_1, nodeOf('worker-1.example.com')],
      'is claimed by the Node worker-1.example.com as well',
    ],
    [
      'its Node has addresses of odd shapes',
      serving(),
      [{ ...WORKER_1, status: { addresses: [null, 7, {}, { address: 3 }] as never } }],
      'is not among',
    ],
    [
      'its Node has no list of addresses',
      serving(),
      [{ ...WORKER_1, status: { addresses: 'worker-1' as never } }],
      'is not among',
    ],
  ])('until a Node changes: %s', async (_what, csr, nodes, reason) => {
    const outcome = await approving(csr, nodes);
    expect(outcome.conditions).toEqual([]);
    expect(outcome.why).toContain(reason);
    expect(outcome.waiting).toEqual(['a']);
  });

  it('where the common name is none', async () => {
    const subject = makeName({ organizations: ['system:nodes'] });
    const csr = serving({ username: '', asked: { subject, names: { dns: ['worker-1'] } } });
    expect((await approving(csr)).why).toContain('common name');
  });
});

it.each<[string, CertificateSigningRequest]>([
  ['approved', approved(serving())],
  ['denied', { ...serving(), status: { conditions: [{ type: 'Denied', status: 'True' }] } }],
  ['failed', { ...serving(), status: { conditions: [{ type: 'Failed', status: 'True' }] } }],
  ['issued', { ...serving(), status: { certificate: 'AAAA' } }],
  ['another signer’s', serving({ signerName: 'kubernetes.io/kube-apiserver-client-kubelet' })],
])('nothing is said of what is %s', async (_what, csr) => {
  const { conditions, reason, waiting } = await approving(csr);
  expect(conditions).toEqual(csr.status?.conditions ?? []);
  expect([reason, waiting]).toEqual([undefined, []]);
});

describe('a node that says in its status that it has a name or address does not get it', () => {
  const about = async (
    type: 'dns' | 'ip',
    value: string,
    node = 'worker-1',
    limits: Partial<ServingOptions> = {},
  ): Promise<Outcome> => {
    const csr = serving({
      username: `system:node:${node}`,
      asked: { subject: nodeName(node), names: { [type]: [value] } },
    });
    return approving(csr, [nodeOf(node, value)], { limits });
  };

  it.each([
    'localhost',
    'LOCALHOST',
    'localhost.localdomain',
    'a.localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'dashboard.kube-system.svc',
    'dashboard.kube-system.svc.cluster.local',
    'api.example.com',
    'API.example.com',
    'cp-1',
    'web.lb.example.com',
    '*',
    '*.example.com',
    '*.corp.local',
    'worker-1.',
    'worker-1.example.com.',
    'worker-2',
    'not-yet-there',
    'worker-2.example.com',
    'worker-1.example.org',
    'example.com',
    'a.worker-1.example.com',
    'worker-1.a.example.com',
    'worker_1',
    'worker-1.evil.com',
    'xn--wrker-1-n4a',
    'worker-1.xn--exmple-cua.com',
    '172.16.10.141',
    '1',
    '0x7f.1',
    '0x7f000001',
    'fd00::1',
  ])('the DNS name %j', async (name) => {
    const outcome = await about('dns', name);
    expect(outcome.conditions).toEqual([]);
    expect(outcome.why).toMatch(/is reserved|is not a plain DNS name|is neither the name/);
    expect(outcome.waiting).toEqual([]);
  });

  it.each([
    '',
    '.',
    'w\u00f6rker-1',
    'worker\u20101',
    'worker-1\u3002',
    'worker-1 ',
    'worker-1\0',
    'wor\u212Aer-1',
    'worker-1\n',
    '.worker-1',
  ])('what no request can hold: %j', (value) => {
    expect(createServingNames(LIMITS)({ type: 'dns', value }, 'worker-1')).toBeDefined();
  });

  it.each([
    'kubernetes',
    'localhost',
    'cp-1',
    'api.example.com',
    'etcd.kube-system.svc',
    '7',
    'vault.corp.local',
    'worker-1.example.org',
  ])('nor by being called %s', async (name) => {
    expect((await about('dns', name, name)).conditions).toEqual([]);
  });

  it.each([
    '127.0.0.1',
    '127.8.8.8',
    '::1',
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '169.254.169.254',
    'fe80::1',
    'febf::1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    'ff02::1',
    '10.96.0.1',
    '::ffff:10.96.0.1',
    '172.16.10.11',
    '192.0.2.1',
    '11.0.0.0',
    'fe00::1',
  ])('the address %s', async (address) => {
    const outcome = await about('ip', address);
    expect(outcome.conditions).toEqual([]);
    expect(outcome.why).toMatch(/is reserved|is unspecified|is a loopback|is in none/);
    expect(outcome.waiting).toEqual([]);
  });

  it('unless it is loopback, and just that is allowed', async () => {
    const allowed = async (address: string, ...allowedCidrs: string[]): Promise<boolean> =>
      (await about('ip', address, 'worker-1', { allowedCidrs })).conditions.length === 1;
    expect(await allowed('127.0.0.1', '127.0.0.1/32')).toBe(true);
    expect(await allowed('127.0.0.2', '127.0.0.1/32')).toBe(false);
    expect(await allowed('127.0.0.2', '127.0.0.0/8')).toBe(true);
    expect(await allowed('::1', '::1/128')).toBe(true);
    expect(await allowed('127.0.0.1', '0.0.0.0/0')).toBe(false);
    expect(await allowed('::1', '::/0')).toBe(false);
    expect(await allowed('169.254.0.1', '169.254.0.0/16')).toBe(false);
    // Without limits, nothing: the server has not seen where the request came from.
    expect(await allowed('192.0.2.1')).toBe(false);
    expect(await allowed('127.0.0.1')).toBe(false);
  });

  it.each<[string, Partial<ServingOptions>, string]>([
    ['a CIDR', { allowedCidrs: ['10.0.0.0'] }, 'allowed CIDRs: "10.0.0.0" is not a CIDR'],
    ['a prefix', { allowedCidrs: ['10.0.0.0/33'] }, 'allowed CIDRs'],
    ['an address', { allowedCidrs: ['010.0.0.0/8'] }, 'allowed CIDRs'],
    ['a suffix', { allowedDnsSuffixes: ['*.example.com'] }, 'allowed DNS suffixes'],
    ['an empty suffix', { allowedDnsSuffixes: ['.'] }, 'allowed DNS suffixes'],
  ])('limits that are none are refused: %s', (_what, limits, message) => {
    expect(() => createServingNames({ ...LIMITS, ...limits })).toThrow(message);
  });
});

it('a Node that claims the name of another does not stop that', async () => {
  const names = asking({ dns: ['worker-1', 'worker-1.example.com'] });
  const intruder = nodeOf('b', 'WORKER-1', 'worker-1.example.com');
  expect((await approving(names, [WORKER_1, intruder])).conditions).toHaveLength(1);
});

describe('addresses', () => {
  it('are compared by what they mean', () => {
    const forms = ['FD00:0:0:0:0:0:0:1', 'fd00::1', 'fd00::0:1'];
    expect(new Set(forms.map(canonicalAddress))).toEqual(new Set(['fd00::1']));
    expect(canonicalAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(canonicalAddress('Worker-1.Example.COM')).toBe('worker-1.example.com');
    // No address: leading zeros mean eight to some and ten to others.
    expect(canonicalAddress('010.0.0.1')).toBe('010.0.0.1');
  });

  it('of a Node are its own, and its name is claimed as well', () => {
    expect([...addressesOf(WORKER_2)]).toEqual(['172.16.10.142', 'worker-2']);
    expect(claimsOf(nodeOf('Worker-9'))).toEqual(['worker-9']);
    expect(claimsOf(WORKER_2)).toEqual(['172.16.10.142', 'worker-2']);
  });
});

describe('what somebody else has, no node gets', () => {
  it.each<[string, CertificateSigningRequest, string, string]>([
    ['an address of a Service', asking({ ip: ['10.96.0.10'] }), 'HeldByService', 'kube-dns'],
    [
      'in IPv4-mapped form',
      asking({ ip: ['::ffff:10.96.0.10'] }),
      'HeldByService',
      '10.96.0.10 is held by the Service kube-system/kube-dns',
    ],
    ['one of a load balancer', asking({ ip: ['172.16.10.200'] }), 'HeldByService', 'web/front'],
    ['its name', asking({ dns: ['WORKER-1.example.com'] }), 'HeldByService', 'web/named'],
    ['an API server’s', asking({ ip: ['172.16.10.12'] }), 'HeldByControlPlane', 'an API server'],
    [
      'the last of many',
      asking({ ip: ['172.16.10.141', '172.16.10.12'] }),
      'HeldByControlPlane',
      '.12',
    ],
  ])('%s', async (_what, csr, reason, why) => {
    const claimant = nodeOf(
      'worker-1',
      '172.16.10.141',
      '10.96.0.10',
      '172.16.10.200',
      '172.16.10.12',
      'worker-1.example.com',
    );
    const outcome = await approving(csr, [claimant], { holders: HOLDERS });
    expect(outcome.conditions).toEqual([]);
    expect(outcome.reason).toBe(reason);
    expect(outcome.why).toContain(why);
  });

  it('a peer’s address after patching its own status', async () => {
    const intruder = nodeOf('worker-2', '172.16.10.142', '172.16.10.141');
    const csr = serving({
      username: 'system:node:worker-2',
      asked: { subject: nodeName('worker-2'), names: { ip: ['172.16.10.141'] } },
    });
    const outcome = await approving(csr, [WORKER_1, intruder]);
    expect(outcome.conditions).toEqual([]);
    expect(outcome.reason).toBe('ClaimedByAnotherNode');
    expect(outcome.why).toBe('172.16.10.141 is claimed by the Node worker-1 as well');
  });

  it('what its own Node had under another name, until that is deleted', async () => {
    const csr = serving({
      username: 'system:node:renamed',
      asked: { subject: nodeName('renamed'), names: { dns: ['renamed'], ip: ['172.16.10.141'] } },
    });
    const renamed = nodeOf('renamed', 'renamed', '172.16.10.141');
    expect((await approving(csr, [WORKER_1, renamed])).why).toContain('by the Node worker-1');
    expect((await approving(csr, [renamed])).conditions).toHaveLength(1);
  });

  it('more names than any node has', async () => {
    const ip = Array.from({ length: 257 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
    expect((await approving(asking({ ip }), [nodeOf('worker-1', ...ip)])).reason).toBe(
      'TooManyNames',
    );
    const fewer = ip.slice(1);
    expect(
      (await approving(asking({ ip: fewer }), [nodeOf('worker-1', ...ip)])).conditions,
    ).toHaveLength(1);
  });
});

describe('where the server has seen the source of the request', () => {
  const SOURCE = 'kubepki.dev/source-address';
  const BOUND = 'kubepki.dev/bound-addresses';
  const from = (
    extra: Record<string, readonly string[]>,
    ip: readonly string[] = ['172.16.10.141'],
  ): CertificateSigningRequest => serving({ extra, asked: { names: { ip: [...ip] } } });
  const none = { limits: { allowedCidrs: [] } };

  it.each<[string, CertificateSigningRequest, Circumstances]>([
    ['that address', from({ [SOURCE]: ['172.16.10.141'] }), none],
    ['that address in another form', from({ [SOURCE]: ['::ffff:172.16.10.141'] }), none],
    ['that address in the allowed CIDRs', from({ [SOURCE]: ['172.16.10.141'] }), {}],
    [
      'what is declared for the node',
      from({ [SOURCE]: ['192.0.2.7'], [BOUND]: ['172.16.10.141', 'fd00::1'] }, [
        '172.16.10.141',
        'fd00::1',
      ]),
      none,
    ],
    [
      'what no source can show, in the allowed CIDRs',
      from({ [SOURCE]: ['172.16.10.141'] }, ['172.16.10.141', 'fd00::1']),
      {},
    ],
    [
      'what the CIDRs allow, where it came from this machine',
      from({ [SOURCE]: ['127.0.0.1'] }),
      {},
    ],
    ['what the CIDRs allow, where nothing was seen', from({}), {}],
    [
      'what the CIDRs allow, where it is bound to this machine',
      from({ [SOURCE]: ['127.0.0.1'], [BOUND]: ['127.0.0.1'] }),
      {},
    ],
    [
      'an address of this machine that is declared for it',
      from({ [SOURCE]: ['127.0.0.1'], [BOUND]: ['127.0.1.1'] }, ['127.0.1.1']),
      { limits: { allowedCidrs: ['127.0.0.0/8'] } },
    ],
  ])('a node gets %s', async (_what, csr, circumstances) => {
    const nodes = [nodeOf('worker-1', '172.16.10.141', 'fd00::1', '127.0.1.1')];
    expect((await approving(csr, nodes, circumstances)).conditions).toHaveLength(1);
  });

  it.each<[string, CertificateSigningRequest, Circumstances, string]>([
    ['what it only claims', from({ [SOURCE]: ['172.16.10.9'] }), {}, 'NotItsSource'],
    ['that without CIDRs', from({ [SOURCE]: ['172.16.10.9'] }), none, 'NotItsSource'],
    [
      'one of two',
      from({ [SOURCE]: ['172.16.10.141'] }, ['172.16.10.141', '172.16.10.142']),
      {},
      'NotItsSource',
    ],
    [
      'another family without CIDRs',
      from({ [SOURCE]: ['172.16.10.141'] }, ['fd00::1']),
      none,
      'NotItsSource',
    ],
    [
      'what lies outside of CIDRs',
      from({ [SOURCE]: ['192.0.2.1'] }, ['192.0.2.1']),
      {},
      'OutsideAllowedCidrs',
    ],
    ['anything where nothing was seen', from({}), none, 'SourceUnknown'],
    [
      'anything where it came from this machine',
      from({ [SOURCE]: ['127.0.0.1'] }),
      none,
      'SourceUnknown',
    ],
    ['anything for garbage', from({ [SOURCE]: ['172.16.10.141%eth0'] }), none, 'SourceUnknown'],
    ['anything for leading zeros', from({ [SOURCE]: ['172.016.10.141'] }), none, 'SourceUnknown'],
    [
      'one of two sources',
      from({ [SOURCE]: ['172.16.10.141', '192.0.2.1'] }),
      none,
      'SourceUnknown',
    ],
    ['a whole range', from({ [BOUND]: ['172.16.10.0/24'] }), none, 'SourceUnknown'],
    ['what is no list', from({ [SOURCE]: '172.16.10.141' as never }), none, 'SourceUnknown'],
  ])('a node does not get %s', async (_what, csr, circumstances, reason) => {
    const outcome = await approving(csr, undefined, circumstances);
    expect(outcome.conditions).toEqual([]);
    expect(outcome.reason).toBe(reason);
  });

  it('nobody blocks a node by claiming its address', async () => {
    const csr = from({ [SOURCE]: ['172.16.10.141'] });
    const intruder = nodeOf('worker-2', '172.16.10.141');
    expect((await approving(csr, [WORKER_1, intruder])).conditions).toHaveLength(1);
    // Without a source the two block each other.
    expect((await approving(from({}), [WORKER_1, intruder])).reason).toBe('ClaimedByAnotherNode');
  });

  it('the source does not make up for what others hold', async () => {
    const csr = from({ [SOURCE]: ['172.16.10.12'] }, ['172.16.10.12']);
    const node = nodeOf('worker-1', '172.16.10.12');
    expect((await approving(csr, [node], { holders: HOLDERS })).reason).toBe('HeldByControlPlane');
    expect((await approving(csr, [nodeOf('worker-1')])).reason).toBe('NotReportedByNode');
  });
});
