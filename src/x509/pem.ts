/**
 * PEM (RFC 7468, and RFC 1421 for the header lines), read by the rules of Go's encoding/pem because
 * that is what decides in upstream components which blocks a file holds. What these rules find
 * malformed is passed over, as there; time is linear in the size of the input.
 */
import { KubepkiError, quoted } from '../errors.ts';

/** The largest text that is looked at. */
export const MAX_PEM_BYTES = 16 * 1024 * 1024;

export interface PemBlock {
  /** What stands between `-----BEGIN ` and `-----`. */
  readonly label: string;
  /** The header lines, as of an encrypted key (`Proc-Type: 4,ENCRYPTED`). Usually empty. */
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Uint8Array;
}

const BEGIN = '-----BEGIN ';
const END = '\n-----END ';
const DASHES = '-----';
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;

/**
 * Every well-formed block of `text`, in order; none is no error. Text before, between and after
 * blocks is passed over, and so is a block that is broken.
 *
 * @throws KubepkiError MALFORMED_PEM if `text` is larger than `MAX_PEM_BYTES`.
 */
export function decodePem(text: string | Uint8Array): PemBlock[] {
  const data = asBuffer(text);
  const blocks: PemBlock[] = [];
  let from = 0;
  for (;;) {
    const end = data.indexOf(END, from, 'latin1');
    if (end < 0) return blocks;
    const found = readBlock(data, from, end);
    if (found === 'stop') return blocks;
    if (found === undefined) {
      from = end + END.length;
    } else {
      blocks.push(found);
      from = lineAt(data, end + END.length - 1).next;
    }
  }
}

/**
 * The block that the END line at `end` (its line feed) closes, looked for no further back than
 * `from`: the last BEGIN line before the END line counts. Undefined if there is none or it is
 * broken; 'stop' where Go's decoder gives up on all that follows.
 */
function readBlock(data: Buffer, from: number, end: number): PemBlock | 'stop' | undefined {
  // A view, so that the search back never leaves the part that was not looked at yet.
  const begin = from + data.subarray(from, end).lastIndexOf(BEGIN, undefined, 'latin1');
  if (begin < from || (begin > from && data[begin - 1] !== LF)) return undefined;
  const typeLine = lineAt(data, begin + BEGIN.length);
  const typeText = data.toString('latin1', typeLine.start, typeLine.end);
  if (!typeText.endsWith(DASHES)) return undefined;

  const headers = new Map<string, string>();
  let body = typeLine.next;
  for (;;) {
    // A header line is one with a colon. If the END line is taken for one, Go finds no further block.
    if (body > end + 1 || body >= data.length) return 'stop';
    const line = lineAt(data, body);
    const colon = data.subarray(line.start, line.end).indexOf(0x3a);
    if (colon < 0) break;
    const key = data.toString('utf8', line.start, line.start + colon).trim();
    headers.set(key, data.toString('utf8', line.start + colon + 1, line.end).trim());
    body = line.next;
  }
  if (headers.size > 0 && body > end) return undefined;
  if (!isTrailer(data, end + END.length, typeText)) return undefined;
  const bytes = body < end ? decodeBase64(data, body, end) : new Uint8Array();
  if (bytes === undefined) return undefined;
  const label = data.toString('utf8', typeLine.start, typeLine.end - DASHES.length);
  return { label, headers, bytes };
}

/** Whether the END line repeats the label and its dashes, with nothing but blanks after them. */
function isTrailer(data: Buffer, start: number, typeText: string): boolean {
  const stop = start + typeText.length;
  if (stop > data.length || data.toString('latin1', start, stop) !== typeText) return false;
  const rest = lineAt(data, stop);
  return rest.start === rest.end;
}

/** The line from `start` on: where it ends without blanks at its end, and where the next begins. */
function lineAt(data: Buffer, start: number): { start: number; end: number; next: number } {
  const feed = data.indexOf(LF, start);
  const next = feed < 0 ? data.length : feed + 1;
  let end = feed < 0 ? data.length : feed;
  if (feed > start && data[feed - 1] === CR) end--;
  while (end > start && (data[end - 1] === SPACE || data[end - 1] === TAB)) end--;
  return { start, end, next };
}

const DIGIT = 1;
const BLANK = 2;
const PADDING = 3;
/** What each byte is to base64; 0 is none of the three. */
const CLASS_OF_BYTE = new Uint8Array(256);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/') {
  CLASS_OF_BYTE[char.charCodeAt(0)] = DIGIT;
}
for (const blank of [SPACE, TAB, LF, CR]) CLASS_OF_BYTE[blank] = BLANK;
CLASS_OF_BYTE['='.charCodeAt(0)] = PADDING;

/** Padded base64 with blanks anywhere, or undefined: Buffer's own decoder passes over what is no base64. */
function decodeBase64(data: Buffer, start: number, end: number): Uint8Array | undefined {
  let digits = 0;
  let padding = 0;
  for (let i = start; i < end; i++) {
    const kind = CLASS_OF_BYTE[data[i] ?? 0];
    if (kind === DIGIT && padding === 0) digits++;
    else if (kind === PADDING) padding++;
    else if (kind !== BLANK) return undefined;
  }
  if (padding > 2 || (digits + padding) % 4 !== 0) return undefined;
  return Buffer.from(data.toString('latin1', start, end), 'base64');
}

/** One block: 64 columns, LF, no headers. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const base64 = asView(bytes).toString('base64');
  let text = `-----BEGIN ${label}-----\n`;
  for (let i = 0; i < base64.length; i += 64) text += `${base64.slice(i, i + 64)}\n`;
  return `${text}-----END ${label}-----\n`;
}

/**
 * The first block of `text` with the label, or one of the labels.
 *
 * @param where what the text is, for the error: a file's path, `spec.request`.
 * @throws KubepkiError MALFORMED_PEM, saying what was found instead.
 */
export function requirePem(
  text: string | Uint8Array,
  labels: string | readonly string[],
  where: string,
): PemBlock {
  const wanted = typeof labels === 'string' ? [labels] : labels;
  const blocks = decodePem(text);
  const block = blocks.find(({ label }) => wanted.includes(label));
  if (block !== undefined) return block;
  throw noSuchBlock(wanted, blocks, where);
}

/** The error for a text that lacks a block with one of these labels. */
export function noSuchBlock(
  wanted: readonly string[],
  found: readonly PemBlock[],
  where: string,
): KubepkiError {
  const expected = `expected a PEM block ${wanted.map((label) => quoted(label, 40)).join(' or ')}`;
  return new KubepkiError('MALFORMED_PEM', `${where}: ${expected}, found ${listed(found)}`);
}

const MOST_LABELS_SHOWN = 5;

function listed(blocks: readonly PemBlock[]): string {
  if (blocks.length === 0) return 'no PEM block';
  const labels = [...new Set(blocks.map(({ label }) => label))];
  const shown = labels
    .slice(0, MOST_LABELS_SHOWN)
    .map((label) => quoted(label, 40))
    .join(', ');
  return labels.length > MOST_LABELS_SHOWN ? `${shown}, …` : shown;
}

function asBuffer(text: string | Uint8Array): Buffer {
  const data = typeof text === 'string' ? Buffer.from(text, 'utf8') : asView(text);
  if (data.length > MAX_PEM_BYTES) {
    throw new KubepkiError(
      'MALFORMED_PEM',
      `PEM text of ${data.length} bytes, more than the limit of ${MAX_PEM_BYTES}`,
    );
  }
  return data;
}

/** The same memory as a Buffer. */
const asView = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
