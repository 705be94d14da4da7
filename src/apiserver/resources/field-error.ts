/** What is wrong with one field of an object, worded as upstream's apimachinery field errors are. */
import { quotable, quoted } from '../../errors.ts';
import { type ResourceType, type StatusCause, StatusError } from '../../kubernetes/index.ts';

/** `Status.details.causes[].reason`, and how the message begins. */
const KINDS = {
  FieldValueRequired: 'Required value',
  FieldValueInvalid: 'Invalid value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueNotFound: 'Not found',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
} as const;

/**
 * How many errors of an object are told, and of a list looked for. Upstream knows no bound; here the answer to a body
 * of 3 MiB would have hundreds, and nobody else would be served meanwhile.
 */
export const MOST_ERRORS = 500;

export interface FieldError {
  readonly reason: keyof typeof KINDS;
  readonly field: string;
  /** Everything behind the field's name. */
  readonly message: string;
}

/** A value as a message may show it: JSON on one line, not endless. */
const shown = (value: unknown): string =>
  typeof value === 'string' ? quoted(value) : quotable(JSON.stringify(value) ?? 'null');

const withDetail = (start: string, detail: string): string =>
  detail === '' ? start : `${start}: ${detail}`;

export const required = (field: string, detail = ''): FieldError => ({
  reason: 'FieldValueRequired',
  field,
  message: withDetail(KINDS.FieldValueRequired, detail),
});

export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: withDetail(`${KINDS.FieldValueInvalid}: ${shown(value)}`, detail),
});

/** Of a value that is not shown. */
export const wrong = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: withDetail(KINDS.FieldValueInvalid, detail),
});

export const duplicate = (field: string, value: unknown): FieldError => ({
  reason: 'FieldValueDuplicate',
  field,
  message: `${KINDS.FieldValueDuplicate}: ${shown(value)}`,
});

/** A name that nothing here has. */
export const missing = (field: string, value: unknown, detail = ''): FieldError => ({
  reason: 'FieldValueNotFound',
  field,
  message: withDetail(`${KINDS.FieldValueNotFound}: ${shown(value)}`, detail),
});

export const tooMany = (field: string, count: number, most: number): FieldError => ({
  reason: 'FieldValueTooMany',
  field,
  message: `${KINDS.FieldValueTooMany}: ${count}: must have at most ${most} items`,
});

export const notSupported = (
  field: string,
  value: unknown,
  supported: readonly string[],
): FieldError => ({
  reason: 'FieldValueNotSupported',
  field,
  message: `${KINDS.FieldValueNotSupported}: ${shown(value)}: supported values: ${supported.map(shown).join(', ')}`,
});

export const forbidden = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueForbidden',
  field,
  message: withDetail(KINDS.FieldValueForbidden, detail),
});

/** `most` in bytes. */
export const tooLong = (field: string, most: number): FieldError => ({
  reason: 'FieldValueTooLong',
  field,
  message: `${KINDS.FieldValueTooLong}: may not be more than ${most} bytes`,
});

/** 422 with every error (of many, the first), as upstream's NewInvalid writes it. */
export function invalidObject(
  type: ResourceType,
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const told = errors.slice(0, MOST_ERRORS);
  const texts = told.map(({ field, message }) => `${field}: ${message}`);
  if (told.length < errors.length) texts.push(`and ${errors.length - told.length} more`);
  const text = texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`;
  const causes: StatusCause[] = told.map(({ reason, field, message }) => ({
    reason,
    message,
    field,
  }));
  return StatusError.of('Invalid', `${kindName(type)} ${quoted(name)} is invalid: ${text}`, {
    ...(name === '' ? {} : { name }),
    ...(type.group === '' ? {} : { group: type.group }),
    kind: type.kind,
    causes,
  });
}

/** `Secret`, `CertificateSigningRequest.certificates.k8s.io`. */
export const kindName = ({ kind, group }: ResourceType): string =>
  group === '' ? kind : `${kind}.${group}`;
