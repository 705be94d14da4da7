/** Field selectors: `metadata.name=web,type!=Opaque` (apimachinery, pkg/fields/selector.go). */
import { KubepkiError, quotable } from '../../errors.ts';

export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** All must hold; an empty list selects everything. Sorted as text, as upstream. */
export type FieldSelector = readonly FieldRequirement[];

/** @throws KubepkiError INVALID_VALUE in upstream's words: they reach the user as they are */
export function parseFieldSelector(text: string): FieldSelector {
  return splitTerms(text)
    .filter((term) => term !== '')
    .sort()
    .map((term) => {
      const [, field, operator, value] =
        /^([^=!]*(?:!(?!=)[^=!]*)*)(!=|==?)(.*)$/s.exec(term) ?? [];
      if (field === undefined || operator === undefined || value === undefined) {
        throw wrong(`invalid selector: '${quotable(text)}'; can't understand '${quotable(term)}'`);
      }
      return { field, operator: operator === '!=' ? '!=' : '=', value: unescape(value) };
    });
}

/** The text that parses to the same selector. */
export function formatFieldSelector(selector: FieldSelector): string {
  return selector
    .map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, '\\$&')}`)
    .join(',');
}

/**
 * Whether the fields that `read` answers are those selected. What it costs depends on how many fields there are, and
 * not on how often the selector names them.
 */
export function fieldMatcher(
  selector: FieldSelector,
): (read: (field: string) => string) => boolean {
  const wanted = new Map<string, string>();
  const refused = new Map<string, Set<string>>();
  let isImpossible = false;
  for (const { field, operator, value } of selector) {
    if (operator === '=') {
      isImpossible ||= (wanted.get(field) ?? value) !== value;
      wanted.set(field, value);
    } else refused.set(field, (refused.get(field) ?? new Set()).add(value));
  }
  return (read) => {
    if (isImpossible) return false;
    for (const [field, value] of wanted) if (read(field) !== value) return false;
    for (const [field, values] of refused) if (values.has(read(field))) return false;
    return true;
  };
}

/** The one value that a field must have, if the selector says so. */
export function exactField(selector: FieldSelector, field: string): string | undefined {
  return selector.find((one) => one.field === field && one.operator === '=')?.value;
}

const wrong = (message: string): KubepkiError => new KubepkiError('INVALID_VALUE', message);

/** At commas that no backslash precedes. */
const splitTerms = (text: string): string[] =>
  text.match(/(?:\\.|\\$|[^,\\])+/gs)?.map((term) => term) ?? [];

function unescape(value: string): string {
  if (!/[\\,=]/.test(value)) return value;
  return value.replace(/\\(.?)|[,=]/gs, (all, char: string | undefined) => {
    if (char === undefined) {
      throw wrong(`invalid field selector: unescaped character in value: ${all}`);
    }
    if (!['\\', ',', '='].includes(char)) {
      throw wrong(`invalid field selector: invalid escape sequence: ${quotable(all)}`);
    }
    return char;
  });
}
