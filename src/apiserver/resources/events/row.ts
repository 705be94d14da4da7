/** An event as a row of a table (k8s.io/kubernetes, pkg/printers/internalversion: printEvent). */
import type { Event } from '../../../kubernetes/index.ts';
import { column, NAME, wide } from '../columns.ts';
import type { Cell, Column } from '../definition.ts';
import { ageOf } from '../times.ts';

export const EVENT_COLUMNS: readonly Column[] = [
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
];

export function eventRow(event: Event, now: Date): readonly Cell[] {
  const { eventTime, series } = event;
  const first = ageOf(event.firstTimestamp ?? eventTime, now);
  const last = event.lastTimestamp ?? undefined;
  const { kind = '', name = '', fieldPath = '' } = event.involvedObject;
  return [
    series === undefined
      ? last === undefined
        ? first
        : ageOf(last, now)
      : ageOf(series.lastObservedTime, now),
    event.type ?? '',
    event.reason ?? '',
    name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`,
    fieldPath,
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
}
