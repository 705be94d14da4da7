/**
 * The NodeBindings that are stored, in memory: one for each certificate of a node that has not expired. Of each
 * no more is kept than a request has to be compared with.
 */
import { isJsonObject } from '../../kubernetes/index.ts';
import type { Memory } from '../registry/index.ts';

export interface Bound {
  /** As they stand there: read when a connection comes, since most bindings have none at a moment. */
  readonly addresses: readonly string[];
  /** Of the object, in milliseconds since 1970; absent where it does not say. */
  readonly notAfter?: number;
  readonly revision: number;
}

export class BindingBook implements Memory {
  readonly #bound = new Map<string, Bound>();
  /** Names deleted by this server, with the revision, until the watch has come as far. */
  readonly #deleted = new Map<string, number>();
  readonly #changed: (name: string) => void;

  /** @param changed hears the names of those that say something else than before, or are gone */
  constructor(changed: (name: string) => void) {
    this.#changed = changed;
  }

  get size(): number {
    return this.#bound.size;
  }

  find(name: string): Bound | undefined {
    return this.#bound.get(name);
  }

  names(): Iterable<string> {
    return this.#bound.keys();
  }

  stored(name: string, object: unknown, revision: number): void {
    const before = this.#bound.get(name);
    if ((before?.revision ?? 0) >= revision || (this.#deleted.get(name) ?? 0) > revision) return;
    const [spec, status] = [part(object, 'spec'), part(object, 'status')];
    const texts = spec['addresses'];
    const expires = status['notAfter'];
    const notAfter = isText(expires) ? Date.parse(expires) : Number.NaN;
    this.#bound.set(name, {
      // Of whatever form it is: what cannot be read matches nothing.
      addresses: Array.isArray(texts) ? texts.filter(isText) : [],
      ...(Number.isNaN(notAfter) ? {} : { notAfter }),
      revision,
    });
    if (before !== undefined) this.#changed(name);
  }

  deleted(name: string, revision: number): void {
    const before = this.#bound.get(name);
    if ((before?.revision ?? 0) > revision) return;
    this.#deleted.set(name, revision);
    if (this.#bound.delete(name)) this.#changed(name);
  }

  settled(revision: number): void {
    for (const [name, deleted] of this.#deleted) {
      if (deleted <= revision) this.#deleted.delete(name);
    }
  }

  /** Names of those whose certificates have expired before this time. */
  *expired(before: number): Generator<string> {
    for (const [name, { notAfter }] of this.#bound) {
      if (notAfter !== undefined && notAfter < before) yield name;
    }
  }
}

function part(object: unknown, name: string): Readonly<Record<string, unknown>> {
  const value = isJsonObject(object) && Object.hasOwn(object, name) ? object[name] : undefined;
  return isJsonObject(value) ? value : {};
}

const isText = (value: unknown): value is string => typeof value === 'string';
