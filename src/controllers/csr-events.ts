/**
 * Events about CertificateSigningRequests, which `kubectl describe csr` shows. They are told beside the work:
 * nothing waits for them, and one that cannot be written is counted. What is told again becomes a higher count
 * of the Event that is there (client-go, tools/record).
 */
import { createHash } from 'node:crypto';
import {
  apiVersionOf,
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  EVENTS,
  type Event,
  refusedFor,
} from '../kubernetes/index.ts';
import { formatRfc3339 } from '../tokens/index.ts';
import { type ControllerContext, textOf } from './context.ts';

/** Events of objects without a namespace lie here. */
const NAMESPACE = 'default';
/** The API's limit. */
const LONGEST_MESSAGE = 1024;
/** At once; and what may wait beside. */
const MOST_UNDER_WAY = 4;
const MOST_WAITING = 1_000;

export interface CsrEvent {
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** How often it was told, with this time. */
  readonly count: number;
}

export interface CsrEvents {
  /** Writes it when there is time; never throws. */
  tell(csr: CertificateSigningRequest, event: CsrEvent): void;
}

export interface CsrEventsOptions {
  /** Who tells: `kubepki-servingapproving`. */
  readonly component: string;
  /** Told what became of each. */
  readonly counted: (outcome: 'written' | 'failed' | 'dropped') => void;
}

interface Told {
  readonly csr: CertificateSigningRequest;
  readonly event: CsrEvent;
}

export function createCsrEvents(
  context: ControllerContext,
  { component, counted }: CsrEventsOptions,
): CsrEvents {
  const waiting: Told[] = [];
  let underWay = 0;
  /** Of troubles in a row only the first is told. */
  let failing = false;

  const write = async ({ csr, event }: Told): Promise<void> => {
    try {
      await store(context, eventOf(csr, event, component, context.clock.now()));
      failing = false;
      counted('written');
    } catch (error) {
      if (context.signal.aborted) return;
      counted('failed');
      const level = failing ? 'debug' : 'warn';
      failing = true;
      context.log({ level, message: 'cannot write an Event', error: textOf(error) });
    }
  };
  const work = async (): Promise<void> => {
    underWay++;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (context.signal.aborted) break;
      await write(next);
    }
    underWay--;
  };
  return {
    tell(csr, event) {
      if (waiting.length >= MOST_WAITING) {
        counted('dropped');
        return;
      }
      waiting.push({ csr, event });
      if (underWay < MOST_UNDER_WAY) void work();
    },
  };
}

/** Makes the Event, or counts the one that is there. */
async function store({ client, signal }: ControllerContext, event: Event): Promise<void> {
  const { name = '' } = event.metadata;
  const { count = 1, lastTimestamp } = event;
  if (count > 1) {
    try {
      const patch = { count, lastTimestamp };
      await client.patch(EVENTS, { namespace: NAMESPACE, name }, patch, {
        type: 'merge-patch',
        signal,
      });
      return;
    } catch (error) {
      // They live for an hour.
      if (!refusedFor(error, 'NotFound')) throw error;
    }
  }
  try {
    await client.create(EVENTS, event, { signal });
  } catch (error) {
    // The same was told before this process began.
    if (!refusedFor(error, 'AlreadyExists')) throw error;
  }
}

/** Its name comes from what it says, so that two processes do not say it twice. */
function eventOf(
  { metadata }: CertificateSigningRequest,
  { type, reason, message, count }: CsrEvent,
  component: string,
  now: Date,
): Event {
  const { name = '', uid = '', resourceVersion = '' } = metadata;
  const digest = createHash('sha256')
    .update(JSON.stringify([uid, reason, message]))
    .digest('hex');
  const time = formatRfc3339(now);
  return {
    apiVersion: apiVersionOf(EVENTS),
    kind: EVENTS.kind,
    metadata: { namespace: NAMESPACE, name: `${stemOf(name)}.${digest.slice(0, 16)}` },
    involvedObject: {
      apiVersion: apiVersionOf(CERTIFICATE_SIGNING_REQUESTS),
      kind: CERTIFICATE_SIGNING_REQUESTS.kind,
      name,
      uid,
      resourceVersion,
    },
    type,
    reason,
    message: message.slice(0, LONGEST_MESSAGE).toWellFormed(),
    source: { component },
    reportingComponent: component,
    firstTimestamp: time,
    lastTimestamp: time,
    count,
  };
}

/** A name may have 253 characters, and must not end in a dot or dash before the next dot. */
const stemOf = (name: string): string => name.slice(0, 230).replace(/[.-]+$/, '');
