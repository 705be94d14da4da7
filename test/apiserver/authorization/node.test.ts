/** The Node authorizer: a node's own, and what all nodes may. */
import { describe, expect, it } from 'vitest';
import { createNodeAuthorizer, nodeOf } from '../../../src/apiserver/authorization/index.ts';
import type { UserInfo } from '../../../src/kubernetes/index.ts';
import { asks, asksPath, user } from './rbac-objects.ts';

const node = user('system:node:worker-1', 'system:nodes', 'system:authenticated');
const authorizer = createNodeAuthorizer();

const LEASES = { group: 'coordination.k8s.io', namespace: 'kube-node-lease' };

describe('who is a node', () => {
  it.each<[UserInfo, string | undefined]>([
    [node, 'worker-1'],
    [user('system:node:', 'system:nodes'), ''],
    [user('system:node:worker-1', 'system:authenticated'), undefined],
    [user('worker-1', 'system:nodes'), undefined],
    [user('System:node:worker-1', 'system:nodes'), undefined],
    [user('system:nodes', 'system:nodes'), undefined],
    [user('system:bootstrap:abcdef', 'system:bootstrappers'), undefined],
  ])('%j', (who, expected) => {
    expect(nodeOf(who)).toBe(expected);
  });
});

describe('a node', () => {
  it.each<[string, string, Parameters<typeof asks>[3], boolean]>([
    ['create', 'nodes', {}, true],
    ['get', 'nodes', { name: 'worker-1' }, true],
    ['watch', 'nodes', { name: 'worker-1' }, true],
    ['get', 'nodes', { name: 'worker-2' }, false],
    ['list', 'nodes', {}, false],
    // Which one it is, NodeRestriction sees.
    ['update', 'nodes', { name: 'worker-2' }, true],
    ['patch', 'nodes/status', { name: 'worker-1' }, true],
    ['get', 'nodes/status', { name: 'worker-1' }, false],
    ['get', 'nodes/proxy', { name: 'worker-1' }, false],
    ['create', 'nodes/proxy', { name: 'worker-1' }, false],
    ['delete', 'nodes', { name: 'worker-1' }, false],
    ['deletecollection', 'nodes', {}, false],
    ['create', 'leases', LEASES, true],
    ['get', 'leases', { ...LEASES, name: 'worker-1' }, true],
    ['update', 'leases', { ...LEASES, name: 'worker-1' }, true],
    ['update', 'leases', { ...LEASES, name: 'worker-2' }, false],
    ['list', 'leases', LEASES, false],
    [
      'update',
      'leases',
      { group: LEASES.group, namespace: 'kube-system', name: 'worker-1' },
      false,
    ],
    ['update', 'leases', { group: LEASES.group, namespace: '', name: 'worker-1' }, false],
    ['update', 'leases', { namespace: 'kube-node-lease', name: 'worker-1' }, false],
    ['get', 'csinodes', { group: 'storage.k8s.io', name: 'worker-1' }, true],
    ['get', 'csinodes', { group: 'storage.k8s.io', name: 'worker-2' }, false],
    ['create', 'certificatesigningrequests', { group: 'certificates.k8s.io' }, true],
    ['get', 'certificatesigningrequests', { group: 'certificates.k8s.io', name: 'csr-x' }, true],
    ['list', 'certificatesigningrequests', { group: 'certificates.k8s.io' }, true],
    [
      'update',
      'certificatesigningrequests/approval',
      { group: 'certificates.k8s.io', name: 'x' },
      false,
    ],
    [
      'create',
      'certificatesigningrequests/selfnodeclient',
      { group: 'certificates.k8s.io' },
      false,
    ],
    [
      'approve',
      'signers',
      { group: 'certificates.k8s.io', name: 'kubernetes.io/kubelet-serving' },
      false,
    ],
    ['create', 'tokenreviews', { group: 'authentication.k8s.io' }, true],
    ['create', 'subjectaccessreviews', { group: 'authorization.k8s.io' }, true],
    ['create', 'events', { namespace: 'default' }, true],
    ['get', 'secrets', { namespace: 'kube-system', name: 'bootstrap-token-abcdef' }, false],
    ['list', 'secrets', {}, false],
    ['get', 'configmaps', { namespace: 'kube-system', name: 'x' }, false],
    ['create', 'serviceaccounts/token', { namespace: 'kube-system', name: 'x' }, false],
    ['list', 'pods', {}, false],
    // Which ones, NodeRestriction sees.
    ['create', 'pods', { namespace: 'default' }, true],
    ['delete', 'pods', { namespace: 'default', name: 'x' }, true],
    ['update', 'pods', { namespace: 'default', name: 'x' }, false],
    ['patch', 'pods', { namespace: 'default', name: 'x' }, false],
    ['deletecollection', 'pods', { namespace: 'default' }, false],
    ['patch', 'pods/status', { namespace: 'default', name: 'x' }, true],
    ['get', 'pods/status', { namespace: 'default', name: 'x' }, false],
    ['create', 'pods/eviction', { namespace: 'default', name: 'x' }, true],
    ['create', 'pods/exec', { namespace: 'default', name: 'x' }, false],
    ['create', 'pods/binding', { namespace: 'default', name: 'x' }, false],
    ['update', 'pods/ephemeralcontainers', { namespace: 'default', name: 'x' }, false],
    ['create', 'podcertificaterequests', { group: 'certificates.k8s.io' }, true],
    ['list', 'services', {}, true],
    ['create', 'clusterrolebindings', { group: 'rbac.authorization.k8s.io' }, false],
  ])('asks to %s %s %j', async (verb, what, more, expected) => {
    expect((await authorizer.authorize(asks(node, verb, what, more))).allowed).toBe(expected);
    // Others have no rights from this authorizer at all.
    const other = user('alice', 'system:nodes');
    expect((await authorizer.authorize(asks(other, verb, what, more))).allowed).toBe(false);
  });

  it('without a name may nothing, not even what belongs to a node without a name', async () => {
    const nameless = user('system:node:', 'system:nodes');
    expect(await authorizer.authorize(asks(nameless, 'get', 'nodes'))).toEqual({
      allowed: false,
      reason: 'unknown node for user "system:node:"',
    });
  });

  it('gets no paths', async () => {
    expect((await authorizer.authorize(asksPath(node, 'get', '/metrics'))).allowed).toBe(false);
  });

  it('hears why, in the words of upstream', async () => {
    const reason = async (...args: [string, string, Parameters<typeof asks>[3]]) =>
      (await authorizer.authorize(asks(node, ...args))).reason;
    expect(await reason('list', 'nodes', {})).toBe(
      "node 'worker-1' cannot read all nodes, only its own Node object",
    );
    expect(await reason('get', 'nodes', { name: 'b' })).toBe(
      "node 'worker-1' cannot read 'b', only its own Node object",
    );
    expect(await reason('get', 'leases', { group: LEASES.group, namespace: 'x' })).toBe(
      'can only access leases in the "kube-node-lease" system namespace',
    );
    expect(await reason('get', 'secrets', { namespace: 'x', name: 'y' })).toBe(
      "no relationship found between node 'worker-1' and this object",
    );
  });
});
