/** Many who are refused, over real connections. */
import { expect, it } from 'vitest';
import { connect, running } from './running.ts';

it('thousands of wrong tokens are a few lines in the log, which say how many there were', async () => {
  const { port, authority, logged } = await running({ enableBootstrapTokenAuth: true });
  const { ask } = connect(port, authority.ca);
  const statuses = new Map<number, number>();
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(
      Array.from({ length: 100 }, async (_, at) => {
        const id = (round * 100 + at).toString().padStart(6, '0');
        const headers = { authorization: `Bearer ${id}.0123456789abcdef` };
        const { status } = await ask('/api/v1/secrets', headers);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }),
    );
  }
  expect([...statuses]).toEqual([[401, 2000]]);
  expect(logged.length).toBeGreaterThanOrEqual(10);
  expect(logged.length).toBeLessThan(20);
});
