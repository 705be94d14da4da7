/** NodeRestriction: a node writes what is its own. */
import { describe, expect, it } from 'vitest';
import { nodeRestriction } from '../../../src/apiserver/admission/index.ts';
import type { KubernetesObject } from '../../../src/kubernetes/index.ts';
import { csr, refusal, user, type Write } from './requests.ts';

const admission = nodeRestriction({
  find: async () => undefined,
  authorizer: { authorize: async () => ({ allowed: false, reason: '' }) },
});
const worker = user('system:node:worker-1', 'system:nodes', 'system:authenticated');
const messageOf = async (write: Partial<Write> & Pick<Write, 'resource'>) =>
  (await refusal(admission, { user: worker, ...write }))?.message;

/** A Node, with whatever else. */
function node(metadata: object = {}, spec: object = {}): KubernetesObject {
  const object = { metadata: { name: 'worker-1', ...metadata }, spec };
  return object;
}

describe('a Node', () => {
  it('is created by itself, with taints', async () => {
    const object = node({}, { taints: [{ key: 'kubepki.dev/no-kubelet', effect: 'NoSchedule' }] });
    expect(await messageOf({ resource: 'nodes', object })).toBeUndefined();
  });

  it.each<[string, Partial<Write>]>([
    ['in a create', { object: node({ name: 'worker-2' }) }],
    ['in an update', { object: node({ name: 'worker-2' }), old: node({ name: 'worker-2' }) }],
    [
      'with another name in the request',
      { name: 'worker-2', object: node(), old: node({ name: 'worker-2' }) },
    ],
    ['with another name in the object', { name: 'worker-1', object: node({ name: 'worker-2' }) }],
    ['without a name', { object: node({ name: undefined, generateName: 'worker-' }) }],
    ['with a name that begins alike', { object: node({ name: 'worker-10' }) }],
    ['with the whole user name', { object: node({ name: 'system:node:worker-1' }) }],
    ['in a delete', { old: node({ name: 'worker-2' }) }],
  ])('of somebody else is left alone %s', async (_, write) => {
    for (const resource of ['nodes', 'nodes/status']) {
      expect(await messageOf({ resource, ...write })).toContain('is not allowed to modify node');
    }
  });

  it.each<[string, object, object]>([
    ['taken away', {}, { taints: [{ key: 'a', effect: 'NoSchedule' }] }],
    ['added', { taints: [{ key: 'a', effect: 'NoSchedule' }] }, {}],
    [
      'changed',
      { taints: [{ key: 'a', effect: 'NoExecute' }] },
      { taints: [{ key: 'a', effect: 'NoSchedule' }] },
    ],
    ['emptied', { taints: [] }, { taints: [{ key: 'a', effect: 'NoSchedule' }] }],
  ])('keeps its taints: none is %s', async (_, spec, before) => {
    for (const resource of ['nodes', 'nodes/status']) {
      expect(await messageOf({ resource, object: node({}, spec), old: node({}, before) })).toBe(
        'nodes "worker-1" is forbidden: node "worker-1" is not allowed to modify taints',
      );
    }
  });

  it('keeps its owners, and its configuration source', async () => {
    const owned = node({
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'x', uid: 'y' }],
    });
    expect(await messageOf({ resource: 'nodes', object: owned, old: node() })).toContain(
      'modify ownerReferences',
    );
    expect(await messageOf({ resource: 'nodes', object: owned, old: owned })).toBeUndefined();
    const configured = node({}, { configSource: { configMap: {} } });
    expect(await messageOf({ resource: 'nodes', object: configured })).toContain('configSource');
    expect(await messageOf({ resource: 'nodes', object: configured, old: node() })).toContain(
      'configSource',
    );
    expect(await messageOf({ resource: 'nodes', object: node(), old: configured })).toBeUndefined();
  });

  it('may otherwise change', async () => {
    const old = node({ labels: { a: 'b' }, resourceVersion: '1' }, { taints: [] });
    const object = node({ labels: { a: 'c', d: 'e' }, annotations: { f: 'g' } }, { podCIDR: 'x' });
    expect(await messageOf({ resource: 'nodes/status', object, old })).toBeUndefined();
  });

  it.each([
    ['kubernetes.io/hostname', true],
    ['kubernetes.io/os', true],
    ['beta.kubernetes.io/arch', true],
    ['topology.kubernetes.io/zone', true],
    ['node.kubernetes.io/instance-type', true],
    ['node.kubernetes.io/anything', true],
    ['kubelet.kubernetes.io/x', true],
    ['sub.node.kubernetes.io/x', true],
    ['example.com/x', true],
    ['plain', true],
    ['', true],
    ['node-restriction.kubernetes.io/x', false],
    ['sub.node-restriction.kubernetes.io/x', false],
    ['kubernetes.io/x', false],
    ['k8s.io/x', false],
    ['sub.k8s.io/x', false],
    ['node-role.kubernetes.io/control-plane', false],
    ['topology.kubernetes.io/other', false],
    ['mynode.kubernetes.io/x', false],
    ['notkubernetes.io/x', true],
    ['__proto__', true],
    ['constructor.k8s.io/__proto__', false],
  ])('may have the label %j: %s', async (key, allowed) => {
    const labelled = (value?: string) =>
      node({ labels: Object.fromEntries(value === undefined ? [] : [[key, value]]) });
    const created = await messageOf({ resource: 'nodes', object: labelled('a') });
    const added = await messageOf({ resource: 'nodes', object: labelled('a'), old: node() });
    const changed = await messageOf({
      resource: 'nodes/status',
      object: labelled('a'),
      old: labelled('b'),
    });
    const removed = await messageOf({ resource: 'nodes', object: node(), old: labelled('b') });
    const kept = await messageOf({ resource: 'nodes', object: labelled('b'), old: labelled('b') });
    expect(kept).toBeUndefined();
    if (allowed) expect([created, added, changed, removed]).toEqual(Array(4).fill(undefined));
    else {
      expect(created).toContain(`is not allowed to set the following labels: ${key}`);
      for (const message of [added, changed, removed]) {
        expect(message).toBe(
          `nodes "worker-1" is forbidden: is not allowed to modify labels: ${key}`,
        );
      }
    }
  });
});

describe('a Lease', () => {
  const lease = (name?: string): KubernetesObject => ({
    metadata: name === undefined ? {} : { name },
  });
  const LEASES = 'leases.coordination.k8s.io';
  const namespace = 'kube-node-lease';

  it.each<[string, Partial<Write>, boolean]>([
    ['its own', { namespace, object: lease('worker-1') }, true],
    ['its own, again', { namespace, object: lease('worker-1'), old: lease('worker-1') }, true],
    ['its own, deleted', { namespace, old: lease('worker-1') }, true],
    ['of another node', { namespace, object: lease('worker-2') }, false],
    [
      'of another node, in an update',
      { namespace, object: lease('worker-2'), old: lease('worker-2') },
      false,
    ],
    ['of another node, deleted', { namespace, old: lease('worker-2') }, false],
    [
      'of another name in the request',
      { namespace, name: 'worker-2', object: lease('worker-1') },
      false,
    ],
    ['without a name', { namespace, object: lease() }, false],
    ['elsewhere', { namespace: 'kube-system', object: lease('worker-1') }, false],
    ['nowhere', { object: lease('worker-1') }, false],
  ])('%s', async (_, write, passes) => {
    expect((await messageOf({ resource: LEASES, ...write })) === undefined).toBe(passes);
  });
});

describe('a certificate request', () => {
  const CSRS = 'certificatesigningrequests.certificates.k8s.io';
  const CLIENT = 'kubernetes.io/kube-apiserver-client-kubelet';
  const SERVING = 'kubernetes.io/kubelet-serving';
  const named = (commonName: string) => ({ commonName, organizations: ['system:nodes'] });

  it.each([
    [CLIENT, 'system:node:worker-1', true],
    [SERVING, 'system:node:worker-1', true],
    [CLIENT, 'system:node:worker-2', false],
    [SERVING, 'system:node:worker-2', false],
    [SERVING, 'system:node:worker-10', false],
    [SERVING, 'worker-1', false],
    [SERVING, '', false],
    ['kubernetes.io/kube-apiserver-client', 'admin', true],
    ['example.com/x', 'system:node:worker-2', true],
  ])('for %s in the name of %j: %s', async (signer, commonName, passes) => {
    const object = csr(signer, named(commonName));
    const message = await messageOf({ resource: CSRS, object });
    expect(message === undefined).toBe(passes);
    if (!passes)
      expect(message).toContain('can only create a node CSR with CN=system:node:worker-1');
    // Who is no node is not restricted: a bootstrap token asks for the node that it will be.
    const bootstrapper = user('system:bootstrap:abcdef', 'system:bootstrappers');
    expect(await messageOf({ user: bootstrapper, resource: CSRS, object })).toBeUndefined();
  });

  it('that cannot be read is refused', async () => {
    expect(await messageOf({ resource: CSRS, object: csr(CLIENT, 'x') })).toContain(
      'unable to parse csr',
    );
  });
});

describe('NodeRestriction', () => {
  it('refuses a node without a name everything', async () => {
    const nameless = user('system:node:', 'system:nodes');
    for (const resource of ['nodes', 'configmaps', 'leases.coordination.k8s.io']) {
      expect(await messageOf({ user: nameless, resource, object: node({ name: '' }) })).toContain(
        'could not determine node from user "system:node:"',
      );
    }
  });

  it('leaves others and other things alone', async () => {
    const object = node({ name: 'worker-2', labels: { 'kubernetes.io/x': 'y' } });
    for (const who of [
      user('alice'),
      user('system:node:worker-1'),
      user('worker-1', 'system:nodes'),
    ]) {
      expect(await messageOf({ user: who, resource: 'nodes', object })).toBeUndefined();
    }
    expect(await messageOf({ resource: 'events', namespace: 'default', object })).toBeUndefined();
    expect(await messageOf({ resource: 'nodes.example.com', object })).toBeUndefined();
  });
});
