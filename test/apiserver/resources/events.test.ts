/** Events in their two forms, of one storage. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EVENT_DEFINITION,
  NEW_EVENT_DEFINITION,
} from '../../../src/apiserver/resources/events/index.ts';
import { readObject } from '../../../src/apiserver/resources/index.ts';
import { decodeProtobuf, encodeProtobuf } from '../../../src/kubernetes/index.ts';
import { createMemoryStorage } from '../../../src/storage/index.ts';
import { eventually } from '../../controllers/own-api.ts';
import { apiServer } from '../front/server.ts';

const CORE = '/api/v1/namespaces/default/events';
const NEW = '/apis/events.k8s.io/v1/namespaces/default/events';
const EVENT = {
  eventTime: '2026-11-24T10:00:00.123456Z',
  reportingController: 'a.b/c',
  reportingInstance: 'i',
  action: 'Binding',
  reason: 'Why',
  type: 'Normal',
  regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
  note: 'What happened',
};

const text = fc.string({ maxLength: 5 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const time = fc.constantFrom(null, '2026-11-24T10:00:00Z');
const microTime = fc.constantFrom(null, '2026-11-24T10:00:00.000001Z');
const reference = fc.record(
  {
    apiVersion: text,
    kind: text,
    name: text,
    namespace: text,
    uid: text,
    resourceVersion: text,
    fieldPath: text,
  },
  { requiredKeys: [] },
);
const event = fc.record({
  metadata: fc.record({ name: text, labels: optional(fc.dictionary(text, text)) }),
  involvedObject: reference,
  reason: optional(text),
  message: optional(text),
  source: optional(fc.record({ component: text, host: text }, { requiredKeys: [] })),
  firstTimestamp: time,
  lastTimestamp: time,
  count: optional(fc.nat()),
  type: optional(text),
  eventTime: microTime,
  series: optional(fc.record({ count: fc.nat(), lastObservedTime: microTime })),
  action: optional(text),
  related: optional(reference),
  reportingComponent: optional(text),
  reportingInstance: optional(text),
});

describe('events', () => {
  it('lose nothing from one form to the other, in JSON and in protobuf', () => {
    const { storedAs } = NEW_EVENT_DEFINITION;
    if (storedAs === undefined) throw new Error('it is stored as it is');
    fc.assert(
      fc.property(event, (given) => {
        const core = readObject(EVENT_DEFINITION, given);
        const form = storedAs.fromStored(core);
        expect(storedAs.toStored(form)).toEqual(core);
        const typed = { kind: 'Event', apiVersion: 'events.k8s.io/v1', ...form };
        const decoded = decodeProtobuf(encodeProtobuf(typed));
        expect(readObject(NEW_EVENT_DEFINITION, decoded)).toEqual(
          readObject(NEW_EVENT_DEFINITION, typed),
        );
      }),
      { seed: Number(process.env['KUBEPKI_SEED'] ?? 7) },
    );
  });

  it('are stored once, in the form of core/v1, and watched in both', async () => {
    const storage = createMemoryStorage({ now: () => new Date() });
    const { ask } = await apiServer({ storage });
    const watches = [CORE, NEW].map(async (path) => {
      const { text: lines } = await ask('GET', `${path}?watch=true&timeoutSeconds=1`);
      return lines
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ type, object }) => [type, object.apiVersion, object.note ?? object.message]);
    });
    await ask('POST', NEW, { body: { metadata: { name: 'a' }, ...EVENT } });
    const { items } = await storage.list('/registry/events/');
    expect(items.map(({ key }) => key)).toEqual(['/registry/events/default/a']);
    const stored = JSON.parse(Buffer.from(items[0]?.value ?? []).toString());
    expect(stored).toMatchObject({
      kind: 'Event',
      apiVersion: 'v1',
      involvedObject: EVENT.regarding,
      message: EVENT.note,
      reportingComponent: EVENT.reportingController,
    });
    expect(stored).not.toHaveProperty('regarding');
    await ask('DELETE', `${CORE}/a`);
    const [core, fresh] = await Promise.all(watches);
    expect(core).toEqual([
      ['ADDED', 'v1', 'What happened'],
      ['DELETED', 'v1', 'What happened'],
    ]);
    expect(fresh).toEqual([
      ['ADDED', 'events.k8s.io/v1', 'What happened'],
      ['DELETED', 'events.k8s.io/v1', 'What happened'],
    ]);
  });

  it('of the new form go after an hour, too', async () => {
    let now = Date.now();
    let wake = (): void => undefined;
    const storage = createMemoryStorage({
      now: () => new Date(now),
      timer: (callback) => {
        wake = callback;
        return () => undefined;
      },
    });
    const { ask } = await apiServer({ storage });
    await ask('POST', NEW, { body: { metadata: { name: 'a' }, ...EVENT } });
    now += 3_599_000;
    wake();
    expect((await ask('GET', `${NEW}/a`)).status).toBe(200);
    now += 2_000;
    wake();
    await eventually(
      () => ask('GET', `${CORE}/a`),
      ({ status }) => status === 404,
    );
  });
});
