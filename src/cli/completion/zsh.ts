/** The completion script for zsh, in the language of its `_arguments`. */
import type { CommandNode, Flag, Operand, Values } from './tree.ts';
import { everyNode } from './tree.ts';

/** @returns a script for a directory of `$fpath` (as `_kubepki`), or to be sourced after compinit */
export function zshScript(root: CommandNode): string {
  return `#compdef kubepki
# zsh completion for kubepki; written by: kubepki completion zsh

${everyNode(root).map(functionOf).join('\n\n')}

if [[ $funcstack[1] == _kubepki ]]; then
  _kubepki "$@"
else
  compdef _kubepki kubepki
fi
`;
}

const functionName = (path: string): string => `_kubepki${path.replace(/[^A-Za-z0-9]/g, '_')}`;

function functionOf(node: CommandNode): string {
  return node.commands.length > 0 ? groupFunction(node) : leafFunction(node);
}

function leafFunction({ path, flags, operands }: CommandNode): string {
  const specs = [...flags.flatMap(flagSpecs), ...operands.map(operandSpec)];
  return `${functionName(path)}() {
  _arguments -s -S \\
    ${specs.join(' \\\n    ')}
}`;
}

function groupFunction({ path, flags, commands }: CommandNode): string {
  const name = functionName(path);
  const described = commands.map(
    ({ names, description }) => `    ${quote(`${names[0].replaceAll(':', '\\:')}:${description}`)}`,
  );
  const arms = commands.map(
    (child) => `        ${child.names.map(quote).join(' | ')}) ${functionName(child.path)} ;;`,
  );
  return `${name}() {
  local curcontext=$curcontext context state line
  typeset -A opt_args
  local -a commands=(
${described.join('\n')}
  )
  _arguments -C -S \\
    ${[...flags.flatMap(flagSpecs), quote(': :->command'), quote('*::: :->argument')].join(' \\\n    ')} && return
  case $state in
    command) _describe -t commands command commands ;;
    argument)
      # The command becomes the first word, as if it stood alone.
      words=("$line[1]" "\${words[@]}")
      (( CURRENT += 1 ))
      curcontext="\${curcontext%:*:*}:kubepki-$line[1]:"
      case $line[1] in
${arms.join('\n')}
      esac
      ;;
  esac
}`;
}

/** A spec for each name of a flag; one excludes the other. */
function flagSpecs(flag: Flag): string[] {
  const { names, description, takes, repeatable } = flag;
  const exclusion = repeatable ? '*' : names.length > 1 ? `(${names.join(' ')})` : '';
  return names.map((name) => {
    const isLong = name.startsWith('--');
    const sign = takes === 'none' ? '' : takes === 'attached' ? '=-' : isLong ? '=' : '+';
    return quote(`${exclusion}${name}${sign}[${escaped(description)}]${valueSpec(flag)}`);
  });
}

function valueSpec({ takes, placeholder, values }: Flag): string {
  if (takes === 'none') return '';
  const separator = takes === 'attached' ? '::' : ':';
  return `${separator}${escaped(placeholder)}:${action(values)}`;
}

function operandSpec({ name, values, variadic }: Operand): string {
  return quote(`${variadic ? '*' : ''}:${escaped(name)}:${action(values)}`);
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `(${values.words.join(' ')})`;
    case 'files':
      return '_files';
    case 'directories':
      return '_files -/';
    case 'text':
    default:
      // A blank action: nothing is offered, and the placeholder is shown.
      return ' ';
  }
}

/** What means something to _arguments inside of brackets and messages. */
const escaped = (text: string): string => text.replace(/[\\[\]:]/g, '\\$&');

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
