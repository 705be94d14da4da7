/** Label selectors: `app=web,tier in (a,b),!old` (apimachinery, pkg/labels/selector.go). */
import { KubepkiError, quotable, quoted } from '../../errors.ts';
import { labelKeyProblems, labelValueProblems } from './label-names.ts';
import { integer, labelMatcher } from './match-labels.ts';

export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Sorted, without repetition; empty for `exists` and `!`. */
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>> | undefined;

/** All requirements must hold; none selects everything. */
export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[];
  matches(labels: Labels): boolean;
}

export const EVERYTHING: LabelSelector = { requirements: [], matches: () => true };

/** @throws KubepkiError INVALID_VALUE in upstream's words: they reach the user as they are */
export function parseLabelSelector(text: string): LabelSelector {
  if (text === '') return EVERYTHING;
  return labelSelector(new Parser(text).selector());
}

/** From requirements that are valid. */
export function labelSelector(requirements: readonly LabelRequirement[]): LabelSelector {
  const sorted = requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return { requirements: sorted, matches: labelMatcher(sorted) };
}

/** The text that parses to the same selector. */
export function formatLabelSelector({ requirements }: LabelSelector): string {
  return requirements.map(formatRequirement).join(',');
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${values.join(',')})`;
    case '=':
    case '==':
    case '!=':
    case '>':
    case '<':
      return `${key}${operator}${values.join(',')}`;
  }
}

interface Token {
  readonly kind: 'identifier' | 'symbol' | 'end';
  readonly text: string;
}

/** Operators of two characters first. What is neither symbol nor space belongs to a word. */
const TOKENS = /\s*(?:(==|!=|[=!(),<>])|([^=!(),<>\s]+)|$)/y;

const BINARY = ['in', 'notin', '=', '==', '!=', '>', '<'] as const satisfies LabelOperator[];
const isBinary = (text: string): text is (typeof BINARY)[number] =>
  (BINARY as readonly string[]).includes(text);

const wrong = (message: string): KubepkiError => new KubepkiError('INVALID_VALUE', message);

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokens(text);
  }

  selector(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    const first = this.#peek();
    if (first.kind === 'end') return requirements;
    if (!startsRequirement(first)) {
      throw wrong(`found '${first.text}', expected: !, identifier, or 'end of string'`);
    }
    for (;;) {
      requirements.push(this.#requirement());
      const next = this.#take();
      if (next.kind === 'end') return requirements;
      if (next.text !== ',') {
        throw wrong(`found '${quotable(next.text)}', expected: ',' or 'end of string'`);
      }
      if (!startsRequirement(this.#peek())) {
        throw wrong(`found '${this.#peek().text}', expected: identifier after ','`);
      }
    }
  }

  #requirement(): LabelRequirement {
    const negated = this.#peek().text === '!';
    if (negated) this.#take();
    const key = this.#take();
    if (key.kind !== 'identifier') throw unparsable(`found '${key.text}', expected: identifier`);
    const problems = labelKeyProblems(key.text);
    if (problems.length > 0) {
      throw unparsable(`key: Invalid value: ${quoted(key.text)}: ${problems.join('; ')}`);
    }
    if (negated) return { key: key.text, operator: '!', values: [] };
    const end = this.#peek();
    if (end.kind === 'end' || end.text === ',') {
      return { key: key.text, operator: 'exists', values: [] };
    }
    const operator = this.#take().text;
    if (!isBinary(operator)) {
      throw unparsable(`found '${quotable(operator)}', expected: in, notin, =, ==, !=, gt, lt`);
    }
    const values =
      operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()];
    return checked(key.text, operator, values);
  }

  /** `(a,b,)`: an empty place is the empty value. */
  #values(): string[] {
    const open = this.#take();
    if (open.text !== '(') throw unparsable(`found '${quotable(open.text)}' expected: '('`);
    const values: string[] = [];
    for (;;) {
      const isWord = this.#peek().kind === 'identifier';
      values.push(isWord ? this.#take().text : '');
      const next = this.#take();
      if (next.text === ')') return values;
      if (next.text !== ',') {
        throw unparsable(`found '${quotable(next.text)}', expected: ',' or ')'`);
      }
    }
  }

  #exactValue(): string {
    const next = this.#peek();
    if (next.kind === 'end' || next.text === ',') return '';
    if (next.kind !== 'identifier') {
      throw unparsable(`found '${next.text}', expected: identifier`);
    }
    return this.#take().text;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? END;
  }

  #take(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }
}

const END: Token = { kind: 'end', text: '' };

const startsRequirement = (token: Token): boolean =>
  token.kind === 'identifier' || token.text === '!';

const unparsable = (message: string): KubepkiError =>
  wrong(`unable to parse requirement: ${message}`);

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKENS.lastIndex = 0;
  while (TOKENS.lastIndex < text.length) {
    const [, symbol, word] = TOKENS.exec(text) ?? [];
    if (symbol !== undefined) found.push({ kind: 'symbol', text: symbol });
    else if (word === undefined) break;
    else found.push({ kind: 'identifier', text: word });
  }
  return found;
}

function checked(
  key: string,
  operator: LabelOperator,
  values: readonly string[],
): LabelRequirement {
  const sorted = [...new Set(values)].sort();
  const isNumeric = operator === '>' || operator === '<';
  const errors = sorted.flatMap((value, index) => {
    const found: string[] = [];
    if (isNumeric && integer(value) === undefined) {
      found.push(
        `values[${index}]: Invalid value: ${quoted(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
    const problems = labelValueProblems(value);
    if (problems.length > 0) {
      found.push(
        `values[${index}][${key}]: Invalid value: ${quoted(value)}: ${problems.join('; ')}`,
      );
    }
    return found;
  });
  if (errors.length > 0) {
    throw unparsable(errors.length === 1 ? errors.join('') : `[${errors.join(', ')}]`);
  }
  return { key, operator, values: sorted };
}
