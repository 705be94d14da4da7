/** What clients read before anything else, discovery and OpenAPI, beside that of a real kube-apiserver. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Answered, type Served, type Servers, startServers } from './servers.ts';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers?.stop());

type Json = Readonly<Record<string, unknown>>;
const OBJECT = z.record(z.string(), z.unknown());
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const PROTOBUF_V2 = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

async function json(server: Served, path: string, accept = 'application/json'): Promise<Json> {
  const { status, body } = await server.ask('GET', path, { accept });
  expect(status, path).toBe(200);
  return OBJECT.parse(JSON.parse(body.toString()));
}

const both = async (path: string, accept?: string): Promise<{ theirs: Json; mine: Json }> => {
  const [theirs, mine] = await Promise.all([
    json(servers.real, path, accept),
    json(servers.ours, path, accept),
  ]);
  return { theirs, mine };
};

const isOwn = (group: string): boolean => group === 'kubepki.dev';

/** What upstream has and we do not serve, left out: the rest must be equal, in the same order. */
function onlyNamed(
  all: readonly Json[],
  names: ReadonlySet<unknown>,
  by = 'name',
): readonly Json[] {
  return all.filter((one) => names.has(one[by]));
}

const LIST = z.array(OBJECT);
const namesOf = (all: readonly Json[], by = 'name'): ReadonlySet<unknown> =>
  new Set(all.map((one) => one[by]));

describe('discovery', () => {
  it('/api and /apis name the same groups and versions, in the same order', async () => {
    const core = await both('/api');
    expect({ ...core.mine, serverAddressByClientCIDRs: [] }).toEqual({
      ...core.theirs,
      serverAddressByClientCIDRs: [],
    });
    const { theirs, mine } = await both('/apis');
    const groups = LIST.parse(mine['groups']).filter(({ name }) => !isOwn(String(name)));
    expect(groups).toEqual(onlyNamed(LIST.parse(theirs['groups']), namesOf(groups)));
  });

  it('each group and each version say the same of what is served', async () => {
    const { groups } = await json(servers.ours, '/apis');
    const paths = ['/api/v1'];
    for (const { name, versions } of LIST.parse(groups)) {
      if (isOwn(String(name))) continue;
      const group = await both(`/apis/${String(name)}`);
      expect(group.mine).toEqual(group.theirs);
      for (const { groupVersion } of LIST.parse(versions)) {
        paths.push(`/apis/${String(groupVersion)}`);
      }
    }
    for (const path of paths) {
      const { theirs, mine } = await both(path);
      const resources = LIST.parse(mine['resources']);
      expect(mine, path).toEqual({
        ...theirs,
        resources: onlyNamed(LIST.parse(theirs['resources']), namesOf(resources)),
      });
    }
  });

  it.each(['/api', '/apis'])('the aggregated form of %s says the same', async (path) => {
    const { theirs, mine } = await both(path, AGGREGATED);
    const ours = groupsOf(mine).filter(({ name }) => !isOwn(name));
    const names = new Set(ours.map(({ name }) => name));
    const upstream = groupsOf(theirs).filter(({ name }) => names.has(name));
    expect(ours.length).toBeGreaterThan(0);
    expect(ours.map(({ name }) => name)).toEqual(upstream.map(({ name }) => name));
    for (const [index, { name, versions }] of ours.entries()) {
      for (const [at, version] of versions.entries()) {
        const other = upstream[index]?.versions[at];
        const resources = LIST.parse(version['resources']);
        const all = LIST.parse(other?.['resources']);
        expect({ ...version, resources: [] }).toEqual({ ...other, resources: [] });
        const those = onlyNamed(all, namesOf(resources, 'resource'), 'resource');
        expect(resources.map(withoutParts), name).toEqual(those.map(withoutParts));
        for (const resource of resources) {
          const parts = LIST.parse(resource['subresources'] ?? []);
          const those = LIST.parse(upstreamOf(all, resource)?.['subresources'] ?? []);
          expect(parts).toEqual(onlyNamed(those, namesOf(parts, 'subresource'), 'subresource'));
        }
      }
    }
  });
});

const GROUPS = z.array(
  z.object({ metadata: z.object({ name: z.string().default('') }), versions: z.array(OBJECT) }),
);
const groupsOf = ({ items }: Json): readonly { name: string; versions: readonly Json[] }[] =>
  GROUPS.parse(items).map(({ metadata, versions }) => ({ name: metadata.name, versions }));

const withoutParts = (resource: Json): Json => ({ ...resource, subresources: [] });
const upstreamOf = (all: readonly Json[], { resource }: Json): Json | undefined =>
  all.find((one) => one['resource'] === resource);

/** Without words: ours are our own. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  const read = OBJECT.safeParse(value);
  if (!read.success) return value;
  return Object.fromEntries(
    Object.entries(read.data)
      .filter(([key, one]) => key !== 'description' || typeof one !== 'string')
      .map(([key, one]) => [key, plain(one)]),
  );
}

const DOCUMENT = z.looseObject({
  paths: z.record(z.string(), z.unknown()),
  components: z.looseObject({ schemas: z.record(z.string(), OBJECT).default({}) }).optional(),
  definitions: z.record(z.string(), OBJECT).default({}),
  parameters: z.record(z.string(), OBJECT).default({}),
});

const GVK = 'x-kubernetes-group-version-kind';
const KIND = z.object({ group: z.string(), version: z.string(), kind: z.string() });

describe('OpenAPI 3', () => {
  it('has the same schemas and operations in each document', async () => {
    const index = await both('/openapi/v3');
    const mine = OBJECT.parse(index.mine['paths']);
    const theirs = OBJECT.parse(index.theirs['paths']);
    const documents = Object.keys(mine).filter((path) => !path.includes('kubepki.dev'));
    expect(Object.keys(theirs)).toEqual(expect.arrayContaining(documents));
    for (const path of documents) {
      const [ours, upstream] = [
        DOCUMENT.parse(await json(servers.ours, relative(mine[path]))),
        DOCUMENT.parse(await json(servers.real, relative(theirs[path]))),
      ];
      expect(Object.keys(ours.paths).length).toBeGreaterThan(0);
      for (const [at, operations] of Object.entries(ours.paths)) {
        expect(plain(operations), at).toEqual(plain(upstream.paths[at]));
      }
      const schemas = ours.components?.schemas ?? {};
      for (const [name, schema] of Object.entries(schemas)) {
        expect(plain(schema), name).toEqual(plain(upstream.components?.schemas[name]));
        expect(wordless(schema), name).toEqual([]);
      }
      expect({ ...plainObject(ours), ...LEFT_OUT }).toEqual({
        ...plainObject(upstream),
        ...LEFT_OUT,
      });
    }
  }, 60_000);
});

const LEFT_OUT = { paths: {}, components: {}, definitions: {}, parameters: {} };
const plainObject = (value: unknown): Json => OBJECT.parse(plain(value));
const relative = (entry: unknown): string =>
  z.object({ serverRelativeURL: z.string() }).parse(entry).serverRelativeURL;

/** Itself and its fields, as far as nothing is said of them. */
function wordless(schema: Json): readonly string[] {
  const said = z.object({ description: z.string().min(1) });
  const fields = Object.entries(OBJECT.parse(schema['properties'] ?? {}));
  return [
    ...(said.safeParse(schema).success ? [] : ['']),
    ...fields.filter(([, one]) => !said.safeParse(one).success).map(([name]) => name),
  ];
}

describe('OpenAPI 2', () => {
  it('has the same schemas and operations', async () => {
    const read = await both('/openapi/v2');
    const mine = DOCUMENT.parse(read.mine);
    const theirs = DOCUMENT.parse(read.theirs);
    for (const [name, schema] of Object.entries(mine.definitions)) {
      if (name.startsWith('dev.kubepki')) continue;
      const upstream = theirs.definitions[name];
      if (schema[GVK] !== undefined) {
        // Options are kinds of every group, and we serve not all.
        const kinds = z
          .array(KIND)
          .parse(schema[GVK])
          .filter(({ group }) => !isOwn(group));
        expect(z.array(KIND).parse(upstream?.[GVK])).toEqual(expect.arrayContaining(kinds));
      }
      expect(plain({ ...schema, [GVK]: [] }), name).toEqual(plain({ ...upstream, [GVK]: [] }));
    }
    for (const [path, operations] of Object.entries(mine.paths)) {
      if (path.includes('kubepki.dev')) continue;
      expect(resolved(operations, mine.parameters), path).toEqual(
        resolved(theirs.paths[path], theirs.parameters),
      );
    }
  });

  it('says the same in protobuf', async () => {
    const { status, body, headers } = await servers.ours.ask('GET', '/openapi/v2', {
      accept: PROTOBUF_V2,
    });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(
      'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
    );
    expect(body.length).toBeGreaterThan(100_000);
  });
});

/**
 * Without words and with each parameter in its place, in one order. `fieldValidation` is not told in ours:
 * kubectl would look for CustomResourceDefinitions (see `src/apiserver/front/open-api-v2.ts`).
 */
function resolved(value: unknown, parameters: Readonly<Record<string, Json>>): unknown {
  if (Array.isArray(value)) {
    return value
      .map((one) => resolved(one, parameters))
      .filter((one) => OBJECT.safeParse(one).data?.['name'] !== 'fieldValidation');
  }
  const read = OBJECT.safeParse(plain(value));
  if (!read.success) return value;
  const to = z.string().safeParse(read.data['$ref']).data ?? '';
  const reference = /^#\/parameters\/(.*)$/.exec(to);
  if (reference !== null) return plain(parameters[reference[1] ?? '']);
  return Object.fromEntries(
    Object.entries(read.data).map(([key, one]) => [key, resolved(one, parameters)]),
  );
}

describe('how documents are asked for', () => {
  const seen = ({ status, headers }: Answered): object => ({
    status,
    ...Object.fromEntries(
      ['content-type', 'cache-control', 'vary', 'location', 'etag'].map((name) => [
        name,
        String(headers[name] ?? '')
          .replace(/[0-9A-F]{128}/g, '<hash>')
          // Upstream may compress; we do not.
          .replace('Accept-Encoding, ', ''),
      ]),
    ),
  });

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['GET', '/openapi/v2', {}],
    ['GET', '/openapi/v2', { accept: PROTOBUF_V2 }],
    ['GET', '/openapi/v2', { accept: 'application/yaml' }],
    ['HEAD', '/openapi/v2', {}],
    ['GET', '/openapi/v3', {}],
    ['GET', '/openapi/v3', { accept: 'application/json' }],
    ['GET', '/openapi/v3/api/v1', {}],
    ['GET', '/openapi/v3/api/v1', { accept: 'application/yaml' }],
    ['GET', '/openapi/v3/api/v1?hash=WRONG', {}],
    ['GET', '/openapi/v3/nothing', {}],
    ['GET', '/openapi/v3/apis/certificates.k8s.io/v1', {}],
    ['POST', '/openapi/v2', {}],
    ['POST', '/openapi/v3', {}],
    ['GET', '/api', { accept: AGGREGATED }],
    ['GET', '/apis', { accept: AGGREGATED }],
    ['GET', '/apis', { accept: AGGREGATED.replace('v=v2', 'v=v2beta1') }],
    ['GET', '/apis', { accept: `${AGGREGATED.replace('v=v2', 'v=v2beta1')},application/json` }],
    ['GET', '/apis', { accept: `${AGGREGATED},application/json` }],
    ['GET', '/apis', { accept: AGGREGATED.replace('json', 'vnd.kubernetes.protobuf') }],
    ['GET', '/apis', {}],
    ['GET', '/apis', { accept: 'application/yaml' }],
    ['GET', '/apis', { accept: 'application/vnd.kubernetes.protobuf' }],
    ['GET', '/apis/certificates.k8s.io', {}],
    ['GET', '/apis/certificates.k8s.io/v1', {}],
    ['GET', '/apis/certificates.k8s.io/v1', { accept: AGGREGATED }],
    ['GET', '/apis/certificates.k8s.io/v2', {}],
    ['GET', '/api/v2', {}],
    ['GET', '/apis/nothing', {}],
    ['GET', '/apis/nothing/v1', {}],
    ['HEAD', '/api/v1', {}],
    ['POST', '/apis', {}],
    ['DELETE', '/api/v1', {}],
    ['GET', '/version', {}],
    ['GET', '/version/', {}],
    ['POST', '/version', {}],
  ])('%s %s %j', async (method, path, headers) => {
    const [theirs, mine] = await Promise.all([
      servers.real.ask(method, path, headers),
      servers.ours.ask(method, path, headers),
    ]);
    expect(seen(mine)).toEqual(seen(theirs));
  });

  it.each([
    ['/openapi/v2', ''],
    ['/openapi/v3/api/v1', ''],
    ['/apis', AGGREGATED],
    ['/api', AGGREGATED],
  ])('%s is not sent to who has it (%s)', async (path, type) => {
    const accept = type === '' ? {} : { accept: type };
    for (const server of [servers.real, servers.ours]) {
      const { headers } = await server.ask('GET', path, accept);
      const etag = String(headers['etag']);
      const again = await server.ask('GET', path, { ...accept, 'if-none-match': etag });
      expect([again.status, again.body.length, again.headers['etag']]).toEqual([304, 0, etag]);
      const other = await server.ask('GET', path, { ...accept, 'if-none-match': '"other"' });
      expect(other.status).toBe(200);
    }
  });
});
