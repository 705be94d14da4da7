/** The transport into the same process. */
import { describe, expect, it } from 'vitest';
import { createClient, loopbackTransport } from '../../src/client/index.ts';
import type { ApiRequest } from '../../src/kubernetes/index.ts';
import { NODES } from '../../src/kubernetes/index.ts';
import { settle } from '../manual-clock.ts';
import { answer } from './fake-transport.ts';

const NODE = { metadata: { name: 'a' } };

const hanging = (): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => ({ next: async () => new Promise(() => {}) }),
});

async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    (error: unknown) => error,
  );
}

describe('the loopback transport', () => {
  it('hands requests to the handler, with what others have put into them', async () => {
    const seen: ApiRequest[] = [];
    const transport = loopbackTransport(async (request) => {
      seen.push(request);
      return answer(200, NODE);
    });
    await createClient(transport).create(NODES, NODE);
    expect(seen[0]).toMatchObject({ method: 'POST', url: '/api/v1/nodes' });
    expect(JSON.parse(Buffer.from(seen[0]?.body ?? []).toString())).toMatchObject(NODE);
  });

  it('lets others have their turn, however much one controller asks for', async () => {
    let answered = 0;
    const client = createClient(
      loopbackTransport(async () => {
        answered += 1;
        return answer(200, NODE);
      }),
    );
    const all = (async () => {
      for (let left = 1_000; left > 0; left -= 1) await client.get(NODES, { name: 'a' });
    })();
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(100);
    await all;
    expect(answered).toBe(1_000);
  });

  it('does not wait for a handler that ignores the signal', async () => {
    const client = createClient(loopbackTransport(async () => new Promise(() => {})));
    const controller = new AbortController();
    const error = reasonOf(client.get(NODES, { name: 'a' }, { signal: controller.signal }));
    controller.abort(new Error('enough'));
    expect(await error).toEqual(new Error('enough'));
  });

  it('ends a watch whose handler ignores the signal', async () => {
    const client = createClient(loopbackTransport(async () => answer(200, hanging())));
    const controller = new AbortController();
    const watch = client.watch(NODES, { signal: controller.signal });
    const error = reasonOf(watch[Symbol.asyncIterator]().next());
    await settle();
    controller.abort(new Error('enough'));
    expect(await error).toEqual(new Error('enough'));
  });

  it('ends everything when it is closed, and takes nothing more', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const client = createClient(
      loopbackTransport(async ({ url, signal }) => {
        signals.push(signal);
        return url.includes('watch') ? answer(200, hanging()) : new Promise(() => {});
      }),
    );
    const got = reasonOf(client.get(NODES, { name: 'a' }));
    const watched = reasonOf(client.watch(NODES, {})[Symbol.asyncIterator]().next());
    await settle();
    await client.close();
    for (const error of [got, watched, reasonOf(client.get(NODES, { name: 'a' }))]) {
      expect(await error).toMatchObject({ code: 'UNREACHABLE' });
    }
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
  });
});
