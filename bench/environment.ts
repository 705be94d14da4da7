/** On what machine, and when, figures were taken. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

export interface Environment {
  /** RFC 3339. */
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  /** The file system under the temporary directory, where the files are written. */
  readonly fileSystem: string;
  readonly node: string;
  readonly openssl: string;
  /** Of the minute before. What else runs makes figures worthless. */
  readonly load: number;
}

export function environment(now: Date, scratch: string): Environment {
  return {
    date: now.toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    fileSystem: fileSystemOf(scratch),
    node: process.version,
    openssl: process.versions.openssl ?? 'unknown',
    load: loadavg()[0] ?? 0,
  };
}

function fileSystemOf(path: string): string {
  return execFileSync('stat', ['--file-system', '--format=%T', path], { encoding: 'utf8' }).trim();
}

/** The version of an installed package. */
export function packageVersion(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  const { version }: { version: string } = JSON.parse(readFileSync(file, 'utf8'));
  return version;
}
