/** `kubepki completion` */
import { Argument, type Command } from 'commander';
import { print } from '../output.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const EXAMPLES = `
Examples:
  source <(kubepki completion bash)                                     this bash; put it into ~/.bashrc
  kubepki completion zsh > "\${fpath[1]}/_kubepki"                       every zsh to come
  kubepki completion fish > ~/.config/fish/completions/kubepki.fish     every fish to come`;

export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes commands, flags and their values in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action(async (shell: Shell) => {
      print(await completionScript(shell, program));
    });
}

async function completionScript(shell: Shell, program: Command): Promise<string> {
  const { completionTree } = await import('../completion/tree.ts');
  const tree = completionTree(program);
  switch (shell) {
    case 'bash':
      return (await import('../completion/bash.ts')).bashScript(tree);
    case 'zsh':
      return (await import('../completion/zsh.ts')).zshScript(tree);
    case 'fish':
    default:
      return (await import('../completion/fish.ts')).fishScript(tree);
  }
}
