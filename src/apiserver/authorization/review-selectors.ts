/**
 * The selectors that narrow the question of an access review: whether they are well formed, and what of
 * them the authorizer is asked (kubernetes, pkg/apis/authorization/validation,
 * pkg/registry/authorization/util/helpers.go; apimachinery, meta/v1/validation).
 */
import { addAll } from '../../add-all.ts';
import { KubepkiError } from '../../errors.ts';
import {
  type FieldRequirement,
  type FieldSelector,
  labelKeyProblems,
  labelValueProblems,
  parseFieldSelector,
  parseLabelSelector,
} from '../../kubernetes/index.ts';
import { type FieldError, forbidden, invalid, required } from '../resources/index.ts';
import { at, listAt, textAt } from './pod-references.ts';

const PATH = 'spec.resourceAttributes';
const KINDS = ['fieldSelector', 'labelSelector'] as const;
type Kind = (typeof KINDS)[number];

/** @param attributes `spec.resourceAttributes`, of which the schema has read the fields */
export const selectorErrors = (attributes: unknown): FieldError[] =>
  KINDS.flatMap((kind) => {
    const selector = at(attributes, kind);
    return selector === undefined || selector === null ? [] : errorsOf(kind, selector);
  });

function errorsOf(kind: Kind, selector: unknown): FieldError[] {
  const errors: FieldError[] = [];
  const path = `${PATH}.${kind}`;
  const raw = textAt(selector, 'rawSelector');
  const requirements = listAt(selector, 'requirements');
  if (raw !== '' && requirements.length > 0) {
    const detail = 'may not specified at the same time as requirements';
    errors.push(invalid(`${path}.rawSelector`, raw, detail));
  }
  if (raw === '' && requirements.length === 0) {
    const detail = `when ${path} is specified, requirements or rawSelector is required`;
    errors.push(required(`${path}.requirements`, detail));
  }
  requirements.forEach((requirement, index) => {
    addAll(errors, requirementErrors(kind, requirement, `${path}.requirements[${index}]`));
  });
  return errors;
}

/** An operator that nobody knows passes: a newer client may know it. */
function requirementErrors(kind: Kind, requirement: unknown, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const key = textAt(requirement, 'key');
  const values = listAt(requirement, 'values');
  if (kind === 'fieldSelector' && key === '') {
    errors.push(required(`${path}.key`, 'must be specified'));
  }
  const operator = textAt(requirement, 'operator');
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    const detail = "must be specified when `operator` is 'In' or 'NotIn'";
    errors.push(required(`${path}.values`, detail));
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    errors.push(forbidden(`${path}.values`, detail));
  }
  return kind === 'fieldSelector' ? errors : [...errors, ...labelErrors(key, values, path)];
}

function labelErrors(key: string, values: readonly unknown[], path: string): FieldError[] {
  const errors = labelKeyProblems(key).map((problem) => invalid(`${path}.key`, key, problem));
  values.forEach((value, index) => {
    if (typeof value !== 'string') return;
    for (const problem of labelValueProblems(value)) {
      errors.push(invalid(`${path}.values[${index}]`, value, problem));
    }
  });
  return errors;
}

export interface ReviewedSelectors {
  /** Absent where nothing is narrowed, or nothing of it is understood. */
  readonly fieldSelector?: FieldSelector;
  /** What is left out: the question that is asked is broader then. */
  readonly errors: readonly string[];
}

/**
 * What is understood of the selectors. By labels none of our authorizers decides; what is wrong with
 * them is told all the same.
 */
export function reviewedSelectors(attributes: unknown): ReviewedSelectors {
  const fields = understood(attributes, 'fieldSelector', parseFieldSelector, fieldRequirement);
  const labels = understood(
    attributes,
    'labelSelector',
    (text) => parseLabelSelector(text).requirements,
    (requirement) => (isLabelOperator(textAt(requirement, 'operator')) ? requirement : undefined),
  );
  return {
    ...(fields.known.length === 0 ? {} : { fieldSelector: fields.known }),
    errors: [...fields.errors, ...labels.errors],
  };
}

function understood<T>(
  attributes: unknown,
  kind: Kind,
  parse: (text: string) => readonly T[],
  read: (requirement: unknown) => T | undefined,
): { readonly known: readonly T[]; readonly errors: readonly string[] } {
  const path = `${PATH}.${kind}`;
  const raw = textAt(attributes, kind, 'rawSelector');
  if (raw !== '') {
    try {
      return { known: parse(raw), errors: [] };
    } catch (error) {
      if (!(error instanceof KubepkiError)) throw error;
      return { known: [], errors: [`${path} ignored due to parse error`] };
    }
  }
  const requirements = listAt(attributes, kind, 'requirements');
  const known = requirements.map(read).filter((one) => one !== undefined);
  if (known.length === requirements.length) return { known, errors: [] };
  const part = known.length > 0 ? 'partially ignored' : 'ignored';
  return { known, errors: [`${path} ${part} due to parse error`] };
}

/** Fields are compared with one value only, as in a list. */
function fieldRequirement(requirement: unknown): FieldRequirement | undefined {
  const [value, ...more] = listAt(requirement, 'values');
  if (typeof value !== 'string' || more.length > 0) return undefined;
  const field = textAt(requirement, 'key');
  switch (textAt(requirement, 'operator')) {
    case 'In':
      return { field, operator: '=', value };
    case 'NotIn':
      return { field, operator: '!=', value };
    default:
      return undefined;
  }
}

const isLabelOperator = (operator: string): boolean =>
  ['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator);
