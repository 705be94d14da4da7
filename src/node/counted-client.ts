/** A client that knows what is under way through it, so that it can be ended without ending that. */
import type { Clock, KubernetesClient } from '../client/index.ts';
import { ENDED, pause } from './waiting.ts';

export interface CountedClient {
  readonly client: KubernetesClient;
  /** Ends it when the last request is answered, or after `patienceMs`; watches end with it. Never rejects. */
  retire(clock: Clock, patienceMs: number): Promise<void>;
  /** Ends it, and whatever is under way. Never rejects. */
  end(): Promise<void>;
}

export function countedClient(inner: KubernetesClient): CountedClient {
  let underWay = 0;
  const idle = new AbortController();
  let retired = false;
  const counted = async <T>(request: Promise<T>): Promise<T> => {
    underWay++;
    try {
      return await request;
    } finally {
      underWay--;
      if (retired && underWay === 0) idle.abort(ENDED);
    }
  };
  /** A connection that does not close well is as good as closed. */
  const end = async (): Promise<void> => {
    idle.abort(ENDED);
    await inner.close().catch(() => undefined);
  };
  return {
    client: {
      get: (...all) => counted(inner.get(...all)),
      list: (...all) => counted(inner.list(...all)),
      create: (...all) => counted(inner.create(...all)),
      update: (...all) => counted(inner.update(...all)),
      patch: (...all) => counted(inner.patch(...all)),
      delete: (...all) => counted(inner.delete(...all)),
      deleteCollection: (...all) => counted(inner.deleteCollection(...all)),
      raw: (...all) => counted(inner.raw(...all)),
      watch: (...all) => inner.watch(...all),
      close: end,
    },
    async retire(clock, patienceMs) {
      retired = true;
      if (underWay > 0) await pause(clock, patienceMs, idle.signal);
      await end();
    },
    end,
  };
}
