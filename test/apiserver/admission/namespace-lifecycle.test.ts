/** NamespaceLifecycle: what may be written where. */
import { describe, expect, it } from 'vitest';
import { namespaceLifecycle } from '../../../src/apiserver/admission/index.ts';
import type { Namespace } from '../../../src/kubernetes/index.ts';
import { refusal, user, type Write } from './requests.ts';

const namespaces = new Map<string, Namespace>([
  ['active', { metadata: { name: 'active' }, status: { phase: 'Active' } }],
  ['ending', { metadata: { name: 'ending' }, status: { phase: 'Terminating' } }],
  ['bare', { metadata: { name: 'bare' } }],
]);
const admission = namespaceLifecycle((name) => namespaces.get(name));
const object = { metadata: { name: 'a' } };

const judge = async (write: Partial<Write>) =>
  (await refusal(admission, { user: user('x', 'system:masters'), resource: 'secrets', ...write }))
    ?.status;

describe('NamespaceLifecycle', () => {
  it('lets things be written in namespaces that are there', async () => {
    for (const namespace of ['active', 'bare']) {
      expect(await judge({ namespace, object })).toBeUndefined();
      expect(await judge({ namespace, object, old: object })).toBeUndefined();
    }
  });

  it('lets nothing be written in one that is not there', async () => {
    const missing = {
      code: 404,
      reason: 'NotFound',
      message: 'namespaces "gone" not found',
      details: { name: 'gone', kind: 'namespaces' },
    };
    expect(await judge({ namespace: 'gone', object })).toMatchObject(missing);
    expect(await judge({ namespace: 'gone', object, old: object })).toMatchObject(missing);
    for (const namespace of ['__proto__', 'constructor']) {
      expect(await judge({ namespace, object })).toMatchObject({ code: 404 });
    }
  });

  it('lets nothing be created in one that is going', async () => {
    expect(await judge({ namespace: 'ending', object })).toMatchObject({
      code: 403,
      message:
        'secrets "a" is forbidden: unable to create new content in namespace ending because it is being terminated',
      details: {
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: 'namespace ending is being terminated',
            field: 'metadata.namespace',
          },
        ],
      },
    });
    expect(await judge({ namespace: 'ending', object, old: object })).toBeUndefined();
    const generated = { metadata: { generateName: 'b-' } };
    expect((await judge({ namespace: 'ending', object: generated }))?.message).toContain(
      'secrets "b-" is',
    );
    expect((await judge({ namespace: 'ending', object: { metadata: {} } }))?.message).toContain(
      '"Unknown"',
    );
  });

  it('lets everything be deleted but three namespaces', async () => {
    expect(await judge({ namespace: 'ending', old: object })).toBeUndefined();
    expect(await judge({ namespace: 'gone', old: object })).toBeUndefined();
    for (const name of ['default', 'kube-system', 'kube-public']) {
      const old = { metadata: { name } };
      expect(await judge({ resource: 'namespaces', name, old })).toMatchObject({
        code: 403,
        message: `namespaces "${name}" is forbidden: this namespace may not be deleted`,
      });
      // In a collection, too.
      expect(await judge({ resource: 'namespaces', name: '', old })).toMatchObject({ code: 403 });
      expect(await judge({ resource: 'namespaces', name, object: old, old })).toBeUndefined();
    }
    expect(await judge({ resource: 'namespaces', name: 'active', old: object })).toBeUndefined();
  });

  it('says nothing of namespaces to access reviews, and nothing of what is in none', async () => {
    const review = 'localsubjectaccessreviews.authorization.k8s.io';
    expect(await judge({ resource: review, namespace: 'gone', object })).toBeUndefined();
    expect(await judge({ resource: 'nodes', object })).toBeUndefined();
    expect(await judge({ resource: 'namespaces', object })).toBeUndefined();
  });
});
