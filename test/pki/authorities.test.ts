/** Authorities that are gone, that are elsewhere, or that are another cluster's: nothing takes their place unseen. */
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCluster } from '../../src/cluster/index.ts';
import { apply, type Place, plan } from '../../src/pki/index.ts';
import { clusterDocument } from '../cluster/cluster-text.ts';
import { temporaryDirectory } from '../temporary.ts';
import { type Fixture, lines, NO_STEPS, NOW, pki, snapshot } from './fixture.ts';

const CA = 'authorities/ca.crt';
const HOST = 'hosts/cp-1/etc/kubernetes';

/** What plan and apply say first of a PKI that was changed; nothing may have been written. */
async function firstLineAfter(fixture: Fixture, change: () => void): Promise<string | undefined> {
  await fixture.apply();
  change();
  const before = snapshot(fixture.directory);
  const planned = lines(await fixture.plan(), fixture.directory);
  const applied = await fixture.apply();
  expect(applied.counts.create).toBe(0);
  expect(lines(applied, fixture.directory)).toEqual(planned);
  expect(snapshot(fixture.directory)).toEqual(before);
  return planned[0];
}

describe('a lost authority', () => {
  it('is not made again from its key while a host holds the certificate', async () => {
    const fixture = pki();
    const said = await firstLineAfter(fixture, () => rmSync(fixture.path(CA)));
    const copy = fixture.path(`${HOST}/pki/ca.crt`);
    expect(said).toBe(
      `refuse ${CA}: lost: cp-1 holds a copy (${copy}); its key is still here, so copy it back from there`,
    );
    copyFileSync(copy, fixture.path(CA));
    expect((await fixture.plan()).counts).toMatchObject({ create: 0, refuse: 0 });
  });

  it('is not made again while anything is left that it has issued', async () => {
    const fixture = pki();
    await fixture.apply();
    for (const name of ['authorities', 'hosts']) rmSync(fixture.path(name), { recursive: true });
    const applied = lines(await fixture.apply(), fixture.directory);
    expect(applied[0]).toBe(
      `refuse ${CA}: lost: ${fixture.path('admin/admin.conf')} comes from it; put it and its key back from a backup`,
    );
    expect(existsSync(fixture.path('authorities/ca.key'))).toBe(false);
  });

  it('makes everything that hangs on it wait, and blames nothing else', async () => {
    const fixture = pki();
    await fixture.apply();
    rmSync(fixture.path('authorities'), { recursive: true });
    const [, ...rest] = lines(await fixture.plan(), fixture.directory);
    const others = rest.filter((line) => !line.includes('lost: '));
    expect(others.length).toBeGreaterThan(15);
    for (const line of others)
      expect(line).toMatch(/: (ca|etcd-ca|front-proxy-ca|sa) cannot be used, see there$/);
  });

  it('is made again where it is a public key, from its key', async () => {
    const fixture = pki();
    await fixture.apply();
    const before = fixture.read('authorities/sa.pub');
    rmSync(fixture.path('authorities/sa.pub'));
    await fixture.apply();
    expect(fixture.read('authorities/sa.pub')).toBe(before);
  });

  it('is not made again on a machine that holds its own', async () => {
    const directory = temporaryDirectory();
    const place: Place = { kind: 'machine', host: 'cp-1', root: directory };
    const machine = pki({ caKeys: 'controlPlane' }, directory, place);
    const said = await firstLineAfter(machine, () =>
      rmSync(machine.path('etc/kubernetes/pki/ca.crt')),
    );
    expect(said).toMatch(/^refuse etc\/kubernetes\/pki\/ca\.crt: lost: \S+ comes from it/);
  });
});

describe('a machine with the directory of an administrator (--root, -d)', () => {
  const machine = (host: string, directory: string): Fixture =>
    pki({}, directory, {
      kind: 'machine',
      host,
      root: join(directory, 'root'),
      directory: join(directory, 'pki'),
    });

  it.each([
    ['worker-1', 'ca is not there'],
    ['cp-1', 'ca, etcd-ca, front-proxy-ca, sa are not there'],
  ])(
    'makes no authorities for %s in an empty directory, and writes nothing',
    async (host, lacks) => {
      const own = machine(host, temporaryDirectory());
      for (const run of [() => own.plan(), () => own.apply()]) {
        await expect(run()).rejects.toMatchObject({
          code: 'NOT_FOUND',
          message: `${own.path('pki/authorities')}: ${lacks}, and with --root no authorities are made`,
          hint: expect.stringContaining('run apply -d there first'),
        });
      }
      expect(existsSync(own.path('pki'))).toBe(false);
      expect(existsSync(own.path('root'))).toBe(false);
    },
  );

  it('does not complete half an authority there either', async () => {
    const directory = temporaryDirectory();
    const complete = pki({}, join(directory, 'pki'));
    await complete.apply();
    rmSync(complete.path('hosts'), { recursive: true });
    rmSync(complete.path('admin'), { recursive: true });
    rmSync(complete.path(CA));
    const own = machine('worker-1', directory);
    const before = snapshot(directory);
    await expect(own.apply()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(snapshot(directory)).toEqual(before);
  });

  it('asks for those only that the host needs', async () => {
    const directory = temporaryDirectory();
    const complete = pki();
    await complete.apply();
    mkdirSync(join(directory, 'pki/authorities'), { recursive: true });
    for (const name of ['ca.crt', 'ca.key'])
      copyFileSync(complete.path(`authorities/${name}`), join(directory, 'pki/authorities', name));
    const own = machine('worker-1', directory);
    const report = await own.apply();
    expect(report.counts).toEqual({ ...NO_STEPS, create: 2, keep: 1 });
    expect(existsSync(own.path('pki/authorities/cluster-name'))).toBe(false);
  });
});

describe('a directory', () => {
  const run = async (
    what: typeof plan,
    name: string,
    place: Place,
    spec: Record<string, unknown> = {},
  ): Promise<unknown> => {
    const text = JSON.stringify({ ...clusterDocument(spec), metadata: { name } });
    return what({ cluster: readCluster(text, 'c'), place, now: NOW });
  };
  const conflict = (path: string) =>
    expect.objectContaining({
      code: 'CONFLICT',
      message: `${path}: these authorities are of the cluster "test", the cluster file is of "other"`,
      hint: 'give another directory with -d; if the cluster was renamed, change that file',
    });

  it('is of one cluster, and refuses the next before anything else', async () => {
    const fixture = pki();
    await fixture.apply();
    const file = fixture.path('authorities/cluster-name');
    expect(fixture.read('authorities/cluster-name')).toBe('test\n');
    const before = snapshot(fixture.directory);
    const root = temporaryDirectory();
    const mounted: Place = { kind: 'machine', host: 'nobody', root, directory: fixture.directory };
    for (const place of [fixture.place, mounted]) {
      await expect(run(plan, 'other', place)).rejects.toEqual(conflict(file));
      await expect(run(apply, 'other', place)).rejects.toEqual(conflict(file));
    }
    expect(snapshot(fixture.directory)).toEqual(before);
    expect(snapshot(root).size).toBe(0);
    writeFileSync(file, ' other \r\n');
    await expect(run(plan, 'other', fixture.place)).resolves.toMatchObject({
      counts: { create: 0 },
    });
  });

  it('learns its name where its authorities were adopted, and not from plan', async () => {
    const fixture = pki();
    await fixture.apply();
    const adopted = pki();
    cpSync(fixture.path('authorities'), adopted.path('authorities'), { recursive: true });
    rmSync(adopted.path('authorities/cluster-name'));
    await adopted.plan();
    expect(existsSync(adopted.path('authorities/cluster-name'))).toBe(false);
    await adopted.apply();
    expect(adopted.read('authorities/cluster-name')).toBe('test\n');
  });

  it('tells no host its name', async () => {
    const fixture = pki({ caKeys: 'controlPlane' });
    await fixture.apply();
    const named = [...snapshot(fixture.directory).keys()].filter((name) =>
      name.includes('cluster-name'),
    );
    expect(named).toEqual(['authorities/cluster-name']);
    const root = temporaryDirectory();
    const place: Place = { kind: 'machine', host: 'cp-1', root };
    await run(apply, 'test', place, { caKeys: 'controlPlane' });
    expect([...snapshot(root).keys()].filter((name) => name.includes('name'))).toEqual([]);
  });

  it('is refused where it is a file', async () => {
    const directory = join(temporaryDirectory(), 'file');
    writeFileSync(directory, '');
    const machine = (root: string, of: string): Place => ({
      kind: 'machine',
      host: 'cp-1',
      root,
      directory: of,
    });
    const places: Place[] = [
      { kind: 'directory', directory },
      { kind: 'directory', directory: join(directory, 'below') },
      machine(directory, temporaryDirectory()),
      machine(temporaryDirectory(), directory),
    ];
    for (const place of places) {
      for (const what of [plan, apply]) {
        await expect(run(what, 'test', place)).rejects.toMatchObject({
          code: 'FILE_SYSTEM',
          message: `${directory}: not a directory`,
        });
      }
    }
  });
});
