/** A Kubernetes API in memory, as small as the client's tests need it, with troubles on demand. */
import { createClient, type KubernetesClient, loopbackTransport } from '../../src/client/index.ts';
import type { ApiRequest, ApiResponse, Status, StatusReason } from '../../src/kubernetes/index.ts';
import { type KubernetesObject, StatusError } from '../../src/kubernetes/index.ts';
import type { ManualClock } from '../manual-clock.ts';

type Stored = KubernetesObject & { readonly metadata: { readonly resourceVersion: string } };
interface Event {
  readonly revision: number;
  readonly type: string;
  readonly path: string;
  readonly object: Stored;
}

export interface FakeApi {
  /** A client of its own, with its own connection. */
  client(clock: ManualClock): KubernetesClient;
  /** `GET /path` and so on, of every request so far. */
  readonly log: string[];
  /** Writes as somebody else. */
  put(path: string, object: object): Stored;
  remove(path: string): void;
  read(path: string): Stored | undefined;
  /** Asked before each request is answered; an answer, or what it throws, takes the place of the server's. */
  trouble: (request: ApiRequest) => Promise<ApiResponse | undefined> | ApiResponse | undefined;
  /** Ends the watches that are open: as a server does, or with an error. */
  endWatches(error?: Error): void;
  /** Sends a line to every open watch. */
  sendToWatches(line: object): void;
  /** Forgets the past. */
  compact(): void;
  readonly watches: number;
}

export function createFakeApi(): FakeApi {
  const objects = new Map<string, Stored>();
  const watches = new Set<Watch>();
  let history: Event[] = [];
  let revision = 100;
  let compacted = 0;
  const log: string[] = [];

  const write = (type: string, path: string, given: object): Stored => {
    revision++;
    const { metadata = {}, ...rest } = given as { metadata?: object };
    const uid = type === 'ADDED' ? `uid-${revision}` : objects.get(path)?.metadata.uid;
    const object = {
      ...rest,
      metadata: {
        ...(uid === undefined ? {} : { uid }),
        ...metadata,
        resourceVersion: String(revision),
      },
    } as Stored;
    if (type === 'DELETED') objects.delete(path);
    else objects.set(path, object);
    const event = { revision, type, path, object };
    history.push(event);
    for (const watch of watches) watch.offer(event);
    return object;
  };

  const api: FakeApi = {
    client: (clock) => createClient(loopbackTransport(handle), { clock }),
    log,
    put: (path, object) => write(objects.has(path) ? 'MODIFIED' : 'ADDED', path, object),
    remove(path) {
      const object = objects.get(path);
      if (object !== undefined) write('DELETED', path, object);
    },
    read: (path) => objects.get(path),
    trouble: () => undefined,
    endWatches(error) {
      for (const watch of watches) watch.end(error);
      watches.clear();
    },
    sendToWatches(line) {
      for (const watch of watches) watch.send(line);
    },
    compact() {
      compacted = revision;
      history = [];
    },
    get watches() {
      return watches.size;
    },
  };

  async function handle(request: ApiRequest): Promise<ApiResponse> {
    log.push(`${request.method} ${request.url}`);
    const troubled = await api.trouble(request);
    if (troubled !== undefined) return troubled;
    try {
      return answer(request);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return json(error.httpStatus, error.status);
    }
  }

  function answer({ method, url, body, signal }: ApiRequest): ApiResponse {
    const { pathname: path, searchParams: query } = new URL(url, 'http://x');
    const given = body === undefined ? undefined : JSON.parse(Buffer.from(body).toString());
    if (method === 'POST') {
      const at = `${path}/${given.metadata.name}`;
      if (objects.has(at)) throw StatusError.of('AlreadyExists', `${at} already exists`);
      return json(201, write('ADDED', at, given));
    }
    if (query.has('watch')) return openWatch(path, Number(query.get('resourceVersion')), signal);
    const known = objects.get(path);
    if (known === undefined && method === 'GET' && isCollection(path)) return list(path, query);
    if (known === undefined) throw StatusError.of('NotFound', `${path} not found`);
    if (method === 'PUT') {
      const { resourceVersion = known.metadata.resourceVersion } = given.metadata;
      if (resourceVersion !== known.metadata.resourceVersion) {
        throw StatusError.of('Conflict', `${path} has changed`);
      }
      return json(200, write('MODIFIED', path, given));
    }
    if (method === 'DELETE') return json(200, write('DELETED', path, known));
    return json(200, known);
  }

  function list(path: string, query: URLSearchParams): ApiResponse {
    const [at = revision, after = ''] = JSON.parse(query.get('continue') ?? '[]');
    if (at < compacted) throw StatusError.of('Expired', 'the continue token is too old');
    const limit = Number(query.get('limit') ?? 'NaN') || Number.POSITIVE_INFINITY;
    const found = [...objects.entries()]
      .filter(([key]) => key.startsWith(`${path}/`) && key > after)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const page = found.slice(0, limit);
    const last = page.at(-1)?.[0];
    const more = found.length > page.length ? { continue: JSON.stringify([at, last]) } : {};
    const items = page.map(([, object]) => object);
    return json(200, { metadata: { resourceVersion: String(at), ...more }, items });
  }

  function openWatch(path: string, from: number, signal: AbortSignal | undefined): ApiResponse {
    if (from < compacted) {
      const watch = createWatch(path, () => {});
      watch.send({ type: 'ERROR', object: StatusError.of('Expired', 'too old').status });
      watch.end();
      return { status: 200, headers: {}, body: watch.stream };
    }
    const watch = createWatch(path, () => watches.delete(watch));
    watches.add(watch);
    for (const event of history) if (event.revision > from) watch.offer(event);
    signal?.addEventListener('abort', () => watch.end());
    return { status: 200, headers: {}, body: watch.stream };
  }

  return api;
}

interface Watch {
  readonly stream: AsyncIterable<Uint8Array>;
  offer(event: Event): void;
  send(line: object): void;
  end(error?: Error): void;
}

function createWatch(path: string, ended: () => void): Watch {
  const lines: Uint8Array[] = [];
  let over: { error: Error | undefined } | undefined;
  let wake = (): void => {};
  async function* stream(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const line = lines.shift();
        if (line !== undefined) yield line;
        else if (over?.error !== undefined) throw over.error;
        else if (over !== undefined) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      ended();
    }
  }
  const send = (line: object): void => {
    lines.push(Buffer.from(`${JSON.stringify(line)}\n`));
    wake();
  };
  return {
    stream: stream(),
    send,
    offer({ type, path: at, object }) {
      if (at.startsWith(`${path}/`)) send({ type, object });
    },
    end(error) {
      over = { error };
      ended();
      wake();
    },
  };
}

/** `/api/v1/nodes`, `/api/v1/namespaces/n/secrets`: an odd number of parts behind the version. */
const isCollection = (path: string): boolean => {
  const parts = path.split('/').slice(path.startsWith('/apis/') ? 4 : 3);
  return parts.length % 2 === 1;
};

const json = (status: number, body: object): ApiResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(body)),
});

/** The answer that refuses for a reason. */
export function refuse(reason: StatusReason): ApiResponse {
  const { httpStatus, status }: { httpStatus: number; status: Status } = StatusError.of(
    reason,
    'no',
  );
  return json(httpStatus, status);
}
