/** Feeds one reader with damaged inputs and watches what it throws, how long it takes and what it allocates. */
import { getHeapStatistics } from 'node:v8';
import { KubepkiError } from '../../src/errors.ts';
import { seededWith } from '../seeded.ts';
import type { Mutant } from './mutate.ts';
import { Random } from './random.ts';
import { READERS, type Reader } from './readers.ts';

/** What was wrong, with the input that shows it. */
export class FuzzFailure extends Error {
  readonly input: Uint8Array;

  constructor(message: string, input: Uint8Array, cause?: unknown) {
    super(message, { cause });
    this.name = 'FuzzFailure';
    this.input = input;
  }
}

/** Beyond this, and beyond `GROWTH_PER_BYTE` for each byte of the input, memory grew with a lie. */
const GROWTH = 96 * 1024 * 1024;
const GROWTH_PER_BYTE = 2048;
const MOST_MESSAGE_CHARACTERS = 4000;

function readerOf(name: string): Reader {
  const make = READERS[name];
  if (make === undefined) throw new RangeError(`expected a reader, got ${name}`);
  return make();
}

export class Fuzzer {
  executions = 0;
  accepted = 0;
  /** Milliseconds of the slowest input, and what was done to it. */
  slowest = { ms: 0, how: '' };
  readonly #reader: Reader;
  readonly #random: Random;
  /** Inputs that were accepted are damaged further: mutants of mutants. */
  readonly #pool: Uint8Array[];

  constructor(name: string, seed: number, reader: Reader = readerOf(name)) {
    this.#reader = reader;
    this.#random = new Random(seededWith(seed));
    this.#pool = [...this.#reader.seeds];
  }

  /** One input. `before` is told which, so that it is not lost if it never comes back. */
  step(before: (input: Uint8Array) => void = () => {}): void {
    const mutant = this.#draw();
    before(mutant.bytes);
    const heap = allocated();
    const start = cpuTime();
    const accepted = this.#read(mutant);
    const ms = cpuTime() - start;
    const grown = allocated() - heap;
    this.executions++;
    if (accepted) this.#keep(mutant.bytes);
    if (grown > GROWTH + GROWTH_PER_BYTE * mutant.bytes.length) {
      throw new FuzzFailure(
        `${grown} bytes of memory for ${mutant.bytes.length} of input (${mutant.how})`,
        mutant.bytes,
      );
    }
    if (ms > this.slowest.ms) this.#judgeTime(mutant, ms);
  }

  #draw(): Mutant {
    const seed = this.#random.pick(this.#pool);
    // The seeds themselves first: they must be read, whatever else.
    if (this.executions < this.#reader.seeds.length) {
      return { bytes: Buffer.from(this.#pool[this.executions] ?? seed), how: 'a seed' };
    }
    return this.#reader.mutate(seed, this.#random);
  }

  #keep(input: Uint8Array): void {
    this.accepted++;
    if (!this.#random.oneIn(20) || input.length > 20_000) return;
    // Bounded, and the seeds stay.
    const first = this.#reader.seeds.length;
    if (this.#pool.length < first + 200) this.#pool.push(input);
    else this.#pool[first + this.#random.below(200)] = input;
  }

  #read({ bytes, how }: Mutant): boolean {
    try {
      this.#reader.read(bytes);
      return true;
    } catch (error) {
      if (!(error instanceof KubepkiError)) {
        throw new FuzzFailure(`threw ${String(error)} (${how})`, bytes, error);
      }
      for (const shown of [
        error.message,
        ...error.issues.flatMap((one) => [one.path, one.message]),
      ]) {
        if (isClearLine(shown)) continue;
        const what = `a message that is not one clear line: ${JSON.stringify(shown.slice(0, 200))}`;
        throw new FuzzFailure(`${what} (${how})`, bytes, error);
      }
      return false;
    }
  }

  /** Code may not have been compiled yet: only an input that is slow three times more is too slow. */
  #judgeTime(mutant: Mutant, first: number): void {
    let ms = first;
    for (let i = 0; i < 3 && ms > this.#reader.limit; i++) {
      const start = cpuTime();
      this.#read(mutant);
      ms = Math.min(ms, cpuTime() - start);
    }
    if (ms > this.#reader.limit) {
      throw new FuzzFailure(`took ${Math.round(ms)} ms (${mutant.how})`, mutant.bytes);
    }
    if (ms > this.slowest.ms) this.slowest = { ms, how: mutant.how };
  }
}

/** What a file holds must not be able to write to the terminal, or fill it. */
const isClearLine = (text: string): boolean =>
  text !== '' && text.length <= MOST_MESSAGE_CHARACTERS && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);

/** Milliseconds that this thread has computed: a busy machine does not count. */
function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Bytes of the heap and of buffers beside it. */
function allocated(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}
