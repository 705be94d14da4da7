/** A directory with a cluster file and its PKI, and commands run in it: in this process where that will do. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import { run as runProgram } from '../../src/cli/program.ts';
import { clusterText } from '../cluster/cluster-text.ts';
import { pki } from '../pki/fixture.ts';
import { command, KUBEPKI, type Outcome } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';

export type Said = Pick<Outcome, 'code' | 'stdout' | 'stderr'>;

export interface Workplace {
  readonly directory: string;
  readonly path: (name: string) => string;
  readonly read: (name: string) => string;
  /** In this process: `@name` stands for a file of the directory, and what is printed names it without the directory. */
  readonly run: (...args: string[]) => Promise<Said>;
  /** A process of its own, in the directory; `$0` is kubepki. */
  readonly shell: (script: string) => Promise<Said>;
}

/** Only the cluster file. */
export function emptyPlace(spec: Record<string, unknown> = {}): Workplace {
  const directory = temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  writeFileSync(path('cluster.yaml'), clusterText(spec));
  return {
    directory,
    path,
    read: (name) => readFileSync(path(name), 'utf8'),
    run: async (...args) => {
      const said = await inProcess(args.map((arg) => arg.replace(/^@/, `${directory}/`)));
      const short = (text: string): string => text.replaceAll(`${directory}/`, '');
      return { code: said.code, stdout: short(said.stdout), stderr: short(said.stderr) };
    },
    shell: async (script) => {
      const { code, stdout, stderr } = await command('sh', ['-c', script, KUBEPKI], {
        cwd: directory,
      });
      return { code, stdout, stderr };
    },
  };
}

/** With what `apply` makes, today, in `pki`. */
export async function workplace(spec: Record<string, unknown> = {}): Promise<Workplace> {
  const place = emptyPlace(spec);
  await pki(spec, place.path('pki')).apply(new Date());
  return place;
}

async function inProcess(args: readonly string[]): Promise<Said> {
  const catching = (stream: NodeJS.WriteStream) =>
    vi.spyOn(stream, 'write').mockImplementation(() => true);
  const [stdout, stderr] = [catching(process.stdout), catching(process.stderr)];
  const textOf = ({ mock }: typeof stdout): string =>
    mock.calls.map(([text]) => String(text)).join('');
  try {
    const code = await runProgram(args);
    return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
  } finally {
    process.exitCode = undefined;
    stdout.mockRestore();
    stderr.mockRestore();
  }
}
