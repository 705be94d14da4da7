/** JSON patch (RFC 6902), with JSON pointers (RFC 6901). */
import { quoted } from '../../../errors.ts';
import { isJsonObject, setOwn } from '../../../kubernetes/index.ts';
import { cloneJson } from './clone.ts';

/** A patch that is well-formed and does not fit the document, or none at all. */
export class JsonPatchError extends Error {
  /** It is no patch, whatever the document. */
  readonly malformed: boolean;

  constructor(message: string, malformed = false) {
    super(message);
    this.name = 'JsonPatchError';
    this.malformed = malformed;
  }
}

/** All copies of a patch together, in characters of JSON: doubling would otherwise know no end (upstream's limit). */
const MOST_COPIED = 3 * 1024 * 1024;

interface Operation {
  readonly op: string;
  readonly path: readonly string[];
  readonly from: readonly string[];
  readonly value: unknown;
}

/**
 * Applies one operation after the other; where one fails, none has happened. `document` stays as it is.
 *
 * @throws JsonPatchError
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  const operations = readPatch(patch);
  const patching = new Patching(cloneJson(document));
  for (const operation of operations) patching.apply(operation);
  return patching.root;
}

function readPatch(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) throw new JsonPatchError('a JSON patch is a list of operations', true);
  return patch.map((one: unknown, index): Operation => {
    const where = `operation ${index}`;
    if (!isJsonObject(one)) throw new JsonPatchError(`${where} is not an object`, true);
    const { op, path, from, value } = one;
    if (typeof op !== 'string') throw new JsonPatchError(`${where} has no op`, true);
    if (!['add', 'remove', 'replace', 'move', 'copy', 'test'].includes(op)) {
      throw new JsonPatchError(`Unexpected kind: ${quoted(op, 40)}`);
    }
    const needsValue = op === 'add' || op === 'replace' || op === 'test';
    if (needsValue && !Object.hasOwn(one, 'value')) {
      throw new JsonPatchError(`${where} (${op}) has no value`);
    }
    const needsFrom = op === 'move' || op === 'copy';
    return { op, path: pointer(path, where), from: needsFrom ? pointer(from, where) : [], value };
  });
}

function pointer(text: unknown, where: string): string[] {
  if (typeof text !== 'string') throw new JsonPatchError(`${where} has no path`);
  if (text === '') return [];
  if (!text.startsWith('/')) throw new JsonPatchError(`${where} has a path without a slash`);
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'));
}

const shown = (path: readonly string[]): string =>
  quoted(path.map((part) => `/${part}`).join(''), 200);

class Patching {
  root: unknown;
  #copied = 0;

  constructor(root: unknown) {
    this.root = root;
  }

  apply({ op, path, from, value }: Operation): void {
    switch (op) {
      case 'add':
        this.#add(path, cloneJson(value));
        return;
      case 'remove':
        this.#remove(path);
        return;
      case 'replace':
        this.#get(path);
        this.#replace(path, cloneJson(value));
        return;
      case 'move':
        this.#move(from, path);
        return;
      case 'copy':
        this.#add(path, this.#copyOf(from));
        return;
      default:
        if (!equal(this.#get(path), value)) {
          throw new JsonPatchError(`testing value ${shown(path)} failed`);
        }
    }
  }

  #get(path: readonly string[]): unknown {
    let value = this.root;
    for (const part of path) value = child(value, part, path);
    return value;
  }

  #parent(path: readonly string[]): { readonly parent: unknown; readonly last: string } {
    return { parent: this.#get(path.slice(0, -1)), last: path.at(-1) ?? '' };
  }

  #add(path: readonly string[], value: unknown): void {
    if (path.length === 0) {
      this.root = value;
      return;
    }
    const { parent, last } = this.#parent(path);
    if (Array.isArray(parent)) {
      const at = last === '-' ? parent.length : indexOf(last, parent.length, path);
      parent.splice(at, 0, value);
    } else if (isJsonObject(parent)) {
      setOwn(parent, last, value);
    } else throw missing(path);
  }

  #remove(path: readonly string[]): void {
    if (path.length === 0) throw new JsonPatchError('the whole document cannot be removed');
    const { parent, last } = this.#parent(path);
    child(parent, last, path);
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else if (isJsonObject(parent)) delete parent[last];
  }

  #replace(path: readonly string[], value: unknown): void {
    if (path.length === 0) {
      this.root = value;
      return;
    }
    const { parent, last } = this.#parent(path);
    if (Array.isArray(parent)) parent[Number(last)] = value;
    else if (isJsonObject(parent)) setOwn(parent, last, value);
  }

  #move(from: readonly string[], path: readonly string[]): void {
    const value = this.#get(from);
    if (path.length > from.length && from.every((part, index) => part === path[index])) {
      throw new JsonPatchError(`cannot move ${shown(from)} into itself`);
    }
    this.#remove(from);
    this.#add(path, value);
  }

  #copyOf(from: readonly string[]): unknown {
    const value = this.#get(from);
    this.#copied += JSON.stringify(value)?.length ?? 0;
    if (this.#copied > MOST_COPIED) {
      throw new JsonPatchError(`copies may not be larger than ${MOST_COPIED} bytes together`);
    }
    return cloneJson(value);
  }
}

function child(value: unknown, part: string, path: readonly string[]): unknown {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items[indexOf(part, items.length - 1, path)];
  }
  if (isJsonObject(value) && Object.hasOwn(value, part)) return value[part];
  throw missing(path);
}

/** No sign, no leading zero; -1 as `most` leaves nothing. */
function indexOf(part: string, most: number, path: readonly string[]): number {
  const index = /^(?:0|[1-9]\d{0,8})$/.test(part) ? Number(part) : Number.POSITIVE_INFINITY;
  if (index > most) throw missing(path);
  return index;
}

const missing = (path: readonly string[]): JsonPatchError =>
  new JsonPatchError(`there is nothing at ${shown(path)}`);

/** As values of JSON (RFC 6902, section 4.6). */
function equal(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (isJsonObject(a) && isJsonObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
    );
  }
  return a === b;
}
