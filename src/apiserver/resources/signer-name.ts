/** The name of a signer as a field of an object (k8s.io/kubernetes, pkg/apis/core/validation: ValidateSignerName). */
import { signerNameProblems } from '../../kubernetes/index.ts';
import { type FieldError, invalid, required, tooLong } from './field-error.ts';

export const validateSignerName = (field: string, signerName: string): FieldError[] =>
  signerNameProblems(signerName).map(({ kind, value, message }) => {
    if (kind === 'required') return required(field, message);
    return kind === 'invalid'
      ? invalid(field, value, message)
      : { ...tooLong(field, 0), message: `Too long: ${message}` };
  });
