/** Events of core/v1 (k8s.io/kubernetes, pkg/registry/core/event, validation/events.go). */
import { EVENTS, type Event, labelKeyProblems } from '../../kubernetes/index.ts';
import { column, NAME, wide } from './columns.ts';
import { define } from './define.ts';
import { type FieldError, invalid, required } from './field-error.ts';
import { dnsSubdomain, pathSegment } from './names.ts';
import { ageOf } from './times.ts';

/** `--event-ttl` of kube-apiserver. */
const TTL_SECONDS = 3600;
/** Bounds of the fields that only events with an `eventTime` have to keep. */
const LONGEST = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const;

/** Fields of the newer kind of event, which kubepki's type leaves out. */
interface MoreFields {
  readonly eventTime?: string | null;
  readonly action?: string;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string | null };
}

const more = (event: Event & MoreFields): MoreFields => event;

type Reference = Event['involvedObject'] & { readonly fieldPath?: string };

const fieldPath = ({ involvedObject }: { readonly involvedObject: Reference }): string =>
  involvedObject.fieldPath ?? '';

export const EVENT_DEFINITION = define(EVENTS, {
  shortNames: ['ev'],
  ttlSeconds: TTL_SECONDS,
  strategy: {
    validateName: pathSegment,
    validate,
    validateUpdate: validate,
    allowCreateOnUpdate: true,
  },
  selectableFields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': fieldPath,
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: (event) => event.source?.component ?? event.reportingComponent ?? '',
    type: ({ type }) => type ?? '',
  },
  columns: [
    column('Last Seen', 'When it happened for the last time.'),
    column('Type', 'Normal or Warning.'),
    column('Reason', 'Why, in one word.'),
    column('Object', 'What it is about.'),
    wide('Subobject', 'The part of the object that it is about.'),
    wide('Source', 'Who reports it.'),
    column('Message', 'What happened.'),
    wide('First Seen', 'When it happened for the first time.'),
    wide('Count', 'How often it has happened.'),
    { ...NAME, priority: 1 },
  ],
  row(event, now) {
    const { eventTime, series } = more(event);
    const first = ageOf(event.firstTimestamp ?? eventTime, now);
    const last = event.lastTimestamp ?? undefined;
    const { kind = '', name = '' } = event.involvedObject;
    return [
      series === undefined
        ? last === undefined
          ? first
          : ageOf(last, now)
        : ageOf(series.lastObservedTime, now),
      event.type ?? '',
      event.reason ?? '',
      name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`,
      fieldPath(event),
      [
        event.source?.component || event.reportingComponent || '',
        event.source?.host || event.reportingInstance || '',
      ]
        .filter((part, index) => index === 0 || part !== '')
        .join(', '),
      (event.message ?? '').trim(),
      first,
      series?.count ?? event.count ?? 1,
      event.metadata.name ?? '',
    ];
  },
});

function validate(event: Event): FieldError[] {
  const { namespace = '' } = event.metadata;
  const errors = (more(event).eventTime ?? null) === null ? validateOld(event) : validateNew(event);
  for (const problem of dnsSubdomain(namespace, false)) {
    errors.push(invalid('namespace', namespace, problem));
  }
  return errors;
}

function validateOld({ metadata, involvedObject }: Event): FieldError[] {
  const { namespace = '' } = involvedObject;
  const matches =
    namespace === '' ? metadata.namespace === 'default' : metadata.namespace === namespace;
  return matches ? [] : [elsewhere(namespace)];
}

function validateNew(event: Event): FieldError[] {
  const { metadata, involvedObject, reportingComponent = '', reportingInstance = '' } = event;
  const errors: FieldError[] = [];
  if (
    (involvedObject.namespace ?? '') === '' &&
    metadata.namespace !== 'default' &&
    metadata.namespace !== 'kube-system'
  ) {
    errors.push(elsewhere(''));
  }
  if (reportingComponent === '') errors.push(required('reportingComponent'));
  for (const problem of labelKeyProblems(reportingComponent)) {
    errors.push(invalid('reportingComponent', reportingComponent, problem));
  }
  const texts = {
    reportingInstance,
    action: more(event).action ?? '',
    reason: event.reason ?? '',
    message: event.message ?? '',
  };
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
