/** What the server's own `/metrics` says of requests and of nodes. */
import { expect, it } from 'vitest';
import { serverConfig } from '../../../src/cli/server/config.ts';
import { makeName } from '../../../src/x509/index.ts';
import type { Authority, Pem } from '../../client/tls-server.ts';
import { admin, arrange, connect, running, until } from './running.ts';

const MINUTE = 60_000;

const nodeOf = (authority: Authority, name: string, minutesLeft: number): Pem =>
  authority.issue(name, {
    subject: makeName({ commonName: `system:node:${name}`, organizations: ['system:nodes'] }),
    notBefore: new Date(Date.now() - 600 * MINUTE),
    notAfter: new Date(Date.now() + minutesLeft * MINUTE),
  });

it('knows from a connection which node should have renewed by now', async () => {
  const { port, authority } = await running({ controllers: ['csrapproving'] });
  const asAdmin = connect(port, authority.ca, admin(authority));
  for (const [name, minutesLeft] of [
    ['late', 20],
    ['good', 600],
  ] as const) {
    const node = connect(port, authority.ca, nodeOf(authority, name, minutesLeft));
    const made = await node.ask('/api/v1/nodes', {}, { metadata: { name } });
    expect(made.status).toBe(201);
  }
  let page = '';
  await until(async () => {
    page = (await asAdmin.ask('/metrics')).text;
    return page.includes('renewal_overdue{kind="client"} 1\n');
  });
  expect(page).toContain('kubepki_node_certificates_known{kind="client"} 2\n');
  expect(page).toMatch(/expiration_timestamp_seconds\{node="late",kind="client"\} \d+\n/);
  expect(page).not.toContain('node="good"');
  // Gone with its Node.
  const gone = await asAdmin.ask('/api/v1/nodes/late', { ':method': 'DELETE' });
  expect(gone.status).toBe(200);
  await until(async () => {
    page = (await asAdmin.ask('/metrics')).text;
    return page.includes('kubepki_node_certificates_known{kind="client"} 1\n');
  });
  expect(page).toContain('renewal_overdue{kind="client"} 0\n');
});

it('has no metric twice', async () => {
  const { port, authority } = await running({ controllers: ['*'], allowedCidrs: ['10.0.0.0/8'] });
  const { text } = await connect(port, authority.ca, admin(authority)).ask('/metrics');
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  expect(names).toContain('kubepki_serving_decisions_total');
  expect(names).toEqual([...new Set(names)]);
});

it('approves serving certificates where something limits addresses, and nowhere else', async () => {
  const { flags } = await arrange();
  const servingOf = (changes: object): unknown => serverConfig({ ...flags, ...changes }).serving;
  expect(servingOf({})).toBe(undefined);
  expect(servingOf({ reservedNames: ['a'] })).toBe(undefined);
  const none = { allowedDnsSuffixes: [], reservedNames: [] };
  expect(servingOf({ allowedCidrs: ['10.0.0.0/8'] })).toEqual({
    allowedCidrs: ['10.0.0.0/8'],
    ...none,
  });
  expect(servingOf({ bindNodeCredentials: true })).toEqual({ allowedCidrs: [], ...none });
});
