import { describe, expect, it } from 'vitest';
import {
  decodeProtobuf,
  encodeMessage,
  encodeProtobuf,
  envelope,
  envelopeList,
  watchFrame,
} from '../../../src/kubernetes/index.ts';
import { secondsOf, timeText } from '../../../src/kubernetes/protobuf/times.ts';
import { BackwardWriter } from '../../../src/kubernetes/protobuf/writer.ts';
import { seededWith } from '../../seeded.ts';
import { entry, field, int, metadata, unknown, varint } from '../../wire-fields.ts';

const CORE = 'io.k8s.api.core.v1';
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('an object in protobuf', () => {
  it('is written as upstream writes it: by number, with its zeros, maps by key', () => {
    const secret = {
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: { name: 's' },
      type: 'Opaque',
      data: { b: 'Yg==', a: '', '10': 'Yg==', '9': null },
      immutable: false,
    };
    expect(hex(encodeProtobuf(secret))).toBe(
      hex(
        unknown(
          'v1',
          'Secret',
          metadata('s'),
          field(2, entry('10', 'b')),
          field(2, field(1, '9')),
          field(2, entry('a', '')),
          field(2, entry('b', 'b')),
          field(3, 'Opaque'),
          int(5, 0),
        ),
      ),
    );
  });

  it('sorts the keys of a map by their bytes', () => {
    const data = { '\u{1f600}': 'x', '\uffff': 'x', z: 'x' };
    const keys = [field(2, entry('z', 'x')), field(2, entry('\uffff', 'x'))];
    expect(hex(encodeMessage(`${CORE}.ConfigMap`, { data }))).toBe(
      hex(Buffer.concat([metadata(''), ...keys, field(2, entry('\u{1f600}', 'x'))])),
    );
  });

  it('leaves out what is a pointer and not set, and writes one that points to zero', () => {
    const lease = { metadata: { name: 'l' }, spec: { leaseTransitions: 0 } };
    expect(hex(encodeMessage('io.k8s.api.coordination.v1.Lease', lease))).toBe(
      hex(Buffer.concat([metadata('l'), field(2, int(5, 0))])),
    );
  });

  it('has times in seconds and nanoseconds, numbers below zero in ten bytes', () => {
    const spec = { renewTime: '2023-11-14T22:13:20.123456Z', leaseDurationSeconds: -5 };
    const time = field(4, int(1, 1_700_000_000), int(2, 123_456_000));
    expect(hex(encodeMessage('io.k8s.api.coordination.v1.Lease', { spec }))).toBe(
      hex(Buffer.concat([metadata(''), field(2, int(2, -5), time)])),
    );
  });

  it('is refused where its kind is unknown', () => {
    expect(() => encodeProtobuf({ kind: 'Nothing', apiVersion: 'v1' })).toThrow(RangeError);
  });

  it('is a list with the messages of its items', () => {
    const list = envelopeList('v1', 'SecretList', { resourceVersion: '7' }, [Buffer.from('ab')]);
    expect(hex(list)).toBe(
      hex(unknown('v1', 'SecretList', field(1, field(1), field(2, '7'), field(3)), field(2, 'ab'))),
    );
  });

  it('is an event of a watch, with its length in four bytes', () => {
    const object = envelope('v1', 'Secret', Buffer.alloc(300));
    const event = Buffer.concat([field(1, 'ADDED'), field(2, field(1, object))]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(event.length);
    expect(hex(watchFrame('ADDED', object))).toBe(hex(Buffer.concat([length, event])));
  });

  it('is read again as it was, however long', () => {
    const random = seededWith(11);
    for (let round = 0; round < 50; round += 1) {
      const data = Object.fromEntries(
        Array.from({ length: 20 }, (_, index) => [
          `k${index}`,
          'ä'.repeat(Math.floor(random.next() ** 4 * 20_000)),
        ]),
      );
      const map = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'c' }, data };
      expect(decodeProtobuf(encodeProtobuf(map))).toEqual(map);
    }
  });

  it('does not become part of another where writing one fails', () => {
    const bad = { metadata: { creationTimestamp: 'yesterday' } };
    expect(() => encodeMessage(`${CORE}.Secret`, bad)).toThrow(TypeError);
    expect(hex(encodeMessage(`${CORE}.NamespaceSpec`, {}))).toBe('');
  });
});

describe('numbers of protobuf', () => {
  it('are written as varints, whatever their size', () => {
    const numbers = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 53 - 1];
    for (const value of [...numbers, ...numbers.map((one) => -one - 1)]) {
      if (!Number.isSafeInteger(value)) continue;
      const writer = new BackwardWriter();
      writer.varint(value);
      expect(hex(writer.take())).toBe(hex(varint(value)));
    }
  });

  it('are read as they were written', () => {
    for (const generation of [
      1,
      2 ** 31,
      2 ** 32 + 5,
      2 ** 53 - 1,
      -1,
      -(2 ** 40),
      -(2 ** 53) + 1,
    ]) {
      const map = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { generation } };
      expect(decodeProtobuf(encodeProtobuf(map))).toEqual(map);
    }
  });
});

describe('times of protobuf', () => {
  it('are those of the calendar', () => {
    const random = seededWith(5);
    for (let round = 0; round < 2000; round += 1) {
      const seconds =
        Math.floor(random.next() * (253_402_300_799 + 62_135_596_799)) - 62_135_596_799;
      expect(secondsOf(timeText(seconds))).toEqual({ seconds, nanos: 0 });
      expect(secondsOf(timeText(seconds, 12_345))).toEqual({ seconds, nanos: 12_345_000 });
    }
  });

  it('are none in the first moment of the year 1', () => {
    expect(secondsOf('0001-01-01T00:00:00Z')).toBeUndefined();
    expect(secondsOf('0001-01-01T00:00:00.000001Z')).toEqual({
      seconds: -62_135_596_800,
      nanos: 1000,
    });
  });
});
