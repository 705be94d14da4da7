/**
 * What stands around the messages of objects: `k8s` and a zero, then `runtime.Unknown` with the kind (upstream:
 * apimachinery, pkg/runtime/serializer/protobuf); the messages of lists; the frames of a watch.
 */
import type { ListMeta } from '../api/index.ts';
import { kindType } from '../types/index.ts';
import { encodeMessage } from './encode.ts';

/** What every enveloped object begins with. */
export const MAGIC = Buffer.from('k8s\0');
const LIST_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';
const TYPE_META = 0x0a;
const RAW = 0x12;
/** `contentEncoding` and `contentType`, both empty: upstream writes them all the same. */
const UNKNOWN_END = Buffer.from([0x1a, 0x00, 0x22, 0x00]);
const LIST_METADATA = 0x0a;
const LIST_ITEM = 0x12;

/** By `apiVersion kind`: all that stands before the length of the message. */
const beginnings = new Map<string, Uint8Array>();
/** Kinds come from definitions and not from clients; the bound is for a mistake. */
const MOST_BEGINNINGS = 1000;

/**
 * An object that says what it is, with `kind` and `apiVersion`.
 *
 * @throws RangeError for a kind that is none of the API's
 */
export function encodeProtobuf(object: object): Uint8Array {
  const [apiVersion, kind] = [textIn(object, 'apiVersion'), textIn(object, 'kind')];
  const type = kindType(apiVersion, kind);
  if (type === undefined) {
    throw new RangeError(`expected a kind of the Kubernetes API, got ${apiVersion} ${kind}`);
  }
  return envelope(apiVersion, kind, encodeMessage(type, object));
}

function textIn(object: object, name: 'apiVersion' | 'kind'): string {
  const value: unknown = Reflect.get(object, name);
  return typeof value === 'string' ? value : '';
}

/** An object's message with its kind around it: what a body is. */
export const envelope = (apiVersion: string, kind: string, message: Uint8Array): Uint8Array =>
  Buffer.concat(enveloped(apiVersion, kind, [message], message.length));

function enveloped(
  apiVersion: string,
  kind: string,
  message: readonly Uint8Array[],
  length: number,
): Uint8Array[] {
  return [beginningOf(apiVersion, kind), varint(length), ...message, UNKNOWN_END];
}

function beginningOf(apiVersion: string, kind: string): Uint8Array {
  const key = `${apiVersion} ${kind}`;
  const known = beginnings.get(key);
  if (known !== undefined) return known;
  const type = Buffer.concat([
    field(0x0a, Buffer.from(apiVersion)),
    field(0x12, Buffer.from(kind)),
  ]);
  const made = Buffer.concat([MAGIC, field(TYPE_META, type), Buffer.from([RAW])]);
  if (beginnings.size < MOST_BEGINNINGS) beginnings.set(key, made);
  return made;
}

/** An enveloped list of messages. */
export function envelopeList(
  apiVersion: string,
  kind: string,
  metadata: ListMeta,
  items: readonly Uint8Array[],
): Uint8Array {
  const parts = [field(LIST_METADATA, encodeMessage(LIST_META, metadata))];
  for (const item of items) parts.push(tagged(LIST_ITEM, item.length), item);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat(enveloped(apiVersion, kind, parts, length));
}

/**
 * The frame of an event: four bytes of length, then `WatchEvent` (which itself has no envelope).
 *
 * @param type ADDED, MODIFIED, DELETED, BOOKMARK, ERROR
 * @param object enveloped
 */
export function watchFrame(type: string, object: Uint8Array): Uint8Array {
  const raw = tagged(0x0a, object.length);
  const head = Buffer.concat([
    field(0x0a, Buffer.from(type)),
    tagged(0x12, raw.length + object.length),
    raw,
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length + object.length);
  return Buffer.concat([length, head, object]);
}

const field = (tag: number, content: Uint8Array): Uint8Array =>
  Buffer.concat([tagged(tag, content.length), content]);

/** A tag and a length. */
function tagged(tag: number, length: number): Uint8Array {
  return length < 0x80
    ? Uint8Array.of(tag, length)
    : Buffer.concat([Uint8Array.of(tag), varint(length)]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Uint8Array.from([...bytes, left]);
}
