/** Owners and dependents, and how they go: told with kubectl, and written down as what is left. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Condition, KubernetesObject, OwnerReference } from '../../../src/kubernetes/index.ts';
import type { Served } from '../kubectl/servers.ts';

interface Found extends KubernetesObject {
  readonly spec?: { readonly finalizers?: readonly string[] };
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
  readonly reason?: string;
  readonly message?: string;
}

/** What is there, by what was done. */
export type Story = Readonly<Record<string, unknown>>;

const LONGEST_MS = 90_000;

class Teller {
  readonly #server: Served;
  readonly space: string;

  constructor(server: Served, space: string) {
    this.#server = server;
    this.space = space;
  }

  async run(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#server.kubectl(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** What kubectl says where it is to fail. */
  async refused(
    args: readonly string[],
  ): Promise<{ readonly code: number; readonly stderr: string }> {
    return await this.#server.kubectl(args);
  }

  async create(object: object): Promise<Found> {
    const input = JSON.stringify(object);
    const { code, stdout, stderr } = await this.#server.kubectl(['create', '-f-', '-o=json'], {
      input,
    });
    if (code !== 0) throw new Error(`kubectl create: ${stderr}\n${input}`);
    return JSON.parse(stdout);
  }

  map(name: string, more: object = {}, namespace = this.space): Promise<Found> {
    const metadata = { name, namespace, labels: { story: 'yes' }, ...more };
    return this.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
  }

  owned(name: string, ...ownerReferences: readonly OwnerReference[]): Promise<Found> {
    return this.map(name, { ownerReferences });
  }

  /** What is left, in words. */
  async left(namespace = this.space): Promise<readonly string[]> {
    const text = await this.run('get', 'cm', '-l=story', `-n=${namespace}`, '-o=json');
    const { items }: { readonly items: readonly Found[] } = JSON.parse(text);
    return items.map(({ metadata }) => {
      const owners = (metadata.ownerReferences ?? []).map(
        ({ name, blockOwnerDeletion = false }) => `${name}${blockOwnerDeletion ? '!' : ''}`,
      );
      return [
        metadata.name,
        ...(owners.length === 0 ? [] : [`of ${owners.join(',')}`]),
        ...(metadata.finalizers === undefined
          ? []
          : [`waits for ${metadata.finalizers.join(',')}`]),
        ...(metadata.deletionTimestamp === undefined ? [] : ['goes']),
      ].join(' ');
    });
  }

  /** What is left, when it is that at last. */
  async until(...wanted: readonly string[]): Promise<readonly string[]> {
    const end = performance.now() + LONGEST_MS;
    for (;;) {
      const found = await this.left();
      if (found.join('; ') === wanted.join('; ')) return found;
      if (performance.now() > end)
        throw new Error(`expected ${wanted.join('; ')}, got ${found.join('; ')}`);
      await sleep(50);
    }
  }

  async get(...args: readonly string[]): Promise<Found> {
    return JSON.parse(await this.run('get', ...args, '-o=json'));
  }

  async eventually(look: () => Promise<Found>, holds: (found: Found) => boolean): Promise<Found> {
    const end = performance.now() + LONGEST_MS;
    for (;;) {
      const found = await look();
      if (holds(found)) return found;
      if (performance.now() > end) throw new Error(`it never came: ${JSON.stringify(found)}`);
      await sleep(50);
    }
  }

  /** Lets an object go. */
  async release(name: string): Promise<void> {
    const patch = '{"metadata":{"finalizers":null}}';
    await this.run('patch', `cm/${name}`, `-n=${this.space}`, '--type=merge', `-p=${patch}`);
  }

  delete(name: string, cascade: string, ...more: readonly string[]): Promise<string> {
    return this.run('delete', 'cm', name, `-n=${this.space}`, `--cascade=${cascade}`, ...more);
  }
}

const refTo = (
  { apiVersion = '', kind = '', metadata: { name = '', uid = '' } }: Found,
  more: Partial<OwnerReference> = {},
): OwnerReference => ({ apiVersion, kind, name, uid, ...more });
const blocking = (owner: Found): OwnerReference => refTo(owner, { blockOwnerDeletion: true });
const HELD = { finalizers: ['example.com/held'] };
const HELD_TEXT = 'waits for example.com/held';

/** @param name of a namespace that is the story's own */
export async function tell(server: Served, name: string): Promise<Story> {
  const story = new Teller(server, name);
  for (const one of [name, `${name}-other`]) await story.run('create', 'ns', one);
  await story.map('stays');
  const parts = {
    background: await background(story),
    foreground: await foreground(story),
    orphan: await orphan(story),
    owners: await owners(story),
    namespace: await namespace(story),
  };
  await story.run('delete', 'ns', `${name}-other`);
  return JSON.parse(JSON.stringify(parts).replaceAll(name, '<story>'));
}

async function background(story: Teller): Promise<Story> {
  const a = await story.map('a');
  const b = await story.owned('b', refTo(a, { controller: true }));
  await story.owned('c', refTo(b));
  await story.owned('d', refTo(a), refTo(await story.map('e')));
  const said = await story.delete('a', 'background');
  const left = await story.until('d of e', 'e', 'stays');
  await story.delete('e', 'background');
  return { said, left, last: await story.until('stays') };
}

async function foreground(story: Teller): Promise<Story> {
  const a = await story.map('a');
  const b = await story.owned('b', blocking(a));
  await story.map('c', { ...HELD, ownerReferences: [blocking(b)] });
  await story.map('d', { ...HELD, ownerReferences: [refTo(a)] });
  await story.owned('e', blocking(a), refTo(await story.map('f')));
  const said = await story.delete('a', 'foreground', '--wait=false');
  const between = await story.until(
    'a waits for foregroundDeletion goes',
    'b of a! waits for foregroundDeletion goes',
    `c of b! ${HELD_TEXT} goes`,
    `d of a ${HELD_TEXT} goes`,
    'e of f',
    'f',
    'stays',
  );
  await story.release('c');
  const after = await story.until(`d of a ${HELD_TEXT} goes`, 'e of f', 'f', 'stays');
  await story.release('d');
  // Waits until it is gone, and so until e is.
  await story.delete('f', 'foreground');
  return { said, between, after, last: await story.until('stays') };
}

async function orphan(story: Teller): Promise<Story> {
  const a = await story.map('a');
  const b = await story.map('b');
  await story.owned('c', blocking(a), refTo(b));
  await story.owned('d', refTo(a));
  const said = await story.delete('a', 'orphan');
  const left = await story.until('b', 'c of b', 'd', 'stays');
  await story.delete('b', 'background');
  await story.until('d', 'stays');
  await story.delete('d', 'background');
  return { said, left };
}

async function owners(story: Teller): Promise<Story> {
  const other = `${story.space}-other`;
  const never = { apiVersion: 'v1', kind: 'ConfigMap', name: 'never', uid: 'never' };
  const elsewhere = await story.map('elsewhere', {}, other);
  await story.map('own', { ownerReferences: [refTo(elsewhere)] }, other);
  const role = await story.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: `${story.space}-role` },
  });
  await story.owned('of-cluster', refTo(role));
  await story.owned('of-nobody-known', { ...never, apiVersion: 'example.com/v1', kind: 'Foo' });
  await story.owned('of-none', never);
  await story.owned('of-one', never, refTo(role));
  await story.owned('of-elsewhere', refTo(elsewhere));
  const left = await story.until(
    `of-cluster of ${story.space}-role`,
    'of-nobody-known of never',
    `of-one of ${story.space}-role`,
    'stays',
  );
  const event = await story.eventually(
    async () => {
      const selector = '--field-selector=reason=OwnerRefInvalidNamespace';
      const text = await story.run('get', 'events', `-n=${story.space}`, selector, '-o=json');
      const { items }: { readonly items: readonly Found[] } = JSON.parse(text);
      return items[0] ?? { metadata: {} };
    },
    ({ reason }) => reason !== undefined,
  );
  await story.run('delete', 'clusterrole', `${story.space}-role`);
  await story.until('of-nobody-known of never', 'stays');
  await story.delete('of-nobody-known', 'background');
  return {
    left,
    other: await story.left(other),
    event: event.message?.replace(/uid: [-0-9a-f]{36}/, 'uid: <uid>'),
  };
}

async function namespace(story: Teller): Promise<Story> {
  const { space } = story;
  const look = (): Promise<Found> => story.get('ns', space);
  await story.map('held', HELD);
  await story.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: space, ...HELD },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  const said = await story.run('delete', 'ns', space, '--wait=false');
  await story.eventually(
    () => story.get('pod', 'p', `-n=${space}`),
    ({ metadata }) => metadata.deletionTimestamp !== undefined,
  );
  await story.eventually(look, ({ status }) => status?.conditions !== undefined);
  const besidePods = await story.left();
  const patch = '{"metadata":{"finalizers":null}}';
  await story.run('patch', 'pod/p', `-n=${space}`, '--type=merge', `-p=${patch}`);
  const stuck = await story.eventually(look, ({ status }) =>
    (status?.conditions ?? []).some(({ reason }) => reason === 'SomeResourcesRemain'),
  );
  const { code, stderr } = await story.refused(['create', 'cm', 'late', `-n=${space}`]);
  await story.release('held');
  await story.run('wait', '--for=delete', `ns/${space}`, '--timeout=90s');
  // Made anew it is empty, and deleting it waits for its end.
  await story.run('create', 'ns', space);
  const anew = await story.left();
  await story.map('x');
  await story.run('delete', 'ns', space);
  return {
    said,
    besidePods,
    phase: stuck.status?.phase,
    conditions: (stuck.status?.conditions ?? []).map(
      ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
    ),
    refused: [code, stderr],
    anew,
  };
}
