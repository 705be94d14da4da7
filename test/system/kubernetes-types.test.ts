/** The tables of the API's types are those of the Go modules, and say what upstream's OpenAPI says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { moduleFolders } from '../../scripts/go-modules.ts';
import { kubernetesTypeFiles } from '../../scripts/kubernetes-types.ts';
import { schemaOfType } from '../../src/apiserver/resources/index.ts';
import { typeNames } from '../../src/kubernetes/index.ts';

const TABLES = 'src/kubernetes/types/tables';

describe('the tables of types (node scripts/kubernetes-types.ts brings them up to date)', () => {
  it('are what is read from the modules', () => {
    const files = kubernetesTypeFiles();
    expect(readdirSync(TABLES).toSorted()).toEqual([...files.keys()].toSorted());
    for (const [name, text] of files) {
      expect({ name, text: readFileSync(join(TABLES, name), 'utf8') }).toEqual({ name, text });
    }
  });
});

/** A schema of upstream's documents, as far as it is looked at. */
interface Upstream {
  readonly $ref?: string;
  readonly allOf?: readonly { readonly $ref: string }[];
  readonly type?: string;
  readonly format?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Upstream>>;
  readonly items?: Upstream;
  readonly additionalProperties?: Upstream;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-map-type'?: string;
}

type Ours = ReturnType<typeof schemaOfType>['entries'][number][1]['schema'];

/** Schemas by name, from the documents that Kubernetes' own repository holds. */
function upstreamSchemas(): Readonly<Record<string, Upstream>> {
  const root = moduleFolders(['k8s.io/kubernetes']).get('k8s.io/kubernetes') ?? '';
  const folder = join(root, 'api/openapi-spec/v3');
  const documents = readdirSync(folder).map(
    (file) =>
      JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
        components?: { schemas?: Readonly<Record<string, Upstream>> };
      },
  );
  return Object.assign({}, ...documents.map(({ components }) => components?.schemas));
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
/** Types that OpenAPI describes as schemas of their own. */
const NAMED: Readonly<Record<string, string>> = {
  time: `${META}.Time`,
  microtime: `${META}.MicroTime`,
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
};
const SCALARS: Readonly<Record<string, string>> = {
  int32: 'integer/int32',
  int64: 'integer/int64',
  bytes: 'string/byte',
};
const ANY = ['io.k8s.apimachinery.pkg.runtime.RawExtension', `${META}.FieldsV1`];

function ours(schema: Ours): string {
  if (schema.kind === 'object') return schema.name;
  if (schema.kind === 'map') return `map of ${ours(schema.values)}`;
  if (schema.kind === 'array') return `list of ${ours(schema.items)}`;
  return NAMED[schema.kind] ?? SCALARS[schema.kind] ?? schema.kind;
}

function theirs(schema: Upstream): string {
  const name = (schema.$ref ?? schema.allOf?.[0]?.$ref)?.split('/').at(-1);
  if (name !== undefined) return ANY.includes(name) ? 'any' : name;
  if (schema.additionalProperties !== undefined)
    return `map of ${theirs(schema.additionalProperties)}`;
  if (schema.items !== undefined) return `list of ${theirs(schema.items)}`;
  return schema.format === undefined ? (schema.type ?? '') : `${schema.type}/${schema.format}`;
}

const listFacts = (schema: Ours): unknown =>
  schema.kind === 'array'
    ? [schema.listType, schema.listMapKeys, schema.patch, schema.mergeKey]
    : [undefined, undefined, undefined, undefined];

const upstreamListFacts = (schema: Upstream): unknown =>
  (['list-type', 'list-map-keys', 'patch-strategy', 'patch-merge-key'] as const).map(
    (key) => schema[`x-kubernetes-${key}`],
  );

/** Where upstream says what has no meaning here: a list type of bytes, a patch strategy of an object. */
const DIFFERENT = [
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceSpec.caBundle',
  'io.k8s.api.policy.v1.PodDisruptionBudgetSpec.selector',
];

describe('the schema of a type', () => {
  const upstream = upstreamSchemas();
  const described = typeNames().filter((name) => upstream[name] !== undefined);

  it('is compared for nearly all', () => {
    expect(described.length).toBeGreaterThan(350);
  });

  it.each(described)('%s is as upstream describes it', (name) => {
    const schema = schemaOfType(name);
    const { required = [], properties = {}, ...more } = upstream[name] ?? {};
    const demanded = schema.entries.filter(([, field]) => field.required).map(([field]) => field);
    expect(demanded.toSorted()).toEqual(required.toSorted());
    expect(Object.keys(schema.fields).toSorted()).toEqual(Object.keys(properties).toSorted());
    expect(schema.atomic === true ? 'atomic' : undefined).toBe(more['x-kubernetes-map-type']);
    for (const [field, one] of schema.entries) {
      const other = properties[field] ?? {};
      expect({ field, type: ours(one.schema) }).toEqual({ field, type: theirs(other) });
      if (DIFFERENT.includes(`${name}.${field}`)) continue;
      expect({ field, list: listFacts(one.schema) }).toEqual({
        field,
        list: upstreamListFacts(other),
      });
    }
  });
});
