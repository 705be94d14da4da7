/** Random managers who apply, update and patch one service. */
import type { Seeded } from '../../seeded.ts';

/** What somebody does with the object. */
export interface Operation {
  readonly kind: 'apply' | 'force' | 'merge' | 'update' | 'status';
  readonly manager: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export const NAME = 'random';

export class RandomOperations {
  readonly #random: Seeded;

  constructor(random: Seeded) {
    this.#random = random;
  }

  next(): Operation {
    const kind = this.#one([
      'apply',
      'apply',
      'apply',
      'force',
      'merge',
      'update',
      'status',
    ] as const);
    return { kind, manager: this.#one(['ann', 'bob', 'cyd']), body: this.#body(kind) };
  }

  #body(kind: Operation['kind']): Operation['body'] {
    const status = kind === 'status' ? { status: this.#status() } : {};
    return {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: NAME, ...this.#metadata() },
      spec: this.#spec(kind),
      ...status,
    };
  }

  #metadata(): object {
    return {
      ...this.#maybe('labels', () => this.#map()),
      ...this.#maybe('annotations', () => this.#map()),
      ...this.#maybe('finalizers', () => this.#some(['x.y/a', 'x.y/b', 'x.y/c'])),
    };
  }

  #spec(kind: Operation['kind']): object {
    const ports = this.#some([1, 2, 3, 4]).map((port) => ({
      port,
      name: `p${port}`,
      ...this.#maybe('protocol', () => this.#one(['TCP', 'TCP', 'UDP'])),
      ...this.#maybe('targetPort', () => this.#one<number | string>([80, 'web'])),
      ...this.#maybe('appProtocol', () => this.#one(['a', 'b'])),
    }));
    // A service needs a port: what is put in its place has one.
    const needed = kind === 'update' || kind === 'force';
    const given = ports.length === 0 && needed ? [{ port: 9, name: 'p9' }] : ports;
    return {
      ...(given.length === 0 ? {} : { ports: given }),
      ...this.#maybe('selector', () => this.#map()),
      ...this.#maybe('externalIPs', () => this.#some(['1.1.1.1', '2.2.2.2'])),
      ...this.#maybe('sessionAffinity', () => this.#one(['None', 'ClientIP'])),
      ...this.#maybe('publishNotReadyAddresses', () => this.#one([true, false])),
    };
  }

  #status(): object {
    const conditions = this.#some(['A', 'B', 'C']).map((type) => ({
      type,
      status: this.#one(['True', 'False']),
      reason: 'R',
      message: this.#one(['', 'm']),
      lastTransitionTime: '2026-01-01T00:00:00Z',
    }));
    return { loadBalancer: {}, conditions };
  }

  #map(): Record<string, string> {
    return Object.fromEntries(
      this.#some(['k', 'l', 'm']).map((key) => [key, this.#one(['1', '2'])]),
    );
  }

  #maybe(name: string, value: () => unknown): object {
    return this.#random.next() < 0.5 ? { [name]: value() } : {};
  }

  #some<T>(all: readonly T[]): T[] {
    const kept = all.filter(() => this.#random.next() < 0.5);
    return this.#random.next() < 0.3 ? kept.reverse() : kept;
  }

  #one<T>(all: readonly [T, ...T[]]): T {
    return all[Math.floor(this.#random.next() * all.length)] ?? all[0];
  }
}
