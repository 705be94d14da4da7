/**
 * The unmodified kubectl on every resource that is served: each command is given to kube-apiserver and to our
 * server, and says the same of both.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, comparison } from './compare.ts';
import { NAMESPACE, OWN, reviews, type Sample, samples } from './objects.ts';
import { served } from './served.ts';
import { comparableRun, type Ran, type Servers, startServers } from './servers.ts';

let servers: Servers;
/** One object of each resource that is stored. */
let objects: ReadonlyMap<string, Sample>;
let asked: ReadonlyMap<string, Sample>;
/** All of them in one file, and without the namespace that most are in. */
let every: string;
let inside: string;
let compare: Comparison;
const file = (name: string, content: readonly object[] | object): string =>
  compare.file(name, content);
const both: Comparison['both'] = async (...rest) => compare.both(...rest);
const same: Comparison['same'] = async (...rest) => compare.same(...rest);
const good: Comparison['good'] = async (...rest) => compare.good(...rest);

beforeAll(async () => {
  servers = await startServers();
  compare = comparison(servers);
  const creatable = await served(servers.ours);
  objects = new Map([...samples()].filter(([name]) => creatable.has(name)));
  asked = reviews();
  every = file('every.json', [...objects.values()]);
  const others = [...objects].filter(([name]) => name !== 'namespaces');
  inside = file(
    'inside.json',
    others.map(([, object]) => object),
  );
});
afterAll(() => servers?.stop());

/** Rules come in any order. */
function reviewed(ran: Ran): unknown {
  const { stdout, ...rest } = comparableRun(ran);
  const answer = JSON.parse(stdout) as { status?: Record<string, unknown> };
  for (const list of Object.values(answer.status ?? {})) {
    if (Array.isArray(list)) list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  return { ...rest, answer };
}

describe('every resource that is served', () => {
  it('has an object here', async () => {
    const known = new Set([...objects.keys(), ...asked.keys(), ...OWN]);
    expect([...(await served(servers.ours))].filter((name) => !known.has(name))).toEqual([]);
  });

  it('create', async () => {
    await good(['create', '-f', every]);
    const again = await same(['create', '-f', every]);
    expect(again.code).toBe(1);
  });

  it.each(['', ' -o wide', ' -o name', ' --show-labels', ' --show-kind', ' --no-headers'])(
    'get%s',
    async (flags) => {
      await good(`get -f ${every}${flags}`);
    },
  );

  it.each(['yaml', 'json'])('get -o %s', async (format) => {
    await good(`get -f ${every} -o ${format}`);
  });

  it('get with jsonpath, templates and columns', async () => {
    const paths = '{range .items[*]}{.kind}/{.metadata.name}: {.spec}{"\\n"}{end}';
    await good(['get', '-f', every, '-o', `jsonpath=${paths}`]);
    await good([
      'get',
      '-f',
      every,
      '-o',
      'go-template={{range .items}}{{.metadata.name}} {{end}}',
    ]);
    await good([
      'get',
      '-f',
      every,
      '-o',
      'custom-columns=K:.kind,N:.metadata.name,L:.metadata.labels',
    ]);
  });

  it('describe', async () => {
    await good(['describe', '-f', every]);
  });

  it('label and annotate', async () => {
    await good(['label', '-f', every, 'tier=one']);
    await same(['label', '-f', every, 'tier=two']);
    await good(['label', '-f', every, 'tier=two', '--overwrite']);
    await compare.sameLines(['label', '-f', every, '--list']);
    await good(['label', '-f', every, 'tier-']);
    await same(['label', '-f', every, 'tier=no/good']);
    await good(['annotate', '-f', every, 'example.com/note=one two']);
    await same(['annotate', '-f', every, 'example.com/note=three']);
    await good(['annotate', '-f', every, 'example.com/note=three', '--overwrite']);
    await compare.sameLines(['annotate', '-f', every, '--list']);
    await good(['annotate', '-f', every, 'example.com/note-']);
  });

  it.each([
    ['strategic', '{"metadata":{"labels":{"patched":"strategic"}}}'],
    ['merge', '{"metadata":{"labels":{"patched":"merge"}}}'],
    ['json', '[{"op":"replace","path":"/metadata/labels/patched","value":"json"}]'],
  ])('patch --type=%s', async (type, patch) => {
    await good(['patch', '-f', every, `--type=${type}`, '-p', patch]);
    await good(['patch', '-f', every, `--type=${type}`, '-p', patch]);
    await good(['get', '-f', every, '-L', 'patched']);
  });

  it('patch --dry-run=server changes nothing', async () => {
    const patch = '{"metadata":{"labels":{"patched":"not"}}}';
    await good(['patch', '-f', every, '-p', patch, '--dry-run=server']);
    await good(['get', '-f', every, '-L', 'patched']);
  });

  it('edit', async () => {
    const edit = ['edit', '-f', every, '-n', NAMESPACE];
    await good(edit, { env: { KUBE_EDITOR: 'sed -i "s/patched: json/patched: edited/"' } });
    await good(['get', '-f', every, '-L', 'patched']);
    await same(edit, { env: { KUBE_EDITOR: 'true' } });
  });

  it('apply, diff and apply again', async () => {
    await good(['apply', '-f', every]);
    const changed = file(
      'changed.json',
      [...objects.values()].map((object) => ({
        ...object,
        metadata: { ...object.metadata, annotations: { 'example.com/applied': 'yes' } },
      })),
    );
    await same(['diff', '-f', changed]);
    await good(['apply', '-f', changed]);
    await good(['diff', '-f', changed]);
    await good(['apply', '-f', changed]);
    await good(['apply', 'view-last-applied', '-f', changed]);
    await good(['get', '-f', changed, '-o', 'yaml']);
  });

  it('replace', async () => {
    await same(['replace', '-f', every]);
    await same(['replace', '-f', every, '--dry-run=server', '-o', 'yaml']);
    await same(['replace', '--force', '-f', inside, '--grace-period=0']);
    await good(['get', '-f', every, '-o', 'yaml']);
  });

  it('delete', async () => {
    await good(['delete', '-f', every, '--dry-run=server']);
    await good(['get', '-f', every, '-o', 'name']);
    // Nobody here takes away what keeps volumes and claims in use.
    const kept = file(
      'kept.json',
      [...objects.values()].filter(({ kind }) => kind.startsWith('PersistentVolume')),
    );
    await good(['patch', '-f', kept, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    // The endpoints of the service have gone with it.
    const deleted = await same(['delete', '-f', inside, '--wait=false', '--now']);
    expect(deleted.stderr.match(/not found/g)).toHaveLength(1);
    await same(['get', '-f', inside]);
    await same(['delete', '-f', inside]);
    await good(['delete', '-f', inside, '--ignore-not-found']);
    await good(['create', '-f', inside]);
  });

  it('apply --server-side', async () => {
    const apply = ['apply', '--server-side', '-f', inside];
    await good([...apply, '--force-conflicts', '--field-manager=one']);
    await good([...apply, '--field-manager=one']);
    await good([...apply, '--field-manager=one', '--dry-run=server', '-o', 'yaml']);
    const other = file(
      'other.json',
      [...objects]
        .filter(([name]) => name !== 'namespaces')
        .map(([, object]) => ({
          ...object,
          metadata: {
            ...object.metadata,
            labels: { ...object.metadata.labels, owner: 'two' },
          },
        })),
    );
    // Lists that belong to one manager as a whole have defaults in them: upstream, too, calls that a conflict.
    await same(['apply', '--server-side', '-f', other, '--field-manager=two']);
    await good(['apply', '--server-side', '-f', other, '--field-manager=two', '--force-conflicts']);
    await same([...apply, '--field-manager=three', '--dry-run=server']);
    const third = file('third.json', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'sample', namespace: NAMESPACE, labels: { owner: 'three' } },
      data: { greeting: 'good evening' },
    });
    const conflict = await same(['apply', '--server-side', '-f', third, '--field-manager=three']);
    expect(conflict.stderr).toContain('conflict');
    await same(['diff', '--server-side', '-f', third, '--field-manager=one']);
    await good([
      'apply',
      '--server-side',
      '-f',
      third,
      '--field-manager=three',
      '--force-conflicts',
    ]);
    await good(['get', '-f', inside, '-o', 'yaml', '--show-managed-fields']);
  });

  it('ours alone are shown and explained', async () => {
    for (const name of OWN) {
      const explained = await servers.ours.kubectl(['explain', name, '--recursive']);
      expect(explained).toMatchObject({ code: 0, stderr: '' });
      expect(explained.stdout).toMatch(/spec\t<(?:Revocation|NodeBinding)Spec> -required-/);
      const shown = await servers.ours.kubectl(['get', name, '-o', 'wide']);
      expect(shown).toMatchObject({ code: 0, stderr: 'No resources found\n' });
      // The server alone makes the others.
      if (!name.startsWith('revocations')) continue;
      const text = JSON.stringify({
        apiVersion: 'kubepki.dev/v1',
        kind: 'Revocation',
        metadata: { name: 'sample' },
        spec: { user: 'mallory', reason: 'gone' },
      });
      const run = async (...args: string[]): Promise<string> => {
        const { code, stdout, stderr } = await servers.ours.kubectl(args, { input: text });
        expect(code, stderr).toBe(0);
        return stdout;
      };
      await run('create', '-f', '-');
      expect(await run('get', name, '-o', 'wide')).toContain('mallory');
      expect(await run('describe', name, 'sample')).toContain('mallory');
      await run('apply', '--server-side', '--force-conflicts', '-f', '-');
      await run('delete', '-f', '-');
    }
  });

  it('create of what is only asked', async () => {
    for (const [name, review] of asked) {
      const path = file(`${name}.json`, review);
      const { theirs, mine } = await both(['create', '-f', path, '-o', 'json']);
      expect(reviewed(mine), name).toEqual(reviewed(theirs));
    }
  });
});
