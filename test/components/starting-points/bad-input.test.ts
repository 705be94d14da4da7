/** `kubepki init --from` on what went wrong, or is no PKI at all: named, bounded, and nothing is touched. */
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { command, KUBEPKI, type Outcome, outcome } from '../../spawn.ts';
import { fingerprint, makeWith, sharedDirectory } from './adoption.ts';

const base = sharedDirectory();
const whole = join(base, 'whole');

beforeAll(async () => {
  // Others than root are to come as far as the files themselves.
  chmodSync(base, 0o755);
  await makeWith('openssl.sh', whole, ['kubectl']);
});

/** A copy of a whole PKI, in which something goes wrong then. */
function copyOf(name: string, ...without: readonly string[]): string {
  const directory = join(base, name);
  cpSync(whole, directory, { recursive: true });
  for (const path of without) rmSync(join(directory, path));
  return directory;
}

interface Adoption {
  readonly init: Outcome;
  /** What plan says on the cluster file that came out. */
  readonly plan: Outcome;
}

/** Memory that is enough for any directory, in megabytes. */
const HEAP = 128;

/** As somebody runs it: a memory of its own, and as another user where one is given. */
function run(args: readonly string[], input = '', user?: number): Promise<Outcome> {
  const as =
    user === undefined
      ? []
      : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--'];
  const [file = '', ...rest] = [...as, KUBEPKI, ...args];
  const env = { ...process.env, NODE_OPTIONS: `--max-old-space-size=${HEAP}` };
  const child = spawn(file, rest, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return outcome(child);
}

/** Looks at a directory, and makes sure that looking is all that happened. */
async function look(directory: string, user?: number): Promise<Adoption> {
  const before = fingerprint(directory);
  const init = await run(['init', '--from', directory], '', user);
  const plan = await run(['plan', '-f', '-', '-d', directory], init.stdout, user);
  expect(fingerprint(directory)).toEqual(before);
  return { init, plan };
}

/** The rows that plan refuses, with single spaces. */
const refusals = ({ stdout }: Outcome, directory: string): string[] =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('refuse '))
    .map((line) => line.replaceAll(`${directory}/`, '').replaceAll(/ {2,}/g, ' | '));

describe('half of a PKI', () => {
  it('of leaves whose CA is gone is named, and nothing is made in its place', async () => {
    const lost = ['kube-scheduler.crt', 'kube-scheduler.key', 'kube-scheduler.kubeconfig'];
    const directory = copyOf('no-ca', 'ca.crt', 'ca.key', ...lost);
    const { init, plan } = await look(directory);
    expect(init.code).toBe(0);
    expect(init.stderr).toContain(
      'the CA CN=lab-ca is not here: 6 certificates of it can be verified with nothing; admin.kubeconfig holds its certificate',
    );
    expect(init.stderr).toContain("the certificate of the cluster's CA is not here");
    expect(plan.code).toBe(1);
    expect(refusals(plan, directory)[0]).toMatch(
      /^refuse \| ca \| authorities \| ca\.crt \| lost: /,
    );
    expect(init.stdout).toContain('etcd-ca: { certificate: etcd/ca.crt, key: etcd/ca.key }');
    expect(plan.stdout).toMatch(/^0 to create, /m);
  });

  it('of a CA without its key goes out as requests', async () => {
    const directory = copyOf('no-ca-key', 'ca.key', 'kube-scheduler.kubeconfig');
    for (const ending of ['crt', 'key', 'csr']) rmSync(join(directory, `kube-scheduler.${ending}`));
    const { init, plan } = await look(directory);
    expect(init.stderr).toContain('ca.crt: its key is not here');
    expect(plan.code).toBe(0);
    expect(plan.stdout).toContain('1 to request');
  });

  it('of keys alone is no PKI', async () => {
    const directory = join(base, 'keys');
    mkdirSync(directory);
    for (const name of ['ca', 'server', 'admin'])
      cpSync(join(whole, `${name}.key`), join(directory, `${name}.key`));
    const { init } = await look(directory);
    expect(init.code).toBe(1);
    expect(init.stdout).toBe('');
    expect(init.stderr).toContain("keys: nothing of a cluster's PKI is in it (3 files)");
  });
});

describe('keys of another certificate', () => {
  it('are named, and nothing of their CA is trusted', async () => {
    const directory = copyOf('swapped');
    cpSync(join(directory, 'etcd/ca.key'), join(directory, 'ca.key'));
    cpSync(join(directory, 'server.key'), join(directory, 'front-proxy-client.key'));
    const { init, plan } = await look(directory);
    expect(init.stderr).toContain('ca.key is not the key of ca.crt, beside which it lies');
    expect(init.stderr).toContain(
      'front-proxy-client.key is not the key of front-proxy-client.crt',
    );
    expect(plan.code).toBe(1);
    expect(refusals(plan, directory)).toEqual(
      expect.arrayContaining([
        'refuse | ca | authorities | ca.crt | certificate and key do not belong together',
        'refuse | apiserver | cp-1 | server.crt | ca cannot be used, see there',
        'refuse | front-proxy-client | cp-1 | front-proxy-client.crt | certificate and key do not belong together',
      ]),
    );
  });
});

describe('two CAs of one name', () => {
  it('are told apart by what they have signed, and the other one is named', async () => {
    const directory = copyOf('two-cas');
    const make = 'req -x509 -new -noenc -newkey rsa:2048 -days 4000 -subj /CN=lab-ca'.split(' ');
    const files = ['-keyout', join(directory, 'a.key'), '-out', join(directory, 'a.crt')];
    const { code } = await command('openssl', [...make, ...files]);
    expect(code).toBe(0);
    const { init, plan } = await look(directory);
    expect(init.stderr).toContain(
      'two CAs of the name lab-ca: ca.crt was taken; a.crt has issued less',
    );
    expect(init.stderr).toContain('a.crt: a CA that was not needed, lab-ca');
    expect(init.stdout).toContain('ca: { certificate: ca.crt, key: ca.key }');
    expect(plan.stdout).toBe('nothing to do: 0 to create, 16 to keep, 0 refused\n');
  });
});

describe('material that has expired', () => {
  it.each([
    { what: 'ca', refused: 'refuse | ca | authorities | ca.crt', count: 8 },
    { what: 'server', refused: 'refuse | apiserver | cp-1 | server.crt', count: 1 },
  ])('is named: $refused', async ({ what, refused, count }) => {
    const directory = copyOf(`expired-${what}`);
    await makeWith('expired.sh', directory, [], what);
    const { init, plan } = await look(directory);
    expect(init.stderr).toContain(`${what}.crt has expired on 2021-01-01`);
    expect(init.stdout).toContain(`# - ${what}.crt has expired on 2021-01-01`);
    expect(plan.code).toBe(1);
    expect(refusals(plan, directory)).toHaveLength(count);
    expect(refusals(plan, directory)).toContain(`${refused} | expired on 2021-01-01T00:00:00Z`);
  });
});

describe('a directory of 100,000 files that are no PKI', () => {
  it('is read to its end with little memory, and the PKI beside them is found', async () => {
    const directory = copyOf('crowd');
    for (let i = 0; i < 100_000; i++) {
      const folder = join(directory, `photos/${Math.floor(i / 1000)}`);
      if (i % 1000 === 0) mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${i}.jpg`), `picture ${i}`);
    }
    const { init, plan } = await look(directory);
    expect(init.code, init.stderr).toBe(0);
    expect(init.stdout).toContain('# - more than 100000 entries: not all of them are listed');
    expect(init.stdout).toContain('etcd-ca: { certificate: etcd/ca.crt, key: etcd/ca.key }');
    expect(plan.stdout).toBe('nothing to do: 0 to create, 16 to keep, 0 refused\n');
  });

  it('is said to be none where no PKI is beside them', async () => {
    const { init } = await look(join(base, 'crowd/photos'));
    expect(init.code).toBe(1);
    expect(init.stdout).toBe('');
    expect(init.stderr).toMatch(/photos: nothing of a cluster's PKI is in it \(\d+ files\)/);
  });
});

describe('links and files that lead nowhere', () => {
  it('are named and passed over: loops, ways out, devices, pipes', async () => {
    const directory = copyOf('loops');
    mkdirSync(join(directory, 'deep'));
    const links = {
      'one.crt': 'other.crt',
      'other.crt': 'one.crt',
      'self.key': 'self.key',
      'deep/up': '..',
      down: 'deep',
      'passwd.crt': '/etc/passwd',
      'zero.key': '/dev/zero',
      'gone.pem': 'nowhere',
    };
    for (const [path, target] of Object.entries(links)) symlinkSync(target, join(directory, path));
    expect((await command('mkfifo', [join(directory, 'pipe.pem')])).code).toBe(0);
    const { init, plan } = await look(directory);
    for (const line of [
      'one.crt: a loop of symbolic links',
      'self.key: a loop of symbolic links',
      'passwd.crt: a symbolic link out of the directory, not followed',
      'zero.key: a symbolic link out of the directory, not followed',
      'gone.pem: a symbolic link to nothing',
      'pipe.pem: not a regular file',
    ]) {
      expect(init.stderr).toContain(line);
    }
    expect(plan.stdout).toBe('nothing to do: 0 to create, 16 to keep, 0 refused\n');
  });
});

describe('files that only root may read', () => {
  const NOBODY = 65_534;

  it('are named as such to somebody else, and plan finds no fault but that', async () => {
    const directory = copyOf('private');
    chmodSync(directory, 0o755);
    chmodSync(join(directory, 'etcd'), 0o700);
    for (const name of ['ca', 'server', 'admin', 'front-proxy-ca'])
      chmodSync(join(directory, `${name}.crt`), 0o644);
    const { init, plan } = await look(directory, NOBODY);
    expect(init.code, init.stderr).toBe(0);
    for (const text of [init.stderr, init.stdout]) {
      expect(text).toMatch(
        /Could not be told.*\n.*what is in \d\d files and 1 directory that cannot be read \(permission denied\), ca\.key, etcd, front-proxy-ca\.key among them: run it as a user who may/,
      );
    }
    expect(init.stderr).not.toContain('its key is not here');
    expect(init.stderr).not.toContain('Not there, apply would make');
    expect(init.stdout).not.toContain('authorities: single');
    expect(init.stdout).toContain('# Left out, since etcd cannot be read, and may hold it:');
    expect(init.stdout).toContain('#   sa: { publicKey: sa.pub, key: sa.key }');
    expect(plan.code).toBe(1);
    expect(refusals(plan, directory)).toContain(
      'refuse | ca | authorities | ca.crt | key: permission denied',
    );
  });

  it('are all that is said where nothing else is there', async () => {
    const directory = copyOf('secret');
    chmodSync(directory, 0o755);
    const { init } = await look(directory, NOBODY);
    expect(init.code).toBe(1);
    expect(init.stdout).toBe('');
    expect(init.stderr).toMatch(/\(\d+ files; cannot be read: \d+ files(?: and 1 directory)?\)/);
    expect(init.stderr).toContain('run it as a user who may read them');
  });
});
