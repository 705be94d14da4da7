/** Reads the FieldsV1 of a client or of the storage as a set in its canonical form. */
import { isJsonObject } from '../../kubernetes/index.ts';
import { canonicalElement, FieldsError, MEMBER } from './element.ts';
import { EMPTY, type FieldSet, inOrder, isEmpty, type NewFieldSet, union } from './field-set.ts';
import { innerLayout, type Layout, type StructLayout } from './layout.ts';

/** Far deeper than any object of the API. */
const DEEPEST = 64;

/**
 * Elements of kinds that nobody knows are left out. What is in a field that belongs to one manager as a whole by now
 * stands for the field itself (structured-merge-diff, typed/reconcile_schema.go).
 *
 * @throws FieldsError
 */
export const readFieldSet = (layout: StructLayout, fields: unknown): FieldSet =>
  readNode(fields, layout, DEEPEST).children;

interface ReadNode {
  readonly children: FieldSet;
  readonly isMember: boolean;
}

function readNode(value: unknown, layout: Layout | undefined, left: number): ReadNode {
  if (!isJsonObject(value)) throw new FieldsError('expected a set of fields as an object');
  if (left === 0) throw new FieldsError('a set of fields is nested too deeply');
  const children: NewFieldSet = {};
  let isMember = false;
  for (const [text, inner] of Object.entries(value)) {
    if (text === MEMBER) {
      isMember = true;
      continue;
    }
    const element = canonicalElement(text);
    if (element === undefined) continue;
    const node = nodeOf(readNode(inner, innerLayout(layout, element), left - 1));
    const before = children[element];
    children[element] = before === undefined ? node : unionOf(before, node);
  }
  if (isEmpty(children)) return { children: EMPTY, isMember: true };
  if (layout?.kind === 'leaf' && layout.isAtomic === true)
    return { children: EMPTY, isMember: true };
  return { children: inOrder(children), isMember };
}

const nodeOf = ({ children, isMember }: ReadNode): FieldSet =>
  isMember && !isEmpty(children) ? { [MEMBER]: EMPTY, ...children } : children;

/** Two texts of one element, as of `k:{"a":1}` and `k:{ "a": 1 }`. */
const unionOf = (a: FieldSet, b: FieldSet): FieldSet =>
  union({ node: a }, { node: b })['node'] ?? EMPTY;
