/** The harness itself: a test that trusts it must not pass by accident, nor leave anything behind. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNetwork, type Network } from './network.ts';
import { waitFor } from './program.ts';

const HOSTS = [
  { name: 'left', addresses: ['172.31.5.1', 'fd00::1'] },
  { name: 'right', addresses: ['10.99.0.2', 'fd00::2'] },
];

/** Says to whoever connects which address it sees. */
const MIRROR = `require('node:net').createServer((socket) => socket.end(socket.remoteAddress))
  .listen(7000, '::', () => console.log('listening'))`;

/** Connects to the address given and prints what it is told. */
const CALL = `require('node:net').connect(7000, process.argv[1]).pipe(process.stdout)`;

describe('createNetwork', () => {
  let logs: string;
  let network: Network;

  beforeAll(async () => {
    logs = await mkdtemp(join(tmpdir(), 'kubepki-network-test-'));
    network = await createNetwork({ hosts: HOSTS, logs });
  });

  afterAll(async () => {
    await network?.stop();
    await rm(logs, { recursive: true, force: true });
  });

  const node = async (host: string, script: string, ...args: string[]) =>
    network.run(host, process.execPath, ['-e', script, ...args]);

  it('lets hosts of different subnets reach each other, each from its own address', async () => {
    const server = await network.start('right', process.execPath, ['-e', MIRROR], { name: 'up' });
    const listening = async () => (await server.log()).includes('listening') || undefined;
    await waitFor('the server listens', listening, { programs: [server] });
    expect(await node('left', CALL, '10.99.0.2')).toMatchObject({ stdout: '::ffff:172.31.5.1' });
    expect(await node('left', CALL, 'fd00::2')).toMatchObject({ stdout: 'fd00::1' });
    expect(await node('left', CALL, 'right')).toMatchObject({ code: 0 });
    await server.stop();
    expect((await node('left', CALL, '10.99.0.2')).stderr).toContain('ECONNREFUSED');
  });

  it('passes input, working directory and exit status through', async () => {
    const script = 'pwd; cat; echo "$GREETING" >&2; exit 7';
    const options = { input: 'in', cwd: logs, env: { GREETING: 'hello' } };
    const result = await network.run('left', 'sh', ['-c', script], options);
    expect(result).toEqual({ code: 7, signal: null, stdout: `${logs}\nin`, stderr: 'hello\n' });
  });

  it('kills what does not end in time, with what it said in the error', async () => {
    const run = network.run('left', 'sh', ['-c', 'echo busy; sleep 60'], { timeout: 300 });
    await expect(run).rejects.toThrow(/sh on left did not end within 300 ms:\nbusy/);
  });

  it('stops waiting when a program has ended, and shows the end of its log', async () => {
    const program = await network.start('left', 'sh', ['-c', 'echo no disk; exit 3'], {
      name: 'db',
    });
    const never = waitFor('the database serves', async () => undefined, { programs: [program] });
    await expect(never).rejects.toThrow(/the database serves: left-db ended\n[^]*no disk/);
    expect(await program.exited).toEqual({ code: 3, signal: null });
  });

  it('says what it could not start', async () => {
    const program = await network.start('left', '/no/such/program', []);
    expect(await program.exited).toMatchObject({ code: 127 });
    expect(await program.log()).toContain('/no/such/program: No such file or directory');
  });

  it('refuses hosts that would get in each other’s way', async () => {
    const twice = [HOSTS[0], HOSTS[0]].flatMap((host) => host ?? []);
    await expect(createNetwork({ hosts: twice, logs })).rejects.toThrow('left is given twice');
    const wrong = [{ name: 'a', addresses: ['10.0.0.0/8'] }];
    await expect(createNetwork({ hosts: wrong, logs })).rejects.toThrow('not an address');
  });

  it('leaves no program behind when the process that made it is killed', async () => {
    const script = `
      const { createNetwork } = await import(${JSON.stringify(join(import.meta.dirname, 'network.ts'))});
      const options = { hosts: ${JSON.stringify(HOSTS)}, logs: ${JSON.stringify(logs)} };
      const network = await createNetwork(options);
      const args = ['-c', 'trap "" TERM HUP INT; while :; do sleep 1; done'];
      await network.start('left', 'sh', args, { name: 'stubborn' });
      console.log(network.holderPid);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = await once(child.stdout, 'data');
    const holder = `/proc/${String(pid).trim()}/ns/pid`;
    expect(existsSync(holder)).toBe(true);
    child.kill('SIGKILL');
    // The first process of a pid namespace is gone only after all others in it are.
    await waitFor('the holder is gone', async () => !existsSync(holder) || undefined);
  });
});
