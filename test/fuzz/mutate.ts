/** Damages bytes and DER, at random but from a seed. Each mutation says what it did. */
import { cloneNode, cloneTree, type DerNode, listNodes, parseTree, writeTree } from './der-tree.ts';
import type { Random } from './random.ts';

export interface Mutant {
  readonly bytes: Buffer;
  /** What was done, for the message of a failing test. */
  readonly how: string;
}

/** One to three changes at places that mean nothing. */
export function mutateBytes(bytes: Uint8Array, random: Random): Mutant {
  let current: Buffer = Buffer.from(bytes);
  const how: string[] = [];
  for (let i = random.between(1, 3); i > 0; i--) {
    const name = random.pick(BYTE_CHANGES);
    const at = random.below(current.length + 1);
    current = changeBytes(current, at, name, random);
    how.push(`${name} at ${at}`);
  }
  return { bytes: current, how: how.join(', ') };
}

const BYTE_CHANGES = [
  'flip a bit',
  'flip a bit',
  'flip a bit',
  'set a byte',
  'set a byte',
  'cut off',
  'insert',
  'remove',
  'repeat',
  'append',
] as const;
const NOTABLE_BYTES = [0, 1, 0x7f, 0x80, 0x81, 0x84, 0xff, 0x30, 0x04, 0x05, 0x0a, 0x2d, 0x20];

function changeBytes(
  bytes: Buffer,
  at: number,
  how: (typeof BYTE_CHANGES)[number],
  random: Random,
): Buffer {
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const count = random.between(1, random.oneIn(4) ? 200 : 4);
  const copy = Buffer.from(bytes);
  switch (how) {
    case 'flip a bit':
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      return copy;
    case 'set a byte':
      if (at < copy.length)
        copy[at] = random.oneIn(2) ? random.pick(NOTABLE_BYTES) : random.below(256);
      return copy;
    case 'cut off':
      return Buffer.from(before);
    case 'insert':
      return Buffer.concat([before, random.bytes(count), after]);
    case 'remove':
      return Buffer.concat([before, after.subarray(count)]);
    case 'repeat':
      return Buffer.concat([before, after.subarray(0, count), after]);
    case 'append':
      return Buffer.concat([bytes, random.oneIn(2) ? random.bytes(count) : Buffer.alloc(count)]);
  }
}

/** A change of the structure: elements lost, doubled, swapped, of another type, written in another form. */
export function mutateDer(der: Uint8Array, random: Random): Mutant {
  const tree = parseTree(der);
  if (tree === undefined || tree.length === 0) return mutateBytes(der, random);
  const copy = cloneTree(tree);
  const how: string[] = [];
  for (let i = random.oneIn(4) ? 2 : 1; i > 0; i--) {
    const nodes = listNodes(copy);
    if (nodes.length === 0) break;
    const { node, siblings, at } = random.pick(nodes);
    const tag = node.tag.toString(16);
    const name = random.pick(isPrimitive(node) ? PRIMITIVE_CHANGES : CONSTRUCTED_CHANGES);
    changeNode(name, node, siblings, at, random);
    how.push(`${name} (tag ${tag})`);
  }
  return { bytes: writeTree(copy), how: how.join(', ') };
}

const isPrimitive = (node: DerNode): boolean => node.content instanceof Uint8Array;

const ANY_CHANGES = [
  'lose',
  'double',
  'swap',
  'another tag',
  'a related tag',
  'long length',
  'indefinite length',
  'length that lies',
  'append an element',
  'copy from elsewhere',
] as const;
const CONSTRUCTED_CHANGES = [...ANY_CHANGES, 'empty', 'trailing bytes'] as const;
const PRIMITIVE_CHANGES = [
  ...ANY_CHANGES,
  'empty',
  'flip a bit',
  'flip a bit',
  'flip a bit',
  'set a byte',
  'shorten',
  'lengthen',
  'zero in front',
  'ff in front',
  'constructed',
  'another time',
] as const;
type ContentChange =
  | 'empty'
  | 'flip a bit'
  | 'set a byte'
  | 'shorten'
  | 'lengthen'
  | 'zero in front'
  | 'ff in front'
  | 'another time';
type NodeChange = (typeof ANY_CHANGES)[number] | 'trailing bytes' | 'constructed' | ContentChange;

const UNIVERSAL_TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1b, 0x1c,
  0x1e, 0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0x87, 0xa0, 0xa1, 0xa3, 0x1f, 0x00,
];
const STRING_TAGS = [0x0c, 0x12, 0x13, 0x14, 0x16, 0x1a, 0x1b, 0x1c, 0x1e];
const TIME_TAGS = [0x17, 0x18];
const LIES = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0xffffff, 0x7fffffff, 0xffffffff];
const TIMES = [
  '260101000000Z',
  '2601010000Z',
  '260101000000+0100',
  '490101000000Z',
  '500101000000Z',
  '20260101000000Z',
  '20500101000000Z',
  '20260101000000.5Z',
  '202601010000Z',
  '20260229000000Z',
  '20261301000000Z',
  '20260101240000Z',
  '20260101000060Z',
  '99991231235959Z',
  '00000101000000Z',
  '2601O1000000Z',
];

/** Changes `node`, which is `siblings[at]`, in place. */
function changeNode(
  name: NodeChange,
  node: DerNode,
  siblings: DerNode[],
  at: number,
  random: Random,
): void {
  switch (name) {
    case 'lose':
      siblings.splice(at, 1);
      break;
    case 'double':
      siblings.splice(at, 0, cloneNode(node));
      break;
    case 'swap': {
      const other = random.below(siblings.length);
      siblings[at] = siblings[other] ?? node;
      siblings[other] = node;
      break;
    }
    case 'another tag':
      node.tag = random.oneIn(4) ? random.below(256) : random.pick(UNIVERSAL_TAGS);
      break;
    case 'a related tag':
      node.tag = relatedTag(node.tag, random);
      break;
    case 'long length':
      node.length = { kind: 'long', extra: random.pick([1, 1, 2, 3, 8]) };
      break;
    case 'indefinite length':
      node.length = { kind: 'indefinite' };
      break;
    case 'length that lies':
      node.length = { kind: 'lie', value: random.pick(LIES) };
      break;
    case 'append an element':
      siblings.push({
        tag: random.pick(UNIVERSAL_TAGS),
        content: random.bytes(random.below(4)),
        prefix: new Uint8Array(),
      });
      break;
    case 'copy from elsewhere':
      siblings.splice(at, 1, cloneNode(random.pick(siblings)));
      break;
    case 'trailing bytes':
      node.content = Buffer.concat([contentOf(node), random.bytes(random.between(1, 3))]);
      break;
    case 'constructed':
      node.content = contentOf(node);
      node.tag ^= 0x20;
      break;
    case 'empty':
    case 'flip a bit':
    case 'set a byte':
    case 'shorten':
    case 'lengthen':
    case 'zero in front':
    case 'ff in front':
    case 'another time':
      node.content = changeContent(name, contentOf(node), random);
  }
}

const contentOf = (node: DerNode): Uint8Array =>
  node.content instanceof Uint8Array ? node.content : writeTree(node.content);

function changeContent(name: ContentChange, content: Uint8Array, random: Random): Uint8Array {
  const copy = Buffer.from(content);
  const at = random.below(copy.length || 1);
  switch (name) {
    case 'empty':
      return new Uint8Array();
    case 'flip a bit':
      if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      return copy;
    case 'set a byte':
      if (copy.length > 0) copy[at] = random.pick(NOTABLE_BYTES);
      return copy;
    case 'shorten':
      return random.oneIn(2) ? copy.subarray(0, at) : copy.subarray(1);
    case 'lengthen':
      return Buffer.concat([copy, random.bytes(random.between(1, 4))]);
    case 'zero in front':
      return Buffer.concat([Uint8Array.of(0), copy]);
    case 'ff in front':
      return Buffer.concat([Uint8Array.of(0xff), copy]);
    case 'another time':
      return Buffer.from(random.pick(TIMES), 'latin1');
  }
}

/** Another string or time type for one, the constructed twin, or the next number. */
function relatedTag(tag: number, random: Random): number {
  if (STRING_TAGS.includes(tag)) return random.pick(STRING_TAGS);
  if (TIME_TAGS.includes(tag)) return random.pick(TIME_TAGS);
  return random.oneIn(2) ? tag ^ 0x20 : tag + 1;
}
