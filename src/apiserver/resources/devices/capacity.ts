/** How a device is shared: which amounts of it can be asked for (k8s.io/kubernetes, validateRequestPolicy). */
import { addAll } from '../../../add-all.ts';
import type { CapacityPolicy } from '../../../kubernetes/index.ts';
import { type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { quantityNanos } from '../quantity.ts';
import { distinct } from './common.ts';

const MOST_VALUES = 10;
const NANO = 10n ** 9n;
const nanos = (quantity: string): bigint => quantityNanos(quantity) ?? 0n;
/** In whole ones, upwards. */
const whole = (quantity: string): bigint => {
  const value = nanos(quantity);
  return value > 0n ? (value + NANO - 1n) / NANO : value / NANO;
};

/** @param capacity the whole of it */
export function validatePolicy(
  field: string,
  capacity: string,
  policy: CapacityPolicy,
): FieldError[] {
  const { default: fallback, validValues = [], validRange } = policy;
  if (validValues.length > 0 && validRange !== undefined) {
    const detail =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbidden(field, detail)];
  }
  const name = validValues.length > 0 ? 'validValues' : 'validRange';
  if (validValues.length === 0 && validRange === undefined) return [];
  if (fallback === null) {
    return [required(`${field}.default`, `required when ${name} is defined`)];
  }
  return validRange === undefined
    ? validateValues(`${field}.validValues`, fallback, capacity, validValues)
    : validateRange(`${field}.validRange`, fallback, capacity, validRange);
}

function validateValues(
  field: string,
  fallback: string,
  capacity: string,
  values: readonly string[],
): FieldError[] {
  const errors: FieldError[] = [];
  values.slice(0, -1).forEach((value, index) => {
    const next = values[index + 1] ?? value;
    if (nanos(value) > nanos(next)) {
      const detail = 'values must be sorted in ascending order';
      errors.push(invalid(`${field}[${index + 1}]`, next, detail));
    }
  });
  addAll(
    errors,
    distinct(
      values,
      MOST_VALUES,
      field,
      (value) => String(whole(value)),
      (value, path) =>
        nanos(value) > nanos(capacity)
          ? [invalid(path, value, `option is larger than capacity value: ${capacity}`)]
          : [],
    ),
  );
  const isFound =
    values.length <= MOST_VALUES && values.some((value) => nanos(value) === nanos(fallback));
  return isFound
    ? errors
    : [
        ...errors,
        invalid(field, fallback, 'default value is not valid according to the requestPolicy'),
      ];
}

function validateRange(
  field: string,
  fallback: string,
  capacity: string,
  { min, max, step }: NonNullable<CapacityPolicy['validRange']>,
): FieldError[] {
  if (min === undefined) return [required(`${field}.min`, 'required when validRange is defined')];
  const errors: FieldError[] = [];
  const check = (isWrong: boolean, name: string, value: string, detail: string): void => {
    if (isWrong) errors.push(invalid(`${field}.${name}`, value, detail));
  };
  const [least, all, usual] = [nanos(min), nanos(capacity), nanos(fallback)];
  check(least > all, 'min', min, `min is larger than capacity value: ${capacity}`);
  check(usual < least, 'min', fallback, `default is less than min: ${min}`);
  if (max !== undefined) {
    const most = nanos(max);
    check(least > most, 'max', min, `min is larger than max: ${max}`);
    check(most > all, 'max', max, `max is larger than capacity value: ${capacity}`);
    check(usual > most, 'max', fallback, `default is more than max: ${max}`);
  }
  if (step === undefined) return errors;
  const first = least + nanos(step);
  const isLarge = first > all;
  check(isLarge, 'step', step, `one step is larger than capacity value: ${capacity}`);
  for (const value of max === undefined ? [fallback] : [fallback, max]) {
    const isOff = whole(step) === 0n || (whole(value) - whole(min)) % whole(step) !== 0n;
    check(isOff, 'step', value, `value is not a multiple of a given step (${step}) from (${min})`);
  }
  return errors;
}
