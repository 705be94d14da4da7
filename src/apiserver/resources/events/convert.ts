/** From one form of events to the other: nothing is lost (k8s.io/kubernetes, pkg/apis/events/v1/conversion.go). */
import { type Event, NEW_EVENTS, type NewEvent } from '../../../kubernetes/index.ts';
import { readObject } from '../read-object.ts';
import { schemaOfType } from '../type-schema.ts';
import { EVENT_DEFINITION } from './core.ts';

const NEW_FORM = { type: NEW_EVENTS, schema: schemaOfType('io.k8s.api.events.v1.Event') };

/** As it is stored. */
export function toCore(event: NewEvent): Event {
  const {
    regarding,
    note,
    reportingController,
    deprecatedCount,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedSource,
    ...same
  } = event;
  // Read, so that the fields come in their order and those that are always there are.
  return readObject(EVENT_DEFINITION, {
    ...same,
    kind: undefined,
    apiVersion: undefined,
    involvedObject: regarding,
    message: note,
    reportingComponent: reportingController,
    count: deprecatedCount,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    source: deprecatedSource,
  });
}

export function fromCore(event: Event): NewEvent {
  const {
    involvedObject,
    message,
    reportingComponent,
    count,
    firstTimestamp,
    lastTimestamp,
    source,
    ...same
  } = event;
  return readObject(NEW_FORM, {
    ...same,
    kind: undefined,
    apiVersion: undefined,
    regarding: involvedObject,
    note: message,
    reportingController: reportingComponent,
    deprecatedCount: count,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedSource: source,
  });
}
