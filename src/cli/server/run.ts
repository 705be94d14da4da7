/** Runs `kubepki server` until a signal ends it. */
import { visible } from '../output.ts';
import { aborted, untilSignal } from '../signals.ts';
import { type ServerFlags, serverConfig } from './config.ts';
import { type RunningServer, startServer } from './start.ts';

const UNREACHABLE =
  'the service kubernetes has no endpoints: other machines do not reach this one (--advertise-address says where they do)';

export async function runServer(flags: ServerFlags): Promise<void> {
  const config = serverConfig(flags);
  const log = (line: string): void => void process.stderr.write(`kubepki: ${visible(line)}\n`);
  let running: RunningServer | undefined;
  const reload = (): void => void running?.reload();
  // Caught from the start: it ends a process otherwise.
  process.on('SIGHUP', reload);
  await untilSignal(async (signal) => {
    const server = await startServer(config, { log, tell: log });
    running = server;
    log(`serving on ${config.bindAddress} port ${config.securePort}`);
    if (config.advertiseAddress === undefined) log(UNREACHABLE);
    try {
      await Promise.race([server.failed, aborted(signal)]);
      log('ending: requests under way are finished');
    } finally {
      await server.close();
    }
  });
  process.off('SIGHUP', reload);
}
