/** Runs `kubepki server` until a signal ends it. */
import { visible } from '../output.ts';
import { aborted, untilSignal } from '../signals.ts';
import { type ServerFlags, serverConfig } from './config.ts';
import { startServer } from './start.ts';

export async function runServer(flags: ServerFlags): Promise<void> {
  const config = serverConfig(flags);
  const log = (line: string): void => void process.stderr.write(`kubepki: ${visible(line)}\n`);
  await untilSignal(async (signal) => {
    const server = await startServer(config, { log, tell: log });
    log(`serving on ${config.bindAddress} port ${config.securePort}`);
    try {
      await Promise.race([server.failed, aborted(signal)]);
    } finally {
      await server.close();
    }
  });
}
