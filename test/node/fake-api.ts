/** A Kubernetes API in memory, as far as a node speaks to it: it keeps who asked for what, and can be made to misbehave. */
import { setImmediate } from 'node:timers/promises';
import type { KubernetesClient } from '../../src/client/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import {
  type CertificateSigningRequest,
  type KubernetesObject,
  type ResourceType,
  resourcePath,
  StatusError,
  type SubjectAccessReview,
  type WatchEvent,
} from '../../src/kubernetes/index.ts';
import type { ApiTarget, Connect } from '../../src/node/index.ts';
import {
  type CertificateTemplate,
  commonName,
  createIssuer,
  encodePem,
  generatePrivateKey,
  type Issuer,
  makeName,
  parseCertificate,
  readCertificates,
  readRequest,
  selfSign,
} from '../../src/x509/index.ts';

export interface Call {
  /** `token …`, or the common name of the client certificate. */
  readonly user: string;
  /** `create /api/v1/nodes`. */
  readonly what: string;
  readonly body?: unknown;
}

export interface Authority {
  readonly pem: string;
  readonly issuer: Issuer;
}

const DAY = 86_400_000;

export function makeAuthority(now: Date, name = 'kubernetes'): Authority {
  const key = generatePrivateKey('ECDSA-P256');
  const der = selfSign(
    {
      subject: makeName({ commonName: name }),
      notBefore: new Date(now.getTime() - DAY),
      notAfter: new Date(now.getTime() + 3650 * DAY),
      basicConstraints: { ca: true },
      keyUsage: ['digitalSignature', 'keyCertSign'],
      extendedKeyUsage: [],
    },
    key,
  );
  return {
    pem: encodePem('CERTIFICATE', der),
    issuer: createIssuer(parseCertificate(der), key),
  };
}

/** How long an issued certificate lives, from its notBefore, which is 5 minutes ago. */
const LIFETIME = 10 * DAY;

export class FakeApi {
  readonly calls: Call[] = [];
  readonly objects = new Map<string, KubernetesObject>();
  readonly authority: Authority;
  readonly #now: () => Date;
  #revision = 100;
  readonly #watchers = new Set<(path: string, event: WatchEvent<KubernetesObject>) => void>();
  openConnections = 0;

  /** Thrown by every call for which it answers something. */
  failure: (call: Call) => Error | undefined = () => undefined;
  /** What becomes of a request as soon as it is there. */
  onRequest: (csr: CertificateSigningRequest) => void = (csr) => this.sign(csr);
  /** Changes what is signed. */
  changeTemplate: (template: CertificateTemplate) => CertificateTemplate = (template) => template;
  /** What access reviews say. */
  allows: (spec: SubjectAccessReview['spec']) => boolean = () => true;

  constructor(now: () => Date) {
    this.#now = now;
    this.authority = makeAuthority(now());
  }

  /** The names of all certificate signing requests, oldest first. */
  get requests(): string[] {
    return [...this.objects.values()]
      .filter(({ kind }) => kind === 'CertificateSigningRequest')
      .map(({ metadata }) => metadata.name ?? '');
  }

  request(name: string): CertificateSigningRequest {
    const found = this.objects.get(csrPath(name));
    if (found === undefined) throw new Error(`no request ${name}`);
    return found as CertificateSigningRequest;
  }

  /** Approves and signs with the template that kube-controller-manager would use. */
  sign({ metadata: { name = '' }, spec }: CertificateSigningRequest): void {
    const request = readRequest(Buffer.from(spec.request, 'base64'));
    const notBefore = new Date(this.#now().getTime() - 300_000);
    const template = this.changeTemplate({
      subject: request.subject,
      notBefore,
      notAfter: new Date(notBefore.getTime() + LIFETIME),
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: spec.usages?.includes('server auth') ? ['serverAuth'] : ['clientAuth'],
      ...(request.subjectAltNames === undefined
        ? {}
        : { subjectAltNames: request.subjectAltNames }),
    });
    const der = this.authority.issuer.issue(template, request.spki);
    this.answer(name, encodePem('CERTIFICATE', der));
  }

  /** Approves, and gives this text for a certificate. */
  answer(name: string, certificate: string): void {
    this.setStatus(name, {
      conditions: [{ type: 'Approved', status: 'True', reason: 'Test' }],
      certificate: Buffer.from(certificate).toString('base64'),
    });
  }

  setStatus(name: string, status: NonNullable<CertificateSigningRequest['status']>): void {
    const changed: CertificateSigningRequest = { ...this.request(name), status };
    this.#store(csrPath(name), changed, 'MODIFIED');
  }

  remove(path: string): void {
    const object = this.objects.get(path);
    this.objects.delete(path);
    if (object !== undefined) this.#announce(path, { type: 'DELETED', object });
  }

  /** Ends every watch, as a server does now and then. */
  endWatches(): void {
    this.#announce('', { type: 'ERROR', object: { metadata: {} } });
  }

  put(path: string, object: KubernetesObject): KubernetesObject {
    return this.#store(path, object, this.objects.has(path) ? 'MODIFIED' : 'ADDED');
  }

  #store(path: string, object: KubernetesObject, type: 'ADDED' | 'MODIFIED'): KubernetesObject {
    this.#revision++;
    const { metadata } = object;
    const stored = {
      ...object,
      metadata: {
        ...metadata,
        uid: metadata.uid ?? `uid-${this.#revision}`,
        resourceVersion: String(this.#revision),
      },
    };
    this.objects.set(path, stored);
    this.#announce(path, { type, object: stored });
    return stored;
  }

  #announce(path: string, event: WatchEvent<KubernetesObject>): void {
    for (const watcher of this.#watchers) watcher(path, event);
  }

  /** What clients were made for. */
  readonly targets: ApiTarget[] = [];

  readonly connect: Connect = (target) => {
    this.targets.push(target);
    return this.#client(target);
  };

  #client(target: ApiTarget): KubernetesClient {
    const user = userOf(target);
    const gone = new AbortController();
    this.openConnections++;
    const call = async (what: string, body?: unknown, signal?: AbortSignal): Promise<void> => {
      await setImmediate();
      signal?.throwIfAborted();
      if (gone.signal.aborted) throw unreachable();
      const made: Call = { user, what, ...(body === undefined ? {} : { body }) };
      this.calls.push(made);
      const failure = this.failure(made);
      if (failure !== undefined) throw failure;
    };
    const find = (path: string): KubernetesObject => {
      const object = this.objects.get(path);
      if (object === undefined) throw StatusError.of('NotFound', `${path} not found`);
      return object;
    };
    return {
      get: async (type, location, options) => {
        const path = resourcePath(type, location);
        await call(`get ${path}`, undefined, options?.signal);
        return find(path) as never;
      },
      list: async (type, options = {}) => {
        await call(`list ${resourcePath(type)}`, options.fieldSelector, options.signal);
        const items = [...this.objects.values()].filter(({ kind }) => kind === type.kind);
        return { metadata: { resourceVersion: String(this.#revision) }, items } as never;
      },
      create: async (type, object, options) => {
        const where = resourcePath(type, locationOf(type, object));
        await call(`create ${where}`, object, options?.signal);
        if (type.kind === 'SubjectAccessReview') {
          const allowed = this.allows((object as unknown as SubjectAccessReview).spec);
          const review = { ...object, status: { allowed } };
          return review;
        }
        const { generateName, name = `${generateName ?? ''}${this.#revision}` } = object.metadata;
        const path = `${where}/${name}`;
        if (this.objects.has(path)) throw StatusError.of('AlreadyExists', `${name} is there`);
        const kept = this.#store(
          path,
          { ...object, metadata: { ...object.metadata, name } },
          'ADDED',
        );
        if (type.kind === 'CertificateSigningRequest') {
          queueMicrotask(() => this.onRequest(kept as CertificateSigningRequest));
        }
        return kept as never;
      },
      update: async (type, object, options) => {
        const path = resourcePath(type, {
          ...locationOf(type, object),
          name: object.metadata.name ?? '',
        });
        await call(`update ${path}`, object, options?.signal);
        if (find(path).metadata.resourceVersion !== object.metadata.resourceVersion) {
          throw StatusError.of('Conflict', 'somebody else was faster');
        }
        return this.#store(path, object, 'MODIFIED') as never;
      },
      patch: async (type, location, patch, options) => {
        const path = resourcePath(type, location);
        await call(`patch ${path}`, patch, options.signal);
        const at = path.replace(/\/status$/, '');
        return this.#store(at, merged(find(at), patch), 'MODIFIED') as never;
      },
      delete: async (type, location) => {
        const path = resourcePath(type, location);
        await call(`delete ${path}`);
        this.remove(path);
      },
      deleteCollection: async (type) => {
        throw new Error(`nodes delete no collections, not of ${type.resource}`);
      },
      watch: (type, options) => {
        const started = call(`watch ${resourcePath(type)}`, options.fieldSelector, options.signal);
        return this.#watch(started, resourcePath(type), options, gone.signal) as never;
      },
      raw: async () => {
        await call('raw');
        return { status: 404, body: new Uint8Array() };
      },
      close: async () => {
        if (!gone.signal.aborted) this.openConnections--;
        gone.abort();
      },
    };
  }

  async *#watch(
    started: Promise<void>,
    prefix: string,
    options: { readonly signal?: AbortSignal; readonly resourceVersion?: string },
    gone: AbortSignal,
  ): AsyncGenerator<WatchEvent<KubernetesObject>> {
    await started;
    const from = Number(options.resourceVersion ?? 0);
    const queue = [...this.objects.entries()]
      .filter(
        ([path, { metadata }]) =>
          path.startsWith(prefix) && Number(metadata.resourceVersion) > from,
      )
      .map(([, object]): WatchEvent<KubernetesObject> => ({ type: 'MODIFIED', object }));
    const signal = AbortSignal.any([
      gone,
      ...(options.signal === undefined ? [] : [options.signal]),
    ]);
    let wake = (): void => undefined;
    const watcher = (path: string, event: WatchEvent<KubernetesObject>): void => {
      if (event.type === 'ERROR' || path.startsWith(prefix)) queue.push(event);
      wake();
    };
    this.#watchers.add(watcher);
    const onAbort = (): void => wake();
    signal.addEventListener('abort', onAbort);
    try {
      for (;;) {
        options.signal?.throwIfAborted();
        if (gone.aborted) throw unreachable();
        const next = queue.shift();
        if (next?.type === 'ERROR') return;
        if (next !== undefined) yield next;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#watchers.delete(watcher);
      signal.removeEventListener('abort', onAbort);
    }
  }
}

export const csrPath = (name: string): string =>
  `/apis/certificates.k8s.io/v1/certificatesigningrequests/${name}`;

export const unreachable = (): KubepkiError =>
  new KubepkiError('UNREACHABLE', 'https://api.test:6443 did not answer');

const locationOf = ({ namespaced }: ResourceType, { metadata }: KubernetesObject) =>
  namespaced && metadata.namespace !== undefined ? { namespace: metadata.namespace } : {};

function userOf({ token, certificate }: ApiTarget): string {
  if (certificate !== undefined) return commonName(readCertificates(certificate)[0].subject) ?? '';
  return token === undefined ? 'anonymous' : `token ${token}`;
}

/** A merge as far as the node's patches need it: conditions by type, `$patch: replace` for addresses. */
function merged<T>(object: T, patch: unknown): T {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch as T;
  const result: Record<string, unknown> = { ...(object as Record<string, unknown>) };
  for (const [key, value] of Object.entries(patch)) {
    result[key] = Array.isArray(value)
      ? mergedList(result[key], value as { type?: string; $patch?: string }[])
      : merged(result[key], value);
  }
  return result as T;
}

function mergedList(old: unknown, patch: readonly { type?: string; $patch?: string }[]): unknown[] {
  const items = patch.filter(({ $patch }) => $patch === undefined);
  if (items.length < patch.length) return items;
  const kept = Array.isArray(old) ? (old as { type?: string }[]) : [];
  return [...kept.filter(({ type }) => !items.some((item) => item.type === type)), ...items];
}
