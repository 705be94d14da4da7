/**
 * The types of the Kubernetes API (k8s.io/api and its neighbours, in the version that the tests run): names,
 * numbers, types and tags of their fields. What reads, writes, patches and describes objects is made from it.
 */
import { type ApiType, parseType, type TypeTable } from './rows.ts';
import { TABLES } from './tables/index.ts';

export type { ApiType, FieldType, ScalarType, TypeField, Union } from './rows.ts';

const META = 'meta.k8s.io/v1';
const packages = new Map(TABLES.map(({ alias, openApi }) => [alias, openApi]));
const byPackage = new Map(TABLES.map((table) => [table.openApi, table]));
const byVersion = new Map(TABLES.map((table) => [table.apiVersion, table]));

/** Each is read when it is first asked for. */
const known = new Map<string, ApiType>();

/**
 * @param name as OpenAPI has it: `io.k8s.api.core.v1.Secret`
 * @throws RangeError for what is no type of the tables
 */
export function typeOf(name: string): ApiType {
  const found = known.get(name);
  if (found !== undefined) return found;
  const dot = name.lastIndexOf('.');
  const table = byPackage.get(name.slice(0, dot));
  const short = name.slice(dot + 1);
  if (table === undefined || !Object.hasOwn(table.types, short)) {
    throw new RangeError(`expected the name of a type of the Kubernetes API, got ${name}`);
  }
  const type = parseType(table, short, packages);
  known.set(name, type);
  return type;
}

/**
 * The texts that are good for fields of a type, sorted.
 *
 * @param name `io.k8s.api.core.v1.Protocol`
 * @throws RangeError for what is no such type of the tables
 */
export function enumValues(name: string): readonly string[] {
  const dot = name.lastIndexOf('.');
  const { enums = {} } = byPackage.get(name.slice(0, dot)) ?? {};
  const short = name.slice(dot + 1);
  const values = Object.hasOwn(enums, short) ? enums[short] : undefined;
  if (values === undefined) throw new RangeError(`expected the name of an enum, got ${name}`);
  // The text begins with the end of a line; an empty line is the empty value.
  return values.slice(1).split('\n');
}

/**
 * The name of the type of a kind, undefined for what is none. Options, Status and the like are kinds of every
 * group.
 *
 * @param apiVersion `v1`, `certificates.k8s.io/v1`
 */
export function kindType(apiVersion: string, kind: string): string | undefined {
  return (
    nameIn(byVersion.get(apiVersion), kind) ??
    (isKindOfAll(kind) ? nameIn(byVersion.get(META), kind) : undefined)
  );
}

const isKindOfAll = (kind: string): boolean =>
  /^(?:(?:Create|Delete|Get|List|Patch|Update)Options|Status|WatchEvent|API\w+|PartialObjectMetadata)$/.test(
    kind,
  );

const nameIn = (table: TypeTable | undefined, kind: string): string | undefined =>
  table !== undefined && Object.hasOwn(table.types, kind) ? `${table.openApi}.${kind}` : undefined;

/** The names of all types, package by package. */
export const typeNames = (): readonly string[] =>
  TABLES.flatMap(({ openApi, types }) => Object.keys(types).map((name) => `${openApi}.${name}`));
