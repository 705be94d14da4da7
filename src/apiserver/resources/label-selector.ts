/** metav1.LabelSelector, as objects hold it (apimachinery, meta/v1/validation). */
import { addAll } from '../../add-all.ts';
import { labelKeyProblems, labelValueProblems } from '../../kubernetes/index.ts';
import { type FieldError, forbidden, invalid, required } from './field-error.ts';

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** What the schema has read; typed here, since kubepki's own type has only half of it. */
interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

export function validateLabelSelector(selector: Selector, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    for (const problem of labelKeyProblems(key)) {
      errors.push(invalid(`${field}.matchLabels`, key, problem));
    }
    for (const problem of labelValueProblems(value)) {
      errors.push(invalid(`${field}.matchLabels`, value, problem));
    }
  }
  (selector.matchExpressions ?? []).forEach((requirement, index) => {
    addAll(errors, validateRequirement(requirement, `${field}.matchExpressions[${index}]`));
  });
  return errors;
}

function validateRequirement(
  { key, operator, values = [] }: Requirement,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        errors.push(
          required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"),
        );
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.push(
          forbidden(
            `${field}.values`,
            "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
          ),
        );
      }
      break;
    default:
      errors.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'));
  }
  for (const problem of labelKeyProblems(key)) errors.push(invalid(`${field}.key`, key, problem));
  values.forEach((value, index) => {
    for (const problem of labelValueProblems(value)) {
      errors.push(invalid(`${field}.values[${index}]`, value, problem));
    }
  });
  return errors;
}
