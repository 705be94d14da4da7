/**
 * What there is to complete, read from the program itself: its commands, flags and arguments, and
 * what each of them takes. The scripts are written from this and from nothing else.
 */
import type { Argument, Command, Option } from 'commander';

/** What a flag or an argument takes. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'directories' }
  /** A text that nobody can guess. */
  | { readonly kind: 'text' };

export interface Flag {
  /** `-o` and `--output`, or one of them. */
  readonly names: readonly string[];
  readonly description: string;
  /** None: takes no value. Attached: only behind `=`. Required: the next word, or behind `=`. */
  readonly takes: 'none' | 'attached' | 'required';
  readonly values: Values;
  /** What the help calls the value. */
  readonly placeholder: string;
  readonly repeatable: boolean;
}

export interface Operand {
  readonly name: string;
  readonly values: Values;
  /** Takes every word that follows; such an argument is the last one. */
  readonly variadic: boolean;
}

export interface CommandNode {
  /** `''` for the program, `/kubeconfig/view` for a command below it. */
  readonly path: string;
  /** Its name, then its aliases. */
  readonly names: readonly [string, ...string[]];
  readonly description: string;
  readonly flags: readonly Flag[];
  readonly operands: readonly Operand[];
  readonly commands: readonly CommandNode[];
}

export function completionTree(command: Command, path = ''): CommandNode {
  const help = command.createHelp();
  return {
    path,
    names: [command.name(), ...command.aliases()],
    description: firstSentence(command.description()),
    flags: help.visibleOptions(command).map(readFlag),
    operands: command.registeredArguments.map(readOperand),
    commands: help
      .visibleCommands(command)
      .map((child) => completionTree(child, `${path}/${child.name()}`)),
  };
}

/** The command itself and all below it. */
export function everyNode(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(everyNode)];
}

function readFlag(option: Option): Flag {
  const { short, long, description, required, optional, variadic, argChoices, parseArg } = option;
  const placeholder = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1]?.replace(/\.\.\.$/, '') ?? '';
  return {
    names: [short, long].filter((name) => name !== undefined),
    description,
    takes: required ? 'required' : optional ? 'attached' : 'none',
    values: valuesOf(placeholder, argChoices ?? listedIn(description)),
    placeholder,
    // A parser that is handed what came before it gathers.
    repeatable: variadic || (parseArg?.length ?? 0) > 1,
  };
}

function readOperand(argument: Argument): Operand {
  const name = argument.name();
  return { name, values: valuesOf(name, argument.argChoices), variadic: argument.variadic };
}

const WORD = '[A-Za-z0-9][A-Za-z0-9-]*';
const LIST = new RegExp(
  `^${WORD}(?: \\([^)]*\\))?(?:, ${WORD}(?: \\([^)]*\\))?)* or ${WORD}(?: \\([^)]*\\))?$`,
);

/** The words of a description that is a list of them: `table, wide (every file), json or yaml`. */
function listedIn(description: string): string[] | undefined {
  if (!LIST.test(description)) return undefined;
  return description.replace(/ \([^)]*\)/g, '').split(/, | or /);
}

const FILES = new Set(['file', 'path', 'filename']);
const DIRECTORIES = new Set(['dir', 'directory']);

function valuesOf(placeholder: string, words: readonly string[] | undefined): Values {
  if (words !== undefined) return { kind: 'words', words };
  if (placeholder === 'bool') return { kind: 'words', words: ['true', 'false'] };
  if (FILES.has(placeholder)) return { kind: 'files' };
  if (DIRECTORIES.has(placeholder)) return { kind: 'directories' };
  return { kind: 'text' };
}

/** Menus have a line for each: what follows the first semicolon or full stop is for the help. */
const firstSentence = (text: string): string => text.split(/[;.](?:\s|$)/, 1)[0] ?? '';
