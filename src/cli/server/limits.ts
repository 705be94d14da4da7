/** How much the server takes on at once, and how it ends: kube-apiserver's flags, by their names and defaults. */
import type { InFlightLimits } from '../../apiserver/index.ts';
import { KubepkiError, quoted } from '../../errors.ts';
import { DEFAULT_LIMITS } from '../../http/index.ts';
import { parseGoDuration } from '../../kubernetes/index.ts';

export interface ServerLimits {
  readonly inFlight: InFlightLimits;
  readonly requestTimeoutMs: number;
  /** Streams of one HTTP/2 connection. */
  readonly streams: number;
  readonly goawayChance: number;
  readonly shutdown: {
    /** How long it serves on with `/readyz` failing. */
    readonly delayMs: number;
    readonly sendRetryAfter: boolean;
  };
}

export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  inFlight: { readOnly: 400, mutating: 200 },
  requestTimeoutMs: 60_000,
  streams: DEFAULT_LIMITS.streams,
  goawayChance: 0,
  shutdown: { delayMs: 0, sendRetryAfter: false },
};

export interface LimitFlags {
  readonly maxRequestsInflight?: string;
  readonly maxMutatingRequestsInflight?: string;
  readonly requestTimeout?: string;
  readonly http2MaxStreamsPerConnection?: string;
  readonly goawayChance?: string;
  readonly shutdownDelayDuration?: string;
  readonly shutdownSendRetryAfter?: boolean;
}

/** More would be no limit; Node keeps a stream's number in 31 bits. */
const MOST = 1_000_000;
const MOST_GOAWAY_CHANCE = 0.02;
/** A timer of Node's holds 31 bits of milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/** @throws KubepkiError USAGE naming the flag */
export function serverLimits(flags: LimitFlags): ServerLimits {
  const { inFlight, requestTimeoutMs, streams, goawayChance, shutdown } = DEFAULT_SERVER_LIMITS;
  const count = (flag: string, text: string | undefined, otherwise: number): number =>
    text === undefined ? otherwise : countOf(flag, text);
  const duration = (flag: string, text: string | undefined, otherwise: number): number =>
    text === undefined ? otherwise : durationOf(flag, text);
  const timeout = duration('request-timeout', flags.requestTimeout, requestTimeoutMs);
  if (timeout === 0) throw new KubepkiError('USAGE', '--request-timeout: nothing ends in no time');
  return {
    inFlight: {
      readOnly: count('max-requests-inflight', flags.maxRequestsInflight, inFlight.readOnly),
      mutating: count(
        'max-mutating-requests-inflight',
        flags.maxMutatingRequestsInflight,
        inFlight.mutating,
      ),
    },
    requestTimeoutMs: timeout,
    // As upstream, 0 is the default.
    streams:
      count('http2-max-streams-per-connection', flags.http2MaxStreamsPerConnection, 0) || streams,
    goawayChance: flags.goawayChance === undefined ? goawayChance : chanceOf(flags.goawayChance),
    shutdown: {
      delayMs: duration('shutdown-delay-duration', flags.shutdownDelayDuration, shutdown.delayMs),
      sendRetryAfter: flags.shutdownSendRetryAfter ?? shutdown.sendRetryAfter,
    },
  };
}

function countOf(flag: string, text: string): number {
  const count = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (count <= MOST) return count;
  throw wrong(flag, text, `a whole number from 0 to ${MOST}`);
}

function durationOf(flag: string, text: string): number {
  let milliseconds: number;
  try {
    milliseconds = parseGoDuration(text);
  } catch (cause) {
    throw wrong(flag, text, 'a duration like 60s or 1m30s', cause);
  }
  if (milliseconds >= 0 && milliseconds <= LONGEST_MS) return milliseconds;
  throw wrong(flag, text, 'a duration from 0 to 24 days');
}

function chanceOf(text: string): number {
  const chance = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (chance <= MOST_GOAWAY_CHANCE) return chance;
  throw wrong('goaway-chance', text, `a number from 0 to ${MOST_GOAWAY_CHANCE}`);
}

const wrong = (flag: string, text: string, expected: string, cause?: unknown): KubepkiError =>
  new KubepkiError('USAGE', `--${flag}: ${quoted(text, 80)} is not ${expected}`, { cause });
