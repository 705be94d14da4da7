/** A registry in memory with a clock that stands still and names that can be told beforehand. */
import {
  createRegistry,
  type FieldValidation,
  type ListRequest,
  type Registry,
  type Served,
  type ServedEvent,
  SYSTEM_NAMESPACES,
  type WatchRequest,
  type WriteContext,
} from '../../../src/apiserver/registry/index.ts';
import type { ResourceDefinition } from '../../../src/apiserver/resources/index.ts';
import type { Clock } from '../../../src/client/index.ts';
import type { KubernetesObject, StatusError, UserInfo } from '../../../src/kubernetes/index.ts';
import { createMemoryStorage, type Storage } from '../../../src/storage/index.ts';
import { seededWith } from '../../seeded.ts';

export const NOW = new Date('2026-11-24T10:00:00Z');

/** Time that only the test turns. */
export interface ManualClock extends Clock {
  /** Wakes who sleeps, in order. */
  advance(milliseconds: number): Promise<void>;
}

export function manualClock(): ManualClock {
  let now = NOW.getTime();
  let sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => new Date(now),
    sleep(milliseconds, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const sleeper = { at: now + milliseconds, wake: resolve };
      sleepers.push(sleeper);
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      return promise;
    },
    async advance(milliseconds) {
      const end = now + milliseconds;
      for (;;) {
        const next = sleepers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        sleepers = sleepers.filter((one) => one !== next);
        now = next.at;
        next.wake();
        await turn();
      }
      now = end;
      await turn();
    },
  };
}

/** Everything that is ready happens. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

export const ADMIN: UserInfo = { name: 'admin', uid: '1', groups: ['system:masters'] };

export function contextOf(changes: Partial<WriteContext> = {}, user = ADMIN): WriteContext {
  return {
    attributes: {
      kind: 'resource',
      user,
      verb: 'update',
      group: '',
      version: 'v1',
      resource: '',
      subresource: '',
      namespace: '',
      name: '',
    },
    ...changes,
  };
}

type Json = Readonly<Record<string, unknown>>;

export interface Fixture {
  readonly registry: Registry;
  readonly storage: Storage;
  readonly clock: ManualClock;
  /** What went wrong where nobody waited. */
  readonly failures: unknown[];
  definition(resource: string): ResourceDefinition;
  decode(resource: string, object: unknown, validation?: FieldValidation): KubernetesObject;
  create(resource: string, object: Json, changes?: Partial<WriteContext>): Promise<Served>;
  update(
    resource: string,
    name: string,
    object: Json,
    subresource?: string,
    changes?: Partial<WriteContext>,
  ): Promise<Served>;
  patch(
    resource: string,
    name: string,
    type: 'json' | 'merge' | 'strategic-merge',
    patch: unknown,
    subresource?: string,
    changes?: Partial<WriteContext>,
  ): Promise<Served>;
  names(resource: string, request?: ListRequest): Promise<string[]>;
  close(): Promise<void>;
}

/** Objects of namespaced resources are in `default`. */
export async function fixture(
  storage?: Storage,
  more: { readonly garbageCollection?: boolean } = {},
): Promise<Fixture> {
  const clock = manualClock();
  const store = storage ?? createMemoryStorage({ now: () => clock.now() });
  const failures: unknown[] = [];
  const random = seededWith(1);
  const registry = await createRegistry({
    storage: store,
    clock,
    random: () => random.next(),
    failed: (error) => failures.push(error),
    ...more,
  });
  await registry.seed(SYSTEM_NAMESPACES);
  const definition = (resource: string): ResourceDefinition => {
    const found = registry.definitions.find(({ type }) => type.resource === resource);
    if (found === undefined) throw new Error(`no ${resource}`);
    return found;
  };
  const scope = (resource: string): { namespace?: string } =>
    definition(resource).type.namespaced ? { namespace: 'default' } : {};
  const bytes = (value: unknown): Uint8Array =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const decode: Fixture['decode'] = (resource, object, validation = 'Strict') =>
    registry.decode(definition(resource), bytes(object), validation, () => undefined);
  return {
    registry,
    storage: store,
    clock,
    failures,
    definition,
    decode,
    create: (resource, object, changes) =>
      registry.create(
        definition(resource),
        scope(resource).namespace,
        decode(resource, object),
        contextOf(changes),
      ),
    update: async (resource, name, object, subresource, changes) => {
      const whole = { ...object, metadata: { name, ...(object['metadata'] as object) } };
      const written = await registry.update(
        definition(resource),
        { ...scope(resource), name },
        subresource,
        decode(resource, whole),
        contextOf(changes),
      );
      return written.served;
    },
    patch: async (resource, name, type, patch, subresource, changes) => {
      const written = await registry.patch(
        definition(resource),
        { ...scope(resource), name },
        subresource,
        { mediaType: `application/${type}-patch+json`, body: bytes(patch) },
        contextOf(changes),
      );
      return written.served;
    },
    names: async (resource, request = scope(resource)) => {
      const { items } = await registry.list(definition(resource), request);
      return items.map(({ object }) => object.metadata.name ?? '');
    },
    async close() {
      await registry.close();
      await store.close();
    },
  };
}

/** What a promise was refused with. */
export async function refusal(promise: Promise<unknown>): Promise<StatusError> {
  try {
    await promise;
  } catch (error) {
    return error as StatusError;
  }
  throw new Error('it was not refused');
}

/** `FieldValueInvalid metadata.name` of each cause. */
export async function causesOf(promise: Promise<unknown>): Promise<string[]> {
  const { status } = await refusal(promise);
  if (status.reason !== 'Invalid') throw new Error(`refused otherwise: ${status.message}`);
  return (status.details?.causes ?? []).map(({ reason, field }) => `${reason} ${field}`);
}

export interface Watched {
  /** `ADDED name`, in order. */
  readonly seen: string[];
  readonly events: ServedEvent[];
  readonly ended: Promise<void>;
  /** Resolves when so many events have come. */
  until(count: number): Promise<void>;
  stop(): Promise<void>;
}

export function watching(api: Fixture, resource: string, request: WatchRequest): Watched {
  const stop = new AbortController();
  const seen: string[] = [];
  const events: ServedEvent[] = [];
  let heard = (): void => undefined;
  const read = async (): Promise<void> => {
    const batches = api.registry.watch(api.definition(resource), request, stop.signal);
    for await (const batch of batches) {
      for (const event of batch) {
        events.push(event);
        const { metadata } = event.object;
        seen.push(`${event.type} ${metadata.name ?? metadata.resourceVersion ?? ''}`.trim());
      }
      heard();
    }
  };
  const ended = read();
  return {
    seen,
    events,
    ended,
    until: (count) =>
      new Promise((resolve) => {
        heard = () => {
          if (events.length >= count) resolve();
        };
        heard();
      }),
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}
