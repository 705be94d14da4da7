/** What the options of a list or a watch may be together (apimachinery, meta/internalversion/validation). */
import { StatusError } from '../../kubernetes/index.ts';
import { type FieldError, forbidden, notSupported } from '../resources/index.ts';
import type { ListRequest, WatchRequest } from './registry.ts';

const MATCH = 'resourceVersionMatch';

/** @throws StatusError Invalid */
export function checkListOptions(request: ListRequest): void {
  const { resourceVersionMatch: match = '', resourceVersion = '' } = request;
  if (match === '') return;
  const errors: FieldError[] = [];
  if (resourceVersion === '') {
    errors.push(forbidden(MATCH, `${MATCH} is forbidden unless resourceVersion is provided`));
  }
  if ((request.continue ?? '') !== '') {
    errors.push(forbidden(MATCH, `${MATCH} is forbidden when continue is provided`));
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    errors.push(notSupported(MATCH, match, ['Exact', 'NotOlderThan', '']));
  }
  if (match === 'Exact' && resourceVersion === '0') {
    errors.push(forbidden(MATCH, `${MATCH} "exact" is forbidden for resourceVersion "0"`));
  }
  refuse(errors);
}

/** @throws StatusError Invalid */
export function checkWatchOptions(request: WatchRequest): void {
  const { resourceVersionMatch: match = '', sendInitialEvents } = request;
  const errors: FieldError[] = [];
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(forbidden(MATCH, `sendInitialEvents requires setting ${MATCH} to NotOlderThan`));
  }
  if (match !== '' && sendInitialEvents === undefined) {
    errors.push(
      forbidden(MATCH, `${MATCH} is forbidden for watch unless sendInitialEvents is provided`),
    );
  }
  if (match !== '' && match !== 'NotOlderThan') {
    errors.push(notSupported(MATCH, match, ['NotOlderThan']));
  }
  refuse(errors);
}

function refuse(errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const texts = errors.map(({ field, message }) => `${field}: ${message}`);
  const text = texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`;
  throw StatusError.of('Invalid', `ListOptions.meta.k8s.io "" is invalid: ${text}`, {
    group: 'meta.k8s.io',
    kind: 'ListOptions',
    causes: errors,
  });
}
