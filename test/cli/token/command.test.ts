/** The command line of `kubepki token`: which flags there are, and how they are read. */
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { registerToken } from '../../../src/cli/commands/token.ts';
import { KubepkiError } from '../../../src/errors.ts';
import { parseBootstrapToken } from '../../../src/tokens/index.ts';
import { temporaryDirectory } from '../../temporary.ts';

const TOKEN = 'abcdef.0123456789abcdef';

afterEach(() => {
  vi.restoreAllMocks();
});

async function run(...args: readonly string[]): Promise<string> {
  const program = new Command('kubepki')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  registerToken(program);
  let stdout = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    stdout += String(chunk);
    return true;
  });
  await program.parseAsync(['token', ...args], { from: 'user' });
  return stdout;
}

async function refusal(...args: readonly string[]): Promise<string> {
  try {
    await run(...args);
  } catch (error) {
    if (error instanceof KubepkiError) return `${error.code} ${error.message}`;
    if (error instanceof Error) return error.message;
  }
  throw new Error('expected a refusal');
}

describe('kubepki token', () => {
  it('generates tokens without a cluster', async () => {
    const text = await run('generate');
    expect(parseBootstrapToken(text.trimEnd())).toBeDefined();
    expect(await run('generate')).not.toBe(text);
  });

  it('takes --kubeconfig before and behind its commands', async () => {
    const path = join(temporaryDirectory(), 'gone.conf');
    const missing = `NOT_FOUND ${path}: no such file`;
    expect(await refusal('create', TOKEN, '--kubeconfig', path)).toBe(missing);
    expect(await refusal('--kubeconfig', path, 'create', TOKEN)).toBe(missing);
    expect(await refusal('list', `--kubeconfig=${path}`)).toBe(missing);
    expect(await refusal('delete', '--dry-run', 'abcdef', '--kubeconfig', path)).toBe(missing);
  });

  it.each([
    ['list', '-o', 'wide'],
    ['delete'],
    ['delete', 'hush'],
    ['create', '--print-join-command=perhaps'],
    ['create', '--config=x'],
    ['list', 'hush'],
    ['renew'],
  ])('refuses %j', async (...args) => {
    expect(await refusal(...args)).not.toContain('no such file');
  });
});
