/** The stream of a watch: one JSON document a line, cut into chunks anywhere. */
import { KubepkiError } from '../errors.ts';
import type { KubernetesObject, WatchEvent } from '../kubernetes/index.ts';
import { utf8 } from './body.ts';
import { isRecord, parseJson } from './json.ts';
import { refusalOfEvent } from './refusal.ts';

/** Ten times what etcd takes as one value, and then some. */
export const MOST_FRAME_BYTES = 16 * 1024 * 1024;

const NEWLINE = 0x0a;

/**
 * The events of a watch.
 *
 * @param what the request, for messages
 * @throws StatusError for an event of type ERROR; KubepkiError UNREACHABLE for what is no event, one
 *   larger than `MOST_FRAME_BYTES`, and a stream that ends inside one
 */
export async function* watchEvents<T extends KubernetesObject>(
  stream: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  for await (const frame of frames(stream, what)) yield eventOf<T>(frame, what);
}

async function* frames(
  stream: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<string, void, undefined> {
  /** The begin of a frame whose end has not come. */
  let pieces: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      const piece = chunk.subarray(start, end === -1 ? chunk.length : end);
      size += piece.length;
      if (size > MOST_FRAME_BYTES) throw broken(what, `an event exceeds ${MOST_FRAME_BYTES} bytes`);
      if (end === -1) {
        if (piece.length > 0) pieces.push(piece);
        break;
      }
      const frame = pieces.length === 0 ? utf8(piece) : utf8(Buffer.concat([...pieces, piece]));
      pieces = [];
      size = 0;
      start = end + 1;
      if (frame.trim() !== '') yield frame;
    }
  }
  if (size > 0) throw broken(what, 'the stream ended inside an event');
}

const TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);

function eventOf<T extends KubernetesObject>(frame: string, what: string): WatchEvent<T> {
  let event: unknown;
  try {
    event = parseJson(frame);
  } catch {
    throw broken(what, 'a line that is not JSON');
  }
  if (!isRecord(event)) throw broken(what, 'a line that is no event');
  if (event['type'] === 'ERROR') throw refusalOfEvent(event['object']);
  if (!isEvent<T>(event)) throw broken(what, 'a line that is no event');
  return event;
}

/** Checked as far as an event can be: that the object is of the type watched for is the server's word. */
const isEvent = <T extends KubernetesObject>(
  value: Readonly<Record<string, unknown>>,
): value is Readonly<Record<string, unknown>> & WatchEvent<T> =>
  TYPES.has(value['type']) && isRecord(value['object']) && isRecord(value['object']['metadata']);

const broken = (what: string, reason: string): KubepkiError =>
  new KubepkiError('UNREACHABLE', `${what}: the watch broke: ${reason}`);
