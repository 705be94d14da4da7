/** The body of a request: JSON, or what has been read from another form. */
import { bodyTooLarge, DEFAULT_LIMITS } from '../../http/index.ts';
import {
  apiVersionOf,
  decodeProtobuf,
  goQuote,
  type JsonDocument,
  type ResourceType,
  StatusError,
  WireError,
} from '../../kubernetes/index.ts';
import { type Exchange, header, type IncomingRequest } from './exchange.ts';
import { MEDIA_TYPES } from './negotiate.ts';
import { yamlToJson } from './yaml.ts';

const NO_BODY = new Uint8Array();
const ACCEPTED = Object.values(MEDIA_TYPES).join(', ');

/** @throws StatusError RequestEntityTooLarge, Timeout, TooManyRequests, Unauthorized */
export async function rawBody({
  request,
  slot,
  guard,
}: Pick<Exchange, 'request' | 'slot' | 'guard'>): Promise<Uint8Array> {
  if (request.readBody !== undefined) {
    const body = await slot.awaitBody(async () => (await request.readBody?.()) ?? NO_BODY);
    // That may have taken long.
    await guard?.check();
    return body;
  }
  const body = request.body ?? NO_BODY;
  if (body.length > DEFAULT_LIMITS.body) throw bodyTooLarge(DEFAULT_LIMITS.body);
  return body;
}

/** The media type without its parameters; empty where none is said. */
export function mediaTypeOf(request: IncomingRequest): string {
  const text = header(request, 'content-type') ?? '';
  const semicolon = text.indexOf(';');
  return (semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase();
}

/**
 * @param expected what it is to be, where it does not say
 * @returns JSON in bytes, not looked at; nothing at all is no bytes
 * @throws StatusError UnsupportedMediaType; BadRequest for YAML or protobuf that is none
 */
export async function objectBody(
  exchange: Pick<Exchange, 'request' | 'slot' | 'guard'>,
  expected: Pick<ResourceType, 'group' | 'version' | 'kind'>,
): Promise<Uint8Array | JsonDocument> {
  const mediaType = mediaTypeOf(exchange.request);
  switch (mediaType) {
    case '':
    case 'application/json':
      return await rawBody(exchange);
    case 'application/yaml':
      return await yamlToJson(await rawBody(exchange));
    case MEDIA_TYPES.protobuf:
      return protobufDocument(await rawBody(exchange), expected);
    default:
      throw StatusError.of(
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: ${ACCEPTED}`,
      );
  }
}

function protobufDocument(
  bytes: Uint8Array,
  { kind, ...version }: Pick<ResourceType, 'group' | 'version' | 'kind'>,
): Uint8Array | JsonDocument {
  if (bytes.length === 0) return bytes;
  try {
    const value = decodeProtobuf(bytes, { apiVersion: apiVersionOf(version), kind });
    return { value, duplicates: [] };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw StatusError.of('BadRequest', `${unreadable(error, kind)}: ${error.message}`);
  }
}

function unreadable({ object }: WireError, expected: string): string {
  if (object === undefined)
    return `the object provided is unrecognized (must be of type ${expected})`;
  const version = object.apiVersion.slice(object.apiVersion.indexOf('/') + 1);
  return `${shown(object.kind)} in version ${goQuote(shown(version))} cannot be handled as a ${expected}`;
}

/** A text of a client's own making, no longer than any name. */
const shown = (text: string): string => text.slice(0, 253);
