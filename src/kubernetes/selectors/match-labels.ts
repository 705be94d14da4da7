/**
 * Whether labels are selected, by what all requirements on a key come to. What it costs depends on the labels of an
 * object and not on the length of the selector: one of 100 KiB, asked for each of thousands of objects, would
 * keep everybody else waiting for seconds.
 */
import type { LabelRequirement, Labels } from './labels.ts';

/** All that is demanded of the value of a key, which has to be there. */
interface Demand {
  /** Absent: any. */
  allowed?: ReadonlySet<string>;
  above?: bigint;
  below?: bigint;
  isImpossible?: true;
}

/** What the value of a key must not be; undefined: it must not be there. */
type Refusal = Set<string> | undefined;

export function labelMatcher(
  requirements: readonly LabelRequirement[],
): (labels: Labels) => boolean {
  const demands = new Map<string, Demand>();
  const refusals = new Map<string, Refusal>();
  for (const requirement of requirements) {
    const { key, operator, values } = requirement;
    if (operator === '!') refusals.set(key, undefined);
    else if (operator === '!=' || operator === 'notin') refuse(refusals, key, values);
    else demand(demands, requirement);
  }
  const isRefusedIn = refusedIn(refusals);
  return (labels) => {
    for (const [key, one] of demands) {
      const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
      if (value === undefined || !fulfils(value, one)) return false;
    }
    return labels === undefined || !isRefusedIn(labels);
  };
}

function refuse(refusals: Map<string, Refusal>, key: string, values: readonly string[]): void {
  if (refusals.has(key) && refusals.get(key) === undefined) return;
  const all = refusals.get(key) ?? new Set();
  for (const value of values) all.add(value);
  refusals.set(key, all);
}

function demand(demands: Map<string, Demand>, { key, operator, values }: LabelRequirement): void {
  const one = demands.get(key) ?? {};
  demands.set(key, one);
  if (operator === 'exists') return;
  if (operator === '>' || operator === '<') {
    const bound = integer(values[0]);
    if (bound === undefined) one.isImpossible = true;
    else if (operator === '>') {
      if (one.above === undefined || bound > one.above) one.above = bound;
    } else if (one.below === undefined || bound < one.below) one.below = bound;
    return;
  }
  const { allowed } = one;
  one.allowed = new Set(
    allowed === undefined ? values : values.filter((value) => allowed.has(value)),
  );
}

function fulfils(value: string, { allowed, above, below, isImpossible }: Demand): boolean {
  if (isImpossible === true || allowed?.has(value) === false) return false;
  if (above === undefined && below === undefined) return true;
  const number = integer(value);
  return (
    number !== undefined &&
    (above === undefined || number > above) &&
    (below === undefined || number < below)
  );
}

/** More refusals than this are looked up by the labels of the object. */
const FEW = 8;

function refusedIn(
  refusals: ReadonlyMap<string, Refusal>,
): (labels: NonNullable<Labels>) => boolean {
  const isRefused = (key: string, value: string | undefined): boolean => {
    if (value === undefined || !refusals.has(key)) return false;
    const values = refusals.get(key);
    return values === undefined || values.has(value);
  };
  const keys = [...refusals.keys()];
  if (keys.length > FEW) {
    return (labels) => Object.entries(labels).some(([key, value]) => isRefused(key, value));
  }
  return (labels) => keys.some((key) => Object.hasOwn(labels, key) && isRefused(key, labels[key]));
}

/** As Go's ParseInt with 64 bits: all digits count. */
export function integer(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}
