/** `kubepki token` beside the real `kubeadm token`, on the same real kube-apiserver. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Cluster, connect } from '../../src/cli/token/cluster.ts';
import { type CreateFlags, createToken } from '../../src/cli/token/create.ts';
import { deleteTokens, tokenIds } from '../../src/cli/token/delete.ts';
import { type ListFormat, listTokens } from '../../src/cli/token/list.ts';
import { SECRETS, type Secret } from '../../src/kubernetes/index.ts';
import { parseBootstrapToken } from '../../src/tokens/index.ts';
import {
  adminKubeconfig,
  type RealApiserver,
  startRealApiserver,
} from '../client/real-apiserver.ts';
import { peer } from '../peers/peers.ts';

let server: RealApiserver;
let directory: string;
let kubeconfig: string;
let cluster: Cluster;
let printed: string[];

beforeAll(async () => {
  server = await startRealApiserver();
  directory = await mkdtemp(join(tmpdir(), 'kubepki-token-'));
  kubeconfig = join(directory, 'admin.conf');
  await writeFile(kubeconfig, adminKubeconfig(server), { mode: 0o600 });
  cluster = { ...(await connect(kubeconfig, {}, false)), print: (text) => void printed.push(text) };
});
beforeEach(() => {
  printed = [];
});
afterAll(async () => {
  await cluster?.client.close();
  await server?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

async function kubeadm(...args: readonly string[]): Promise<{ code: unknown; stdout: string }> {
  const child = spawn(await peer('kubeadm'), ['token', ...args, `--kubeconfig=${kubeconfig}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  const [code] = (await once(child, 'close')) as [unknown];
  return { code, stdout };
}

const create = async (
  token: string | undefined,
  flags: Partial<CreateFlags> = {},
): Promise<string> => {
  await createToken(cluster, token, { ttl: '24h', ...flags });
  return printed.join('');
};

const secretOf = async (id: string): Promise<Secret> =>
  cluster.client.get(SECRETS, { namespace: 'kube-system', name: `bootstrap-token-${id}` });

describe('token create', () => {
  it.each<[string, Partial<CreateFlags>, readonly string[]]>([
    ['without flags', {}, []],
    ['for ever', { ttl: '0' }, ['--ttl=0']],
    ['with a description', { description: 'für worker-1' }, ['--description=für worker-1']],
    [
      'with usages and groups',
      { usages: ['authentication'], groups: ['system:bootstrappers:a', 'system:bootstrappers:b'] },
      ['--usages=authentication', '--groups=system:bootstrappers:a,system:bootstrappers:b'],
    ],
  ])('makes the Secret of kubeadm %s', async (_, flags, args) => {
    expect(await create('aaaaaa.0123456789abcdef', flags)).toBe('aaaaaa.0123456789abcdef');
    expect(await kubeadm('create', 'bbbbbb.0123456789abcdef', ...args)).toEqual({
      code: 0,
      stdout: 'bbbbbb.0123456789abcdef\n',
    });
    const [ours, theirs] = [await secretOf('aaaaaa'), await secretOf('bbbbbb')];
    const decoded = ({ data = {} }: Secret) =>
      Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
      );
    const { expiration: ourEnd, ...ourData } = decoded(ours);
    const { expiration: theirEnd, ...theirData } = decoded(theirs);
    expect({ ...ourData, 'token-id': '' }).toEqual({ ...theirData, 'token-id': '' });
    expect(ours.type).toBe(theirs.type);
    // Made one after the other.
    if (theirEnd === undefined) expect(ourEnd).toBeUndefined();
    else expect(Math.abs(Date.parse(theirEnd) - Date.parse(ourEnd ?? ''))).toBeLessThan(60_000);
    await kubeadm('delete', 'aaaaaa', 'bbbbbb');
  });

  it('prints the join line of kubeadm', async () => {
    const ours = await create('aaaaaa.0123456789abcdef', { printJoinCommand: true });
    await kubeadm('delete', 'aaaaaa');
    const theirs = await kubeadm('create', 'aaaaaa.0123456789abcdef', '--print-join-command');
    expect(`${ours} \n`).toBe(theirs.stdout);
    await kubeadm('delete', 'aaaaaa');
  });

  it('makes a token that kubeadm lists and the server takes', async () => {
    const file = join(directory, 'bootstrap.conf');
    const token = await create(undefined, { kubeconfigOut: file });
    expect((await kubeadm('list')).stdout).toContain(token);
    expect(await readFile(file, 'utf8')).toContain(token);
    const { id = '' } = parseBootstrapToken(token) ?? {};
    expect((await kubeadm('delete', token)).stdout).toBe(`bootstrap token "${id}" deleted\n`);
    await expect(deleteTokens(cluster, [id])).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('token list and delete', () => {
  const list = async (format: ListFormat): Promise<string> => {
    printed = [];
    await listTokens(cluster, format);
    return printed.join('');
  };

  it('print what kubeadm prints', async () => {
    await kubeadm('create', 'cccccc.0123456789abcdef', '--ttl=3h30m');
    await kubeadm(
      'create',
      'dddddd.0123456789abcdef',
      '--ttl=0',
      `--description=${'wide '.repeat(20)}`,
    );
    await kubeadm('create', 'eeeeee.0123456789abcdef', '--ttl=800h', '--usages=authentication');
    expect(await list('text')).toBe((await kubeadm('list')).stdout);
    expect(await list('json')).toBe((await kubeadm('list', '-o=json')).stdout);
    const documents = (text: string): unknown[] => parseAllDocuments(text).map((one) => one.toJS());
    expect(documents(await list('yaml'))).toEqual(
      documents((await kubeadm('list', '-o=yaml')).stdout),
    );
    printed = [];
    await deleteTokens(cluster, tokenIds(['cccccc', 'dddddd.0123456789abcdef', 'eeeeee']));
    expect(printed[1]).toBe('bootstrap token "dddddd" deleted');
    expect(await list('text')).toBe((await kubeadm('list')).stdout);
  });
});
