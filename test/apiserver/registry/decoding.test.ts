import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FieldValidation } from '../../../src/apiserver/registry/index.ts';
import { StatusError } from '../../../src/kubernetes/index.ts';
import { seeded } from '../../seeded.ts';
import { type Fixture, fixture } from './fixture.ts';

let api: Fixture;
beforeAll(async () => {
  api = await fixture();
});
afterAll(() => api.close());

function decode(
  resource: string,
  body: unknown,
  validation: FieldValidation = 'Ignore',
): { readonly object: unknown; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const object = api.registry.decode(
    api.definition(resource),
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    validation,
    (text) => warnings.push(text),
  );
  return { object, warnings };
}

describe('a body', () => {
  it('becomes an object of known fields, in upstream’s order', () => {
    const { object } = decode('secrets', {
      type: 'x',
      unknown: [1],
      data: { b: 'Yg==', a: 'YQ==' },
      metadata: { namespace: 'n', name: 'a', other: 1 },
      apiVersion: 'v1',
      kind: 'Secret',
    });
    expect(JSON.stringify(object)).toBe(
      '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a","namespace":"n"},"data":{"a":"YQ==","b":"Yg=="},"type":"x"}',
    );
  });

  it('leaves out what Go would leave out, and keeps what pointers hold', () => {
    expect(
      decode('configmaps', {
        metadata: { name: '', labels: {}, finalizers: [] },
        data: {},
        immutable: false,
      }).object,
    ).toEqual({ metadata: {}, immutable: false });
    expect(decode('configmaps', { metadata: null, data: null }).object).toEqual({ metadata: {} });
    expect(decode('configmaps', { data: { a: null } }).object).toEqual({
      metadata: {},
      data: { a: '' },
    });
    expect(decode('leases', { spec: { holderIdentity: '', leaseTransitions: 0 } }).object).toEqual({
      metadata: {},
      spec: { holderIdentity: '', leaseTransitions: 0 },
    });
  });

  it('has times in UTC and quantities in their canonical form', () => {
    expect(
      decode('nodes', {
        status: {
          capacity: { memory: '1024Mi' },
          conditions: [
            { type: 'R', status: 'T', lastHeartbeatTime: '2026-01-01T01:00:00.9+01:00' },
          ],
        },
      }).object,
    ).toMatchObject({
      status: {
        capacity: { memory: '1Gi' },
        conditions: [{ lastHeartbeatTime: '2026-01-01T00:00:00Z' }],
      },
    });
  });

  it.each([
    ['secrets', '', 'the object provided is unrecognized (must be of type Secret)'],
    ['secrets', '{"metadata":', 'the object provided is unrecognized (must be of type Secret)'],
    ['secrets', '[1]', 'json parse error: json: cannot unmarshal array'],
    ['secrets', { kind: 'ConfigMap', apiVersion: 'v1' }, 'cannot be handled as a Secret'],
    [
      'secrets',
      { kind: 'Secret', apiVersion: 'v2' },
      'no kind "Secret" is registered for version "v2"',
    ],
    ['secrets', { kind: 1 }, 'json parse error: json: cannot unmarshal number'],
    ['secrets', { metadata: { name: 1 } }, 'metadata.name: expected a string, got a number'],
    ['secrets', { metadata: [] }, 'metadata: expected an object, got a list'],
    ['secrets', { metadata: { labels: { a: 1 } } }, 'metadata.labels.a: expected a string'],
    ['secrets', { data: 'x' }, 'data: expected an object, got a string'],
    ['secrets', { data: { a: '%' } }, 'data.a: illegal base64 data'],
    ['secrets', { data: { a: 'YQ' } }, 'data.a: illegal base64 data'],
    ['secrets', { immutable: 'true' }, 'immutable: expected a boolean'],
    ['secrets', { metadata: { generation: 1.5 } }, 'expected an integer of type int64'],
    ['certificatesigningrequests', { spec: { expirationSeconds: 2 ** 31 } }, 'type int32'],
    ['leases', { spec: { renewTime: '2026-01-01T00:00:00.5Z' } }, 'six digits of a second'],
    ['leases', { spec: { renewTime: '2026-02-30T00:00:00.500000Z' } }, 'RFC 3339'],
    ['nodes', { status: { capacity: { cpu: 'x' } } }, 'a quantity'],
    ['nodes', { spec: { taints: {} } }, 'spec.taints: expected a list'],
    ['nodes', { spec: { taints: [1] } }, 'spec.taints[0]: expected an object'],
  ])('of %s is refused: %j', (resource, body, message) => {
    expect(() => decode(resource, body)).toThrow(StatusError);
    expect(() => decode(resource, body)).toThrow(message);
  });

  it('has unknown and duplicate fields told, refused or passed over', () => {
    const body =
      '{"metadata":{"name":"a","name":"b"},"spec":{"taints":[{"key":"k","effect":"NoExecute","colour":1}]},"x":{"y":1}}';
    const texts = [
      'unknown field "spec.taints[0].colour"',
      'unknown field "x"',
      'duplicate field "metadata.name"',
    ];
    expect(decode('nodes', body, 'Warn').warnings).toEqual(texts);
    expect(decode('nodes', body, 'Ignore').warnings).toEqual([]);
    expect(() => decode('nodes', body, 'Strict')).toThrow(
      `Node in version "v1" cannot be handled as a Node: strict decoding error: ${texts.join(', ')}`,
    );
    expect(decode('nodes', body).object).toMatchObject({ metadata: { name: 'b' } });
  });

  it('lists a hundred problems at most', () => {
    const body = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`x${index}`, 1]));
    expect(decode('secrets', body, 'Warn').warnings).toHaveLength(100);
  });

  it('keeps __proto__ without effect', () => {
    const { object } = decode(
      'configmaps',
      '{"__proto__":{"a":1},"metadata":{"__proto__":{"b":1},"labels":{"__proto__":"c"}},"data":{"__proto__":"d"}}',
    );
    expect(JSON.stringify(object)).toBe(
      '{"metadata":{"labels":{"__proto__":"c"}},"data":{"__proto__":"d"}}',
    );
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect('a' in {} || 'b' in {}).toBe(false);
  });

  it('is refused in an orderly way, whatever is done to it', () => {
    const random = seeded('damaged bodies');
    const bodies: readonly (readonly [string, string])[] = [
      [
        'nodes',
        '{"kind":"Node","apiVersion":"v1","metadata":{"name":"n","labels":{"a":"b"}},"spec":{"taints":[{"key":"k","effect":"NoExecute"}]},"status":{"capacity":{"cpu":"1"},"conditions":[{"type":"Ready","status":"True","lastHeartbeatTime":"2026-01-01T00:00:00Z"}]}}',
      ],
      [
        'secrets',
        '{"metadata":{"name":"s"},"data":{"k":"dg=="},"stringData":{"a":"b"},"immutable":true}',
      ],
      [
        'rolebindings',
        '{"metadata":{"name":"b"},"roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"User","name":"u"}]}',
      ],
    ];
    const pieces = [
      'null',
      '[]',
      '{}',
      '1',
      '-1',
      '1e99',
      '"x"',
      'true',
      '{',
      '}',
      '"',
      ',',
      ':',
      '\\',
      '0',
      'e',
    ];
    let read = 0;
    for (let count = 0; count < 5_000; count += 1) {
      const [resource, start] = bodies[count % bodies.length] ?? ['secrets', ''];
      let text = start;
      for (let times = 0; times < 3; times += 1) {
        const at = Math.floor(random.next() * text.length);
        const length = Math.floor(random.next() ** 3 * 20);
        const piece = pieces[Math.floor(random.next() * pieces.length)] ?? '';
        text = `${text.slice(0, at)}${piece}${text.slice(at + length)}`;
      }
      try {
        decode(resource, text, 'Warn');
        read += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(StatusError);
        expect((error as StatusError).httpStatus).toBe(400);
      }
    }
    expect(read).toBeGreaterThan(10);
  });
});
