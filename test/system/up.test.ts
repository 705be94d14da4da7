/** `kubepki up`: the whole story in one command, from nothing, and again. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  commonName,
  createIssuer,
  decodePrivateKey,
  encodePem,
  encodePrivateKey,
  readCertificates,
  serialHex,
} from '../../src/x509/index.ts';
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
      '1 of 1 node is in',
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
    expect(stdout + stderr).toContain('1 of 1 node is in');
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

describe('a node of kubepki up that comes back', () => {
  /** A directory with one node in it. */
  async function arrange() {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    await upOnce(directory, port);
    const pki = join(directory, 'nodes/node-1/pki');
    const current = join(pki, 'kubelet-client-current.pem');
    return {
      directory,
      port,
      pki,
      current,
      before: serialHex(certificateOf(directory, 'node-1', 'client')),
    };
  }

  it.each([
    ['damaged', (current: string) => writeFileSync(readlinkSync(current), 'torn'), 'no PEM block'],
    ['gone', (current: string) => rmSync(readlinkSync(current)), 'no such file'],
    ['expired', expire, 'client certificate expired'],
    ['that of another CA', replaceByAnother, 'not one of this CA'],
  ])('gets a new certificate where its own is %s, and says why', async (_, spoil, why) => {
    const { directory, port, current, before } = await arrange();
    spoil(current, directory);
    const { code, stdout, stderr } = await upOnce(directory, port);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^node-1 +bootstraps anew, .*${why}`, 'm'));
    expect(stdout).toContain('is approved by kubepki up, for its Node is there already');
    const after = certificateOf(directory, 'node-1', 'client');
    expect(serialHex(after)).not.toBe(before);
    expect(after.notAfter.getTime()).toBeGreaterThan(Date.now());
  });

  it('gets new certificates where all its files are gone', async () => {
    const { directory, port, before } = await arrange();
    rmSync(join(directory, 'nodes'), { recursive: true });
    expect(await upOnce(directory, port)).toMatchObject({ code: 0, stderr: '' });
    expect(serialHex(certificateOf(directory, 'node-1', 'client'))).not.toBe(before);
  });

  it('asks for another serving certificate where its own is damaged', async () => {
    const { directory, port, pki, before } = await arrange();
    writeFileSync(readlinkSync(join(pki, 'kubelet-server-current.pem')), 'torn');
    expect(await upOnce(directory, port)).toMatchObject({ code: 0, stderr: '' });
    expect(serialHex(certificateOf(directory, 'node-1', 'client'))).toBe(before);
    expect(certificateOf(directory, 'node-1', 'server').extendedKeyUsage).toEqual(['serverAuth']);
  });

  it('finds its files where its directory was moved to', async () => {
    const { directory, port, before } = await arrange();
    const moved = `${directory}-moved`;
    renameSync(directory, moved);
    const { code, stdout } = await upOnce(moved, port);
    expect(code).toBe(0);
    expect(stdout).toContain('they lead here again');
    expect(stdout).not.toContain('asked for');
    expect(serialHex(certificateOf(moved, 'node-1', 'client'))).toBe(before);
  });

  it('uses its own files in a copy, and none of the original', async () => {
    const { directory, port } = await arrange();
    const copy = `${directory}-copy`;
    cpSync(directory, copy, { recursive: true, verbatimSymlinks: true });
    chmodSync(copy, 0o700);
    expect(await upOnce(copy, port)).toMatchObject({ code: 0, stderr: '' });
    const own = join(copy, 'nodes/node-1');
    for (const prefix of ['client', 'server']) {
      expect(readlinkSync(join(own, `pki/kubelet-${prefix}-current.pem`))).toContain(`${own}/pki/`);
    }
    expect(readFileSync(join(own, 'kubelet.conf'), 'utf8')).not.toContain(`${directory}/`);
  });

  it('is among those that come where nobody says how many', async () => {
    const { directory, port } = await arrange();
    await upOnce(directory, port, '--nodes', '3');
    expect((await upOnce(directory, port)).stdout).toContain('3 of 3 nodes are in');
    expect((await upOnce(directory, port, '--nodes', '1')).stdout).toContain('1 of 1 node is in');
  });

  it('is not taken for another that has its name', async () => {
    const { directory, port } = await arrange();
    const up = inBackground(['up', '--data-dir', directory]);
    await up.says('Ctrl-C ends it');
    const files = temporaryDirectory();
    const bootstrap = join(files, 'bootstrap.conf');
    const admin = `--kubeconfig=${join(directory, 'admin.conf')}`;
    await kubepki(['token', 'create', admin, `--kubeconfig-out=${bootstrap}`]);
    const joined = await kubepki([
      'node',
      `--bootstrap-kubeconfig=${bootstrap}`,
      `--kubeconfig=${join(files, 'kubelet.conf')}`,
      `--cert-dir=${join(files, 'pki')}`,
      '--hostname-override=node-2',
      '--node-ip=127.0.2.2',
      '--exit-after-bootstrap',
    ]);
    expect(joined.code).toBe(0);
    await up.end();
    const { code, stderr } = await upOnce(directory, port, '--nodes', '2');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^kubepki: Node node-2 is there already, and kubepki up has not made it/,
    );
  });
});

/** A certificate of the node for its own key, by a CA, that ended an hour ago or ends in one. */
function issueAnother(current: string, ca: string, caKey: string, hours: number): void {
  const text = readFileSync(current);
  const [certificate] = readCertificates(text);
  const key = decodePrivateKey(text);
  const issuer = createIssuer(
    readCertificates(readFileSync(ca))[0],
    decodePrivateKey(readFileSync(caKey)),
  );
  const der = issuer.issue(
    {
      subject: certificate.subject,
      notBefore: new Date(Date.now() - 48 * 3_600_000),
      notAfter: new Date(Date.now() + hours * 3_600_000),
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['clientAuth'],
    },
    key.spki,
  );
  writeFileSync(readlinkSync(current), `${encodePem('CERTIFICATE', der)}${encodePrivateKey(key)}`);
}

function expire(current: string, directory: string): void {
  const authorities = join(directory, 'pki/authorities');
  issueAnother(current, join(authorities, 'ca.crt'), join(authorities, 'ca.key'), -1);
}

function replaceByAnother(current: string, directory: string): void {
  const authorities = join(directory, 'pki/authorities/etcd');
  issueAnother(current, join(authorities, 'ca.crt'), join(authorities, 'ca.key'), 1);
}

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

  it('takes no directory that others may write to for its own', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    await upOnce(directory, port);
    for (const name of [
      '',
      'pki',
      'pki/authorities',
      'nodes',
      'nodes/node-1',
      'nodes/node-1/pki',
    ]) {
      const path = join(directory, name);
      const { mode } = statSync(path);
      chmodSync(path, mode | 0o020);
      const { code, stderr } = await upOnce(directory, port);
      expect(stderr).toBe(
        `kubepki: ${path.replace(/\/$/, '')}: others may write to it (chmod go-w ${path.replace(/\/$/, '')})\n`,
      );
      expect(code).toBe(1);
      chmodSync(path, mode);
    }
    expect(await upOnce(directory, port)).toMatchObject({ code: 0 });
  });

  it('writes through no link that somebody has planted', async () => {
    const root = temporaryDirectory();
    const directory = join(root, 'up');
    const port = await freePort();
    const victim = join(root, 'victim');
    writeFileSync(victim, 'precious');
    const node = join(directory, 'nodes/node-1');
    mkdirSync(directory, { mode: 0o700 });
    for (const name of ['.cluster.yaml.kubepki-tmp', '.admin.conf.kubepki-tmp']) {
      symlinkSync(victim, join(directory, name));
    }
    await upOnce(directory, port);
    rmSync(node, { recursive: true });
    mkdirSync(node, { mode: 0o700 });
    for (const name of [
      'bootstrap-kubelet.conf',
      '.bootstrap-kubelet.conf.kubepki-tmp',
      'kubelet.conf',
      '.kubelet.conf.kubepki-tmp',
    ]) {
      symlinkSync(victim, join(node, name));
    }
    expect(await upOnce(directory, port)).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });

  it('says why, and where, when the directory cannot be made', async () => {
    const { code, stderr } = await kubepki(['up', '--exit', '--data-dir', '/proc/kubepki']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^kubepki: \/proc\/kubepki: cannot be made: nothing can be made there \(.*\n$/,
    );
  });

  it.each(['cluster.yaml', 'admin.conf'])('is no defect where %s is a directory', async (name) => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    await upOnce(directory, port);
    rmSync(join(directory, name));
    mkdirSync(join(directory, name));
    const { code, stderr } = await upOnce(directory, port);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^kubepki: .*/${name}: a directory, not a file \\(.*\\)\n$`));
  });

  it('brings the cluster file back for the port that the PKI was made for', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    await upOnce(directory, port);
    const path = join(directory, 'cluster.yaml');
    const before = readFileSync(path, 'utf8');
    rmSync(path);
    const { code, stderr } = await upOnce(directory, port + 1);
    expect(code).toBe(64);
    expect(stderr).toContain(`was made for port ${port}, not ${port + 1}`);
    expect(existsSync(path)).toBe(false);
    expect(await kubepki(['up', '--exit', '--data-dir', directory])).toMatchObject({ code: 0 });
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('keeps what somebody has written into admin.conf, and says so', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    await upOnce(directory, port);
    const path = join(directory, 'admin.conf');
    const edited = `# mine\n${readFileSync(path, 'utf8')}`;
    writeFileSync(path, edited);
    const { code, stdout } = await upOnce(directory, port);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^admin.conf .*, and good: kept as it is$/m);
    expect(readFileSync(path, 'utf8')).toBe(edited);
  });

  it('says that the database is new where nodes are there already', async () => {
    const directory = join(temporaryDirectory(), 'up');
    const port = await freePort();
    await upOnce(directory, port);
    for (const name of ['state.db', 'state.db-wal', 'state.db-shm']) {
      rmSync(join(directory, name), { force: true });
    }
    const { code, stdout } = await upOnce(directory, port);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^state.db +is new/m);
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
