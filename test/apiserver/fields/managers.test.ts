/** Who manages which fields after updates and applies, in time. */
import { beforeEach, describe, expect, it } from 'vitest';
import { applied, managedAfterUpdate } from '../../../src/apiserver/fields/index.ts';
import { DEFINITIONS, readObject } from '../../../src/apiserver/resources/index.ts';
import type { KubernetesObject } from '../../../src/kubernetes/index.ts';
import { refusal } from '../registry/fixture.ts';

const definition = (resource: string) => {
  const found = DEFINITIONS.find(({ type }) => type.resource === resource);
  if (found === undefined) throw new Error(`${resource} is not served`);
  return found;
};
const MAPS = definition('configmaps');

type Fields = Readonly<Record<string, unknown>>;

/** An object of one resource through its life. */
class Life {
  object: KubernetesObject | undefined;
  readonly #definition = MAPS;
  #seconds = 0;

  get #now(): Date {
    return new Date(Date.UTC(2026, 0, 1, 0, 0, this.#seconds));
  }

  later(): this {
    this.#seconds += 1;
    return this;
  }

  update(manager: string, fields: Fields, subresource?: string): this {
    const { metadata, ...rest } = fields;
    const before = this.object;
    const next = readObject(this.#definition, {
      ...rest,
      metadata: { name: 'a', ...(before === undefined ? {} : { uid: 'u' }), ...Object(metadata) },
    });
    const managed = managedAfterUpdate(this.#definition, before, next, {
      manager,
      now: this.#now,
      subresource,
    });
    return this.#become(next, managed);
  }

  apply(manager: string, fields: Fields, force = false): this {
    const { metadata, ...rest } = fields;
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      ...rest,
      metadata: { name: 'a', ...Object(metadata) },
    };
    const request = { manager, now: this.#now, force };
    this.object = applied(this.#definition, this.object, object, request);
    return this;
  }

  #become(
    object: KubernetesObject,
    managedFields: KubernetesObject['metadata']['managedFields'],
  ): this {
    const { managedFields: _, ...metadata } = object.metadata;
    this.object = {
      ...object,
      metadata: { ...metadata, ...(managedFields === undefined ? {} : { managedFields }) },
    };
    return this;
  }

  /** `manager operation time: fields`. */
  get managers(): readonly string[] {
    return (this.object?.metadata.managedFields ?? []).map(
      ({ manager, operation, time, fieldsV1 }) =>
        `${manager} ${operation} ${time?.slice(17, 19) ?? 'never'} ${JSON.stringify(fieldsV1)}`,
    );
  }
}

let life: Life;
beforeEach(() => {
  life = new Life();
});

describe('an update', () => {
  it('makes its manager the one of what it sets, and of the time', () => {
    life.update('a', { data: { x: '1' } }).later();
    expect(life.managers).toEqual(['a Update 00 {"f:data":{".":{},"f:x":{}}}']);
    expect(life.update('a', { data: { x: '2' } }).managers).toEqual([
      'a Update 01 {"f:data":{".":{},"f:x":{}}}',
    ]);
  });

  it('leaves the array as it is where nothing changes', () => {
    const before = life.update('a', { data: { x: '1' } }).object?.metadata.managedFields;
    expect(life.later().update('b', { data: { x: '1' } }).object?.metadata.managedFields).toBe(
      before,
    );
  });

  it('takes what it changes from others; the younger comes last', () => {
    life.update('b', { data: { x: '1', y: '1' } }).later();
    life.update('a', { data: { x: '2', y: '1', z: '1' } });
    expect(life.managers).toEqual([
      'b Update 00 {"f:data":{".":{},"f:y":{}}}',
      'a Update 01 {"f:data":{"f:x":{},"f:z":{}}}',
    ]);
    // In one second by their names.
    expect(life.update('0', { data: { x: '3', y: '1', z: '1' } }).managers).toEqual([
      'b Update 00 {"f:data":{".":{},"f:y":{}}}',
      '0 Update 01 {"f:data":{"f:x":{}}}',
      'a Update 01 {"f:data":{"f:z":{}}}',
    ]);
  });

  it('takes what is gone from everybody, and forgets who has nothing left', () => {
    life.update('a', { data: { x: '1' } }).update('b', { data: { x: '1', y: '2' } });
    expect(life.update('c', {}).managers).toEqual([]);
  });

  it('that nobody has a name for is of `unknown`', () => {
    expect(life.update('', { data: { x: '1' } }).managers[0]).toMatch(/^unknown Update/);
  });

  it('by a subresource is of another manager, and cannot set managers', () => {
    life.update('a', { data: { x: '1' } });
    const forged = [
      {
        manager: 'forged',
        operation: 'Update',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': {} },
      },
    ];
    life.update('a', { data: { x: '2' }, metadata: { managedFields: forged } }, 'status');
    expect(life.object?.metadata.managedFields).toMatchObject([
      { manager: 'a', fieldsV1: { 'f:data': {} } },
      { manager: 'a', subresource: 'status', fieldsV1: { 'f:data': { 'f:x': {} } } },
    ]);
  });

  it('of the eleventh manager puts the oldest together', () => {
    life.apply('applier', { data: { z: '1' } });
    const data: Record<string, string> = { z: '1' };
    for (let at = 0; at < 12; at += 1) {
      data[`k${at}`] = 'v';
      life.later().update(`m${at}`, { data });
    }
    const { managers } = life;
    expect(managers).toHaveLength(11);
    expect(managers.slice(0, 3)).toEqual([
      'applier Apply 00 {"f:data":{"f:z":{}}}',
      'ancient-changes Update 03 {"f:data":{"f:k0":{},"f:k1":{},"f:k2":{}}}',
      'm3 Update 04 {"f:data":{"f:k3":{}}}',
    ]);
  });

  it('of an object that nobody has managed is remembered by nobody', () => {
    life.object = { metadata: { name: 'a', uid: 'u' } };
    expect(life.update('a', { data: { x: '1' } }).managers).toEqual([]);
  });

  it.each([[[]], [[{}]]])('with %j asks for all to be forgotten', (managedFields) => {
    life.update('a', { data: { x: '1' } });
    expect(life.update('b', { data: { x: '2' }, metadata: { managedFields } }).managers).toEqual(
      [],
    );
  });

  it('with managers that cannot be read keeps those that are there', () => {
    life.update('a', { data: { x: '1' } });
    const managedFields = [
      {
        manager: 'b',
        operation: 'Update',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { nonsense: {} },
      },
    ];
    expect(life.update('c', { data: { x: '1' }, metadata: { managedFields } }).managers).toEqual([
      'a Update 00 {"f:data":{".":{},"f:x":{}}}',
    ]);
  });
});

describe('an apply', () => {
  it('has the fields that it names, and no others', () => {
    life.apply('a', { data: { x: '1' }, metadata: { labels: { l: 'v' } } });
    expect(life.managers).toEqual([
      'a Apply 00 {"f:data":{"f:x":{}},"f:metadata":{"f:labels":{"f:l":{}}}}',
    ]);
  });

  it('of what is there already has no time of its own', () => {
    life
      .apply('a', { data: { x: '1' } })
      .later()
      .apply('b', { data: { x: '1' } });
    expect(life.managers).toEqual([
      'b Apply never {"f:data":{"f:x":{}}}',
      'a Apply 00 {"f:data":{"f:x":{}}}',
    ]);
    expect(life.later().apply('b', { data: { x: '1' } }).managers[0]).toMatch(/^b Apply never/);
  });

  it('removes what it has given up, unless somebody else has it', () => {
    life.apply('a', { data: { x: '1', y: '1' } }).apply('b', { data: { y: '1' } });
    life.apply('a', {});
    expect(life.object).toMatchObject({ data: { y: '1' } });
    expect(life.apply('b', {}).object).not.toHaveProperty('data');
    expect(life.managers).toEqual([]);
  });

  it('conflicts with other values of others, whoever they are', async () => {
    life.update('b', { data: { x: '1' } }).apply('c', { data: { y: '1' } });
    const error = await refusal(
      Promise.resolve().then(() => life.apply('a', { data: { x: '2', y: '2' } })),
    );
    expect(error.status).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(error.message).toBe(
      'Apply failed with 2 conflicts: conflicts with "b" using v1:\n- .data.x\nconflicts with "c":\n- .data.y',
    );
    expect(error.status.details?.causes).toEqual([
      { reason: 'FieldManagerConflict', message: 'conflict with "b" using v1', field: '.data.x' },
      { reason: 'FieldManagerConflict', message: 'conflict with "c"', field: '.data.y' },
    ]);
  });

  it('takes them by force', () => {
    life
      .update('b', { data: { x: '1' } })
      .later()
      .apply('a', { data: { x: '2' } }, true);
    expect(life.object).toMatchObject({ data: { x: '2' } });
    expect(life.managers).toEqual([
      'a Apply 01 {"f:data":{"f:x":{}}}',
      'b Update 00 {"f:data":{}}',
    ]);
  });

  it('of an object that nobody has managed gives what was there to `before-first-apply`', () => {
    life.object = readObject(MAPS, { metadata: { name: 'a', uid: 'u' }, data: { x: '1' } });
    expect(life.apply('a', { data: { y: '1' } }).managers).toEqual([
      'a Apply 00 {"f:data":{"f:y":{}}}',
      'before-first-apply Update 00 {"f:data":{".":{},"f:x":{}}}',
    ]);
  });

  it('leaves __proto__ without effect', () => {
    const data = JSON.parse('{"__proto__":"x","y":"1"}');
    life.apply('a', { data }).apply('b', { data: { z: '1' } });
    expect(JSON.stringify(life.object)).toContain('"__proto__":"x"');
    expect(life.managers[0]).toBe('a Apply 00 {"f:data":{"f:__proto__":{},"f:y":{}}}');
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});
