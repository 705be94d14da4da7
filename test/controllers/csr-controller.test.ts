import { expect, it } from 'vitest';
import { createCsrController } from '../../src/controllers/csr-controller.ts';
import type { LogLine } from '../../src/controllers/index.ts';
import { type CertificateSigningRequest, StatusError } from '../../src/kubernetes/index.ts';
import { ManualClock, settle } from '../manual-clock.ts';

it('a request that is deleted while it is looked at is done, and no trouble; another that is missing is', async () => {
  const clock = new ManualClock();
  const lines: LogLine[] = [];
  const stop = new AbortController();
  let looks = 0;
  const missing = { name: 'csr-1' };
  const controller = createCsrController(
    {
      client: undefined as never,
      clock,
      random: () => 0.5,
      signal: stop.signal,
      log: (line) => lines.push(line),
    },
    async () => {
      looks++;
      throw StatusError.of('NotFound', `"${missing.name}" not found`, missing);
    },
  );
  const csr = { metadata: { name: 'csr-1' }, spec: {} } as CertificateSigningRequest;
  const running = controller.run({ get: () => csr } as never);
  controller.look('csr-1');
  await clock.advance(60_000);
  expect({ looks, lines }).toEqual({ looks: 1, lines: [] });
  missing.name = 'worker-1';
  controller.look('csr-1');
  await clock.advance(1_000);
  expect(looks).toBeGreaterThan(2);
  expect(lines[0]?.message).toBe('failed, and is tried again');
  stop.abort();
  await settle();
  await running;
});

it('what does not concern it is not looked at, but by request', async () => {
  const looked: string[] = [];
  const stop = new AbortController();
  const controller = createCsrController(
    {
      client: undefined as never,
      clock: new ManualClock(),
      random: () => 0.5,
      signal: stop.signal,
      log: () => undefined,
    },
    async ({ metadata }) => {
      looked.push(metadata.name ?? '');
      return 'done';
    },
    { concerns: ({ spec }) => spec.signerName === 'example.com/mine' },
  );
  const csr = (name: string, signerName: string) =>
    ({ metadata: { name }, spec: { signerName } }) as CertificateSigningRequest;
  const all = [csr('mine', 'example.com/mine'), csr('other', 'example.com/other')];
  const get = (_: unknown, name: string) => all.find(({ metadata }) => metadata.name === name);
  const running = controller.run({ get } as never);
  for (const object of all) controller.onChange({ type: 'added', object });
  await settle();
  expect(looked).toEqual(['mine']);
  for (const object of all) controller.onChange({ type: 'deleted', object });
  await settle();
  // Its failures are forgotten so.
  expect(looked).toEqual(['mine', 'mine']);
  controller.look('other');
  await settle();
  expect(looked).toEqual(['mine', 'mine', 'other']);
  stop.abort();
  await running;
});
