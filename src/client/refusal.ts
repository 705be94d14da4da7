/**
 * Refusals of a server as errors: its own `Status` where it sent one, else one that is made from the
 * HTTP status, with the reasons of client-go (apimachinery, pkg/api/errors, `NewGenericServerResponse`).
 */
import { KubepkiError } from '../errors.ts';
import {
  type ApiRequest,
  type ApiResponse,
  type Status,
  type StatusCause,
  type StatusDetails,
  StatusError,
  type StatusReason,
} from '../kubernetes/index.ts';
import { utf8 } from './body.ts';
import { isRecord, parseJson, textOf } from './json.ts';

/** Of a text that is no Status, as client-go. */
const MOST_TEXT = 2048;
/** Of a message in a Status: more than any server writes. */
const MOST_MESSAGE = 16 * 1024;

/** The error for an answer outside of 200 to 299. Its body may be anything. */
export function refusalOf(
  request: ApiRequest,
  { status, headers }: Pick<ApiResponse, 'status' | 'headers'>,
  body: Uint8Array,
): StatusError {
  const text = utf8(body.subarray(0, MOST_MESSAGE * 4));
  const sent = text.startsWith('{') ? statusOf(parsed(text), status) : undefined;
  if (sent !== undefined) return new StatusError(sent);
  const plain = contentType(headers).startsWith('text/') ? cleaned(text, MOST_TEXT) : '';
  return new StatusError(generic(request, status, plain, retryAfterSeconds(headers)));
}

/** The error that an ERROR event of a watch carries. */
export function refusalOfEvent(object: unknown): Error {
  const sent = statusOf(object, 500);
  return sent === undefined
    ? new KubepkiError('UNREACHABLE', 'a watch ended with an error event that holds no Status')
    : new StatusError(sent);
}

/** Seconds of a Retry-After header; not of one that holds a date, which API servers do not send. */
export function retryAfterSeconds(headers: ApiResponse['headers']): number | undefined {
  const value = headers['retry-after'];
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

const contentType = (headers: ApiResponse['headers']): string => {
  const value = headers['content-type'];
  return typeof value === 'string' ? value.toLowerCase() : '';
};

/** A `Status` as far as it is one. */
function statusOf(value: unknown, httpStatus: number): Status | undefined {
  if (!isRecord(value) || value['kind'] !== 'Status' || value['status'] === 'Success')
    return undefined;
  const message = textOf(value['message']);
  const reason = textOf(value['reason']);
  const details = detailsOf(value['details']);
  const code = integer(value['code']);
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    ...(message === undefined ? {} : { message: cleaned(message, MOST_MESSAGE) }),
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code: code === undefined || code === 0 ? httpStatus : code,
  };
}

function detailsOf(value: unknown): StatusDetails | undefined {
  if (!isRecord(value)) return undefined;
  const causes = Array.isArray(value['causes'])
    ? value['causes'].filter(isRecord).map(causeOf)
    : undefined;
  const retryAfter = integer(value['retryAfterSeconds']);
  return {
    ...texts(value, ['name', 'group', 'kind', 'uid']),
    ...(causes === undefined ? {} : { causes }),
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
  };
}

const causeOf = (value: Readonly<Record<string, unknown>>): StatusCause =>
  texts(value, ['reason', 'message', 'field']);

function texts<K extends string>(
  value: Readonly<Record<string, unknown>>,
  keys: readonly K[],
): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {};
  for (const key of keys) {
    const text = textOf(value[key]);
    if (text !== undefined && text !== '') found[key] = cleaned(text, MOST_MESSAGE);
  }
  return found;
}

const integer = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;

/** On several lines where the server wrote several, but without what a terminal would obey. */
const cleaned = (text: string, most: number): string =>
  text
    .slice(0, most)
    .trim()
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');

const REASONS: ReadonlyMap<number, readonly [StatusReason, string]> = new Map([
  [400, ['BadRequest', 'the server found the request malformed, without saying why']],
  [401, ['Unauthorized', 'the server wants other credentials than it was given']],
  [403, ['Forbidden', 'the server does not allow it']],
  [404, ['NotFound', 'the server has no such resource']],
  [405, ['MethodNotAllowed', 'the server does not do this to the resource']],
  [406, ['NotAcceptable', 'the server cannot answer in JSON']],
  [409, ['Conflict', 'the server saw a conflict']],
  [415, ['UnsupportedMediaType', 'the server does not take this content type']],
  [422, ['Invalid', 'the server found the object invalid']],
  [429, ['TooManyRequests', 'the server has too much to do: try later']],
  [503, ['ServiceUnavailable', 'the server cannot handle the request at this time']],
  [504, ['Timeout', 'the server was too slow; it may still do what it was asked']],
]);

function generic(
  request: ApiRequest,
  code: number,
  text: string,
  retryAfter: number | undefined,
): Status {
  const { method } = request;
  const path = pathOf(request);
  const [known, sentence] = REASONS.get(code) ?? unknownReason(code);
  const reason = code === 409 && method === 'POST' ? 'AlreadyExists' : known;
  const said = text === '' ? '' : `: ${text}`;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `${method} ${path}: ${sentence} (HTTP status ${code})${said}`,
    ...(reason === undefined ? {} : { reason }),
    details: {
      causes: [{ reason: 'UnexpectedServerResponse', message: text === '' ? 'unknown' : text }],
      ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
    },
    code,
  };
}

const unknownReason = (code: number): readonly [StatusReason | undefined, string] =>
  code >= 500
    ? ['InternalError', 'the server failed']
    : [undefined, 'the server did not do it, without saying why'];

/** The path of a request without its query, for messages. */
export function pathOf({ url }: Pick<ApiRequest, 'url'>): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** The request in words, for messages. */
export const describe = (request: ApiRequest): string => `${request.method} ${pathOf(request)}`;
