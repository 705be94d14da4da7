/** `metav1.LabelSelector` as one that selects (apimachinery, meta/v1: LabelSelectorAsSelector). */
import {
  type ApiLabelSelector,
  formatLabelSelector,
  type LabelOperator,
  type LabelRequirement,
  type LabelSelector,
  labelKeyProblems,
  labelSelector,
  labelValueProblems,
} from '../../../kubernetes/index.ts';

const OPERATORS: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};
const NOTHING: LabelSelector = { requirements: [], matches: () => false };

/** Undefined for one that cannot be; what is not there selects nothing. */
export function selectorOf(
  selector: ApiLabelSelector | null | undefined,
): LabelSelector | undefined {
  if (selector === undefined || selector === null) return NOTHING;
  const requirements: LabelRequirement[] = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]) => ({ key, operator: '=', values: [value] }),
  );
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const known = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
    if (known === undefined) return undefined;
    const hasValues = known === 'in' || known === 'notin';
    if (hasValues !== values.length > 0) return undefined;
    requirements.push({ key, operator: known, values: [...new Set(values)].sort() });
  }
  const isGood = requirements.every(
    ({ key, values }) =>
      labelKeyProblems(key).length === 0 &&
      values.every((value) => labelValueProblems(value).length === 0),
  );
  return isGood ? labelSelector(requirements) : undefined;
}

/** Its text, as a query has it. */
export function selectorText(selector: ApiLabelSelector | null | undefined): string {
  const read = selectorOf(selector);
  return read === undefined ? '' : formatLabelSelector(read);
}

/** As a wide table shows it. */
export const selectorCell = (selector: ApiLabelSelector | null | undefined): string =>
  selectorOf(selector) === undefined ? '<error>' : selectorText(selector) || '<none>';

export const isEmptySelector = ({
  matchLabels = {},
  matchExpressions = [],
}: ApiLabelSelector): boolean => Object.keys(matchLabels).length + matchExpressions.length === 0;
