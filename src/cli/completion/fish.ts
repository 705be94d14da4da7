/** The completion script for fish (3.0 and later). */
import { type CommandNode, everyNode, type Flag, type Values } from './tree.ts';

/** @returns a script for `~/.config/fish/completions/kubepki.fish`, or to be sourced */
export function fishScript(root: CommandNode): string {
  const nodes = everyNode(root);
  return `# fish completion for kubepki; written by: kubepki completion fish

# True where the words before the cursor name the command $argv[1] and, if there is a $argv[2],
# have that many arguments behind it.
function __kubepki_at
    set -l words (commandline -opc)
    set -e words[1]
    set -l at ''
    set -l count 0
    set -l waiting no
    set -l operands no
    for word in $words
        if test $waiting = yes
            set waiting no
            continue
        end
        if test $operands = no
            if test "$word" = --
                set operands yes
                continue
            end
            switch "$at $word"
${switchArms([[waitingFlags(nodes), 'set waiting yes']])}
            end
            string match -q -- '-*' "$word"; and continue
        end
        switch "$at/$word"
${switchArms([...commandMoves(nodes), [['*'], 'set count (math $count + 1)']])}
        end
    end
    test "$at" = "$argv[1]"; or return 1
    not set -q argv[2]; or test "$count" = "$argv[2]"
end

complete -c kubepki -f
${nodes.flatMap(nodeLines).join('\n')}
`;
}

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

type Arm = readonly [patterns: readonly string[], action: string];

function switchArms(arms: readonly Arm[]): string {
  return arms
    .filter(([patterns]) => patterns.length > 0)
    .map(([patterns, act]) => {
      const pad = ' '.repeat(12);
      return `${pad}case ${patterns.map(quote).join(' ')}\n${pad}    ${act}`;
    })
    .join('\n');
}

function waitingFlags(nodes: readonly CommandNode[]): string[] {
  return nodes.flatMap(({ path, flags }) =>
    flags
      .filter(({ takes }) => takes === 'required')
      .flatMap(({ names }) => names.map((name) => `${path} ${name}`)),
  );
}

function commandMoves(nodes: readonly CommandNode[]): Arm[] {
  return nodes.flatMap(({ path, commands }) =>
    commands.map((child): Arm => {
      const patterns = child.names.map((name) => `${path}/${name}`);
      return [patterns, `set at ${quote(child.path)}; set count 0`];
    }),
  );
}

const line = (condition: string, rest: string): string =>
  `complete -c kubepki -n ${condition} ${rest}`;

function nodeLines({ path, commands, flags, operands }: CommandNode): string[] {
  const here = quote(`__kubepki_at ${quote(path)}`);
  const at = (count: number): string => quote(`__kubepki_at ${quote(path)} ${count}`);
  return [
    ...commands.map(({ names, description }) =>
      line(at(0), `-a ${quote(names[0])} -d ${quote(description)}`),
    ),
    ...flags.map((flag) => line(here, flagOptions(flag))),
    ...operands.flatMap(({ values, variadic }, index) => {
      const offered = offer(values);
      return offered === undefined ? [] : [line(variadic ? here : at(index), offered)];
    }),
  ];
}

function flagOptions({ names, description, takes, values }: Flag): string {
  const parts = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  );
  const offered = offer(values);
  if (takes === 'required') parts.push(values.kind === 'files' ? '-r' : '-x');
  if (takes !== 'none' && offered !== undefined) parts.push(offered);
  return [...parts, '-d', quote(description)].join(' ');
}

function offer(values: Values): string | undefined {
  switch (values.kind) {
    case 'words':
      return `-a ${quote(values.words.join(' '))}`;
    case 'files':
      return '-F';
    case 'directories':
      return `-a ${quote('(__fish_complete_directories (commandline -ct))')}`;
    case 'text':
    default:
      return undefined;
  }
}
