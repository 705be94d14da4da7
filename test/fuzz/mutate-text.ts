/** Damages texts: lines and tokens that mean something to the reader moved, repeated and nested. */
import { type Mutant, mutateBytes } from './mutate.ts';
import type { Random } from './random.ts';

export interface TextOptions {
  /** What means something to the reader. */
  readonly tokens: readonly string[];
  /** Bytes that a mutant has at most: enough to show what takes more than linear time. */
  readonly most: number;
}

export function mutateText(text: Uint8Array, options: TextOptions, random: Random): Mutant {
  if (random.oneIn(3)) return mutateBytes(text, random);
  let current = Buffer.from(text).toString('utf8');
  const how: string[] = [];
  for (let i = random.between(1, 3); i > 0; i--) {
    const change = random.pick(CHANGES);
    current = changeText(current, change, options, random);
    how.push(change);
  }
  return { bytes: Buffer.from(current).subarray(0, options.most), how: how.join(', ') };
}

const CHANGES = [
  'insert a token',
  'insert a token',
  'replace by a token',
  'repeat a token many times',
  'repeat a part many times',
  'lose a line',
  'repeat a line',
  'move a line',
  'indent a line',
  'exchange two words',
  'nest',
] as const;

function changeText(
  text: string,
  change: (typeof CHANGES)[number],
  { tokens, most }: TextOptions,
  random: Random,
): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + random.between(1, 20));
  const lines = text.split('\n');
  const line = random.below(lines.length);
  switch (change) {
    case 'insert a token':
      return text.slice(0, at) + random.pick(tokens) + text.slice(at);
    case 'replace by a token':
      return text.slice(0, at) + random.pick(tokens) + text.slice(end);
    case 'repeat a token many times':
      return text.slice(0, at) + repeated(random.pick(tokens), most, random) + text.slice(at);
    case 'repeat a part many times':
      return text.slice(0, at) + repeated(text.slice(at, end), most, random) + text.slice(end);
    case 'lose a line':
      lines.splice(line, 1);
      return lines.join('\n');
    case 'repeat a line':
      lines.splice(random.below(lines.length), 0, lines[line] ?? '');
      return lines.join('\n');
    case 'move a line': {
      const [moved = ''] = lines.splice(line, 1);
      lines.splice(random.below(lines.length + 1), 0, moved);
      return lines.join('\n');
    }
    case 'indent a line':
      lines[line] = ' '.repeat(random.below(9)) + (lines[line] ?? '').trimStart();
      return lines.join('\n');
    case 'exchange two words':
      return exchangeWords(text, random);
    case 'nest': {
      const [open, close] = random.pick(BRACKETS);
      const depth = random.pick([2, 30, 200, 5000]);
      return (
        text.slice(0, at) +
        open.repeat(depth) +
        (random.oneIn(2) ? close.repeat(depth) : '') +
        text.slice(at)
      );
    }
  }
}

const BRACKETS = [
  ['[', ']'],
  ['{a: ', '}'],
  ['{"a":', '}'],
  ['- ', ''],
  ['? ', ''],
  ['"', '"'],
  ['&a ', ''],
] as const;

const repeated = (part: string, most: number, random: Random): string =>
  part.repeat(Math.min(random.pick([3, 100, 3000, 20_000]), Math.ceil(most / (part.length || 1))));

function exchangeWords(text: string, random: Random): string {
  const parts = text.split(/([A-Za-z0-9-]+)/);
  // Words are at the odd places, what is between them at the even ones.
  const count = (parts.length - 1) / 2;
  if (count < 2) return text;
  const [a, b] = [1 + 2 * random.below(count), 1 + 2 * random.below(count)];
  [parts[a], parts[b]] = [parts[b] ?? '', parts[a] ?? ''];
  return parts.join('');
}
