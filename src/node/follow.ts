/** What changes while a node runs, and nobody tells it: its clock, and its addresses. */
import type { Clock } from '../client/index.ts';
import { KubepkiError } from '../errors.ts';
import type { NodeAddress } from '../kubernetes/index.ts';
import { nodeAddresses } from './machine.ts';
import { pause } from './waiting.ts';

/** A clock that is so far from where it should be was set, or the machine has slept. */
const JUMP_MS = 30_000;
/** How often addresses are looked up (upstream's nodeStatusUpdateFrequency). */
const ADDRESSES_MS = 10_000;

export interface Looking {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  /** The clock is so far ahead of where it should be; negative: it was set back. */
  readonly onJump: (byMs: number) => void;
  readonly look: () => void;
}

/**
 * Looks regularly, until the signal aborts. Timers count the time in which the machine is awake,
 * certificates that of the wall: where the two have parted, whoever waits for a date has to look again.
 */
export async function lookRegularly({
  clock,
  everyMs,
  signal,
  onJump,
  look,
}: Looking): Promise<void> {
  let expected = clock.now().getTime() + everyMs;
  while (await pause(clock, everyMs, signal)) {
    const now = clock.now().getTime();
    const byMs = now - expected;
    expected = now + everyMs;
    if (Math.abs(byMs) > JUMP_MS) onJump(byMs);
    look();
  }
}

/** Where nobody has said which addresses the node has, they may change. */
export async function followAddresses(
  nodeName: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  onAddresses: (addresses: readonly NodeAddress[]) => void,
): Promise<void> {
  while (await pause(clock, ADDRESSES_MS, signal)) {
    try {
      onAddresses(await nodeAddresses(nodeName, undefined));
    } catch (error) {
      // For now it has none: what was known stays.
      if (!(error instanceof KubepkiError)) throw error;
    }
  }
}
