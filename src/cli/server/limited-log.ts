/**
 * A log that a crowd cannot fill: of each kind of line a few at once and then one now and then, with the
 * number of those that were left out. Ten thousand wrong tokens are ten thousand lines otherwise.
 */

export interface LimitedLogOptions {
  readonly write: (line: string) => void;
  /** Milliseconds of a clock that is never set. */
  readonly monotonic: () => number;
}

/** Lines of one kind that are written at once. */
const AT_ONCE = 10;
/** Milliseconds after which one more is written. */
const REFILL_MS = 6_000;
/** Kinds are the server's own words; should they be more, the others share one. */
const MOST_KINDS = 64;

interface Kind {
  lines: number;
  at: number;
  leftOut: number;
}

/** @returns writes a line, or counts it. The kind is what stands before its first colon. */
export function limitedLog({ write, monotonic }: LimitedLogOptions): (line: string) => void {
  const kinds = new Map<string, Kind>();
  return (line) => {
    const kind = kindOf(kinds, line.split(':', 1).join(''), monotonic());
    if (kind.lines < 1) {
      kind.leftOut += 1;
      return;
    }
    kind.lines -= 1;
    const { leftOut } = kind;
    kind.leftOut = 0;
    write(leftOut === 0 ? line : `${line} (${leftOut} more like this were left out)`);
  };
}

function kindOf(kinds: Map<string, Kind>, name: string, at: number): Kind {
  const id = kinds.has(name) || kinds.size < MOST_KINDS ? name : '';
  const known = kinds.get(id);
  if (known === undefined) {
    const kind = { lines: AT_ONCE, at, leftOut: 0 };
    kinds.set(id, kind);
    return kind;
  }
  known.lines = Math.min(AT_ONCE, known.lines + (at - known.at) / REFILL_MS);
  known.at = at;
  return known;
}
