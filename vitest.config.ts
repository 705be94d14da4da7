import { spawnSync } from 'node:child_process';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

/** Unit tests share one process per thread: fast. */
const unit: TestProjectConfiguration = {
  test: {
    name: 'unit',
    include: ['test/**/*.test.ts'],
    exclude: ['test/system/**', 'test/components/**', 'test/soak/**'],
    pool: 'threads',
    isolate: false,
    // Some start kubepki as a process; a loaded machine takes its time.
    testTimeout: 30_000,
  },
};

/** These start real programs, one file at a time. */
const system: TestProjectConfiguration = {
  test: {
    name: 'system',
    include: ['test/system/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 900_000,
  },
};

/** What the system tests lack on this machine, if anything. CI has to have it all. */
function lacking(): string | undefined {
  if (process.env['CI'] === 'true') return undefined;
  if (process.platform !== 'linux') return 'Linux';
  if (process.getuid?.() !== 0) return 'root, for network namespaces';
  for (const [program, ...args] of [
    ['go', 'version'],
    ['ip', '-V'],
    ['unshare', '--version'],
    ['openssl', 'version'],
  ]) {
    if (spawnSync(program ?? '', args).error !== undefined) return program;
  }
  return undefined;
}

const missing = lacking();
if (missing !== undefined)
  console.log(`the tests with real programs are left out: they need ${missing}`);

export default defineConfig({
  test: {
    projects: missing === undefined ? [unit, system] : [unit],
    reporters: ['default', './test/closing-line.ts'],
  },
});
