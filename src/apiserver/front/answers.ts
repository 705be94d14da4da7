/** How answers are written: objects, lists of bytes, refusals, plain text. */
import {
  type ApiResponse,
  encodeProtobuf,
  type Headers,
  type Status,
  StatusError,
} from '../../kubernetes/index.ts';
import { header, type IncomingRequest } from './exchange.ts';
import { type Format, MEDIA_TYPES, negotiateRefusal, type Representation } from './negotiate.ts';
import type { Query } from './query.ts';
import { toYaml } from './yaml.ts';

const JSON_HEADERS: Headers = { 'content-type': MEDIA_TYPES.json };
const YAML_HEADERS: Headers = { 'content-type': MEDIA_TYPES.yaml };
const PROTOBUF_HEADERS: Headers = { 'content-type': MEDIA_TYPES.protobuf };
const TEXT_HEADERS: Headers = {
  'content-type': 'text/plain; charset=utf-8',
  'x-content-type-options': 'nosniff',
};

/** Programs with people in front of them get indented JSON unasked (apiserver, negotiation: isPrettyPrint). */
export function wantsPretty(request: IncomingRequest, query: Query): boolean {
  const asked = query.get('pretty') ?? '';
  if (asked !== '') return ['1', 't', 'true'].includes(asked.toLowerCase());
  const agent = header(request, 'user-agent');
  return (
    agent !== undefined &&
    (agent.startsWith('curl') || agent.startsWith('Wget') || agent.startsWith('Mozilla/5.0'))
  );
}

/** What stands ready in the forms that programs want, made when it is asked for. */
export interface Ready {
  json(): Uint8Array;
  /** With its envelope. */
  protobuf(): Uint8Array;
}

/** What stands ready is sent as it is, unless people are to read it. */
export async function readyAnswer(
  status: number,
  ready: Ready,
  { format, pretty }: Pick<Representation, 'format' | 'pretty'>,
): Promise<ApiResponse> {
  if (format === 'protobuf') {
    return { status, headers: PROTOBUF_HEADERS, body: ready.protobuf() };
  }
  const json = ready.json();
  if (format === 'json' && !pretty) return { status, headers: JSON_HEADERS, body: json };
  const value: object = JSON.parse(Buffer.from(json).toString('utf8'));
  return await valueAnswer(status, value, { format, pretty });
}

/** @param value with its kind */
export async function valueAnswer(
  status: number,
  value: object,
  { format, pretty }: Pick<Representation, 'format' | 'pretty'>,
): Promise<ApiResponse> {
  if (format === 'protobuf') {
    return { status, headers: PROTOBUF_HEADERS, body: encodeProtobuf(value) };
  }
  if (format === 'yaml') {
    return { status, headers: YAML_HEADERS, body: Buffer.from(await toYaml(value)) };
  }
  return { status, headers: JSON_HEADERS, body: Buffer.from(jsonText(value, pretty)) };
}

export const jsonText = (value: unknown, pretty: boolean): string =>
  pretty ? JSON.stringify(value, null, 2) : `${JSON.stringify(value)}\n`;

export const textAnswer = (status: number, text: string): ApiResponse => ({
  status,
  headers: TEXT_HEADERS,
  body: Buffer.from(text),
});

/** What Go's http.NotFound says: for paths that no API has anything to do with. */
export const pageNotFound = (): ApiResponse => textAnswer(404, '404 page not found\n');

/** 404 for what would be a resource if it were served. */
export const resourceNotFound = (): StatusError =>
  StatusError.of('NotFound', 'the server could not find the requested resource', {});

export const methodNotAllowed = (): StatusError =>
  StatusError.of(
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );

/** A refusal, in the form that the client takes. */
export async function refusalAnswer(
  error: StatusError,
  request: IncomingRequest,
  query: Query,
): Promise<ApiResponse> {
  const { format, pretty } = negotiateRefusal(header(request, 'accept'));
  return await statusAnswer(error.httpStatus, error.status, {
    format,
    pretty: pretty || wantsPretty(request, query),
  });
}

async function statusAnswer(
  code: number,
  { kind, apiVersion, metadata, ...rest }: Status,
  representation: { readonly format: Format; readonly pretty: boolean },
): Promise<ApiResponse> {
  const answer = await valueAnswer(code, { kind, apiVersion, metadata, ...rest }, representation);
  const seconds = rest.details?.retryAfterSeconds;
  const headers = {
    ...answer.headers,
    ...(code === 403 ? { 'x-content-type-options': 'nosniff' } : {}),
    ...(seconds === undefined ? {} : { 'retry-after': String(seconds) }),
  };
  return { ...answer, headers };
}
