/** Progress of what takes longer than a second: a bar on a terminal, a plain line now and then elsewhere. */

const SHOW_AFTER = 1000;
const REDRAW_EVERY = 100;
const PLAIN_EVERY = 5000;
const BAR_WIDTH = 30;

export interface Progress {
  update(done: number, total: number): void;
  /** Takes the bar away, so that what follows starts on a clean line. */
  end(): void;
}

/**
 * @param what what is counted: `hosts`
 * @param now milliseconds that only ever grow; a parameter for tests
 */
export function startProgress(
  what: string,
  stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY'> = process.stderr,
  now: () => number = () => performance.now(),
): Progress {
  const started = now();
  let last = started;
  let shown = false;
  return {
    update(done, total) {
      const time = now();
      const wait = stream.isTTY ? REDRAW_EVERY : PLAIN_EVERY;
      if (time - started < SHOW_AFTER || time - last < wait || done >= total) return;
      last = time;
      shown = true;
      stream.write(
        stream.isTTY ? bar(done, total, what) : `kubepki: ${done} of ${total} ${what}\n`,
      );
    },
    end() {
      if (shown && stream.isTTY) stream.write('\r\u001b[K');
    },
  };
}

function bar(done: number, total: number, what: string): string {
  const filled = Math.floor((done / total) * BAR_WIDTH);
  const percent = Math.floor((done / total) * 100);
  return `\r[${'#'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}] ${percent} %  ${done} of ${total} ${what}`;
}
