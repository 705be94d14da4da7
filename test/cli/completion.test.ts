/** The completion scripts: bash runs its own here; that all three say the same is compared as text. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { bashScript } from '../../src/cli/completion/bash.ts';
import { fishScript } from '../../src/cli/completion/fish.ts';
import { completionTree, everyNode } from '../../src/cli/completion/tree.ts';
import { zshScript } from '../../src/cli/completion/zsh.ts';
import { createProgram } from '../../src/cli/program.ts';
import { command, KUBEPKI, kubepki } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';

const program = createProgram();
const nodes = everyNode(completionTree(program));
const script = bashScript(completionTree(program));

const COMPLETE = `
eval "$KUBEPKI_SCRIPT"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_kubepki
printf '%s\\n' "\${COMPREPLY[@]}"
`;

/** What bash offers for the last of these words. */
async function complete(words: readonly string[], using = script, cwd = '.'): Promise<string[]> {
  const { code, stdout, stderr } = await command('bash', ['-c', COMPLETE, 'bash', ...words], {
    cwd,
    env: { ...process.env, KUBEPKI_SCRIPT: using },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('kubepki completion bash', () => {
  it('prints the script, which registers itself', async () => {
    const { code, stdout } = await kubepki(['completion', 'bash']);
    expect(code).toBe(0);
    expect(stdout).toBe(script);
    const sourced = await command('bash', [
      '-c',
      'source <("$0" completion bash) && complete -p kubepki',
      KUBEPKI,
    ]);
    expect(sourced).toMatchObject({ stdout: 'complete -F _kubepki kubepki\n', stderr: '' });
  });

  it.each(nodes.map((node) => [node.path || 'the program', node] as const))(
    'offers the commands and every flag of %s',
    async (_what, { path, commands, flags }) => {
      const words = ['kubepki', ...path.split('/').slice(1)];
      expect(await complete([...words, '-'])).toEqual(flags.flatMap(({ names }) => names));
      if (commands.length > 0) {
        expect(await complete([...words, ''])).toEqual(commands.map(({ names }) => names[0]));
      }
    },
  );

  it('offers the values of -o of every command that takes a format by it', async () => {
    const withOutput = nodes.filter(({ flags }) =>
      flags.some(({ names, values }) => names.includes('-o') && values.kind === 'words'),
    );
    expect(withOutput.length).toBeGreaterThanOrEqual(5);
    for (const { path } of withOutput) {
      const words = ['kubepki', ...path.split('/').slice(1), '-o', ''];
      expect(await complete(words)).toEqual(expect.arrayContaining(['yaml', 'json']));
    }
  });

  it.each([
    [['ins'], ['inspect']],
    [['plan', '--out'], ['--output']],
    [['plan', '-o', 'j'], ['json']],
    [['plan', '--output', '=', 'y'], ['yaml']],
    [
      ['plan', '--output', '='],
      ['table', 'wide', 'json', 'yaml'],
    ],
    // Where '=' is no word break.
    [['plan', '--output=y'], ['--output=yaml']],
    [['plan', '-f', 'inspect', '--det'], ['--detailed-exitcode']],
    [['plan', '--host', ''], []],
    [['plan', ''], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['completion', 'bash', ''], []],
    [
      ['completion', '--', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [
      ['kubeconfig', 'set-c'],
      ['set-cluster', 'set-credentials', 'set-context'],
    ],
    [['kubeconfig', '--kubeconfig', 'plan', 'vi'], ['view']],
    [['kubeconfig', '--kubeconfig', '=', 'plan', 'vi'], ['view']],
    // An alias leads to the same command.
    [['kubeconfig', 'use', '--kube'], ['--kubeconfig']],
    [
      ['kubeconfig', 'view', '--raw', '='],
      ['true', 'false'],
    ],
    [['kubeconfig', 'view', '--raw', '--mini'], ['--minify']],
    [['nonsense', ''], []],
  ])('completes %j', async (words, expected) => {
    expect(await complete(['kubepki', ...words])).toEqual(expected);
  });

  it('offers files where a file is expected, and directories where a directory is', async () => {
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, 'pki dir'));
    writeFileSync(join(cwd, 'pki.yaml'), '');
    const inside = async (...words: string[]): Promise<string[]> =>
      (await complete(['kubepki', ...words], script, cwd)).toSorted((a, b) => (a < b ? -1 : 1));
    expect(await inside('inspect', 'p')).toEqual(['pki dir', 'pki.yaml']);
    expect(await inside('inspect', 'a', '-o', 'json', 'pki.')).toEqual(['pki.yaml']);
    expect(await inside('inspect', '--', 'pki.')).toEqual(['pki.yaml']);
    expect(await inside('plan', '-f', 'pki')).toEqual(['pki dir', 'pki.yaml']);
    expect(await inside('plan', '-d', 'p')).toEqual(['pki dir']);
    expect(await inside('plan', '--directory', '=', 'p')).toEqual(['pki dir']);
  });
});

/** A program whose texts hold what each shell would trip over. */
function oddProgram(): Command {
  const root = createProgram();
  const group = root
    .command('group')
    .description(`it's a "group": [of] $(touch x) \`y\` \\ things`);
  group.alias('grp').helpCommand(false);
  group
    .command('leaf')
    .description('a leaf; and more that a menu has no room for')
    .addOption(new Option('-m, --mode <mode>', "what's [it]: $HOME").choices(['fast', 'slow']))
    .addOption(new Option('--hidden', 'never offered').hideHelp())
    .argument('<dir>')
    .argument('[path...]');
  group.command('unlisted', { hidden: true });
  return root;
}

describe('the scripts', () => {
  const odd = completionTree(oddProgram());

  it('are computed from the program: a new command is in all of them', async () => {
    const bash = bashScript(odd);
    expect(await complete(['kubepki', 'gro'], bash)).toEqual(['group']);
    expect(await complete(['kubepki', 'grp', ''], bash)).toEqual(['leaf']);
    expect(await complete(['kubepki', 'grp', 'leaf', '--mode', ''], bash)).toEqual([
      'fast',
      'slow',
    ]);
    expect(await complete(['kubepki', 'group', 'leaf', '-'], bash)).not.toContain('--hidden');
    for (const text of [zshScript(odd), fishScript(odd)]) {
      for (const word of ['group', 'grp', 'leaf', 'mode', 'fast slow'])
        expect(text).toContain(word);
      expect(text).not.toMatch(/--hidden|unlisted/);
    }
  });

  it('quote descriptions, so that a shell neither trips over them nor runs them', () => {
    expect(fishScript(odd)).toContain(
      `-a 'group' -d 'it\\'s a "group": [of] $(touch x) \`y\` \\\\ things'`,
    );
    expect(zshScript(odd)).toContain(`'group:it'\\''s a "group": [of] $(touch x) \`y\` \\ things'`);
    expect(zshScript(odd)).toContain(`--mode=[what'\\''s \\[it\\]\\: $HOME]:mode:(fast slow)'`);
  });

  it('say for every flag in all shells whether it takes files, directories or words', () => {
    const zsh = zshScript(odd);
    const fish = fishScript(odd);
    expect(zsh).toContain("--filename=[the cluster file, - for standard input]:file:_files'");
    expect(zsh).toMatch(/--directory=\[where [^\]]*\]:dir:_files -\/'/);
    expect(zsh).toContain("'*:path:_files'");
    expect(zsh).toContain("':dir:_files -/'");
    expect(zsh).toMatch(/--raw=-\[[^\]]*\]::bool:\(true false\)'/);
    expect(fish).toContain(`-n '__kubepki_at \\'/plan\\'' -s f -l filename -r -F -d`);
    expect(fish).toContain(`-n '__kubepki_at \\'/inspect\\'' -F`);
    expect(fish).toContain(`-n '__kubepki_at \\'/completion\\' 0' -a 'bash zsh fish'`);
  });

  it('are for three shells, others are refused with those that there are', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { code, stdout } = await kubepki(['completion', shell]);
      expect(code).toBe(0);
      expect(stdout).toContain(`written by: kubepki completion ${shell}\n`);
    }
    const { code, stdout, stderr } = await kubepki(['completion', 'tcsh']);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toContain('bash, zsh, fish');
  });
});
