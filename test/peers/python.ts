/**
 * A Python with the Kubernetes client in it: a virtual environment in the cache, outside the checkout, made once
 * from `python/requirements.txt`.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { access, constants, mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runTied, withFileLock } from './process.ts';

const REQUIREMENTS = join(import.meta.dirname, 'python/requirements.txt');
/** Debian's own, whatever comes first on the PATH. */
const SYSTEM_PYTHON = '/usr/bin/python3';

/**
 * The path of its `python`.
 *
 * @throws Error of one line where Python or its venv module is missing, with pip's last words where it fails
 */
export async function pythonWithClient(): Promise<string> {
  const cache = process.env['KUBEPKI_CACHE'] || join(homedir(), '.cache', 'kubepki');
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  const folder = join(cache, `python-client-${digest.slice(0, 12)}`);
  const done = join(folder, 'requirements.txt');
  const python = join(folder, 'bin/python');
  if (await isThere(done)) return python;
  await mkdir(cache, { recursive: true });
  await withFileLock(`${folder}.lock`, async () => {
    if (await isThere(done)) return;
    // What a killed attempt has left.
    await rm(folder, { recursive: true, force: true });
    await run(SYSTEM_PYTHON, ['-m', 'venv', folder], "Debian: 'apt-get install python3-venv'");
    const quiet = ['--disable-pip-version-check', '--no-input', '--quiet'];
    const install = ['-m', 'pip', 'install', ...quiet, '--only-binary=:all:', '--no-deps'];
    await run(python, [...install, '-r', REQUIREMENTS], 'pip needs PyPI');
    const copy = `${done}.tmp`;
    await run('cp', [REQUIREMENTS, copy], 'the cache cannot be written');
    await rename(copy, done);
  });
  return python;
}

const isThere = async (path: string): Promise<boolean> =>
  access(path, constants.R_OK).then(
    () => true,
    () => false,
  );

async function run(command: string, args: readonly string[], hint: string): Promise<void> {
  const { code, output } = await runTied(command, args, {
    cwd: import.meta.dirname,
    env: { ...process.env, PYTHONHOME: undefined, PYTHONPATH: undefined },
  });
  if (code === 0) return;
  const said = output.trim().split('\n').slice(-5).join('\n');
  throw new Error(`${command} ${args.join(' ')} ended with ${code} (${hint}):\n${said}`);
}
