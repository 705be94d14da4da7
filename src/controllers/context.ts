/** What every controller is given, and what it says. */
import type { Clock, KubernetesClient } from '../client/index.ts';
import { quoted } from '../errors.ts';

/** One line of a log, as fields. Values from the API stand there as they are: who prints them quotes them. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** What happened, a text of ours. */
  readonly message: string;
  /** The controller's short name, as `--controllers` takes it. */
  readonly controller?: string;
  readonly [field: string]: unknown;
}

export type Log = (line: LogLine) => void;

export interface ControllerContext {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  /** In [0, 1), for delays. */
  readonly random: () => number;
  /** Ends the controller. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * A line of the log for people: `csrsigning: signed csr="node-csr-1" serialNumber="0a…"`. Whatever came
 * from the API is quoted, so that it can neither forge a line nor move a cursor.
 */
export function formatLogLine({ level, message, controller, ...fields }: LogLine): string {
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${quoted(typeof value === 'string' ? value : inJson(value))}`);
  const mark = level === 'error' || level === 'warn' ? `${level}: ` : '';
  const where = controller === undefined ? '' : `${controller}: `;
  return [`${mark}${where}${message}`, ...shown].join(' ');
}

const inJson = (value: unknown): string => JSON.stringify(value) ?? String(value);

/** A log whose lines all name the controller. */
export const logOf =
  (log: Log, controller: string): Log =>
  (line) =>
    log({ controller, ...line });

/** The text of whatever was thrown. */
export const textOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
