import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ListRequest } from '../../../src/apiserver/registry/index.ts';
import type { StatusReason } from '../../../src/kubernetes/index.ts';
import { contextOf, type Fixture, fixture, refusal } from './fixture.ts';

let api: Fixture;
beforeEach(async () => {
  api = await fixture();
});
afterEach(() => api.close());

async function fill(): Promise<void> {
  for (const [name, tier] of [
    ['a', 'web'],
    ['b', 'db'],
    ['c', 'web'],
    ['d', 'db'],
    ['e', 'web'],
  ] as const) {
    await api.create('configmaps', { metadata: { name, labels: { tier } } });
  }
}

const list = (request: ListRequest, resource = 'configmaps') =>
  api.registry.list(api.definition(resource), request);

describe('a list', () => {
  it('is sorted by key and limited to its namespace', async () => {
    await fill();
    expect(await api.names('configmaps', { namespace: 'default' })).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
    expect(await api.names('configmaps', { namespace: 'kube-system' })).toEqual([]);
    expect(await api.names('configmaps', {})).toHaveLength(5);
    expect(await api.names('configmaps', { namespace: 'defaul' })).toEqual([]);
  });

  it('comes in pages of one revision, whatever happens meanwhile', async () => {
    await fill();
    const first = await list({ limit: 2 });
    expect(first.items.map(({ object }) => object.metadata.name)).toEqual(['a', 'b']);
    expect(first.remainingItemCount).toBe(3);
    await api.create('configmaps', { metadata: { name: 'bb' } });
    const key = { namespace: 'default', name: 'd' };
    await api.registry.delete(api.definition('configmaps'), key, {}, contextOf());
    const second = await list({ limit: 2, continue: first.continue ?? '' });
    expect(second.items.map(({ object }) => object.metadata.name)).toEqual(['c', 'd']);
    expect(second.revision).toBe(first.revision);
    const third = await list({ limit: 2, continue: second.continue ?? '' });
    expect(third.items.map(({ object }) => object.metadata.name)).toEqual(['e']);
    expect(third.continue).toBeUndefined();
  });

  it('has tokens as upstream writes them', async () => {
    await fill();
    const page = await list({ limit: 2 });
    expect(JSON.parse(Buffer.from(page.continue ?? '', 'base64url').toString())).toEqual({
      v: 'meta.k8s.io/v1',
      rv: page.revision,
      start: 'default/b\0',
    });
  });

  it('fills its pages with what is selected, and then does not count', async () => {
    await fill();
    const first = await list({ limit: 2, labelSelector: 'tier=web' });
    expect(first.items.map(({ object }) => object.metadata.name)).toEqual(['a', 'c']);
    expect(first.remainingItemCount).toBeUndefined();
    const second = await list({
      limit: 2,
      labelSelector: 'tier=web',
      continue: first.continue ?? '',
    });
    expect(second.items.map(({ object }) => object.metadata.name)).toEqual(['e']);
    expect(second.continue).toBeUndefined();
  });

  it('goes through thousands of objects that are not selected', async () => {
    await Promise.all(
      Array.from({ length: 1200 }, (_, index) =>
        api.create('configmaps', { metadata: { name: `x-${index}`, labels: { n: `${index}` } } }),
      ),
    );
    const page = await list({ limit: 2, labelSelector: 'n in (7,999,1100)' });
    expect(page.items).toHaveLength(2);
    const rest = await list({
      limit: 2,
      labelSelector: 'n in (7,999,1100)',
      continue: page.continue ?? '',
    });
    expect(rest.items).toHaveLength(1);
  });

  it('selects by fields', async () => {
    await fill();
    expect(await api.names('configmaps', { fieldSelector: 'metadata.name=b' })).toEqual(['b']);
    expect(
      await api.names('configmaps', { namespace: 'default', fieldSelector: 'metadata.name=b' }),
    ).toEqual(['b']);
    expect(
      await api.names('configmaps', {
        namespace: 'default',
        fieldSelector: 'metadata.name=b',
        labelSelector: 'tier=web',
      }),
    ).toEqual([]);
    expect(await api.names('configmaps', { fieldSelector: 'metadata.name!=b' })).toHaveLength(4);
    expect(
      await api.names('configmaps', { fieldSelector: 'metadata.namespace=kube-system' }),
    ).toEqual([]);
    // A name is not a prefix.
    await api.create('configmaps', { metadata: { name: 'bb' } });
    expect(
      await api.names('configmaps', { namespace: 'default', fieldSelector: 'metadata.name=b' }),
    ).toEqual(['b']);
  });

  it('of an older revision shows what was there', async () => {
    await api.create('configmaps', { metadata: { name: 'a' } });
    const { revision } = await list({});
    await api.create('configmaps', { metadata: { name: 'b' } });
    const exact = { resourceVersion: String(revision), resourceVersionMatch: 'Exact' };
    expect(await api.names('configmaps', exact)).toEqual(['a']);
    expect((await list(exact)).revision).toBe(revision);
    expect(
      await api.names('configmaps', { ...exact, resourceVersionMatch: 'NotOlderThan' }),
    ).toEqual(['a', 'b']);
    expect(await api.names('configmaps', { resourceVersion: String(revision) })).toEqual([
      'a',
      'b',
    ]);
    expect(await api.names('configmaps', { resourceVersion: '0' })).toEqual(['a', 'b']);
    // With a limit a version means exactly that one, as ever.
    expect(await api.names('configmaps', { resourceVersion: String(revision), limit: 5 })).toEqual([
      'a',
    ]);
  });

  it('of a forgotten revision has expired', async () => {
    await fill();
    const page = await list({ limit: 2 });
    await api.create('configmaps', { metadata: { name: 'f' } });
    await api.storage.compact(api.storage.revision);
    const token = await refusal(list({ limit: 2, continue: page.continue ?? '' }));
    expect(token.httpStatus).toBe(410);
    expect(token.reason).toBe('Expired');
    const exact = await refusal(
      list({ resourceVersion: String(page.revision), resourceVersionMatch: 'Exact' }),
    );
    expect(exact.message).toBe('The resourceVersion for the provided list is too old.');
  });

  const token = (value: unknown): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url');

  it.each<[ListRequest, StatusReason, string]>([
    [{ labelSelector: 'a==b=c' }, 'BadRequest', "found '=', expected: ',' or 'end of string'"],
    [{ fieldSelector: 'spec.x=y' }, 'BadRequest', '"spec.x" is not a known field selector'],
    [{ fieldSelector: 'metadata.name' }, 'BadRequest', "can't understand"],
    [{ resourceVersion: 'abc' }, 'BadRequest', 'invalid resource version'],
    [{ resourceVersion: '-1' }, 'BadRequest', 'invalid resource version'],
    [{ resourceVersion: '99999999999999999999' }, 'BadRequest', 'invalid resource version'],
    [{ resourceVersion: '99999999' }, 'Timeout', 'Too large resource version: 99999999'],
    [{ resourceVersionMatch: 'Exact' }, 'Invalid', 'forbidden unless resourceVersion is provided'],
    [{ resourceVersion: '1', resourceVersionMatch: 'Foo' }, 'Invalid', 'Unsupported value: "Foo"'],
    [{ resourceVersion: '0', resourceVersionMatch: 'Exact' }, 'Invalid', '"exact" is forbidden'],
    [
      { continue: 'xx', resourceVersion: '1', resourceVersionMatch: 'Exact' },
      'Invalid',
      'continue',
    ],
    [{ continue: 'xx' }, 'BadRequest', 'continue key is not valid'],
    [{ continue: '%' }, 'BadRequest', 'continue key is not valid'],
    [{ continue: token([]) }, 'BadRequest', 'continue key is not valid'],
    [{ continue: token({ v: 'x', rv: 1, start: 'a\0' }) }, 'BadRequest', 'encoded version'],
    [
      { continue: token({ v: 'meta.k8s.io/v1', rv: 0, start: 'a\0' }) },
      'BadRequest',
      'resourceVersion',
    ],
    [{ continue: token({ v: 'meta.k8s.io/v1', rv: 1, start: '' }) }, 'BadRequest', 'key empty'],
    [
      { continue: token({ v: 'meta.k8s.io/v1', rv: 1, start: '../secrets/a\0' }) },
      'BadRequest',
      'not valid',
    ],
    [
      { continue: token({ v: 'meta.k8s.io/v1', rv: 1, start: 'a//b\0' }) },
      'BadRequest',
      'not valid',
    ],
    [{ continue: token({ v: 'meta.k8s.io/v1', rv: 1e9, start: 'a\0' }) }, 'Timeout', 'Too large'],
    [
      { continue: token({ v: 'meta.k8s.io/v1', rv: 1, start: 'a\0' }), resourceVersion: '1' },
      'BadRequest',
      'specifying resource version is not allowed when using continue',
    ],
  ])('is refused: %j', async (request, reason, message) => {
    const error = await refusal(list(request));
    expect(error.reason).toBe(reason);
    expect(error.message).toContain(message);
  });

  it('knows the fields of each resource, and no other', async () => {
    const refused = async (resource: string, fieldSelector: string): Promise<string> =>
      (await refusal(list({ fieldSelector }, resource))).message;
    expect(await refused('secrets', 'data=x')).toBe('field label not supported: data');
    expect(await refused('nodes', 'metadata.namespace=x')).toBe(
      'field label not supported: metadata.namespace',
    );
    expect(await refused('certificatesigningrequests', 'spec.username=x')).toBe(
      'field label not supported: spec.username',
    );
    expect(await api.names('clusterroles', { fieldSelector: 'metadata.namespace=x' })).toEqual([]);
    expect(await api.names('namespaces', { fieldSelector: 'status.phase=Active' })).toHaveLength(4);
    expect(await refused('configmaps', 'constructor=x')).toContain('not a known field selector');
  });
});

describe('a get', () => {
  const get = (name: string, resourceVersion?: string) =>
    api.registry.get(
      api.definition('configmaps'),
      { namespace: 'default', name },
      resourceVersion === undefined ? {} : { resourceVersion },
    );

  it('answers the newest, unless that is too old', async () => {
    const made = await api.create('configmaps', { metadata: { name: 'a' } });
    for (const version of [undefined, '', '0', '1', String(made.revision)]) {
      expect((await get('a', version)).revision).toBe(made.revision);
    }
    expect((await refusal(get('a', '9999'))).reason).toBe('Timeout');
    expect((await refusal(get('a', 'x'))).status).toMatchObject({ code: 500 });
  });

  it('does not find what is not there', async () => {
    const error = await refusal(get('nope'));
    expect(error.status).toMatchObject({
      code: 404,
      message: 'configmaps "nope" not found',
      details: { name: 'nope', kind: 'configmaps' },
    });
  });

  it('does not leave its place in the storage', async () => {
    for (const name of ['..', '.', 'a/b', 'a%2fb', '']) {
      expect((await refusal(get(name))).reason).toBe('BadRequest');
    }
    const above = api.registry.get(api.definition('configmaps'), { namespace: '..', name: 'a' });
    expect((await refusal(above)).reason).toBe('BadRequest');
  });
});
