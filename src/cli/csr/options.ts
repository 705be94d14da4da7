/** Options that `kubepki csr` and `kubepki bundle` have alike. Nothing heavy is imported here: every command line loads it. */
import { Option } from 'commander';
import { KubepkiError, quoted } from '../../errors.ts';

/** The value of a flag that can be given once: of two values one would be passed over in silence. */
export const once = (flags: string, description: string): Option =>
  new Option(flags, description).argParser(
    (value: string, previous: string | undefined): string => {
      const [flag = ''] = /--[\w-]+/.exec(flags) ?? [];
      if (previous !== undefined) throw new KubepkiError('USAGE', `${flag} is given twice`);
      if (value === '') throw new KubepkiError('USAGE', `${flag} is empty`);
      return value;
    },
  );

/**
 * Refuses an option that is the name of a request: with `*.csr` the shell makes an option of a file
 * that somebody has called `--policy=x.csr`, and the command line can no longer tell.
 *
 * @param words the whole command line
 * @throws KubepkiError `USAGE`
 */
export function refuseFileNames(words: readonly string[]): void {
  const end = words.indexOf('--');
  for (const word of end === -1 ? words : words.slice(0, end)) {
    if (!/^-.*\.(?:csr|req)$/is.test(word)) continue;
    throw new KubepkiError('USAGE', `${quoted(word, 80)} looks like a file name`, {
      hint: 'put -- before the files, or ./ before the pattern: ./*.csr; the value of an option can stand apart from it',
    });
  }
}

export const TEXT_FORMATS = ['text', 'json', 'yaml'] as const;
export type TextFormat = (typeof TEXT_FORMATS)[number];

export function textFormat(value: string): TextFormat {
  const format = TEXT_FORMATS.find((known) => known === value);
  if (format !== undefined) return format;
  throw new KubepkiError('USAGE', `-o ${quoted(value, 80)}: not an output format`, {
    hint: `one of ${TEXT_FORMATS.join(', ')}`,
  });
}
