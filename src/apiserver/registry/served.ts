/** An object as it stands in the storage, and what is made of it once for all who ask. */
import {
  apiVersionOf,
  encodeMessage,
  envelope,
  type KubernetesObject,
  watchFrame,
} from '../../kubernetes/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import { withoutProtobuf } from './refusals.ts';
import type { Served } from './registry.ts';

/** How the JSON of every object of a resource begins. Ours, and kube-apiserver's. */
interface Beginning {
  /** `{"kind":"Secret","apiVersion":"v1",` */
  readonly type: Uint8Array;
  /** `{"kind":"Secret","apiVersion":"v1","metadata":{` */
  readonly metadata: Uint8Array;
}

const beginnings = new WeakMap<ResourceDefinition, Beginning>();

function beginningOf(definition: ResourceDefinition): Beginning {
  const known = beginnings.get(definition);
  if (known !== undefined) return known;
  const { type } = definition;
  const text = `{"kind":${JSON.stringify(type.kind)},"apiVersion":${JSON.stringify(apiVersionOf(type))},`;
  const made = { type: Buffer.from(text), metadata: Buffer.from(`${text}"metadata":{`) };
  beginnings.set(definition, made);
  return made;
}

const OPEN = Buffer.from('{');
const END = Buffer.from('}\n');
const STARTS = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
} as const;

export type ChangeType = keyof typeof STARTS;

/**
 * Bytes of their own: a storage may keep them as they are. (`Buffer.from` takes small ones out of a pool,
 * of which a storage would have to copy its part.)
 */
export function encodeJson(value: unknown): Uint8Array {
  const text = JSON.stringify(value);
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

export class ServedObject<T extends KubernetesObject = KubernetesObject> implements Served<T> {
  readonly object: T;
  readonly revision: number;
  readonly definition: ResourceDefinition;
  /** As stored: without the resource version. Absent for what was never stored (a dry run). */
  readonly #stored: Uint8Array | undefined;
  #bytes: Uint8Array | undefined;
  #lines: Partial<Record<ChangeType, Uint8Array>> | undefined;
  #message: Uint8Array | undefined;
  #frames: Partial<Record<ChangeType, Uint8Array>> | undefined;

  constructor(definition: ResourceDefinition, object: T, revision: number, stored?: Uint8Array) {
    this.definition = definition;
    this.object = object;
    this.revision = revision;
    this.#stored = stored;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= joined(this.#withVersion()) ?? encodeJson(this.object);
    return this.#bytes;
  }

  get item(): Uint8Array {
    return Buffer.concat([OPEN, this.itemTail]);
  }

  /** `item` without its first brace, without a copy. */
  get itemTail(): Uint8Array {
    const { type } = beginningOf(this.definition);
    return startsWith(this.bytes, type)
      ? this.bytes.subarray(type.length)
      : encodeJson({ ...this.object, kind: undefined, apiVersion: undefined }).subarray(1);
  }

  /** The line of a watch. */
  line(type: ChangeType): Uint8Array {
    this.#lines ??= {};
    this.#lines[type] ??= this.#lineOf(type);
    return this.#lines[type];
  }

  /** What is stored is asked for in a watch first: then its bytes are a part of the line, and stand in memory once. */
  #lineOf(type: ChangeType): Uint8Array {
    const start = STARTS[type];
    const parts = this.#bytes === undefined ? this.#withVersion() : undefined;
    if (parts === undefined) return Buffer.concat([start, this.bytes, END]);
    const line = Buffer.concat([start, ...parts, END]);
    this.#bytes = line.subarray(start.length, line.length - END.length);
    return line;
  }

  /** @throws StatusError NotAcceptable where the resource has none */
  get message(): Uint8Array {
    if (this.definition.jsonOnly === true) throw withoutProtobuf();
    this.#message ??= encodeMessage(this.definition.schema.name, this.object);
    return this.#message;
  }

  /** The frame of a watch in protobuf. */
  frame(type: ChangeType): Uint8Array {
    this.#frames ??= {};
    this.#frames[type] ??= watchFrame(type, protobufOf(this.definition, this));
    return this.#frames[type];
  }

  /** The resource version goes in as the first field of the metadata. Undefined for JSON that begins otherwise. */
  #withVersion(): Uint8Array[] | undefined {
    const stored = this.#stored;
    if (stored === undefined) return undefined;
    const { metadata } = beginningOf(this.definition);
    if (!startsWith(stored, metadata)) return undefined;
    // kube-apiserver ends its JSON with a line feed.
    const end = stored[stored.length - 1] === 0x0a ? stored.length - 1 : stored.length;
    const version = Buffer.from(`"resourceVersion":"${this.revision}",`);
    return [metadata, version, stored.subarray(metadata.length, end)];
  }
}

const joined = (parts: readonly Uint8Array[] | undefined): Uint8Array | undefined =>
  parts && Buffer.concat(parts);

/** The protobuf of an object, with its envelope. */
export const protobufOf = (
  { type }: Pick<ResourceDefinition, 'type'>,
  { message }: Pick<Served, 'message'>,
): Uint8Array => envelope(apiVersionOf(type), type.kind, message);

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  if (bytes.length < start.length) return false;
  for (let at = 0; at < start.length; at += 1) {
    if (bytes[at] !== start[at]) return false;
  }
  return true;
}
