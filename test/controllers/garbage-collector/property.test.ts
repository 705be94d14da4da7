/** Random ownership, random deletions: afterwards exactly what has a living owner, or none, is left. */
import { expect, it } from 'vitest';
import { collectGarbage } from '../../../src/controllers/garbage-collector/index.ts';
import type { OwnerReference } from '../../../src/kubernetes/index.ts';
import { type Seeded, seeded, seededWith } from '../../seeded.ts';
import { eventually, type Found, type OwnApi, ownApi, refTo } from '../own-api.ts';

const PLACES = [
  '/api/v1/namespaces/default/configmaps',
  '/api/v1/namespaces/other/configmaps',
  '/api/v1/namespaces/default/secrets',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
] as const;
const NEVER = { apiVersion: 'v1', kind: 'Secret', name: 'x', uid: 'never' };
const OBJECTS = 40;

interface Known {
  readonly place: string;
  readonly object: Found;
  owners: readonly string[];
}

/** Whether a reference from one to the other means it. */
const reaches = (owner: Found, namespace: string | undefined): boolean =>
  owner.metadata.namespace === undefined || owner.metadata.namespace === namespace;

class World {
  readonly #api: OwnApi;
  readonly #random: Seeded;
  readonly known = new Map<string, Known>();

  constructor(api: OwnApi, random: Seeded) {
    this.#api = api;
    this.#random = random;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[Math.floor(this.#random.next() * from.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  }

  async create(index: number): Promise<void> {
    const place = this.pick(PLACES);
    const isNamespaced = place.includes('/namespaces/');
    const namespace = isNamespaced ? place.split('/')[4] : undefined;
    const references: OwnerReference[] = [];
    const owners: string[] = [];
    const all = [...this.known.values()];
    for (let left = Math.floor(this.#random.next() * 4); left > 0 && all.length > 0; left -= 1) {
      const { object } = this.pick(all);
      const { uid = '' } = object.metadata;
      // What is in no namespace and names what is in one is nobody's to judge.
      if (!isNamespaced && object.metadata.namespace !== undefined) continue;
      if (references.some((one) => one.uid === uid)) continue;
      references.push(refTo(object, { blockOwnerDeletion: this.#random.next() < 0.5 }));
      owners.push(reaches(object, namespace) ? uid : 'nobody');
    }
    if (isNamespaced && this.#random.next() < 0.1) {
      references.push(NEVER);
      owners.push('nobody');
    }
    const metadata = { name: `o-${index}`, ownerReferences: references };
    const object = await this.#api.must('POST', place, { metadata });
    this.known.set(object.metadata.uid ?? '', { place, object, owners });
  }

  async delete({ place, object }: Known, policy: string): Promise<void> {
    const { name = '' } = object.metadata;
    // The collector may have been faster.
    await this.#api.ask('DELETE', `${place}/${name}?propagationPolicy=${policy}`);
  }

  /** What follows from deletions: who has lost all owners goes, and so on; who has not loses those that are gone. */
  settle(deleted: readonly Known[] = []): void {
    for (const { object } of deleted) this.known.delete(object.metadata.uid ?? '');
    for (let isDone = false; !isDone; ) {
      isDone = true;
      for (const [uid, { owners }] of this.known) {
        if (owners.length === 0 || owners.some((owner) => this.known.has(owner))) continue;
        this.known.delete(uid);
        isDone = false;
      }
    }
    for (const one of this.known.values()) {
      one.owners = one.owners.filter((owner) => this.known.has(owner));
    }
  }

  async reached(): Promise<void> {
    const wanted = [...this.known].map(([uid, { owners }]) => [uid, ...owners].join()).sort();
    await eventually(
      () => this.#left(),
      (found) => JSON.stringify(found) === JSON.stringify(wanted),
    );
  }

  async #left(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const place of PLACES) {
      for (const { metadata } of await this.#api.all(place)) {
        if (metadata.name?.startsWith('o-') !== true) continue;
        const { uid = '', ownerReferences: owners = [] } = metadata;
        found.push([uid, ...owners.map((owner) => owner.uid)].join());
      }
    }
    return found.sort();
  }
}

const { seed } = seeded('ownership');

it.each(Array.from({ length: 8 }, (_, round) => round))(
  'is left what should be, round %i',
  async (round) => {
    const random = seededWith(seed + round);
    const api = await ownApi();
    await api.must('POST', '/api/v1/namespaces', { metadata: { name: 'other' } });
    api.run(collectGarbage);
    const world = new World(api, random);
    for (let index = 0; index < OBJECTS; index += 1) {
      await world.create(index);
      // What is made without an owner that is there goes before the next can name it.
      if (random.next() < 0.2) {
        world.settle();
        await world.reached();
      }
    }
    world.settle();
    await world.reached();
    for (let phase = 0; phase < 6 && world.known.size > 0; phase += 1) {
      const all = [...world.known.values()];
      if (phase % 3 === 2) {
        // By itself: whether dependents lose an owner before or after another goes makes a difference.
        const orphaned = world.pick(all);
        const { uid = '' } = orphaned.object.metadata;
        await world.delete(orphaned, 'Orphan');
        for (const one of all) one.owners = one.owners.filter((owner) => owner !== uid);
        world.settle([orphaned]);
      } else {
        const some = Array.from({ length: 3 }, () => world.pick(all));
        await Promise.all(
          some.map((one) => world.delete(one, world.pick(['Foreground', 'Background']))),
        );
        world.settle(some);
      }
      await world.reached();
    }
    expect(api.lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    // And nothing more happens.
    await world.reached();
  },
);
