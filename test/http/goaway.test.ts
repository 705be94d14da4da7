/** Connections of HTTP/2 that shall not stand for ever. */
import http2 from 'node:http2';
import { expect, it, onTestFinished } from 'vitest';
import { createHttpsServer } from '../../src/http/index.ts';
import type { ApiResponse } from '../../src/kubernetes/index.ts';
import { authority, pair } from './material.ts';

const ca = authority('ca');
const serving = pair(ca, { commonName: 'server' }, 'serverAuth');

async function connected(answer: ApiResponse, goawayChance?: number) {
  const server = createHttpsServer({
    ...serving,
    handle: async () => answer,
    ...(goawayChance === undefined ? {} : { goawayChance }),
  });
  const { port } = await server.listen({ address: '127.0.0.1', port: 0 });
  const client = http2.connect(`https://127.0.0.1:${port}`, { ca: ca.pem });
  client.on('error', () => undefined);
  onTestFinished(async () => {
    client.destroy();
    await server.close(0);
  });
  const ask = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const stream = client.request({ ':path': '/' });
      let text = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      stream.on('end', () => resolve(text)).on('error', reject);
    });
  const gone = new Promise<number>((resolve) => client.once('goaway', resolve));
  return { client, ask, gone };
}

const OK: ApiResponse = { status: 200, headers: {}, body: Buffer.from('ok') };

it('with --goaway-chance, a request may be the last of its connection, and is answered', async () => {
  const { ask, gone } = await connected(OK, 1);
  expect(await ask()).toBe('ok');
  expect(await gone).toBe(http2.constants.NGHTTP2_NO_ERROR);
});

it('without, they stand', async () => {
  const { client, ask } = await connected(OK);
  for (let turn = 0; turn < 20; turn += 1) expect(await ask()).toBe('ok');
  expect(client.closed).toBe(false);
});

it('an answer that says `connection: close` is the last, as in Go’s net/http', async () => {
  const { ask, gone } = await connected({ ...OK, headers: { connection: 'close' } });
  expect(await ask()).toBe('ok');
  expect(await gone).toBe(http2.constants.NGHTTP2_NO_ERROR);
});
