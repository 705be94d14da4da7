/** Sends a conversation to a server and answers what of it two servers must have in common. */

import { parse } from 'yaml';
import { decodeProtobuf } from '../../../../src/kubernetes/index.ts';
import { type Case, labelOf, PROTOBUF } from './case.ts';
import { type Comparable, comparable } from './comparable.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Lines of a watch that are waited for. */
  readonly events?: number;
  readonly settles?: true;
}

export interface Response {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

export type Send = (request: Request) => Promise<Response>;

/** Whom `managedFields` name. */
const USER_AGENT = 'conversation/1.0';

/** The answers by their labels, in the order of the cases. */
export async function converse(
  cases: readonly Case[],
  send: Send,
): Promise<ReadonlyMap<string, Comparable>> {
  const answers = new Map<string, Comparable>();
  const known = new Map<string, string>();
  for (const [index, one] of cases.entries()) {
    const label = labelOf(one, index);
    if (answers.has(label)) throw new Error(`${label}: two cases are called so`);
    const { status, headers, body } = await send(requestOf(one, known));
    const type = String(headers['content-type'] ?? '');
    const read = bodyOf(Buffer.from(body), type, one.events);
    remember(read, known);
    answers.set(label, comparable({ status, type, warnings: warningsOf(headers), body: read }));
  }
  return answers;
}

function requestOf(one: Case, known: ReadonlyMap<string, string>): Request {
  const { method, path, accept, type, as, events, settles } = one;
  const text = one.raw ?? (one.body === undefined ? undefined : JSON.stringify(one.body));
  const filled = (template: string): string =>
    template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => known.get(name) ?? `no ${name}`);
  return {
    method,
    path: filled(path),
    headers: {
      'user-agent': USER_AGENT,
      accept: accept ?? 'application/json',
      ...(as === undefined ? {} : { 'impersonate-user': as }),
      ...(text === undefined ? {} : { 'content-type': type ?? 'application/json' }),
    },
    ...(text === undefined ? {} : { body: Buffer.from(filled(text)) }),
    ...(events === undefined ? {} : { events }),
    ...(settles === undefined ? {} : { settles }),
  };
}

function bodyOf(body: Buffer, type: string, events: number | undefined): unknown {
  if (events !== undefined && type.startsWith('application/json')) {
    const lines = body.toString().trim().split('\n').slice(0, events);
    return lines.map((line): unknown => JSON.parse(line));
  }
  if (type.startsWith(PROTOBUF)) {
    return body.subarray(0, 4).toString('latin1') === 'k8s\0' ? decodeProtobuf(body) : '<frames>';
  }
  if (type.startsWith('application/yaml')) return parse(body.toString());
  return type.startsWith('application/json') ? JSON.parse(body.toString()) : body.toString();
}

function warningsOf(headers: Response['headers']): readonly string[] {
  const found = headers['warning'];
  const texts = typeof found === 'string' ? [found] : (found ?? []);
  return texts
    .flatMap((text) => [...text.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)])
    .map(([, one]) => one ?? '');
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function remember(body: unknown, known: Map<string, string>): void {
  if (!isRecord(body) || !isRecord(body['metadata'])) return;
  const { resourceVersion, uid, continue: more } = body['metadata'];
  if (typeof more === 'string') known.set('continue', more);
  if (typeof resourceVersion === 'string' && typeof uid === 'string') {
    known.set('rv', resourceVersion);
    known.set('uid', uid);
  }
}
