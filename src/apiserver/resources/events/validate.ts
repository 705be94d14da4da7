/** What an event may be (k8s.io/kubernetes, pkg/apis/core/validation/events.go). */
import { addAll } from '../../../add-all.ts';
import { type Event, labelKeyProblems, type ObjectReference } from '../../../kubernetes/index.ts';
import { type FieldError, invalid, required } from '../field-error.ts';
import { sameJson } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';

/** Bounds of the fields that only events with an `eventTime` have to keep. */
const LONGEST = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const;

/** Whoever reports is called otherwise in each form; all other fields have core/v1's names in messages. */
export type Reporter = 'reportingComponent' | 'reportingController';

/** Of events of core/v1 all that there is. */
export function validateEvent(event: Event, reporter: Reporter): FieldError[] {
  const { namespace = '' } = event.metadata;
  const errors = isSet(event.eventTime) ? validateNewer(event, reporter) : validateOlder(event);
  for (const problem of dnsSubdomain(namespace, false)) {
    errors.push(invalid('namespace', namespace, problem));
  }
  return errors;
}

/** Of new events of events.k8s.io/v1. */
export function validateStrictly(event: Event): FieldError[] {
  const { type = '', source } = event;
  const errors = validateEvent(event, 'reportingController');
  addAll(errors, validateSeries(event));
  if (!isSet(event.eventTime)) errors.push(required('eventTime'));
  if (type !== 'Normal' && type !== 'Warning') {
    errors.push(invalid('type', '', `has invalid value: ${type}`));
  }
  const unset = {
    firstTimestamp: isSet(event.firstTimestamp),
    lastTimestamp: isSet(event.lastTimestamp),
    count: (event.count ?? 0) !== 0,
    source: (source?.component ?? '') !== '' || (source?.host ?? '') !== '',
  };
  for (const [field, isThere] of Object.entries(unset)) {
    if (isThere) errors.push(invalid(field, '', 'needs to be unset'));
  }
  return errors;
}

/** What an update through events.k8s.io/v1 must leave alone. Upstream looks at the reason twice. */
const IMMUTABLE = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'reason',
  'type',
  'eventTime',
  'action',
  'related',
] as const;

/** Of events that are changed through events.k8s.io/v1: the series may move on. */
export function validateStrictUpdate(event: Event, old: Event): FieldError[] {
  const errors = validateEvent(event, 'reportingController');
  if (!sameJson(event.series, old.series)) addAll(errors, validateSeries(event));
  const check = (field: string, value: unknown, before: unknown, shown = value): void => {
    if (!sameJson(value, before)) errors.push(invalid(field, shown ?? null, 'field is immutable'));
  };
  const shown: Record<string, unknown> = { ...event, ...asInGo(event) };
  for (const field of IMMUTABLE) check(field, event[field], old[field], shown[field]);
  check('reportingController', event.reportingComponent, old.reportingComponent);
  check('reportingInstance', event.reportingInstance, old.reportingInstance);
  return errors;
}

/** Upstream shows values of its own types, which have no names for JSON. */
const asInGo = ({ involvedObject, related, source = {} }: Event): Record<string, unknown> => ({
  involvedObject: referenceInGo(involvedObject),
  related: related === undefined ? undefined : referenceInGo(related),
  source: { Component: source.component ?? '', Host: source.host ?? '' },
});

const referenceInGo = (reference: ObjectReference): Record<string, string> => ({
  Kind: reference.kind ?? '',
  Namespace: reference.namespace ?? '',
  Name: reference.name ?? '',
  UID: reference.uid ?? '',
  APIVersion: reference.apiVersion ?? '',
  ResourceVersion: reference.resourceVersion ?? '',
  FieldPath: reference.fieldPath ?? '',
});

const isSet = (time: string | null | undefined): boolean => (time ?? null) !== null;

function validateSeries({ series }: Event): FieldError[] {
  if (series === undefined) return [];
  const errors: FieldError[] = [];
  if ((series.count ?? 0) < 2) errors.push(invalid('series.count', '', 'should be at least 2'));
  if (!isSet(series.lastObservedTime)) errors.push(required('series.lastObservedTime'));
  return errors;
}

function validateOlder({ metadata, involvedObject }: Event): FieldError[] {
  const { namespace = '' } = involvedObject;
  const matches =
    namespace === '' ? metadata.namespace === 'default' : metadata.namespace === namespace;
  return matches ? [] : [elsewhere(namespace)];
}

function validateNewer(event: Event, reporter: Reporter): FieldError[] {
  const { metadata, involvedObject, reportingComponent = '', reportingInstance = '' } = event;
  const errors: FieldError[] = [];
  if (
    (involvedObject.namespace ?? '') === '' &&
    metadata.namespace !== 'default' &&
    metadata.namespace !== 'kube-system'
  ) {
    errors.push(elsewhere(''));
  }
  if (reportingComponent === '') errors.push(required(reporter));
  for (const problem of labelKeyProblems(reportingComponent)) {
    errors.push(invalid(reporter, reportingComponent, problem));
  }
  const { action = '', reason = '', message = '' } = event;
  const texts = { reportingInstance, action, reason, message };
  for (const field of ['reportingInstance', 'action', 'reason', 'message'] as const) {
    if (texts[field] === '' && field !== 'message') errors.push(required(field));
    if (Buffer.byteLength(texts[field]) > LONGEST[field]) {
      errors.push(invalid(field, '', `can have at most ${LONGEST[field]} characters`));
    }
  }
  return errors;
}

const elsewhere = (namespace: string): FieldError =>
  invalid('involvedObject.namespace', namespace, 'does not match event.namespace');
