/** Whatever random managers do: what holds of the object and of its managers. */
import { expect, it } from 'vitest';
import { isEqual } from '../../../src/apiserver/fields/equal.ts';
import type { FieldSet } from '../../../src/apiserver/fields/field-set.ts';
import { fieldSetOf } from '../../../src/apiserver/fields/field-set-of.ts';
import { itemElement, type Layout } from '../../../src/apiserver/fields/layout.ts';
import {
  decode,
  encode,
  type ManagedFields,
} from '../../../src/apiserver/fields/managed-fields.ts';
import { trackedType } from '../../../src/apiserver/fields/tracked-type.ts';
import { DEFINITIONS } from '../../../src/apiserver/resources/index.ts';
import { isJsonObject } from '../../../src/kubernetes/index.ts';
import { seeded } from '../../seeded.ts';
import { type Answer, apiServer } from '../front/server.ts';
import { NAME, type Operation, RandomOperations } from './random-operations.ts';

const SERVICES = '/api/v1/namespaces/default/services';
const OPERATIONS = 400;

it('holds after every operation', async () => {
  const random = new RandomOperations(seeded('managers of fields'));
  const { ask, faults } = await apiServer();
  const counts = { applied: 0, conflicts: 0, others: 0 };
  for (let left = OPERATIONS; left > 0; left -= 1) {
    const operation = random.next();
    const before = (await ask('GET', `${SERVICES}/${NAME}`)).json;
    const answer = await send(ask, operation);
    const after = (await ask('GET', `${SERVICES}/${NAME}`)).json;
    if (answer.status > 201) {
      // Nothing has happened.
      expect(after, JSON.stringify(operation)).toEqual(before);
      counts.conflicts += answer.json.reason === 'Conflict' ? 1 : 0;
      if (operation.kind === 'force') expect(answer.json.reason).toBe('Invalid');
      continue;
    }
    expect(after).toEqual(answer.json);
    holdsOfManagers(after.metadata.managedFields, after);
    if (operation.kind !== 'apply' && operation.kind !== 'force') {
      counts.others += 1;
      continue;
    }
    counts.applied += 1;
    holdsOfApplied(operation, after);
    // Again, without force: nothing is in the way, and nothing is written.
    const again = await send(ask, { ...operation, kind: 'apply' });
    expect(again.json, JSON.stringify(operation)).toEqual(after);
  }
  expect(Math.min(...Object.values(counts)), JSON.stringify(counts)).toBeGreaterThan(10);
  expect(faults).toEqual([]);
});

type Ask = Awaited<ReturnType<typeof apiServer>>['ask'];

async function send(ask: Ask, { kind, manager, body }: Operation): Promise<Answer> {
  const url = `${SERVICES}/${NAME}`;
  const patch = (type: string, query: string): Promise<Answer> =>
    ask('PATCH', `${url}?fieldManager=${manager}${query}`, {
      body,
      headers: { 'content-type': type },
    });
  switch (kind) {
    case 'apply':
      return await patch('application/apply-patch+yaml', '');
    case 'force':
      return await patch('application/apply-patch+yaml', '&force=true');
    case 'merge':
      return await patch('application/merge-patch+json', '');
    case 'update':
      return await ask('PUT', `${url}?fieldManager=${manager}`, { body });
    case 'status':
      return await ask('PUT', `${url}/status?fieldManager=${manager}`, { body });
  }
}

function serviceType() {
  const definition = DEFINITIONS.find(({ type }) => type.resource === 'services');
  if (definition === undefined) throw new Error('services are not served');
  return trackedType(definition, '');
}

/** Sorted, canonical, with one entry each; and what they have is there. */
function holdsOfManagers(managed: ManagedFields, object: unknown): void {
  const type = serviceType();
  const read = decode(type, managed);
  expect(JSON.stringify(read)).toBe(JSON.stringify(managed));
  expect(JSON.stringify(encode([...read].reverse()))).toBe(JSON.stringify(managed));
  for (const { fieldsV1 } of managed) holdsOfSet(type.layout, fieldsV1, object);
}

/** Entries of maps and items of lists are there, and so is what holds them; a field alone may have become nothing. */
function holdsOfSet(layout: Layout, set: FieldSet, value: unknown, path = ''): void {
  for (const [element, node] of Object.entries(set)) {
    // What the strategy of services takes away goes after the fields have been counted, as upstream.
    if (element === '.' || element === 'f:sessionAffinityConfig') continue;
    const here = `${path}${element} `;
    const [inner, within] = at(layout, element, value);
    const isAlone = Object.keys(node).length === 0;
    if (!isAlone || layout.kind !== 'struct') expect(within, here).toBeDefined();
    if (!isAlone) holdsOfSet(inner, node, within, here);
  }
}

function at(layout: Layout, element: string, value: unknown): readonly [Layout, unknown] {
  const leaf: Layout = { kind: 'leaf' };
  const name = element.slice(2);
  const field = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  switch (layout.kind) {
    case 'struct':
      return [layout.byElement.get(element)?.layout ?? leaf, field];
    case 'map':
      return [layout.values, field];
    case 'set':
      return [leaf, items.find((item) => itemElement(layout, item) === element)];
    case 'keyed':
      return [layout.items, items.find((item) => itemElement(layout, item) === element)];
    case 'leaf':
      throw new Error(`${element} is in a leaf`);
  }
}

/** Its values are in the object, and its manager has these fields and no others. */
function holdsOfApplied({ manager, body }: Operation, object: Record<string, unknown>): void {
  const { metadata } = object;
  if (!isJsonObject(metadata) || !Array.isArray(metadata['managedFields']))
    throw new Error('no managers');
  const managed: ManagedFields = metadata['managedFields'];
  const own = managed.find((one) => one.manager === manager && one.operation === 'Apply');
  expect(own?.fieldsV1 ?? {}).toEqual(fieldSetOf(serviceType().owned, body));
  expect(contains(object, body), JSON.stringify({ object, body })).toBe(true);
}

/** Lists by what their items have, in any order; what is not said does not count. */
function contains(object: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(object) && wanted.every((one) => object.some((there) => contains(there, one)))
    );
  }
  if (!isJsonObject(wanted)) return isEqual(object, wanted);
  return Object.entries(wanted).every(([key, value]) => {
    const there = isJsonObject(object) ? object[key] : undefined;
    if (there === undefined) return isNothing(value);
    return contains(there, value);
  });
}

/** What Go leaves out of the JSON. */
const isNothing = (value: unknown): boolean =>
  value === false ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
