/** The same command to both servers, and what it says of each. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import {
  comparableRun,
  comparableText,
  type Ran,
  type RunOptions,
  type Servers,
} from './servers.ts';

export type Args = string | readonly string[];

export interface Comparison {
  readonly servers: Servers;
  /** Writes objects as a List, or one object, and answers the path of the file. */
  file(name: string, content: readonly object[] | object): string;
  both(args: Args, options?: RunOptions): Promise<{ theirs: Ran; mine: Ran }>;
  /** Says the same of both servers; answers what it said of ours. */
  same(args: Args, options?: RunOptions): Promise<Ran>;
  /** The same, and no refusal. */
  good(args: Args, options?: RunOptions): Promise<string>;
  /** The same lines in any order: kubectl goes through maps. */
  sameLines(args: Args, options?: RunOptions): Promise<readonly string[]>;
}

/** An argument with a space in it needs a list of arguments. */
const listOf = (args: Args): readonly string[] =>
  typeof args === 'string' ? args.split(' ') : args;

const title = (args: Args): string => `kubectl ${listOf(args).join(' ')}`;

export const linesOf = (text: string): readonly string[] =>
  comparableText(text).trim().split('\n').sort();

export function comparison(servers: Servers): Comparison {
  const both: Comparison['both'] = async (args, options = {}) => {
    const [theirs, mine] = await Promise.all([
      servers.real.kubectl(listOf(args), options),
      servers.ours.kubectl(listOf(args), options),
    ]);
    return { theirs, mine };
  };
  const same: Comparison['same'] = async (args, options = {}) => {
    const { theirs, mine } = await both(args, options);
    expect(comparableRun(mine), title(args)).toEqual(comparableRun(theirs));
    return mine;
  };
  return {
    servers,
    both,
    same,
    file(name, content) {
      const path = join(servers.directory, name);
      const list = Array.isArray(content)
        ? { apiVersion: 'v1', kind: 'List', items: content }
        : content;
      writeFileSync(path, JSON.stringify(list));
      return path;
    },
    async good(args, options) {
      const { code, stdout, stderr } = await same(args, options);
      expect(code, `${title(args)}: ${stderr}`).toBe(0);
      return stdout;
    },
    async sameLines(args, options) {
      const { theirs, mine } = await both(args, options);
      const lines = linesOf(mine.stdout + mine.stderr);
      expect(lines, title(args)).toEqual(linesOf(theirs.stdout + theirs.stderr));
      expect(mine.code).toBe(theirs.code);
      return lines;
    },
  };
}
