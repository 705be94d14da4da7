/** Where the program starts. Loads as little as it can: what a command needs is imported when it is called. */

// Files are synced by libuv's threads, many at a time so that the disk commits them together; its
// default of 4 is for less patient work. It has to be said before the first of them starts.
process.env['UV_THREADPOOL_SIZE'] ??= '32';

import util from 'node:util';
import { EXIT } from '../errors.ts';

// A reader that has seen enough (`kubepki plan | head`) is no error; a full disk is one.
process.stdout.on('error', ({ code, errno, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(EXIT.ok);
  const reason = errno === undefined ? message : util.getSystemErrorMessage(errno);
  process.stderr.write(`kubepki: standard output: ${reason}\n`);
  process.exit(EXIT.failed);
});

// npm only warns of an engine that does not fit; what would fail later, obscurely, is said here.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`kubepki: Node ${process.version} is too old (install Node 24 or later)\n`);
  process.exit(EXIT.failed);
}

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const { VERSION } = await import('./version.ts');
  process.stdout.write(`kubepki ${VERSION}\n`);
} else {
  const { run } = await import('./program.ts');
  process.exitCode = await run(args);
}
