/** What the process itself says: its CPU, memory, files, and how late its timers come. */
import { readdirSync } from 'node:fs';
import { type ELDHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { cpuUsage, memoryUsage } from 'node:process';
import type { Single } from './text.ts';

const DELAY_RESOLUTION_MS = 50;

export function processValues(startedAt: Date): Single[] {
  const { user, system } = cpuUsage();
  const { rss, heapTotal, heapUsed, external } = memoryUsage();
  const values: Single[] = [
    ['process_cpu_seconds_total', 'counter', 'CPU time, user and system.', (user + system) / 1e6],
    ['process_resident_memory_bytes', 'gauge', 'Resident memory.', rss],
    [
      'process_start_time_seconds',
      'gauge',
      'When the server started, in seconds since 1970.',
      startedAt.getTime() / 1000,
    ],
    ['nodejs_heap_size_total_bytes', 'gauge', 'Size of the heap.', heapTotal],
    ['nodejs_heap_size_used_bytes', 'gauge', 'What objects take of the heap.', heapUsed],
    ['nodejs_external_memory_bytes', 'gauge', 'Memory of objects outside the heap.', external],
  ];
  const files = openFiles();
  if (files !== undefined)
    values.push(['process_open_fds', 'gauge', 'Open file descriptors.', files]);
  return values;
}

/** Undefined where the system does not tell. */
function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

/** Looks at the event loop from the first time that somebody asks. */
export class EventLoop {
  #delay: ELDHistogram | undefined;

  /** Seconds that timers come late, since the last time that somebody asked; names as prom-client has them. */
  values(): Single[] {
    const delay = this.#delay ?? monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
    this.#delay = delay;
    delay.enable();
    // What Node records is the time between two ticks, the wanted pause included.
    const late = (nanoseconds: number): number =>
      Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - DELAY_RESOLUTION_MS / 1e3) : 0;
    const values: Single[] = [
      ['nodejs_eventloop_lag_mean_seconds', 'gauge', 'Mean event loop delay.', late(delay.mean)],
      [
        'nodejs_eventloop_lag_p99_seconds',
        'gauge',
        'Event loop delay that 99 of 100 ticks stay below.',
        late(delay.percentile(99)),
      ],
      ['nodejs_eventloop_lag_max_seconds', 'gauge', 'Longest event loop delay.', late(delay.max)],
    ];
    delay.reset();
    return values;
  }

  close(): void {
    this.#delay?.disable();
    this.#delay = undefined;
  }
}
