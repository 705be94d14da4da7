/** Events of events.k8s.io/v1: those of core/v1 in another form, and judged more strictly. */
import { NEW_EVENTS, type NewEvent } from '../../../kubernetes/index.ts';
import { define } from '../define.ts';
import type { StoredForm } from '../definition.ts';
import { dnsSubdomain } from '../names.ts';
import { fromCore, toCore } from './convert.ts';
import { EVENT_DEFINITION, EVENT_TTL_SECONDS } from './core.ts';
import { EVENT_COLUMNS, eventRow } from './row.ts';
import { validateStrictly, validateStrictUpdate } from './validate.ts';

const STORED: StoredForm<NewEvent> = {
  definition: EVENT_DEFINITION,
  toStored: toCore,
  fromStored: fromCore,
};

export const NEW_EVENT_DEFINITION = define(NEW_EVENTS, {
  shortNames: ['ev'],
  ttlSeconds: EVENT_TTL_SECONDS,
  storedAs: STORED,
  strategy: {
    validateName: dnsSubdomain,
    validate: (event) => validateStrictly(toCore(event)),
    validateUpdate: (event, old) => validateStrictUpdate(toCore(event), toCore(old)),
    allowCreateOnUpdate: true,
    ownsNothing: true,
  },
  selectableFields: {
    'regarding.kind': ({ regarding }) => regarding?.kind ?? '',
    'regarding.namespace': ({ regarding }) => regarding?.namespace ?? '',
    'regarding.name': ({ regarding }) => regarding?.name ?? '',
    'regarding.uid': ({ regarding }) => regarding?.uid ?? '',
    'regarding.apiVersion': ({ regarding }) => regarding?.apiVersion ?? '',
    'regarding.resourceVersion': ({ regarding }) => regarding?.resourceVersion ?? '',
    'regarding.fieldPath': ({ regarding }) => regarding?.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingController: ({ reportingController }) => reportingController ?? '',
    type: ({ type }) => type ?? '',
  },
  columns: EVENT_COLUMNS,
  row: (event, now) => eventRow(toCore(event), now),
});
