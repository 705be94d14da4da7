/** The completion script for bash (3.2 and later, which is what macOS has). */
import { type CommandNode, everyNode, type Values } from './tree.ts';

/** @returns a script that defines `_kubepki` and registers it */
export function bashScript(root: CommandNode): string {
  const nodes = everyNode(root);
  return `# bash completion for kubepki; written by: kubepki completion bash
_kubepki() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at='' count=0 flag='' last='' operands='' prefix=''
  local kind='' values='' word='' i=0
  COMPREPLY=()

  # Which command the words before the cursor name, and whether the last one waits for its value.
  # bash makes a word of every '=' of its own.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $word == '=' ]]; then
      flag=$last
    elif [[ -n $flag ]]; then
      flag='' last=''
    elif [[ -z $operands && $word == '--' ]]; then
      operands=yes
    elif [[ -z $operands && $word == -* ]]; then
      last=$word
      case "$at $word" in
${caseArm(waitingFlags(nodes), 'flag=$word', 8)}
      esac
    else
      last=''
      case "$at/$word" in
${commandArms(nodes)}
        *) count=$((count + 1)) ;;
      esac
    fi
  done
  if [[ $cur == '=' ]]; then
    flag=$last cur=''
  elif [[ -z $flag && -z $operands && $cur == --*=* ]]; then
    flag=\${cur%%=*} prefix="$flag=" cur=\${cur#*=}
  fi

  if [[ -n $flag ]]; then
    case "$at $flag" in
${flagValueArms(nodes)}
    esac
  elif [[ -z $operands && $cur == -* ]]; then
    kind=words
    case "$at" in
${nodes.map(flagNamesArm).join('\n')}
    esac
  else
    case "$at $count" in
${nodes.flatMap(operandArms).join('\n')}
    esac
  fi

  case $kind in
    words) _kubepki_reply -W "$values" ;;
    files) compopt -o filenames -o default 2>/dev/null; _kubepki_reply -f ;;
    directories) compopt -o filenames -o dirnames 2>/dev/null; _kubepki_reply -d ;;
  esac
}

_kubepki_reply() {
  while IFS= read -r word; do
    COMPREPLY+=("$prefix$word")
  done < <(compgen "$@" -- "$cur")
}

complete -F _kubepki kubepki
`;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function caseArm(patterns: readonly string[], action: string, indent: number): string {
  const pad = ' '.repeat(indent);
  return patterns.length === 0
    ? `${pad}*) ;;`
    : `${pad}${patterns.map(quote).join(' | ')}) ${action} ;;`;
}

function waitingFlags(nodes: readonly CommandNode[]): string[] {
  return nodes.flatMap(({ path, flags }) =>
    flags
      .filter(({ takes }) => takes === 'required')
      .flatMap(({ names }) => names.map((name) => `${path} ${name}`)),
  );
}

function commandArms(nodes: readonly CommandNode[]): string {
  return nodes
    .flatMap((parent) => parent.commands.map((child) => ({ parent, child })))
    .map(({ parent, child }) => {
      const patterns = child.names.map((name) => `${parent.path}/${name}`);
      return caseArm(patterns, `at=${quote(child.path)} count=0`, 8);
    })
    .join('\n');
}

function flagValueArms(nodes: readonly CommandNode[]): string {
  const arms = nodes.flatMap(({ path, flags }) =>
    flags.flatMap(({ names, takes, values }) => {
      if (takes === 'none' || values.kind === 'text') return [];
      return [
        caseArm(
          names.map((name) => `${path} ${name}`),
          assignments(values),
          6,
        ),
      ];
    }),
  );
  return arms.length === 0 ? '      *) ;;' : arms.join('\n');
}

function assignments(values: Values): string {
  if (values.kind !== 'words') return `kind=${values.kind}`;
  return `kind=words values=${quote(values.words.join(' '))}`;
}

function flagNamesArm({ path, flags }: CommandNode): string {
  const names = flags.flatMap((flag) => flag.names);
  return caseArm([path], `values=${quote(names.join(' '))}`, 6);
}

/** What may stand where no flag does: a command, or an argument by its number. */
function operandArms({ path, commands, operands }: CommandNode): string[] {
  if (commands.length > 0) {
    const words = commands.map(({ names }) => names[0]);
    return [caseArm([`${path} 0`], assignments({ kind: 'words', words }), 6)];
  }
  return operands.flatMap(({ values, variadic }, index) => {
    if (values.kind === 'text') return [];
    if (!variadic) return [caseArm([`${path} ${index}`], assignments(values), 6)];
    return [`      ${quote(`${path} `)}*) ${assignments(values)} ;;`];
  });
}
