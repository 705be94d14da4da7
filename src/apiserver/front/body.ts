/** The body of a request, as JSON whatever it came as. */
import { bodyTooLarge, DEFAULT_LIMITS } from '../../http/index.ts';
import { StatusError } from '../../kubernetes/index.ts';
import { type Exchange, header, type IncomingRequest } from './exchange.ts';
import { decodeProtobuf, WireError } from './protobuf/index.ts';
import { yamlToJson } from './yaml.ts';

const NO_BODY = new Uint8Array();
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** @throws StatusError RequestEntityTooLarge, Timeout, TooManyRequests */
export async function rawBody({
  request,
  slot,
}: Pick<Exchange, 'request' | 'slot'>): Promise<Uint8Array> {
  if (request.readBody !== undefined)
    return await slot.awaitBody(async () => (await request.readBody?.()) ?? NO_BODY);
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
 * @param what the kind that is expected, for the refusal
 * @throws StatusError UnsupportedMediaType; BadRequest for YAML or protobuf that is none. JSON is not looked at.
 */
export async function jsonBody(
  exchange: Pick<Exchange, 'request' | 'slot'>,
  what: string,
): Promise<Uint8Array> {
  const mediaType = mediaTypeOf(exchange.request);
  switch (mediaType) {
    case '':
    case 'application/json':
      return await rawBody(exchange);
    case 'application/yaml':
      return await yamlToJson(await rawBody(exchange));
    case PROTOBUF:
      return protobufToJson(await rawBody(exchange), what);
    default:
      throw StatusError.of(
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, ${PROTOBUF}`,
      );
  }
}

function protobufToJson(bytes: Uint8Array, what: string): Uint8Array {
  if (bytes.length === 0) return bytes;
  try {
    return Buffer.from(JSON.stringify(decodeProtobuf(bytes)));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw StatusError.of(
      'BadRequest',
      `the object provided is unrecognized (must be of type ${what}): ${error.message}`,
    );
  }
}
