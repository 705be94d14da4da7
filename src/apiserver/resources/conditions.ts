/** `metav1.Condition` in the status of newer resources (apimachinery, apis/meta/v1/validation: ValidateConditions). */
import { addAll } from '../../add-all.ts';
import type { Condition } from '../../kubernetes/index.ts';
import { each, problems, qualifiedName } from './checks.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
} from './field-error.ts';

const STATES = ['False', 'True', 'Unknown'];
const LONGEST_REASON = 1024;
const LONGEST_MESSAGE = 32 * 1024;
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;

export function validateConditions(
  field: string,
  conditions: readonly Condition[] | undefined,
): FieldError[] {
  const seen = new Set<string>();
  return each(conditions, field, (condition, path) => {
    const { type } = condition;
    const errors = seen.has(type) ? [duplicate(`${path}.type`, type)] : [];
    seen.add(type);
    return [...errors, ...validateCondition(condition, path)];
  });
}

function validateCondition(condition: Condition, path: string): FieldError[] {
  const {
    type,
    status,
    reason = '',
    message = '',
    lastTransitionTime,
    observedGeneration = 0,
  } = condition;
  const errors = qualifiedName(`${path}.type`, type);
  if (!STATES.includes(status)) errors.push(notSupported(`${path}.status`, status, STATES));
  if (observedGeneration < 0) {
    const detail = 'must be greater than or equal to zero';
    errors.push(invalid(`${path}.observedGeneration`, observedGeneration, detail));
  }
  if ((lastTransitionTime ?? '') === '') errors.push(required(`${path}.lastTransitionTime`));
  if (reason === '') errors.push(required(`${path}.reason`));
  else if (!REASON.test(reason)) {
    addAll(
      errors,
      problems(`${path}.reason`, reason, [
        `a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${REASON.source.slice(1, -1)}')`,
      ]),
    );
  }
  if (Buffer.byteLength(reason) > LONGEST_REASON) {
    errors.push(tooLong(`${path}.reason`, LONGEST_REASON));
  }
  if (Buffer.byteLength(message) > LONGEST_MESSAGE) {
    errors.push(tooLong(`${path}.message`, LONGEST_MESSAGE));
  }
  return errors;
}
