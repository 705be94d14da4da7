/** The events of a watch, written when a client wants them and in the form that it wants. */
import {
  apiVersionOf,
  encodeProtobuf,
  type KubernetesObject,
  type Status,
  watchFrame,
} from '../../kubernetes/index.ts';
import { type ResourceDefinition, readAs } from '../resources/index.ts';
import type { ServedEvent } from './registry.ts';
import type { ChangeType, ServedObject } from './served.ts';

/** An object that is there, has changed or is gone: its bytes are shared by all watchers. */
export class ChangeEvent implements ServedEvent {
  readonly type: ChangeType;
  readonly #served: ServedObject;

  constructor(type: ChangeType, served: ServedObject) {
    this.type = type;
    this.#served = served;
  }

  get object(): KubernetesObject {
    return this.#served.object;
  }

  get line(): Uint8Array {
    return this.#served.line(this.type);
  }

  get frame(): Uint8Array {
    return this.#served.frame(this.type);
  }
}

/** What one watcher alone is told: where it stands, or why its watch ends. */
export class NoteEvent implements ServedEvent {
  readonly type: 'BOOKMARK' | 'ERROR';
  readonly object: KubernetesObject | Status;

  constructor(type: 'BOOKMARK' | 'ERROR', object: KubernetesObject | Status) {
    this.type = type;
    this.object = object;
  }

  get line(): Uint8Array {
    const { type, object } = this;
    return Buffer.from(`${JSON.stringify({ type, object })}\n`);
  }

  get frame(): Uint8Array {
    return watchFrame(this.type, encodeProtobuf(this.object));
  }
}

/** An object with nothing but a resource version, and what Go writes of one without anything. */
export function bookmark(
  { type, schema, blank = {} }: ResourceDefinition,
  revision: number,
  isInitialEnd: boolean,
): ServedEvent {
  const { kind: _, apiVersion: __, metadata: ___, ...zero } = readAs(schema, blank);
  return new NoteEvent('BOOKMARK', {
    ...zero,
    kind: type.kind,
    apiVersion: apiVersionOf(type),
    metadata: {
      resourceVersion: String(revision),
      ...(isInitialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    },
  });
}
