/**
 * Sets of fields: the JSON of FieldsV1 itself, in its canonical form, so that nothing is read or written twice.
 * A node without anything in it belongs to the set, one with something in it only where it also has `.`. Nodes
 * are never changed once they are in a set; what an operation leaves as it is, it shares (structured-merge-diff,
 * fieldpath/set.go).
 */
import { addAll } from '../../add-all.ts';
import { compareElements, MEMBER, shownElement } from './element.ts';

export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** A set that is being made. */
export interface NewFieldSet {
  [element: string]: FieldSet;
}

/** As a set: nothing. As a node: a member with nothing in it. */
export const EMPTY: FieldSet = Object.freeze({});

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

const isMember = (node: FieldSet): boolean => node[MEMBER] !== undefined || isEmpty(node);

const members = new WeakMap<FieldSet, boolean>();

/**
 * As `isMember`, of a node of which the same is asked for each of many managers: to see that a large object has
 * something in it takes as long as it has keys.
 */
function isMemberOfOthers(node: FieldSet): boolean {
  if (node === EMPTY || node[MEMBER] !== undefined) return true;
  let known = members.get(node);
  if (known === undefined) {
    known = isEmpty(node);
    members.set(node, known);
  }
  return known;
}

/** `children` as a node that is a member itself. */
const withMember = (children: FieldSet): FieldSet =>
  children[MEMBER] === undefined && !isEmpty(children)
    ? { [MEMBER]: EMPTY, ...children }
    : children;

/** What is in `set` and not in `other`: `set` itself where that is all. */
export function difference(set: FieldSet, other: FieldSet): FieldSet {
  let result: NewFieldSet | undefined;
  for (const element in set) {
    const node = set[element];
    if (node === undefined) continue;
    const theirs = element === MEMBER ? undefined : other[element];
    const left = theirs === undefined ? node : nodeWithout(node, theirs);
    if (left !== node) result ??= upTo(set, element);
    if (result !== undefined && left !== undefined) result[element] = left;
  }
  return result ?? set;
}

/** A copy of what stands before an element. */
function upTo(set: FieldSet, end: string): NewFieldSet {
  const result: NewFieldSet = {};
  for (const element in set) {
    const node = set[element];
    if (element === end || node === undefined) break;
    result[element] = node;
  }
  return result;
}

/** Undefined where nothing is left. */
function nodeWithout(node: FieldSet, other: FieldSet): FieldSet | undefined {
  const goes = isMemberOfOthers(other);
  if (isEmpty(node)) return goes ? undefined : node;
  const left = difference(node, other);
  const wasMember = node[MEMBER] !== undefined;
  if (!wasMember || !goes) {
    if (left === node || hasChildren(left)) return left;
    return wasMember ? EMPTY : undefined;
  }
  const { [MEMBER]: _, ...children } = left;
  return isEmpty(children) ? undefined : children;
}

function hasChildren(node: FieldSet): boolean {
  for (const element in node) if (element !== MEMBER) return true;
  return false;
}

/** What is in one of them: `a` itself where that is all. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  let changed: NewFieldSet | undefined;
  let isLonger = false;
  for (const element in b) {
    const theirs = b[element];
    if (theirs === undefined) continue;
    const mine = a[element];
    const both = mine === undefined ? theirs : nodeUnion(mine, theirs);
    if (both === mine) continue;
    changed ??= {};
    changed[element] = both;
    isLonger ||= mine === undefined;
  }
  if (changed === undefined) return a;
  return isLonger ? inOrder({ ...a, ...changed }) : { ...a, ...changed };
}

function nodeUnion(mine: FieldSet, theirs: FieldSet): FieldSet {
  if (isEmpty(theirs)) return isMember(mine) ? mine : withMember(mine);
  if (isEmpty(mine)) return withMember(theirs);
  return union(mine, theirs);
}

/** What is in one of many, in time that grows with their length and not with its square. */
export function unionOfAll(sets: readonly FieldSet[]): FieldSet {
  const [first = EMPTY] = sets;
  if (sets.length < 2) return first;
  const half = sets.length >> 1;
  return union(unionOfAll(sets.slice(0, half)), unionOfAll(sets.slice(half)));
}

/** With its elements in upstream's order: itself where they are. */
export function inOrder(set: FieldSet): FieldSet {
  const elements = Object.keys(set);
  let before: string | undefined;
  const isSorted = elements.every((element) => {
    const fits = before === undefined || compareElements(before, element) < 0;
    before = element;
    return fits;
  });
  if (isSorted) return set;
  const result: NewFieldSet = {};
  for (const element of elements.sort(compareElements)) result[element] = set[element] ?? EMPTY;
  return result;
}

/** What is in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: NewFieldSet = {};
  for (const element in a) {
    const [mine, theirs] = [a[element], b[element]];
    if (element === MEMBER || mine === undefined || theirs === undefined) continue;
    const both = intersection(mine, theirs);
    const isOfBoth = isMember(mine) && isMemberOfOthers(theirs);
    if (isEmpty(both) && !isOfBoth) continue;
    result[element] = isOfBoth ? withMember(both) : both;
  }
  return result;
}

/** Whether they have the same members. */
export function isSameSet(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let count = 0;
  for (const element in a) {
    const [mine, theirs] = [a[element], b[element]];
    if (mine === undefined || theirs === undefined || !isSameSet(mine, theirs)) return false;
    count += 1;
  }
  for (const _ in b) count -= 1;
  return count === 0;
}

/** Whether the field itself is in the set. */
export const hasElement = (set: FieldSet, element: string): boolean => {
  const node = set[element];
  return node !== undefined && isMember(node);
};

/** What of the set is in the field; nothing where it is only there itself. */
export const within = (set: FieldSet, element: string): FieldSet => set[element] ?? EMPTY;

/** The paths of the members as messages show them: those of a node, then those in its nodes. */
export function shownPaths(set: FieldSet, prefix = ''): string[] {
  const paths: string[] = [];
  for (const [element, node] of Object.entries(set)) {
    if (element !== MEMBER && isMember(node)) paths.push(prefix + shownElement(element));
  }
  for (const [element, node] of Object.entries(set)) {
    if (element === MEMBER) continue;
    addAll(paths, shownPaths(node, prefix + shownElement(element)));
  }
  return paths;
}

/** Makes a set of nodes at the paths of somebody who walks through an object. */
export class FieldSetBuilder {
  readonly set: NewFieldSet = {};
  /** Those on the way to where the walker is, as far as they are in the set. */
  readonly #nodes: NewFieldSet[] = [this.set];

  /** A field comes before what is in it. */
  add(path: readonly string[], node: FieldSet): void {
    const last = path.length - 1;
    let parent = this.set;
    for (let at = 0; at < last; at += 1) {
      const child = this.#nodes[at + 1] ?? descend(parent, path[at] ?? '');
      this.#nodes[at + 1] = child;
      parent = child;
    }
    const element = path[last];
    if (element === undefined) return;
    const there = parent[element];
    parent[element] = there === undefined ? node : nodeUnion(there, node);
  }

  /** The walker is back at a path of this length. */
  backTo(length: number): void {
    if (this.#nodes.length > length + 1) this.#nodes.length = length + 1;
  }
}

function descend(parent: NewFieldSet, element: string): NewFieldSet {
  const there = parent[element];
  const child: NewFieldSet =
    there === undefined ? {} : isEmpty(there) ? { [MEMBER]: EMPTY } : { ...there };
  parent[element] = child;
  return child;
}
