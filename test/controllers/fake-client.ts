/** A Kubernetes API in memory, behind the client's interface: as much of it as controllers can notice. */
import type {
  Clock,
  DeleteCallOptions,
  KubernetesClient,
  ListCallOptions,
  ObjectLocation,
  WatchCallOptions,
} from '../../src/client/index.ts';
import {
  type CertificateSigningRequest,
  type ClusterTrustBundle,
  type Condition,
  conditionsOf,
  type KubernetesList,
  type KubernetesObject,
  type ResourceType,
  StatusError,
  type SubjectAccessReview,
  type WatchEvent,
} from '../../src/kubernetes/index.ts';

export interface Call {
  readonly verb: string;
  readonly resource: string;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
  readonly object?: KubernetesObject | undefined;
}

interface Logged {
  readonly resource: string;
  readonly revision: number;
  readonly event: WatchEvent<KubernetesObject>;
}

const keyOf = ({ namespace, name }: { namespace?: string; name?: string }): string =>
  `${namespace ?? ''}/${name ?? ''}`;

export class FakeApi implements KubernetesClient {
  /** Every request but watches, in order. */
  readonly calls: Call[] = [];
  /** Called before each request, and may throw what the server answers. */
  before: (call: Call) => void | Promise<void> = () => {};
  /** Whether a SubjectAccessReview is allowed. */
  allow: (spec: SubjectAccessReview['spec']) => boolean = () => true;
  /** Why a SubjectAccessReview is denied, as where somebody is revoked. */
  deny: (spec: SubjectAccessReview['spec']) => string | undefined = () => undefined;

  /** Which resources discovery tells of, by `group/version`; nothing unless given. */
  served: Readonly<Record<string, readonly string[]>> = {};

  /** Ends watches in time; without, they last. */
  clock: Clock | undefined;

  /** @param objects that are there from the beginning */
  constructor(...objects: readonly (readonly [ResourceType, KubernetesObject])[]) {
    for (const [type, object] of objects) this.#store(type, 'ADDED', object);
  }

  #revision = 0;
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  readonly #log: Logged[] = [];
  #wake = Promise.withResolvers<void>();

  async get<T extends KubernetesObject>(type: ResourceType<T>, location: ObjectLocation) {
    await this.#called({ verb: 'get', resource: type.resource, name: location.name });
    return this.#current(type, location) as T;
  }

  async list<T extends KubernetesObject>(
    type: ResourceType<T>,
    options: ListCallOptions = {},
  ): Promise<KubernetesList<T>> {
    await this.#called({ verb: 'list', resource: type.resource });
    const items = [...this.#all(type).values()].filter((one) => matches(one, options));
    return { metadata: { resourceVersion: String(this.#revision) }, items: items as T[] };
  }

  async create<T extends KubernetesObject>(type: ResourceType<T>, object: T): Promise<T> {
    const { name } = object.metadata;
    await this.#called({ verb: 'create', resource: type.resource, name, object });
    if (type.resource === 'subjectaccessreviews') {
      const { spec } = object as unknown as SubjectAccessReview;
      const denial = this.deny(spec);
      const status =
        denial === undefined
          ? { allowed: this.allow(spec) }
          : { allowed: false, denied: true, reason: denial };
      return { ...object, status };
    }
    if (this.#all(type).has(keyOf(object.metadata))) {
      throw StatusError.of('AlreadyExists', `${type.resource} "${name}" already exists`);
    }
    return this.#store(type, 'ADDED', object) as T;
  }

  async update<T extends KubernetesObject>(
    type: ResourceType<T>,
    object: T,
    options: { readonly subresource?: string } = {},
  ): Promise<T> {
    const { name, resourceVersion } = object.metadata;
    const { subresource } = options;
    await this.#called({ verb: 'update', resource: type.resource, name, subresource, object });
    const current = this.#current(type, { ...object.metadata, name: name ?? '' });
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
      throw StatusError.of('Conflict', 'the object has been modified');
    }
    const next =
      type.resource === 'certificatesigningrequests'
        ? updatedCsr(current as never, object as never, subresource)
        : object;
    return this.#store(type, 'MODIFIED', next) as T;
  }

  /** A merge patch of fields at the top. */
  async patch<T extends KubernetesObject>(
    type: ResourceType<T>,
    location: ObjectLocation,
    patch: unknown,
  ): Promise<T> {
    await this.#called({ verb: 'patch', resource: type.resource, name: location.name });
    const current = this.#current(type, location);
    return this.#store(type, 'MODIFIED', { ...current, ...(patch as object) }) as T;
  }

  async delete(
    type: ResourceType,
    location: ObjectLocation,
    { preconditions }: DeleteCallOptions = {},
  ): Promise<void> {
    await this.#called({ verb: 'delete', resource: type.resource, name: location.name });
    const current = this.#current(type, location);
    if (preconditions?.uid !== undefined && preconditions.uid !== current.metadata.uid) {
      throw StatusError.of('Conflict', 'the UID in the precondition does not match');
    }
    this.#all(type).delete(keyOf(location));
    this.#say(type, 'DELETED', current);
  }

  async deleteCollection(): Promise<void> {
    throw StatusError.of('MethodNotAllowed', 'not in this fake');
  }

  async *watch<T extends KubernetesObject>(
    type: ResourceType<T>,
    options: WatchCallOptions,
  ): AsyncIterable<WatchEvent<T>> {
    let next = 0;
    const after = Number(options.resourceVersion ?? 0);
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    const abort = (): void => aborted.reject(options.signal?.reason);
    if (options.signal?.aborted === true) abort();
    options.signal?.addEventListener('abort', abort, { once: true });
    const ms = (options.timeoutSeconds ?? 0) * 1000;
    const ended = this.clock?.sleep(ms, options.signal).then(
      () => true,
      () => false,
    );
    for (;;) {
      const woken = this.#wake.promise;
      for (; next < this.#log.length; next++) {
        const entry = this.#log[next];
        if (entry === undefined || entry.resource !== type.resource) continue;
        if (entry.revision > after && matches(entry.event.object, options)) {
          yield entry.event as WatchEvent<T>;
        }
      }
      if ((await Promise.race([woken, aborted.promise, ended ?? woken])) === true) return;
    }
  }

  async raw({ url }: { readonly url: string }): Promise<{ status: number; body: Buffer }> {
    await this.#called({ verb: 'raw', resource: url });
    const names = this.served[url.replace('/apis/', '')];
    if (names === undefined) throw StatusError.of('NotFound', 'not in this fake');
    const resources = names.map((name) => ({ name, kind: name, namespaced: false, verbs: [] }));
    return { status: 200, body: Buffer.from(JSON.stringify({ resources })) };
  }

  async close(): Promise<void> {}

  /** An object as it stands, for the test to look at. */
  peek<T extends KubernetesObject>(
    type: ResourceType<T>,
    name: string,
    namespace = '',
  ): T | undefined {
    return this.#all(type).get(keyOf({ namespace, name })) as T | undefined;
  }

  /** How often something was asked for: `api.count('update', 'approval')`. */
  count(verb: string, where?: string): number {
    return this.calls.filter(
      (call) =>
        call.verb === verb &&
        (where === undefined || call.subresource === where || call.resource === where),
    ).length;
  }

  async #called(call: Call): Promise<void> {
    this.calls.push(call);
    // A server never answers in the same turn.
    await Promise.resolve();
    await this.before(call);
  }

  #all(type: ResourceType): Map<string, KubernetesObject> {
    const known = this.#objects.get(type.resource) ?? new Map<string, KubernetesObject>();
    this.#objects.set(type.resource, known);
    return known;
  }

  #current(type: ResourceType, location: { namespace?: string; name: string }): KubernetesObject {
    const current = this.#all(type).get(keyOf(location));
    if (current === undefined) {
      throw StatusError.of('NotFound', `${type.resource} "${location.name}" not found`);
    }
    return current;
  }

  #store(
    type: ResourceType,
    event: 'ADDED' | 'MODIFIED',
    object: KubernetesObject,
  ): KubernetesObject {
    const { metadata } = object;
    const stored = {
      ...object,
      metadata: {
        ...metadata,
        uid: metadata.uid ?? `uid-${this.#revision + 1}`,
        resourceVersion: String(this.#revision + 1),
      },
    };
    this.#all(type).set(keyOf(metadata), stored);
    this.#say(type, event, stored);
    return stored;
  }

  #say(type: ResourceType, event: WatchEvent['type'], object: KubernetesObject): void {
    this.#revision++;
    const { resource } = type;
    this.#log.push({ resource, revision: this.#revision, event: { type: event, object } });
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers();
    resolve();
  }
}

/** Only the selectors that controllers use. */
function matches(object: KubernetesObject, options: ListCallOptions): boolean {
  const { namespace, fieldSelector } = options;
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  if (fieldSelector === undefined) return true;
  const [field, value] = fieldSelector.split('=');
  if (field === 'type') return (object as { type?: string }).type === value;
  if (field === 'metadata.name') return object.metadata.name === value;
  if (field === 'spec.signerName') {
    return (object as Partial<ClusterTrustBundle>).spec?.signerName === value;
  }
  throw StatusError.of('BadRequest', `field label not supported: ${field}`);
}

/** What each way of updating may change (kubernetes, pkg/registry/certificates/certificates/strategy.go). */
function updatedCsr(
  old: CertificateSigningRequest,
  object: CertificateSigningRequest,
  subresource: string | undefined,
): CertificateSigningRequest {
  const { metadata } = object;
  const isDecision = ({ type }: Condition): boolean => type === 'Approved' || type === 'Denied';
  const before = conditionsOf(old);
  const asked = conditionsOf(object);
  if (subresource === 'approval') {
    return { ...old, metadata, status: { ...old.status, conditions: stamped(asked) } };
  }
  if (subresource !== 'status') return { ...old, metadata };
  const { certificate } = object.status ?? {};
  if (old.status?.certificate !== undefined && certificate !== old.status.certificate) {
    throw StatusError.of('Invalid', 'updates may not modify existing certificate content');
  }
  const conditions = [
    ...before.filter(isDecision),
    ...stamped(asked.filter((one) => !isDecision(one))),
  ];
  const status = { conditions, ...(certificate === undefined ? {} : { certificate }) };
  return { ...old, metadata, status };
}

const stamped = (conditions: readonly Condition[]): Condition[] =>
  conditions.map((one) => ({ lastUpdateTime: '2026-06-01T12:00:00Z', ...one }));
