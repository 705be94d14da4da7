import { describe, expect, it } from 'vitest';
import { StrategicPatchError } from '../../../../src/apiserver/registry/patch/directives.ts';
import { applyStrategicMergePatch } from '../../../../src/apiserver/registry/patch/strategic-merge-patch.ts';
import { DEFINITIONS } from '../../../../src/apiserver/resources/index.ts';

function schemaOf(resource: string) {
  const found = DEFINITIONS.find(({ type }) => type.resource === resource);
  if (found === undefined) throw new Error(`no ${resource}`);
  return found.schema;
}

const patched = (resource: string, original: object, patch: object): unknown =>
  applyStrategicMergePatch(schemaOf(resource), { ...original }, { ...patch });

const ready = { type: 'Ready', status: 'False', reason: 'x' };
const pressure = { type: 'DiskPressure', status: 'False' };

describe('a strategic merge patch', () => {
  it('merges objects, and null removes', () => {
    expect(
      patched('configmaps', { data: { a: '1', b: '2' } }, { data: { b: null, c: '3' } }),
    ).toEqual({ data: { a: '1', c: '3' } });
    expect(patched('configmaps', {}, { data: { a: null, b: '1' } })).toEqual({ data: { b: '1' } });
  });

  it('merges conditions of a node by their type', () => {
    expect(
      patched(
        'nodes',
        { status: { conditions: [pressure, ready] } },
        { status: { conditions: [{ type: 'Ready', status: 'True', reason: null }] } },
      ),
    ).toEqual({ status: { conditions: [pressure, { type: 'Ready', status: 'True' }] } });
  });

  it('adds what is new and keeps the order as far as it goes', () => {
    expect(
      patched('nodes', { status: { conditions: [ready] } }, { status: { conditions: [pressure] } }),
    ).toEqual({ status: { conditions: [pressure, ready] } });
  });

  it('orders by $setElementOrder', () => {
    expect(
      patched(
        'nodes',
        { status: { conditions: [ready, pressure] } },
        {
          status: {
            '$setElementOrder/conditions': [{ type: 'DiskPressure' }, { type: 'Ready' }],
            conditions: [{ type: 'Ready', status: 'True' }],
          },
        },
      ),
    ).toEqual({ status: { conditions: [pressure, { ...ready, status: 'True' }] } });
    expect(
      patched(
        'nodes',
        { status: { conditions: [ready, pressure] } },
        {
          status: { '$setElementOrder/conditions': [{ type: 'DiskPressure' }, { type: 'Ready' }] },
        },
      ),
    ).toEqual({ status: { conditions: [pressure, ready] } });
  });

  it('deletes and replaces by $patch in a list', () => {
    expect(
      patched(
        'nodes',
        { status: { conditions: [ready, pressure] } },
        { status: { conditions: [{ $patch: 'delete', type: 'Ready' }] } },
      ),
    ).toEqual({ status: { conditions: [pressure] } });
    expect(
      patched(
        'nodes',
        { status: { conditions: [ready, pressure] } },
        { status: { conditions: [{ $patch: 'replace' }, { type: 'Other', status: 'True' }] } },
      ),
    ).toEqual({ status: { conditions: [{ type: 'Other', status: 'True' }] } });
    // Of a list that is not there only what is not a directive comes.
    expect(
      patched(
        'nodes',
        { status: {} },
        { status: { conditions: [{ $patch: 'delete', type: 'Ready' }] } },
      ),
    ).toEqual({ status: { conditions: [] } });
  });

  it('deletes and replaces by $patch in an object', () => {
    const original = { metadata: { labels: { a: '1' } } };
    expect(
      patched('nodes', original, { metadata: { labels: { $patch: 'replace', b: '2' } } }),
    ).toEqual({ metadata: { labels: { b: '2' } } });
    expect(patched('nodes', original, { metadata: { labels: { $patch: 'delete' } } })).toEqual({
      metadata: { labels: {} },
    });
  });

  it('replaces taints, subjects and the conditions of a request: they have no merge strategy', () => {
    expect(
      patched('nodes', { spec: { taints: [{ key: 'a' }] } }, { spec: { taints: [{ key: 'b' }] } }),
    ).toEqual({ spec: { taints: [{ key: 'b' }] } });
    expect(
      patched('rolebindings', { subjects: [{ name: 'a' }] }, { subjects: [{ name: 'b' }] }),
    ).toEqual({ subjects: [{ name: 'b' }] });
    expect(
      patched(
        'certificatesigningrequests',
        { status: { conditions: [{ type: 'Approved' }] } },
        { status: { conditions: [{ type: 'Failed' }] } },
      ),
    ).toEqual({ status: { conditions: [{ type: 'Failed' }] } });
  });

  it('merges scalars as a set, and takes some out', () => {
    expect(
      patched(
        'secrets',
        { metadata: { finalizers: ['a/b', 'c/d'] } },
        { metadata: { finalizers: ['c/d', 'e/f'] } },
      ),
    ).toEqual({ metadata: { finalizers: ['a/b', 'c/d', 'e/f'] } });
    expect(
      patched(
        'secrets',
        { metadata: { finalizers: ['a/b', 'c/d'] } },
        { metadata: { '$deleteFromPrimitiveList/finalizers': ['a/b'] } },
      ),
    ).toEqual({ metadata: { finalizers: ['c/d'] } });
  });

  it('merges owners by uid and secrets of service accounts by name', () => {
    expect(
      patched(
        'secrets',
        { metadata: { ownerReferences: [{ uid: '1', name: 'a' }] } },
        { metadata: { ownerReferences: [{ uid: '1', name: 'b' }] } },
      ),
    ).toEqual({ metadata: { ownerReferences: [{ uid: '1', name: 'b' }] } });
    expect(
      patched('serviceaccounts', { secrets: [{ name: 'a' }] }, { secrets: [{ name: 'b' }] }),
    ).toEqual({ secrets: [{ name: 'b' }, { name: 'a' }] });
  });

  it('drops what $retainKeys does not name', () => {
    expect(
      patched(
        'configmaps',
        { data: { a: '1', b: '2' } },
        { data: { $retainKeys: ['a', 'c'], c: '3' } },
      ),
    ).toEqual({ data: { a: '1', c: '3' } });
  });

  it('leaves its origin as it was', () => {
    const original = { status: { conditions: [ready, pressure] } };
    const before = JSON.stringify(original);
    patched('nodes', original, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });
    expect(JSON.stringify(original)).toBe(before);
  });

  it.each([
    ['nodes', { status: { conditions: [{ status: 'True' }] } }, 'declared merge key: type'],
    ['nodes', { status: { conditions: ['Ready'] } }, 'list of objects'],
    [
      'nodes',
      { status: { conditions: [{ type: 'Ready', $patch: 'merge' }] } },
      'unknown patch type',
    ],
    ['nodes', { status: { $patch: 'merge' } }, 'unknown patch type'],
    ['nodes', { status: { $retainKeys: 'a' } }, 'retainKeys'],
    ['nodes', { status: { $retainKeys: ['a'], b: 1 } }, 'retainKeys'],
    ['nodes', { status: { '$setElementOrder/conditions': 1, conditions: [] } }, 'setElementOrder'],
    [
      'nodes',
      {
        status: {
          '$setElementOrder/conditions': [{ type: 'DiskPressure' }],
          conditions: [{ type: 'Ready' }],
        },
      },
      'order in patch list',
    ],
    ['secrets', { metadata: { '$deleteFromPrimitiveList/finalizers': 1 } }, 'primitive list'],
  ])('is refused: %s %j', (resource, patch, message) => {
    const original = {
      status: { conditions: [ready] },
      metadata: { finalizers: ['a/b'] },
    };
    expect(() => patched(resource, original, patch)).toThrow(message);
  });

  it('takes __proto__ as a name', () => {
    const result = patched('configmaps', { data: {} }, JSON.parse('{"data":{"__proto__":"x"}}'));
    expect(JSON.stringify(result)).toBe('{"data":{"__proto__":"x"}}');
  });
});

describe('long lists in a strategic merge patch', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `a.b/${index}`);

  it('are merged however many items an object has', () => {
    const finalizers = names(700_000);
    const merged = patched(
      'configmaps',
      { metadata: { finalizers } },
      { metadata: { '$setElementOrder/finalizers': ['new', 'a.b/699999'], finalizers: ['new'] } },
    );
    expect(merged).toMatchObject({ metadata: { finalizers: { length: 700_001 } } });
  });

  it('are refused where the patch names more than 10,000', () => {
    const many = names(150_000);
    for (const metadata of [
      { '$setElementOrder/finalizers': many, finalizers: ['a'] },
      { finalizers: many, '$setElementOrder/finalizers': ['a'] },
      { '$deleteFromPrimitiveList/finalizers': many },
    ]) {
      expect(() =>
        patched('configmaps', { metadata: { finalizers: ['a'] } }, { metadata }),
      ).toThrow(StrategicPatchError);
    }
  });
});
