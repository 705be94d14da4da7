/**
 * Reads the blocks of a PEM file. The decoder of `x509` passes over damaged blocks in silence, as
 * Kubernetes components do; whoever looks into a file wants to hear of them, so the text is cut
 * at its BEGIN lines and each piece is looked at alone.
 */
import { decodePem } from '../x509/index.ts';
import { type BlockReader, shortened } from './block.ts';
import type { Entry } from './types.ts';

const BEGIN = '-----BEGIN ';
const END = '\n-----END ';
const LF = 0x0a;

/** More than any bundle has (the trust stores of systems have 150), and what 8 MiB of certificates come to. */
export const MOST_BLOCKS = 20_000;

/** True of a text with a line that begins a PEM block. */
export function looksLikePem(bytes: Buffer): boolean {
  return nextBegin(bytes, 0) !== undefined;
}

/** Every block of the text in order, damaged ones too; a reason where there is none or there are too many. */
export function readPemEntries(
  bytes: Buffer,
  reader: BlockReader,
): readonly Entry[] | { readonly reason: string } {
  const starts: number[] = [];
  for (let at = nextBegin(bytes, 0); at !== undefined; at = nextBegin(bytes, at + 1)) {
    starts.push(at);
    if (starts.length > MOST_BLOCKS) return { reason: `more than ${MOST_BLOCKS} PEM blocks` };
  }
  if (starts.length === 0) return { reason: 'no PEM block' };

  let intact = 0;
  const entries = starts.map((start, index): Entry => {
    const piece = bytes.subarray(start, starts[index + 1] ?? bytes.length);
    const [block] = decodePem(piece);
    if (block === undefined) return damaged(piece);
    intact++;
    return reader.read(block, piece);
  });
  const read = intact === starts.length ? intact : decodePem(bytes).length;
  return read >= intact ? entries : [...entries, hidden(read, intact)];
}

/** Where the next line that begins a block is, from `from` on. */
function nextBegin(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(BEGIN, from, 'latin1'); at >= 0; ) {
    if (at === 0 || bytes[at - 1] === LF) return at;
    at = bytes.indexOf(BEGIN, at + 1, 'latin1');
  }
  return undefined;
}

/** What is wrong with a piece that begins like a block and is none. */
function damaged(piece: Buffer): Entry {
  const first = lineFrom(piece, 0).trimEnd();
  const label = shortened(first.slice(BEGIN.length).replace(/-----$/, ''));
  const malformed = (reason: string): Entry => ({ kind: 'malformed', label, reason });
  if (!first.endsWith('-----')) return malformed('its BEGIN line does not end with -----');
  const end = piece.indexOf(END, 0, 'latin1');
  if (end < 0) return malformed('cut off: there is no END line');
  const expected = first.slice(BEGIN.length);
  const last = lineFrom(piece, end + END.length);
  if (last.startsWith(expected + BEGIN)) {
    return malformed('the line break between its END line and the next BEGIN line is missing');
  }
  if (last.trimEnd() !== expected) {
    return malformed('its END line does not repeat the label of its BEGIN line');
  }
  return malformed('damaged: what is between its BEGIN and END lines is not base64');
}

function lineFrom(bytes: Buffer, start: number): string {
  const feed = bytes.indexOf(LF, start);
  return bytes.toString('utf8', start, feed < 0 ? bytes.length : feed);
}

const hidden = (read: number, intact: number): Entry => ({
  kind: 'malformed',
  label: 'PEM',
  reason: `Kubernetes components read only ${read} of the ${intact} intact blocks: a damaged one hides others`,
});
