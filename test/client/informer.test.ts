/** Informers: what they tell, and that nothing ends them but their signal. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Informer, type InformerOptions, startInformer } from '../../src/client/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import { NODES, type Node, SECRETS } from '../../src/kubernetes/index.ts';
import { ManualClock } from '../manual-clock.ts';
import { createFakeApi, type FakeApi, refuse } from './fake-api.ts';

interface Started {
  readonly api: FakeApi;
  readonly clock: ManualClock;
  readonly informer: Informer<Node>;
  /** `added a@101` and so on; taken away by `told`. */
  readonly told: () => string[];
  /** Messages of what `onError` heard. */
  readonly troubles: () => string[];
  readonly stop: () => void;
}

const pathOf = (name: string): string => `/api/v1/nodes/${name}`;

function start(api: FakeApi, more: Partial<InformerOptions<Node>> = {}): Started {
  const clock = new ManualClock();
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  let changes: string[] = [];
  let errors: string[] = [];
  const informer = startInformer({
    client: api.client(clock),
    type: NODES,
    clock,
    random: () => 0.5,
    signal: controller.signal,
    onChange: ({ type, object: { metadata } }) => {
      changes.push(`${type} ${metadata.name}@${metadata.resourceVersion}`);
    },
    onError: (error) => errors.push(error instanceof Error ? error.message : 'none'),
    ...more,
  });
  const taken = (list: string[]): string[] => list.splice(0);
  return {
    api,
    clock,
    informer,
    told: () => taken(changes),
    troubles: () => taken(errors),
    stop: () => controller.abort(new Error('stopped')),
  };
}

function nodes(...names: string[]): FakeApi {
  const api = createFakeApi();
  for (const name of names) api.put(pathOf(name), { metadata: { name } });
  return api;
}

describe('an informer', () => {
  it('tells what is there, then what changes', async () => {
    const { api, clock, informer, told } = start(nodes('a', 'b'));
    await clock.advance(0);
    await informer.synced;
    expect(told()).toEqual(['added a@101', 'added b@102']);
    api.put(pathOf('c'), { metadata: { name: 'c' } });
    api.put(pathOf('a'), { metadata: { name: 'a' }, spec: { podCIDR: 'x' } });
    api.remove(pathOf('b'));
    await clock.advance(0);
    expect(told()).toEqual(['added c@103', 'updated a@104', 'deleted b@105']);
    expect(informer.get(undefined, 'a')?.spec?.podCIDR).toBe('x');
    expect(informer.get(undefined, 'b')).toBeUndefined();
    expect(informer.list().map(({ metadata }) => metadata.name)).toEqual(['a', 'c']);
    expect(api.log).toEqual([
      'GET /api/v1/nodes?limit=500',
      'GET /api/v1/nodes?watch=true&resourceVersion=102&allowWatchBookmarks=true&timeoutSeconds=450',
    ]);
  });

  it('lists in pages', async () => {
    const names = Array.from({ length: 1203 }, (_, at) => `n${String(at).padStart(4, '0')}`);
    const { api, clock, told } = start(nodes(...names));
    await clock.advance(0);
    expect(told()).toHaveLength(1203);
    expect(api.log.filter((line) => line.includes('limit=500'))).toHaveLength(3);
  });

  it('lists all at once where the server forgets faster than it pages', async () => {
    const api = nodes(...Array.from({ length: 600 }, (_, at) => `n${at}`));
    let pages = 0;
    api.trouble = ({ url }) => {
      if (url.includes('continue=') && ++pages === 1) {
        api.remove(pathOf('n1'));
        api.compact();
      }
      return undefined;
    };
    const { clock, informer, troubles } = start(api);
    await clock.advance(0);
    expect(informer.list()).toHaveLength(599);
    expect(troubles()).toEqual([]);
    expect(api.log.slice(0, 3).at(-1)).toBe('GET /api/v1/nodes');
  });

  it('resumes a watch that has ended, from where it was, also by bookmarks', async () => {
    const { api, clock, told, troubles } = start(nodes('a'));
    await clock.advance(2_000);
    api.sendToWatches({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '150' } } });
    await clock.advance(0);
    api.endWatches();
    await clock.advance(0);
    expect(api.log.at(-1)).toContain('resourceVersion=150');
    expect(api.log).toHaveLength(3);
    expect(told()).toEqual(['added a@101']);
    expect(troubles()).toEqual([]);
  });

  it('misses nothing that happens while a connection is broken, and sees nothing twice', async () => {
    const { api, clock, told, troubles } = start(nodes('a'));
    await clock.advance(2_000);
    told();
    api.put(pathOf('b'), { metadata: { name: 'b' } });
    await clock.advance(0);
    api.endWatches(new KubepkiError('UNREACHABLE', 'gone'));
    api.put(pathOf('c'), { metadata: { name: 'c' } });
    await clock.advance(0);
    expect(troubles()).toEqual(['gone']);
    expect(told()).toEqual(['added b@102']);
    // 800 ms and half as much again.
    await clock.advance(1_199);
    expect(told()).toEqual([]);
    await clock.advance(1);
    expect(told()).toEqual(['added c@103']);
    expect(api.log.filter((line) => line.includes('limit'))).toHaveLength(1);
  });

  it('lists anew when the version is forgotten, and tells only the differences', async () => {
    const { api, clock, told, troubles } = start(nodes('a', 'b', 'c', 'd'));
    await clock.advance(2_000);
    told();
    api.endWatches(new KubepkiError('UNREACHABLE', 'gone'));
    api.remove(pathOf('b'));
    api.put(pathOf('c'), { metadata: { name: 'c' } });
    api.remove(pathOf('d'));
    api.put(pathOf('d'), { metadata: { name: 'd' } });
    api.compact();
    await clock.advance(30_000);
    expect(told()).toEqual(['deleted b@102', 'updated c@106', 'deleted d@104', 'added d@108']);
    expect(troubles()).toEqual(['gone', 'too old']);
  });

  it('lives through every refusal and every failure, waiting longer each time', async () => {
    const api = nodes('a');
    const troubles: (() => never)[] = [];
    const times: number[] = [];
    const clock = new ManualClock();
    api.trouble = () => {
      times.push(clock.now().getTime());
      if (troubles.length++ < 8) throw new TypeError('fetch failed');
      return undefined;
    };
    const { informer } = start(api, { clock, client: api.client(clock) });
    await clock.advance(300_000);
    expect(informer.list()).toHaveLength(1);
    const waits = times.slice(1, 9).map((time, at) => time - (times[at] ?? 0));
    // 0.8 s doubled up to 30 s, each half as long again: random() is 0.5 here.
    expect(waits).toEqual([1200, 2400, 4800, 9600, 19_200, 38_400, 45_000, 45_000]);
  });

  it('goes on after Forbidden, InternalError and a watch of nonsense', async () => {
    const { api, clock, informer, troubles } = start(nodes('a'));
    await clock.advance(0);
    for (const reason of ['Forbidden', 'InternalError', 'Unauthorized'] as const) {
      let left = 2;
      api.trouble = () => (left-- > 0 ? refuse(reason) : undefined);
      api.endWatches();
      await clock.advance(300_000);
    }
    api.sendToWatches({ type: 'NONSENSE' });
    await clock.advance(60_000);
    api.put(pathOf('z'), { metadata: { name: 'z' } });
    await clock.advance(0);
    expect(informer.get(undefined, 'z')).toBeDefined();
    expect(troubles().length).toBeGreaterThan(6);
    expect(api.watches).toBe(1);
  });

  it('does not storm a server that ends every watch at once', async () => {
    const api = nodes('a');
    const { clock, troubles } = start(api);
    api.trouble = ({ url }) =>
      url.includes('watch') ? { status: 200, headers: {}, body: new Uint8Array() } : undefined;
    await clock.advance(120_000);
    expect(api.log.length).toBeLessThan(12);
    expect(troubles()[0]).toMatch(/ended at once/);
  });

  it('ends a watch itself that the server forgets to end', async () => {
    const { api, clock, troubles } = start(nodes('a'));
    await clock.advance(450_000);
    expect(api.log).toHaveLength(2);
    await clock.advance(40_000);
    expect(troubles()).toEqual([expect.stringContaining('taken for dead')]);
    expect(api.log).toHaveLength(3);
    expect(api.watches).toBe(1);
  });

  it('survives its listeners', async () => {
    const seen: string[] = [];
    const { api, clock, informer } = start(nodes('a', 'b'), {
      onChange: async ({ object }) => {
        seen.push(object.metadata.name ?? '');
        throw new Error('later');
      },
      onError: (error) => {
        seen.push(error instanceof Error ? error.message : '');
        throw new Error('of the listener to errors');
      },
      indexers: {
        broken: () => {
          throw new Error('index');
        },
      },
    });
    await clock.advance(0);
    api.put(pathOf('c'), { metadata: { name: 'c' } });
    await clock.advance(0);
    expect(seen.filter((word) => word.length === 1)).toEqual(['a', 'b', 'c']);
    expect(seen.filter((word) => word === 'later')).toHaveLength(3);
    expect(informer.byIndex('broken', 'x')).toEqual([]);
  });

  it('finds objects by an index, as they are now', async () => {
    const api = createFakeApi();
    const put = (name: string, ...taints: string[]) =>
      api.put(pathOf(name), {
        metadata: { name },
        spec: { taints: taints.map((key) => ({ key, effect: 'NoExecute' })) },
      });
    put('a', 'x', 'y');
    put('b', 'x');
    const { clock, informer } = start(api, {
      indexers: { taint: ({ spec }) => (spec?.taints ?? []).map(({ key }) => key) },
    });
    const found = (key: string) =>
      informer.byIndex('taint', key).map(({ metadata }) => metadata.name);
    await clock.advance(0);
    expect([found('x'), found('y'), found('__proto__')]).toEqual([['a', 'b'], ['a'], []]);
    put('a', '__proto__');
    api.remove(pathOf('b'));
    await clock.advance(0);
    expect([found('x'), found('y'), found('__proto__')]).toEqual([[], [], ['a']]);
    expect(() => informer.byIndex('other', 'x')).toThrow(TypeError);
  });

  it('keeps objects of several namespaces apart', async () => {
    const api = createFakeApi();
    const clock = new ManualClock();
    for (const namespace of ['m', 'n']) {
      api.put(`/api/v1/secrets/${namespace}-s`, { metadata: { name: 's', namespace } });
    }
    const controller = new AbortController();
    const informer = startInformer({
      client: api.client(clock),
      type: SECRETS,
      clock,
      random: () => 0,
      signal: controller.signal,
      fieldSelector: 'type=x',
    });
    await clock.advance(0);
    expect(informer.get('m', 's')?.metadata.namespace).toBe('m');
    expect(informer.get('n', 's')?.metadata.namespace).toBe('n');
    expect(informer.get(undefined, 's')).toBeUndefined();
    expect(api.log.every((line) => line.includes('fieldSelector=type%3Dx'))).toBe(true);
    controller.abort();
    await informer.stopped;
  });

  it('shows everything again from time to time, if asked to', async () => {
    const { clock, told } = start(nodes('a', 'b'), { resyncMs: 60_000 });
    await clock.advance(0);
    told();
    await clock.advance(60_000);
    expect(told()).toEqual(['resync a@101', 'resync b@102']);
  });

  it('ends with its signal, at every point, and leaves nothing behind', async () => {
    for (const wait of [0, 1, 500, 2_000]) {
      const api = nodes('a');
      if (wait === 500) api.trouble = () => refuse('Forbidden');
      const { clock, informer, stop, troubles } = start(api, { resyncMs: 1_000 });
      await clock.advance(wait);
      troubles();
      stop();
      await informer.stopped;
      await clock.advance(100_000);
      expect([clock.sleepers, api.watches, troubles()]).toEqual([0, 0, []]);
      if (wait === 500) await expect(informer.synced).rejects.toThrow('stopped');
      else await informer.synced;
    }
  });
});
