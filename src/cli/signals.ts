/** Ends what runs until somebody ends it: Ctrl-C or SIGTERM once, in order; a second time, at once. */

export async function untilSignal(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort(new Error('ended by a signal'));
  const signals = ['SIGINT', 'SIGTERM'] as const;
  // Only the first is caught: whoever presses Ctrl-C twice does not want to wait.
  for (const signal of signals) process.once(signal, end);
  try {
    await run(stop.signal);
  } finally {
    for (const signal of signals) process.off(signal, end);
  }
}

/** Resolves when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
