/** `/healthz`, `/livez`, `/readyz` and their single checks (apiserver, pkg/server/healthz/healthz.go). */
import type { ApiResponse } from '../../kubernetes/index.ts';
import { goQuote } from '../../kubernetes/index.ts';
import { textAnswer } from './answers.ts';
import type { Query } from './query.ts';

export interface HealthCheck {
  readonly name: string;
  /** Asked by `/readyz` only. */
  readonly readyOnly?: boolean;
  /**
   * Whether it is well: false or an error is a failure. It has to end by itself. What the error says is
   * shown by the path of the single check, for which a right of its own is needed, and nowhere else.
   */
  check(): boolean | void | Promise<boolean | void>;
}

export const HEALTH_PATHS = ['healthz', 'livez', 'readyz'] as const;
type HealthPath = (typeof HEALTH_PATHS)[number];

type Endpoint = (query: Query) => Promise<ApiResponse>;

/**
 * Every path with its answer: the three, and one below each for each of its checks (`/livez/ping`).
 *
 * @param checks in the order in which they are listed
 */
export function healthEndpoints(checks: readonly HealthCheck[]): Map<string, Endpoint> {
  const endpoints = new Map<string, Endpoint>();
  for (const path of HEALTH_PATHS) {
    const own = checks.filter(({ readyOnly }) => path === 'readyz' || readyOnly !== true);
    endpoints.set(`/${path}`, (query) => all(path, own, query));
    for (const check of own) endpoints.set(`/${path}/${check.name}`, () => single(check));
  }
  return endpoints;
}

async function all(
  path: HealthPath,
  checks: readonly HealthCheck[],
  query: Query,
): Promise<ApiResponse> {
  const asked = new Set(query.all('exclude'));
  const unknown = new Set(asked);
  for (const { name } of checks) unknown.delete(name);
  const results = await Promise.all(
    checks.map(async (check) => {
      if (asked.has(check.name)) return { line: `[+]${check.name} excluded: ok`, failed: false };
      const failed = (await failureOf(check)) !== undefined;
      const line = failed ? `[-]${check.name} failed: reason withheld` : `[+]${check.name} ok`;
      return { line, failed };
    }),
  );
  const lines = results.map(({ line }) => line);
  if (unknown.size > 0) {
    const names = [...unknown].sort().map(goQuote).join(',');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  if (results.some(({ failed }) => failed)) {
    return textAnswer(500, `${[...lines, `${path} check failed`].join('\n')}\n`);
  }
  if (query.get('verbose') === undefined) return textAnswer(200, 'ok');
  return textAnswer(200, `${[...lines, `${path} check passed`].join('\n')}\n`);
}

async function single(check: HealthCheck): Promise<ApiResponse> {
  const failure = await failureOf(check);
  if (failure === undefined) return textAnswer(200, 'ok');
  return textAnswer(500, `internal server error: ${failure}\n`);
}

/** What is wrong; undefined where nothing is. */
async function failureOf(check: HealthCheck): Promise<string | undefined> {
  try {
    return (await check.check()) === false ? `${check.name} is not well` : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown error';
  }
}
