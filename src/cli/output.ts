/**
 * How results and errors are printed.
 *
 * Results go to stdout and nothing else does; errors and progress go to stderr, each line beginning
 * with `kubepki:`, in lower case and without a full stop. Colour only on a terminal, and never where
 * NO_COLOR is set.
 */
import { styleText } from 'node:util';
import { KubepkiError } from '../errors.ts';

/** Writes a result. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';

/** Colours text for stdout, where that is a terminal. */
export function colour(name: Colour, text: string): string {
  return styleText(name, text, { stream: process.stdout });
}

/** An error as the user sees it: what and where, then each problem, then what to do. Causes stay inside. */
export function formatError(error: unknown): string {
  if (!(error instanceof KubepkiError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `kubepki: this is a defect of kubepki, please report it: ${stack}`;
  }
  const lines = [`kubepki: ${visible(error.message)}`];
  for (const { path, message } of error.issues)
    lines.push(`  ${visible(path)}: ${visible(message)}`);
  const hint = error.hint === undefined ? '' : ` (${visible(error.hint)})`;
  // With one problem all fits on one line; with several the hint stands below them.
  if (error.issues.length === 0) return lines[0] + hint;
  return [...lines, ...(hint === '' ? [] : [` ${hint}`])].join('\n');
}

export function printError(error: unknown): void {
  process.stderr.write(`${formatError(error)}\n`);
}

/** Text of unknown origin for a terminal: control characters, which could move the cursor or forge lines, are shown as escapes. */
export function visible(text: string): string {
  // Control and format characters (bidirectional overrides among them), and the line separators.
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    // A character beyond 16 bits becomes two escapes, as JSON wants it.
    Array.from({ length: character.length }, (_, i) => `\\u${hex4(character.charCodeAt(i))}`).join(
      '',
    ),
  );
}

const hex4 = (unit: number): string => unit.toString(16).padStart(4, '0');

/** A table as kubectl prints it: no borders, three spaces between columns, the last one as it comes. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [header, ...rows].map((row) => row.map(visible));
  const widths = header.map((_, column) =>
    lines.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  return lines
    .map((row) =>
      row
        .map((cell, column) =>
          column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0),
        )
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

export const OUTPUT_FORMATS = ['table', 'wide', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Refuses a value of `-o` that is none of these. */
export function outputFormat(value: string): OutputFormat {
  const format = OUTPUT_FORMATS.find((known) => known === value);
  if (format !== undefined) return format;
  throw new KubepkiError('USAGE', `-o ${visible(value)}: not an output format`, {
    hint: `one of ${OUTPUT_FORMATS.join(', ')}`,
  });
}

/** Prints data for programs. */
export async function printData(format: 'json' | 'yaml', data: unknown): Promise<void> {
  const { formatData } = await import('./serialise.ts');
  print(await formatData(format, data));
}
