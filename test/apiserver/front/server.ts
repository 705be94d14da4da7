/** An API server in memory for tests, asked without a network. */
import { onTestFinished } from 'vitest';
import {
  type ApiServer,
  type ApiServerOptions,
  createApiServer,
  versionInfo,
} from '../../../src/apiserver/index.ts';
import { systemClock } from '../../../src/client/index.ts';
import type { ApiResponse, UserInfo } from '../../../src/kubernetes/index.ts';
import { createMemoryStorage } from '../../../src/storage/index.ts';
import { authority } from '../../http/material.ts';

export const CA = authority('kubernetes');
export const ADMIN: UserInfo = {
  name: 'admin',
  groups: ['system:masters', 'system:authenticated'],
};
export const BOB: UserInfo = { name: 'bob', groups: ['system:authenticated'] };
export const TOKEN = '07401b.f395accd246ae52d';

export interface Answer {
  readonly status: number;
  readonly headers: ApiResponse['headers'];
  readonly text: string;
  /** Parsed, of a body that is JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

export interface Asked {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly user?: UserInfo;
  readonly signal?: AbortSignal;
}

export interface Tested {
  readonly api: ApiServer;
  /** As admin unless said. A body that is no text is sent as JSON. */
  readonly ask: (method: string, url: string, asked?: Asked) => Promise<Answer>;
  /** Faults that the server has logged. */
  readonly faults: string[];
}

export async function apiServer(options: Partial<ApiServerOptions> = {}): Promise<Tested> {
  const faults: string[] = [];
  const api = await createApiServer({
    storage: createMemoryStorage({ now: () => new Date() }),
    clientCa: CA.pem,
    tokenFile: new Map([[TOKEN, { name: 'boot', uid: '1', groups: ['system:bootstrappers'] }]]),
    bootstrapTokens: true,
    anonymousAuth: true,
    version: versionInfo('0.1.0'),
    clock: systemClock,
    log: (message, error) => {
      if (error !== undefined) faults.push(`${message}: ${reasonOf(error)}`);
    },
    ...options,
  });
  onTestFinished(() => api.close());
  await api.ready();
  return {
    api,
    faults,
    async ask(method, url, { body, headers = {}, user = ADMIN, signal } = {}) {
      const bytes =
        body === undefined
          ? undefined
          : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      const response = await api.loopback(user)({
        method,
        url,
        headers,
        ...(bytes === undefined ? {} : { body: bytes }),
        ...(signal === undefined ? {} : { signal }),
      });
      return await answer(response);
    },
  };
}

/** An error as text. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : JSON.stringify(error);

/** The whole answer; of a watch all that comes until it ends. */
export async function answer({ status, headers, body }: ApiResponse): Promise<Answer> {
  let text = '';
  if (body instanceof Uint8Array) text = Buffer.from(body).toString();
  else for await (const chunk of body) text += Buffer.from(chunk).toString();
  const isJson = String(headers['content-type']).startsWith('application/json');
  return {
    status,
    headers,
    text,
    json: isJson && body instanceof Uint8Array ? JSON.parse(text) : undefined,
  };
}
