import { describe, expect, it } from 'vitest';
import { decodeProtobuf, WireError } from '../../../src/kubernetes/index.ts';
import { seededWith } from '../../seeded.ts';
import { entry, field, int, metadata, unknown } from '../../wire-fields.ts';

describe('objects in protobuf', () => {
  it('are read as their JSON would be, without what is empty', () => {
    expect(
      decodeProtobuf(
        unknown(
          'v1',
          'Secret',
          metadata('s'),
          field(2, entry('a', 'b')),
          field(2, entry('c', '')),
          field(3, 'Opaque'),
        ),
      ),
    ).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      data: { a: 'Yg==', c: '' },
      type: 'Opaque',
    });
  });

  it('keep a zero that is a value', () => {
    const secret = decodeProtobuf(unknown('v1', 'Secret', metadata('s'), int(5, 0)));
    expect(secret).toMatchObject({ immutable: false });
    const lease = decodeProtobuf(
      unknown(
        'coordination.k8s.io/v1',
        'Lease',
        field(
          2,
          field(1, 'me'),
          int(2, 40),
          field(4, int(1, 1_700_000_000), int(2, 123_456_789)),
          int(5, 0),
        ),
      ),
    );
    expect(lease['spec']).toEqual({
      holderIdentity: 'me',
      leaseDurationSeconds: 40,
      renewTime: '2023-11-14T22:13:20.123456Z',
      leaseTransitions: 0,
    });
  });

  it('have lists, maps of lists, times and negative numbers', () => {
    const condition = field(
      1,
      field(1, 'Approved'),
      field(2, 'R'),
      field(3, 'm'),
      field(4, int(1, 1_700_000_000)),
      field(5),
      field(6, 'True'),
    );
    const spec = field(
      2,
      field(1, 'pem'),
      field(5, 'client auth'),
      field(5, 'server auth'),
      field(6, entry('k', Buffer.concat([field(1, 'v'), field(1, 'w')]))),
      int(8, -5),
    );
    const csr = decodeProtobuf(
      unknown(
        'certificates.k8s.io/v1',
        'CertificateSigningRequest',
        metadata('c'),
        spec,
        field(3, condition),
      ),
    );
    expect(csr).toMatchObject({
      spec: {
        request: 'cGVt',
        usages: ['client auth', 'server auth'],
        extra: { k: ['v', 'w'] },
        expirationSeconds: -5,
      },
      status: {
        conditions: [
          {
            type: 'Approved',
            reason: 'R',
            message: 'm',
            lastUpdateTime: '2023-11-14T22:13:20Z',
            status: 'True',
          },
        ],
      },
    });
  });

  it('pass over fields that are not known', () => {
    expect(
      decodeProtobuf(unknown('v1', 'Namespace', metadata('n'), field(900, 'x'), int(901, 7))),
    ).toEqual({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } });
  });

  it('pollute nothing', () => {
    const map = decodeProtobuf(
      unknown('v1', 'ConfigMap', metadata('c'), field(2, entry('__proto__', 'x'))),
    );
    expect(JSON.stringify(map)).toContain('"data":{"__proto__":"x"}');
    expect({}).not.toHaveProperty('x');
  });

  it('are refused where they are none', () => {
    const good = unknown('v1', 'Secret', metadata('s'), field(2, entry('a', 'b')));
    const bad: readonly Uint8Array[] = [
      Buffer.from(''),
      Buffer.from('{}'),
      Buffer.from('k8s\0\xff', 'latin1'),
      good.subarray(0, good.length - 1),
      unknown('v1', 'Table', metadata('p')),
      unknown('v2', 'Secret', metadata('p')),
      unknown('v1', '__proto__'),
      unknown('v1', 'Secret', Buffer.from([0x0b])),
      unknown('v1', 'Secret', Buffer.alloc(12, 0xff)),
      unknown('v1', 'Secret', int(1, 5)),
      unknown('v1', 'Secret', field(5, 'x')),
      unknown('v1', 'Event', field(6, int(1, Number.MAX_SAFE_INTEGER))),
    ];
    for (const bytes of bad) expect(() => decodeProtobuf(bytes)).toThrow(WireError);
  });

  it('never throw anything else, whatever is changed in them', () => {
    const random = seededWith(7);
    const good = unknown(
      'certificates.k8s.io/v1',
      'CertificateSigningRequest',
      metadata('c'),
      field(2, field(1, 'pem'), field(6, entry('k', field(1, 'v')))),
    );
    for (let round = 0; round < 3000; round += 1) {
      const bytes = Buffer.from(good);
      for (let change = 0; change < 3; change += 1)
        bytes[Math.floor(random.next() * bytes.length)] = Math.floor(random.next() * 256);
      try {
        decodeProtobuf(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }
  });
});

describe('protobuf made to keep the reader busy', () => {
  const times = (count: number, bytes: Uint8Array): Buffer =>
    Buffer.alloc(count * bytes.length, bytes);
  const refused = (raw: Uint8Array): unknown => {
    try {
      return decodeProtobuf(unknown('v1', 'ConfigMap', raw));
    } catch (error) {
      return error instanceof WireError ? error.message : error;
    }
  };

  it('is refused: one field again and again, or none that is known', () => {
    const message = 'more than 10000 fields that are unknown or stand more than once';
    expect(refused(times(10_002, field(1)))).toBe(message);
    expect(refused(times(10_001, field(99)))).toBe(message);
    expect(refused(field(1, times(10_002, field(2, 'x'))))).toBe(message);
    expect(refused(times(10_001, field(1)))).toMatchObject({ metadata: {} });
  });

  it('is refused: more fields than an object can have', () => {
    const message = 'more than 200000 fields';
    expect(refused(field(1, times(200_001, field(14))))).toBe(message);
    expect(refused(field(2, times(200_001, field(1))))).toBe(message);
    const groups = field(14, field(4, Buffer.alloc(200_001)));
    expect(() => decodeProtobuf(unknown('v1', 'Pod', field(2, groups)))).toThrow(message);
  });

  it('reads a map of 50,000 entries without copying it for each', () => {
    const entries = Array.from({ length: 50_000 }, (_, index) => field(2, entry(`k${index}`, 'v')));
    const decoded = refused(Buffer.concat(entries));
    expect(Object.keys(Object(decoded).data)).toHaveLength(50_000);
  });
});
