/** `kubepki up`: the whole story in one command, from nothing, and again. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commonName, readCertificates, serialHex } from '../../src/x509/index.ts';
import { freePort } from '../free-port.ts';
import { peer } from '../peers/peers.ts';
import { seeded } from '../seeded.ts';
import { command, kubepki } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';
import { inBackground } from './background.ts';

const TOKEN = /[a-z0-9]{6}\.[a-z0-9]{16}/;

/** The certificate of a node, by its symbolic link. */
function certificateOf(directory: string, node: string, prefix: 'client' | 'server') {
  const path = join(directory, 'nodes', node, 'pki', `kubelet-${prefix}-current.pem`);
  return readCertificates(readFileSync(path))[0];
}

function everyFile(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

async function upOnce(directory: string, port: number, ...more: string[]) {
  return kubepki(['up', '--exit', '--data-dir', directory, '--secure-port', String(port), ...more]);
}

describe('kubepki up --exit', () => {
  it('makes a cluster with a node in it, and tells how', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const { code, stdout, stderr } = await upOnce(directory, await freePort());
    expect(stderr).toBe('');
    expect(code).toBe(0);
    for (const said of [
      'credentials made',
      'is ready',
      'owns',
      'as system:bootstrap:',
      'is deleted',
      '1 of 1 nodes are in',
    ])
      expect(stdout).toContain(said);

    const client = certificateOf(directory, 'node-1', 'client');
    expect(commonName(client.subject)).toBe('system:node:node-1');
    expect(client.extendedKeyUsage).toEqual(['clientAuth']);
    const serving = certificateOf(directory, 'node-1', 'server');
    expect(serving.extendedKeyUsage).toEqual(['serverAuth']);
    expect(serving.subjectAltNames).toMatchObject({ dns: ['node-1'], ip: ['127.0.1.1'] });
    for (const certificate of [client, serving]) expect(stdout).toContain(serialHex(certificate));
  });

  it('leaves the token nowhere: not on the node, not in what it says', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const { stdout, stderr } = await upOnce(directory, await freePort());
    expect(stdout + stderr).not.toMatch(TOKEN);
    expect(existsSync(join(directory, 'nodes/node-1/bootstrap-kubelet.conf'))).toBe(false);
    for (const path of everyFile(join(directory, 'nodes')))
      expect(readFileSync(path, 'latin1'), path).not.toMatch(/token/);
  });

  it('keeps every key and secret to its owner', async () => {
    const directory = join(temporaryDirectory(), 'up');
    await upOnce(directory, await freePort());
    for (const path of everyFile(directory)) {
      const secret = /PRIVATE KEY|SQLite format|client-key-data/.test(readFileSync(path, 'latin1'));
      if (secret) expect(statSync(path).mode & 0o077, path).toBe(0);
    }
  });

  it('goes on where it stopped: nothing is made a second time', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    await upOnce(directory, port);
    const before = serialHex(certificateOf(directory, 'node-1', 'client'));
    const { code, stdout } = await upOnce(directory, port, '--nodes', '2');
    expect(code).toBe(0);
    expect(stdout).toContain('all there');
    expect(serialHex(certificateOf(directory, 'node-1', 'client'))).toBe(before);
    expect(commonName(certificateOf(directory, 'node-2', 'client').subject)).toBe(
      'system:node:node-2',
    );
  });

  it('comes to its end after any kill -9', async () => {
    const random = seeded('kubepki up, killed');
    const directory = join(temporaryDirectory(), 'up');
    const port = String(await freePort());
    const args = ['up', '--data-dir', directory, '--secure-port', port];
    for (let i = 0; i < 12; i++) {
      const up = inBackground(args);
      await delay(50 + random.next() * 1200);
      await up.end('SIGKILL');
    }
    const { code, stderr, stdout } = await kubepki([...args, '--exit']);
    expect(stdout + stderr).toContain('1 of 1 nodes are in');
    expect(code).toBe(0);
    expect(commonName(certificateOf(directory, 'node-1', 'client').subject)).toBe(
      'system:node:node-1',
    );
    expect(existsSync(join(directory, 'nodes/node-1/bootstrap-kubelet.conf'))).toBe(false);
  });
});

describe('kubepki up', () => {
  it('serves kubectl until Ctrl-C, and ends cleanly then', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const up = inBackground([
      'up',
      '--data-dir',
      directory,
      '--secure-port',
      `${await freePort()}`,
    ]);
    await up.says('Ctrl-C ends it');
    const kubectl = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await command(await peer('kubectl'), [
        `--kubeconfig=${join(directory, 'admin.conf')}`,
        `--cache-dir=${join(directory, 'cache')}`,
        ...args,
      ]);
      expect(stderr, args.join(' ')).toBe('');
      expect(code).toBe(0);
      return stdout;
    };
    expect(await kubectl('get', 'nodes')).toMatch(
      /^NAME +STATUS +ROLES +AGE +VERSION\nnode-1 +NotReady/,
    );
    const requests = await kubectl('get', 'csr');
    expect(requests).toMatch(
      /kubernetes.io\/kube-apiserver-client-kubelet +system:bootstrap:\w{6} +<none> +Approved,Issued/,
    );
    expect(requests).toMatch(
      /kubernetes.io\/kubelet-serving +system:node:node-1 +<none> +Approved,Issued/,
    );
    expect(await kubectl('describe', 'csr')).toContain('Common Name:    system:node:node-1');
    expect(await kubectl('get', 'secrets', '-A', '-o', 'name')).not.toContain('bootstrap-token');
    expect(
      await kubectl('get', 'node', 'node-1', '-o', 'jsonpath={.spec.taints[*].key}'),
    ).toContain('kubepki.dev/no-kubelet');
    expect(await up.end('SIGINT')).toMatchObject({ code: 0 });
    expect(up.said()).toContain('Ended; everything is kept in');
  });
});

describe('kubepki up, where something is in the way', () => {
  it('names a port that is in use', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    onTestFinished(() => void other.close());
    const { code, stderr } = await upOnce(directory, port);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^kubepki: .*${port} is taken.*\\n$`));
    // Nothing was made for it: another port can be had.
    expect(readdirSync(directory)).toEqual([]);
  });

  it('does not take a directory that was made for another port', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    await upOnce(directory, port);
    const { code, stderr } = await upOnce(directory, port + 1);
    expect(code).toBe(64);
    expect(stderr).toContain(`was made for port ${port}`);
  });

  it('leaves a damaged database as it is, and says so', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    await upOnce(directory, port);
    const database = join(directory, 'state.db');
    const damaged = Buffer.from(readFileSync(database).map((byte, i) => (i < 200 ? 0x55 : byte)));
    writeFileSync(database, damaged);
    const { code, stderr } = await upOnce(directory, port);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^kubepki: .*state\.db.*\n$/);
    expect(readFileSync(database).equals(damaged)).toBe(true);
  });

  it('makes no second CA beside what the first has signed', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    await upOnce(directory, port);
    rmSync(join(directory, 'pki'), { recursive: true });
    for (const left of ['state.db and nodes', 'nodes']) {
      const { code, stderr } = await upOnce(directory, port);
      expect(code).toBe(1);
      expect(stderr).toContain(`ca.crt is gone, but ${left} are of that CA`);
      expect(existsSync(join(directory, 'pki'))).toBe(false);
      rmSync(join(directory, 'state.db'), { force: true });
    }
  });

  it('gives a node that lost its kubeconfig another', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    await upOnce(directory, port);
    const before = serialHex(certificateOf(directory, 'node-1', 'client'));
    rmSync(join(directory, 'nodes/node-1/kubelet.conf'));
    expect(await upOnce(directory, port)).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(join(directory, 'nodes/node-1/kubelet.conf'))).toBe(true);
    expect(serialHex(certificateOf(directory, 'node-1', 'client'))).toBe(before);
  });

  it('takes no empty directory name for the working directory', async () => {
    const directory = temporaryDirectory();
    const { code, stderr } = await kubepki(['up', '--exit', '--data-dir='], { cwd: directory });
    expect(code).toBe(64);
    expect(stderr).toBe('kubepki: --data-dir is empty\n');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('does not run twice on one directory', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    const up = inBackground(['up', '--data-dir', directory, '--secure-port', `${port}`]);
    await up.says('Ctrl-C ends it');
    const { code, stderr } = await upOnce(directory, port);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^kubepki: .*in use by process.*\n$/);
  });
});
