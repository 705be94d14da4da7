import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, type Fixture, fixture, turn, watching } from './fixture.ts';

let api: Fixture;
beforeEach(async () => {
  api = await fixture();
});
afterEach(() => api.close());

const remove = (name: string) =>
  api.registry.delete(
    api.definition('configmaps'),
    { namespace: 'default', name },
    {},
    contextOf(),
  );
const create = (name: string, labels: Record<string, string> = {}) =>
  api.create('configmaps', { metadata: { name, labels } });
const label = (name: string, labels: Record<string, string | null>) =>
  api.patch('configmaps', name, 'merge', { metadata: { labels } });

describe('a watch', () => {
  it('without a version tells what is there, then what happens', async () => {
    await create('a');
    const watch = watching(api, 'configmaps', { namespace: 'default' });
    await watch.until(1);
    await create('b');
    await label('a', { x: 'y' });
    await remove('a');
    await watch.until(4);
    await watch.stop();
    expect(watch.seen).toEqual(['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED a']);
  });

  it('from a version tells everything behind it, in order', async () => {
    const a = await create('a');
    await create('b');
    await remove('b');
    const watch = watching(api, 'configmaps', { resourceVersion: String(a.revision) });
    await watch.until(2);
    await watch.stop();
    expect(watch.seen).toEqual(['ADDED b', 'DELETED b']);
  });

  it('shows the very object that this server has written, and reads nothing again', async () => {
    const watch = watching(api, 'configmaps', {});
    const made = await create('a', { x: 'y' });
    await watch.until(1);
    await watch.stop();
    expect(watch.events[0]?.object).toBe(made.object);
  });

  it('shows a deleted object as it was last, at the version of its deletion', async () => {
    const watch = watching(api, 'configmaps', {});
    const made = await create('a', { x: 'y' });
    await remove('a');
    await watch.until(2);
    await watch.stop();
    expect(api.storage.revision).toBeGreaterThan(made.revision);
    expect(watch.events[1]?.object).toMatchObject({
      metadata: { labels: { x: 'y' }, resourceVersion: String(api.storage.revision) },
    });
    const line = JSON.parse(Buffer.from(watch.events[1]?.line ?? []).toString()) as unknown;
    expect(line).toEqual({ type: 'DELETED', object: watch.events[1]?.object });
  });

  it('with a selector: what comes in is ADDED, what leaves is DELETED', async () => {
    const watch = watching(api, 'configmaps', { labelSelector: 'x=1' });
    await create('a');
    await label('a', { x: '1' });
    await label('a', { y: '1' });
    await label('a', { x: '2' });
    await label('a', { y: '2' });
    await label('a', { x: '1' });
    await remove('a');
    await create('b', { x: '2' });
    await remove('b');
    await watch.until(5);
    await turn();
    await watch.stop();
    expect(watch.seen).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a', 'DELETED a']);
  });

  it('of one object hears of no other, even of one whose name begins so', async () => {
    const watch = watching(api, 'configmaps', {
      namespace: 'default',
      fieldSelector: 'metadata.name=a',
    });
    await create('ab');
    await create('a');
    await watch.until(1);
    await turn();
    await watch.stop();
    expect(watch.seen).toEqual(['ADDED a']);
  });

  it('of a namespace hears of no other', async () => {
    const watch = watching(api, 'configmaps', { namespace: 'kube-system' });
    await create('a');
    const definition = api.definition('configmaps');
    await api.registry.create(
      definition,
      'kube-system',
      api.decode('configmaps', { metadata: { name: 'b' } }),
      contextOf(),
    );
    await watch.until(1);
    await watch.stop();
    expect(watch.seen).toEqual(['ADDED b']);
  });

  it('shares the line of an event among all watchers', async () => {
    const watches = [1, 2, 3].map(() => watching(api, 'configmaps', {}));
    await create('a');
    await Promise.all(watches.map((watch) => watch.until(1)));
    const [first, ...others] = watches.map(({ events }) => events[0]?.line);
    for (const line of others) expect(line).toBe(first);
    await Promise.all(watches.map((watch) => watch.stop()));
  });

  it('of a forgotten version is told so, and ends', async () => {
    const a = await create('a');
    await create('b');
    await create('c');
    await api.storage.compact(api.storage.revision);
    const watch = watching(api, 'configmaps', { resourceVersion: String(a.revision) });
    await watch.ended;
    expect(watch.events).toHaveLength(1);
    expect(watch.events[0]).toMatchObject({
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired', status: 'Failure' },
    });
  });

  it('of a version to come waits for it', async () => {
    const { revision } = api.storage;
    const watch = watching(api, 'configmaps', { resourceVersion: String(revision + 1) });
    await create('a');
    await create('b');
    await watch.until(1);
    await watch.stop();
    expect(watch.seen).toEqual(['ADDED b']);
  });

  it('ends after its time', async () => {
    const watch = watching(api, 'configmaps', { timeoutSeconds: 5 });
    await turn();
    await api.clock.advance(4_999);
    await create('a');
    await watch.until(1);
    await api.clock.advance(1);
    await watch.ended;
    expect(watch.seen).toEqual(['ADDED a']);
  });

  it('ends by itself after half an hour to an hour', async () => {
    const watch = watching(api, 'configmaps', {});
    let ended = false;
    const noteEnd = async (): Promise<void> => {
      await watch.ended;
      ended = true;
    };
    const end = noteEnd();
    await turn();
    await api.clock.advance(1_799_000);
    expect(ended).toBe(false);
    await api.clock.advance(1_801_000);
    await end;
    expect(ended).toBe(true);
  });

  it('tells where it stands, once a minute and before its end, where that is wanted', async () => {
    const watch = watching(api, 'configmaps', {
      resourceVersion: String(api.storage.revision),
      allowWatchBookmarks: true,
      timeoutSeconds: 130,
    });
    await turn();
    // Revisions of other resources count: going on from there misses nothing.
    await api.create('secrets', { metadata: { name: 's' } });
    await api.clock.advance(60_000);
    const first = api.storage.revision;
    await create('a');
    await api.clock.advance(60_000);
    const second = api.storage.revision;
    await api.clock.advance(8_000);
    await api.clock.advance(2_000);
    await watch.ended;
    expect(watch.seen).toEqual([
      `BOOKMARK ${first}`,
      'ADDED a',
      `BOOKMARK ${second}`,
      `BOOKMARK ${second}`,
    ]);
    expect(JSON.parse(Buffer.from(watch.events[0]?.line ?? []).toString())).toEqual({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: String(first) } },
    });
  });

  it('streams a list that ends with a bookmark (sendInitialEvents)', async () => {
    await create('a');
    const { revision } = api.storage;
    const watch = watching(api, 'configmaps', {
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
    });
    await watch.until(2);
    await create('b');
    await watch.until(3);
    await watch.stop();
    expect(watch.seen).toEqual(['ADDED a', `BOOKMARK ${revision}`, 'ADDED b']);
    expect(watch.events[1]?.object).toMatchObject({
      metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } },
    });
  });

  it('does not stream a list of a version to come', async () => {
    const watch = watching(api, 'configmaps', {
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      resourceVersion: '9999',
    });
    await watch.ended;
    expect(watch.events).toMatchObject([{ type: 'ERROR', object: { code: 504 } }]);
  });

  it('leaves out what is there where it is not wanted', async () => {
    await create('a');
    const watch = watching(api, 'configmaps', {
      sendInitialEvents: false,
      resourceVersionMatch: 'NotOlderThan',
    });
    await turn();
    await create('b');
    await watch.until(1);
    await watch.stop();
    expect(watch.seen).toEqual(['ADDED b']);
  });

  it('is refused at once where it makes no sense', () => {
    const start = (request: Parameters<typeof watching>[2]): unknown =>
      api.registry.watch(api.definition('configmaps'), request, new AbortController().signal);
    expect(() => start({ sendInitialEvents: true })).toThrow('NotOlderThan');
    expect(() => start({ resourceVersionMatch: 'Exact' })).toThrow('forbidden for watch');
    expect(() => start({ resourceVersion: 'x' })).toThrow('resourceVersion: Invalid value: "x"');
    expect(() => start({ fieldSelector: 'a=b' })).toThrow('not a known field selector');
  });

  it('ends with an error where an object of the storage cannot be read', async () => {
    const watch = watching(api, 'configmaps', { resourceVersion: String(api.storage.revision) });
    await turn();
    await api.storage.create('/registry/configmaps/default/broken', Buffer.from('{'));
    await watch.ended;
    expect(watch.events.at(-1)).toMatchObject({ type: 'ERROR', object: { code: 500 } });
  });

  it('loses nothing and repeats nothing when many write at once', async () => {
    const watch = watching(api, 'configmaps', {});
    await turn();
    const names = Array.from({ length: 200 }, (_, index) => `n-${index}`);
    await Promise.all(
      names.map(async (name) => {
        await create(name);
        await label(name, { x: '1' });
        await remove(name);
      }),
    );
    await watch.until(600);
    await watch.stop();
    for (const name of names) {
      expect(watch.seen.filter((one) => one.endsWith(` ${name}`))).toEqual([
        `ADDED ${name}`,
        `MODIFIED ${name}`,
        `DELETED ${name}`,
      ]);
    }
    const versions = watch.events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });
});
