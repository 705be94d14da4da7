/** When a node's serving certificate is approved. */
import { describe, expect, it } from 'vitest';
import {
  addressesOf,
  canonicalAddress,
  claimsOf,
  claimTheSame,
} from '../../src/controllers/node-addresses.ts';
import { createRequestReader } from '../../src/controllers/request-reader.ts';
import { createServingApprover } from '../../src/controllers/serving-approver.ts';
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

const WORKER_1 = nodeOf('worker-1', '172.16.10.141', 'fd00:0:0::1', 'worker-1', 'W1.example.com');
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

interface Outcome {
  readonly conditions: readonly unknown[];
  readonly reason: unknown;
  readonly waiting: readonly string[];
}

async function approving(
  csr: CertificateSigningRequest,
  nodes: readonly Node[] = [WORKER_1, WORKER_2],
): Promise<Outcome> {
  const api = new FakeApi();
  const { context, lines } = benchOf(api);
  const stored = await api.create(CERTIFICATE_SIGNING_REQUESTS, csr);
  const { handle, waiting } = createServingApprover(context, createRequestReader(), {
    get: (name) => nodes.find(({ metadata }) => metadata.name === name),
    claimants: (address) => nodes.filter((node) => claimsOf(node).includes(address)),
  });
  expect(await handle(stored)).toBe('done');
  const { conditions = [] } = csrIn(api, 'a').status ?? {};
  return { conditions, reason: lines[0]?.['reason'], waiting: waiting() };
}

describe('a serving certificate is approved', () => {
  it.each<[string, CertificateSigningRequest]>([
    ['for what its Node has', serving()],
    ['for a part of it', asking({ ip: ['172.16.10.141'] })],
    [
      'for all of it',
      asking({ dns: ['worker-1', 'w1.example.com'], ip: ['172.16.10.141', 'fd00::1'] }),
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
    expect(outcome.reason).toContain(reason);
    expect(outcome.waiting).toEqual([]);
  });

  const ghost = serving({
    username: 'system:node:ghost',
    asked: { subject: nodeName('ghost'), names: { dns: ['ghost'] } },
  });
  it.each<[string, CertificateSigningRequest, readonly Node[], string]>([
    ['its Node is not there', ghost, [WORKER_1], 'there is no such Node'],
    [
      'its Node has no addresses yet',
      serving(),
      [nodeOf('worker-1')],
      'worker-1 is not among the addresses of the Node',
    ],
    ['its Node has no status', serving(), [{ metadata: { name: 'worker-1' } }], 'is not among'],
    [
      'a name is not its Node’s',
      asking({ dns: ['worker-1', 'kubernetes'] }),
      [WORKER_1],
      'kubernetes is not among the addresses',
    ],
    [
      'a part of a name is its Node’s',
      asking({ dns: ['worker-1.example.com'] }),
      [WORKER_1],
      'is not among',
    ],
    ['a wildcard covers its Node', asking({ dns: ['*.example.com'] }), [WORKER_1], 'is not among'],
    [
      'an address is not its Node’s',
      asking({ ip: ['172.16.10.14'] }),
      [WORKER_1],
      '172.16.10.14 is not among',
    ],
    [
      'an address stands as a DNS name',
      asking({ dns: ['172.16.10.142'] }),
      [WORKER_1, WORKER_2],
      'is not among',
    ],
    [
      'another Node claims a name',
      serving(),
      [WORKER_1, nodeOf('b', 'WORKER-1')],
      'worker-1 is claimed by the Node b as well',
    ],
    [
      'another Node claims an address',
      asking({ ip: ['fd00::1'] }),
      [WORKER_1, nodeOf('b', 'FD00::0:1')],
      'fd00::1 is claimed by the Node b as well',
    ],
    [
      'another Node is called so',
      asking({ dns: ['w1.example.com'] }),
      [WORKER_1, nodeOf('w1.example.com')],
      'is claimed by the Node w1.example.com as well',
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
    expect(outcome.reason).toContain(reason);
    expect(outcome.waiting).toEqual(['a']);
  });

  it('where the common name is none', async () => {
    const subject = makeName({ organizations: ['system:nodes'] });
    const csr = serving({ username: '', asked: { subject, names: { dns: ['worker-1'] } } });
    expect((await approving(csr)).reason).toContain('common name');
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

  it('change only where they mean something else', () => {
    expect(claimTheSame(WORKER_2, nodeOf('worker-2', 'Worker-2', '172.16.10.142'))).toBe(true);
    expect(claimTheSame(WORKER_2, nodeOf('worker-2', 'worker-2'))).toBe(false);
    expect(claimTheSame(WORKER_2, nodeOf('worker-2', 'worker-2', '172.16.10.143'))).toBe(false);
  });
});
