/** Controllers against our own API server, in memory and in one process. */
import { onTestFinished } from 'vitest';
import type { ApiServerOptions } from '../../src/apiserver/index.ts';
import {
  createClient,
  type KubernetesClient,
  loopbackTransport,
  systemClock,
} from '../../src/client/index.ts';
import type { ControllerContext } from '../../src/controllers/context.ts';
import type { LogLine } from '../../src/controllers/index.ts';
import type { Condition, KubernetesObject, OwnerReference } from '../../src/kubernetes/index.ts';
import { ADMIN, type Answer, type Asked, apiServer } from '../apiserver/front/server.ts';

/** An object as far as these tests look at it. */
export interface Found extends KubernetesObject {
  readonly message?: string;
  readonly spec?: { readonly finalizers?: readonly string[] };
  readonly status?: { readonly phase?: string; readonly conditions?: readonly Condition[] };
}

export interface OwnApi {
  readonly client: KubernetesClient;
  readonly ask: (method: string, url: string, asked?: Asked) => Promise<Answer>;
  /** As `ask`; throws where the answer is no success. A PATCH is a merge patch. */
  readonly must: (method: string, url: string, body?: unknown) => Promise<Found>;
  /** The objects of a collection. */
  readonly all: (url: string) => Promise<readonly Found[]>;
  /** Their names. */
  readonly names: (url: string) => Promise<readonly string[]>;
  /** What the controllers have said. */
  readonly lines: LogLine[];
  /** Runs a controller until the test is over. */
  readonly run: (
    controller: (context: ControllerContext) => Promise<void>,
    client?: KubernetesClient,
  ) => void;
}

export async function ownApi(options: Partial<ApiServerOptions> = {}): Promise<OwnApi> {
  const { api, ask } = await apiServer(options);
  const own = createClient(loopbackTransport(api.loopback(ADMIN)));
  const lines: LogLine[] = [];
  const must: OwnApi['must'] = async (method, url, body) => {
    const { status, json, text } = await ask(method, url, {
      ...(body === undefined ? {} : { body }),
      headers: method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {},
    });
    if (status > 299) throw new Error(`${method} ${url}: ${status} ${text}`);
    return json;
  };
  const all: OwnApi['all'] = async (url) => {
    const { json } = await ask('GET', url);
    return json.items;
  };
  return {
    client: own,
    ask,
    must,
    all,
    names: async (url) => (await all(url)).map(nameOf),
    lines,
    run: (controller, client = own) => {
      const stop = new AbortController();
      const running = controller({
        client,
        clock: systemClock,
        random: Math.random,
        signal: stop.signal,
        log: (line) => lines.push(line),
      });
      onTestFinished(async () => {
        stop.abort(new Error('the test is over'));
        await running;
      });
    },
  };
}

export const nameOf = ({ metadata: { name = '' } }: KubernetesObject): string => name;

/** A reference to an object. */
export const refTo = (
  { apiVersion = '', kind = '', metadata }: KubernetesObject,
  more: Partial<OwnerReference> = {},
): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name ?? '',
  uid: metadata.uid ?? '',
  ...more,
});

const LONGEST_MS = 20_000;

/** What `look` finds when it holds; it is looked again and again. */
export async function eventually<T>(
  look: () => Promise<T> | T,
  holds: (found: T) => boolean,
): Promise<T> {
  const end = performance.now() + LONGEST_MS;
  for (;;) {
    const found = await look();
    if (holds(found)) return found;
    if (performance.now() > end) throw new Error(`it never came: ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
