/** Events of core/v1 (k8s.io/kubernetes, pkg/registry/core/event). */
import { EVENTS, type Event } from '../../../kubernetes/index.ts';
import { define } from '../define.ts';
import { pathSegment } from '../names.ts';
import { EVENT_COLUMNS, eventRow } from './row.ts';
import { validateEvent } from './validate.ts';

/** `--event-ttl` of kube-apiserver. */
export const EVENT_TTL_SECONDS = 3600;

const validate = (event: Event): ReturnType<typeof validateEvent> =>
  validateEvent(event, 'reportingComponent');

export const EVENT_DEFINITION = define(EVENTS, {
  shortNames: ['ev'],
  ttlSeconds: EVENT_TTL_SECONDS,
  strategy: {
    takesAnyFinalizer: true,
    validateName: pathSegment,
    validate,
    validateUpdate: validate,
    allowCreateOnUpdate: true,
    ownsNothing: true,
  },
  selectableFields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: (event) => event.source?.component ?? event.reportingComponent ?? '',
    type: ({ type }) => type ?? '',
  },
  columns: EVENT_COLUMNS,
  row: eventRow,
});
