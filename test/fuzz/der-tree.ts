/**
 * DER as a tree that can be changed and written again, with lengths that follow, or that lie on
 * purpose. It takes what it is given without judging it, and looks into OCTET STRINGs and BIT STRINGs
 * that hold DER themselves (extensions, keys).
 */

export interface DerNode {
  tag: number;
  content: Uint8Array | DerNode[];
  /** What stands before the children: the count of unused bits of a BIT STRING. */
  prefix: Uint8Array;
  /** How the length is written; in its shortest form where absent. */
  length?: LengthForm;
}

export type LengthForm =
  /** With this many more bytes than needed. */
  | { readonly kind: 'long'; readonly extra: number }
  /** BER's indefinite form, with an end-of-contents mark. */
  | { readonly kind: 'indefinite' }
  /** This number, whatever the content is. */
  | { readonly kind: 'lie'; readonly value: number };

const NONE = new Uint8Array();
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
const MAX_DEPTH = 30;

/** The elements of `bytes`, or undefined where they are not a whole number of elements. */
export function parseTree(bytes: Uint8Array, depth = 0): DerNode[] | undefined {
  const nodes: DerNode[] = [];
  let position = 0;
  while (position < bytes.length) {
    const header = readHeader(bytes, position);
    if (header === undefined || depth > MAX_DEPTH) return undefined;
    const { tag, start, end } = header;
    nodes.push(nodeOf(tag, bytes.subarray(start, end), depth));
    position = end;
  }
  return nodes;
}

function readHeader(
  bytes: Uint8Array,
  at: number,
): { tag: number; start: number; end: number } | undefined {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || tag === 0 || (tag & 0x1f) === 0x1f) {
    return undefined;
  }
  const count = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || count > 4) return undefined;
  let length = first < 0x80 ? first : 0;
  for (let i = 0; i < count; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  const start = at + 2 + count;
  return start + length > bytes.length ? undefined : { tag, start, end: start + length };
}

function nodeOf(tag: number, content: Uint8Array, depth: number): DerNode {
  const prefix = tag === BIT_STRING && content[0] === 0 ? content.subarray(0, 1) : NONE;
  const constructed = (tag & 0x20) !== 0;
  if (constructed || tag === OCTET_STRING || prefix.length > 0) {
    const inner = content.subarray(prefix.length);
    const children = parseTree(inner, depth + 1);
    if (children !== undefined && (constructed || children.length > 0)) {
      return { tag, content: children, prefix };
    }
  }
  return { tag, content: Uint8Array.from(content), prefix: NONE };
}

/** A copy that shares nothing. */
export function cloneTree(nodes: readonly DerNode[]): DerNode[] {
  return nodes.map(cloneNode);
}

export function cloneNode({ tag, content, prefix, length }: DerNode): DerNode {
  return {
    tag,
    content: content instanceof Uint8Array ? Uint8Array.from(content) : cloneTree(content),
    prefix,
    ...(length === undefined ? {} : { length }),
  };
}

/** Every node with the list that it is in, from the root down. */
export function listNodes(
  nodes: DerNode[],
  found: { node: DerNode; siblings: DerNode[]; at: number }[] = [],
): { node: DerNode; siblings: DerNode[]; at: number }[] {
  for (const [at, node] of nodes.entries()) {
    found.push({ node, siblings: nodes, at });
    if (!(node.content instanceof Uint8Array)) listNodes(node.content, found);
  }
  return found;
}

export function writeTree(nodes: readonly DerNode[]): Buffer {
  return Buffer.concat(nodes.map(writeNode));
}

function writeNode({ tag, content, prefix, length }: DerNode): Buffer {
  const body = content instanceof Uint8Array ? content : writeTree(content);
  const whole = Buffer.concat([prefix, body]);
  if (length?.kind === 'indefinite') {
    return Buffer.concat([Uint8Array.of(tag, 0x80), whole, Uint8Array.of(0, 0)]);
  }
  const claimed = length?.kind === 'lie' ? length.value : whole.length;
  const extra = length?.kind === 'long' ? length.extra : 0;
  return Buffer.concat([Uint8Array.of(tag), lengthBytes(claimed, extra), whole]);
}

function lengthBytes(length: number, extra: number): Uint8Array {
  if (length < 0x80 && extra === 0) return Uint8Array.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  if (bytes.length === 0) bytes.push(0);
  // The long form of a short length is one byte more than needed by itself.
  const zeros = length < 0x80 ? extra - 1 : extra;
  for (let i = 0; i < zeros; i++) bytes.unshift(0);
  return Uint8Array.of(0x80 | bytes.length, ...bytes);
}
