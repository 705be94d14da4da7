/** Objects of every kind in protobuf, both ways, against upstream's own code. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAs, schemaOfType, TypeMismatch } from '../../src/apiserver/resources/index.ts';
import {
  decodeProtobuf,
  encodeMessage,
  envelope,
  kindType,
  typeNames,
  typeOf,
  WireError,
  watchFrame,
} from '../../src/kubernetes/index.ts';
import { TABLES } from '../../src/kubernetes/types/tables/index.ts';
import { mutateBytes } from '../fuzz/mutate.ts';
import { mutateProtobuf } from '../fuzz/mutate-protobuf.ts';
import { Random } from '../fuzz/random.ts';
import { type ObjectOracle, openObjectOracle } from '../peers/objects.ts';
import { seeded } from '../seeded.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const SAMPLES = 25;

/** What has a kind and a version; those of all groups in the core group. */
const KINDS = typeNames()
  .filter((name) => {
    const [first] = typeOf(name).fields;
    return (
      first?.name === undefined &&
      first?.type.kind === 'struct' &&
      first.type.name === `${META}.TypeMeta`
    );
  })
  .map((name) => {
    const [group, kind] = [
      name.slice(0, name.lastIndexOf('.')),
      name.slice(name.lastIndexOf('.') + 1),
    ];
    const apiVersion = TABLES.find(({ openApi }) => openApi === group)?.apiVersion ?? '';
    return { kind, apiVersion: group === META && !kind.startsWith('Partial') ? 'v1' : apiVersion };
  });

const { seed, random: source } = { ...seeded('protobuf'), random: seeded('damaged protobuf') };
let oracle: ObjectOracle;
beforeAll(async () => {
  oracle = await openObjectOracle();
});
afterAll(() => oracle?.close());

const typeName = (apiVersion: string, kind: string): string => kindType(apiVersion, kind) ?? '';

/** What the server makes of an object that it has read from JSON or protobuf. */
const canonical = (apiVersion: string, kind: string, value: unknown): Record<string, unknown> =>
  readAs(schemaOfType(typeName(apiVersion, kind)), value);

/**
 * With null for what is empty: the server keeps a list as protobuf does, which upstream stores and which knows no
 * empty ones. What it makes of them is compared below, to the byte.
 */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(withoutEmpty);
  const entries = Object.entries(value).map(([key, inner]) => [key, withoutEmpty(inner)]);
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

describe('objects of the kind', () => {
  it.each(KINDS)(
    '$kind of $apiVersion are written and read as upstream does',
    async ({ apiVersion, kind }) => {
      for (const { json, protobuf, stored } of await oracle.samples(
        apiVersion,
        kind,
        seed,
        SAMPLES,
      )) {
        const expected: unknown = JSON.parse(json);
        const object = canonical(apiVersion, kind, expected);
        expect(withoutEmpty(object)).toEqual(withoutEmpty(expected));
        const message = encodeMessage(typeName(apiVersion, kind), object);
        expect(Buffer.from(envelope(apiVersion, kind, message)).toString('base64')).toBe(protobuf);
        const decoded = decodeProtobuf(Buffer.from(protobuf, 'base64'));
        expect(canonical(apiVersion, kind, decoded)).toEqual(JSON.parse(stored));
      }
    },
  );
});

describe('an event of a watch', () => {
  it('is framed as upstream does', async () => {
    for (const { json, protobuf } of await oracle.samples('v1', 'Secret', seed, 5)) {
      const frame = watchFrame('MODIFIED', Buffer.from(protobuf, 'base64'));
      expect(Buffer.from(frame).toString('base64')).toBe(await oracle.watch('MODIFIED', json));
    }
  });
});

describe('damaged protobuf', () => {
  const ROUNDS = 150;
  /** Where we are stricter: bounds of effort, and what JSON or JavaScript cannot hold. */
  const OURS = [
    'more than',
    'nested too deeply',
    'a time is out of range',
    'a field that holds JSON does not',
    'expected an integer of type int64',
    'expected an RFC 3339 time',
    // Upstream lets an entry of a map reach beyond its end.
    'unexpected EOF',
  ];

  it.each([
    { apiVersion: 'v1', kind: 'Pod' },
    { apiVersion: 'v1', kind: 'Node' },
    { apiVersion: 'v1', kind: 'Service' },
    { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest' },
    { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
  ])('of a $kind is taken by both or by none, and for the same', async ({ apiVersion, kind }) => {
    const random = new Random(source);
    const samples = await oracle.samples(apiVersion, kind, seed, 10);
    let taken = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const bytes = Buffer.from(random.pick(samples).protobuf, 'base64');
      const mutant = random.oneIn(4) ? mutateBytes(bytes, random) : mutateProtobuf(bytes, random);
      const theirs = await judged(() => oracle.decode(mutant.bytes.toString('base64')));
      const ours = await judged(async () => {
        const object = decodeProtobuf(mutant.bytes);
        return canonical(String(object['apiVersion']), String(object['kind']), object);
      });
      if (typeof theirs === 'string') {
        expect({ how: mutant.how, theirs, ours: typeof ours }).toMatchObject({ ours: 'string' });
      } else if (typeof ours === 'string') {
        const ourReason = OURS.some((one) => ours.includes(one)) ? 'one of ours' : ours;
        expect({ how: mutant.how, ours: ourReason }).toMatchObject({ ours: 'one of ours' });
      } else {
        taken += 1;
        expect({ how: mutant.how, object: readable(ours) }).toEqual({
          how: mutant.how,
          object: readable(JSON.parse(theirs.json)),
        });
      }
    }
    expect(taken).toBeGreaterThan(10);
  });

  /** Go counts what is no UTF-8 byte by byte, JavaScript sequence by sequence. */
  const readable = (object: unknown): unknown =>
    JSON.parse(JSON.stringify(object).replace(/\ufffd+/g, '\ufffd'));

  /** The object, or why not. */
  async function judged<T extends object>(read: () => Promise<T>): Promise<T | string> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const isOurs = error instanceof WireError || error instanceof TypeMismatch;
      const isTheirs = error.constructor === Error;
      if (isOurs || isTheirs) return error.message;
      throw error;
    }
  }
});
