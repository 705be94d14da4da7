/**
 * Command lines as Go's pflag reads them, for commands whose flags are those of a Kubernetes
 * component: `--flag` of a boolean means true and never takes the next argument, `--flag=false` is
 * understood, `_` stands for `-`.
 */
import { Command, Option } from 'commander';
import { KubepkiError } from '../errors.ts';

/** A command that reads its options by pflag's rules. Its subcommands do, too. */
export class GoFlagsCommand extends Command {
  override createCommand(name?: string): GoFlagsCommand {
    return new GoFlagsCommand(name);
  }

  override parseOptions(argv: string[]): { operands: string[]; unknown: string[] } {
    return super.parseOptions(this.#normalize(argv));
  }

  /** Rewrites arguments into forms that commander understands. */
  #normalize(argv: readonly string[]): string[] {
    const result: string[] = [];
    for (let i = 0; i < argv.length; i++) {
      const arg = argv[i] ?? '';
      if (arg === '--') return [...result, ...argv.slice(i)];
      const option = this.#find(arg);
      if (option === undefined) {
        result.push(arg);
        continue;
      }
      const { flag, value } = split(arg);
      if (value !== undefined) result.push(`${option.long ?? flag}=${value}`);
      else if (option.optional) result.push(`${option.long ?? flag}=true`);
      else {
        result.push(option.long ?? flag);
        const next = argv[++i];
        // pflag takes whatever follows, a flag as well.
        if (next !== undefined) result.push(next);
      }
    }
    return result;
  }

  #find(arg: string): Option | undefined {
    const { flag } = split(arg);
    return this.options.find(({ long, short }) => flag === (flag.startsWith('--') ? long : short));
  }
}

function split(arg: string): { flag: string; value: string | undefined } {
  if (arg.startsWith('--')) {
    const equals = arg.indexOf('=');
    const name = equals < 0 ? arg : arg.slice(0, equals);
    return {
      flag: name.replaceAll('_', '-'),
      value: equals < 0 ? undefined : arg.slice(equals + 1),
    };
  }
  // -n=x and -nx are the same.
  const rest = arg.slice(2).replace(/^=/, '');
  const isShort = arg.length > 1 && arg.startsWith('-');
  return {
    flag: isShort ? arg.slice(0, 2) : arg,
    value: isShort && arg.length > 2 ? rest : undefined,
  };
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** A boolean flag: `--name`, `--name=true`, `--name=false`. */
export function booleanFlag(name: string, description: string): Option {
  return new Option(`--${name} [bool]`, description).argParser((value: string) => {
    if (TRUE.has(value)) return true;
    if (FALSE.has(value)) return false;
    throw new KubepkiError('USAGE', `--${name}: expected true or false`);
  });
}

/** A flag that may be given several times; each value counts as it stands. */
export function arrayFlag(name: string, placeholder: string, description: string): Option {
  return new Option(`--${name} <${placeholder}>`, description).argParser(
    (value: string, before: string[] | undefined) => [...(before ?? []), value],
  );
}

/** A flag that may be given several times, and each time with several values, separated as in CSV. */
export function listFlag(name: string, placeholder: string, description: string): Option {
  return new Option(`--${name} <${placeholder}>`, description).argParser(
    (value: string, before: string[] | undefined) => [
      ...(before ?? []),
      ...parseCsvLine(value, name),
    ],
  );
}

/**
 * The first line of CSV that is not empty, by the rules of Go's encoding/csv: a field in quotes may
 * hold commas, line breaks and doubled quotes; a quote anywhere else is refused.
 */
export function parseCsvLine(text: string, flag: string): string[] {
  if (text === '') return [];
  const line = text.replaceAll('\r\n', '\n').replace(/\r$/, '').replace(/^\n+/, '');
  if (line === '') throw new KubepkiError('USAGE', `--${flag}: nothing but line breaks`);
  const fields: string[] = [];
  for (let rest = line; ; ) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/.exec(rest);
    if (match === null) {
      throw new KubepkiError(
        'USAGE',
        `--${flag}: a quote that does not open and close a whole value`,
      );
    }
    const [whole, quoted, plain = '', end] = match;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ',') return fields;
    rest = rest.slice(whole.length);
  }
}
