import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Document, openApi } from '../../../src/apiserver/front/open-api.ts';
import { DESCRIPTIONS } from '../../../src/apiserver/front/open-api-describe.ts';
import { DEFINITIONS } from '../../../src/apiserver/resources/index.ts';
import { wireFields } from '../../wire-fields.ts';

const KIND = z.object({ group: z.string(), version: z.string(), kind: z.string() });
const OPERATION = z.object({
  operationId: z.string(),
  'x-kubernetes-action': z.string().optional(),
  'x-kubernetes-group-version-kind': KIND.optional(),
  parameters: z.array(z.object({ name: z.string(), in: z.string() })).default([]),
  requestBody: z.object({ content: z.record(z.string(), z.unknown()) }).optional(),
});
const SCHEMA = z.looseObject({
  description: z.string(),
  'x-kubernetes-group-version-kind': z.array(KIND).default([]),
  properties: z.record(z.string(), z.looseObject({ description: z.string() })).default({}),
});
const METHODS = z.object({
  parameters: OPERATION.shape.parameters,
  get: OPERATION.optional(),
  post: OPERATION.optional(),
  put: OPERATION.optional(),
  patch: OPERATION.optional(),
  delete: OPERATION.optional(),
});
const V3 = z.object({
  openapi: z.literal('3.0.0'),
  info: z.object({ version: z.literal('1.36') }),
  paths: z.record(z.string(), METHODS),
  components: z.object({ schemas: z.record(z.string(), SCHEMA) }),
});
const INDEX = z.object({
  paths: z.record(z.string(), z.object({ serverRelativeURL: z.string() })),
});

const api = openApi(DEFINITIONS, '1.36');
const textOf = (document: Document | undefined): string =>
  Buffer.from(document?.bytes ?? []).toString();
const json = (document: Document | undefined): unknown => JSON.parse(textOf(document));
const groups = [...new Set(DEFINITIONS.map(({ type }) => type.group))];
/** Of a group in one version. */
const VERSIONS = [
  ...new Set(
    DEFINITIONS.map(({ type: { group, version } }) =>
      group === '' ? `api/${version}` : `apis/${group}/${version}`,
    ),
  ),
];
/** Those, and what is above them. */
const PATHS = [
  ...VERSIONS,
  ...groups.map((group) => (group === '' ? 'api' : `apis/${group}`)),
  'apis',
  'version',
].sort();

/** Every `$ref` in a document. */
const references = (text: string): string[] =>
  [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference]) => reference ?? '');

describe('OpenAPI 3', () => {
  test('the index names the document of each group and version, with its hash', () => {
    const { paths } = INDEX.parse(json(api.index()));
    expect(Object.keys(paths)).toEqual(PATHS);
    for (const [path, { serverRelativeURL }] of Object.entries(paths)) {
      const document = api.v3(path);
      const hash = createHash('sha512').update(textOf(document)).digest('hex').toUpperCase();
      expect(document?.hash).toBe(hash);
      expect(serverRelativeURL).toBe(`/openapi/v3/${path}?hash=${hash}`);
    }
  });

  test('a document is built once', () => {
    expect(api.v3('api/v1')?.bytes).toBe(api.v3('api/v1')?.bytes);
  });

  test('what is not served has none', () => {
    expect(api.v3('apis/batch/v1')).toBeUndefined();
    expect(api.v3('apis/certificates.k8s.io/v2')).toBeUndefined();
    expect(api.v3('')).toBeUndefined();
  });

  describe.each(PATHS)('of %s', (path) => {
    const text = textOf(api.v3(path));
    const document = V3.parse(JSON.parse(text));
    const operations = Object.entries(document.paths).flatMap(([at, methods]) =>
      Object.entries(methods).flatMap(([method, one]) =>
        one === undefined || Array.isArray(one) ? [] : [{ at, method, ...one }],
      ),
    );

    test('every reference leads somewhere', () => {
      const known = Object.keys(document.components.schemas).map(
        (name) => `#/components/schemas/${name}`,
      );
      expect(known).toEqual(expect.arrayContaining(references(text)));
    });

    test('every schema and every field says what it is', () => {
      // The parser above demands it; this names those that do not say anything.
      const silent = Object.entries(document.components.schemas).filter(
        ([, { description, properties }]) =>
          description === '' || Object.values(properties).some((one) => one.description === ''),
      );
      expect(silent).toEqual([]);
    });

    test('operations have names of their own', () => {
      const ids = operations.map(({ operationId }) => operationId);
      expect(new Set(ids).size).toBe(ids.length);
    });

    test('a patch may be of each sort that is understood, and can be forced', () => {
      for (const { requestBody, parameters } of operations.filter(
        ({ method }) => method === 'patch',
      )) {
        expect(Object.keys(requestBody?.content ?? {})).toEqual([
          'application/json-patch+json',
          'application/merge-patch+json',
          'application/strategic-merge-patch+json',
          'application/apply-patch+yaml',
        ]);
        expect(parameters.map(({ name }) => name)).toContain('force');
      }
    });

    test('the kind of each operation has a schema', () => {
      const kinds = Object.values(document.components.schemas).flatMap(
        (schema) => schema['x-kubernetes-group-version-kind'],
      );
      const spoken = operations.flatMap((one) => one['x-kubernetes-group-version-kind'] ?? []);
      expect(kinds).toEqual(expect.arrayContaining(spoken));
    });
  });

  test.each(VERSIONS)(
    'writing takes dryRun and fieldValidation, which kubectl looks for: %s',
    (path) => {
      const { paths } = V3.parse(json(api.v3(path)));
      const writing = Object.values(paths).flatMap(({ post, put, patch, parameters }) =>
        [post, put, patch].flatMap((one) =>
          one === undefined ? [] : [[...one.parameters, ...parameters]],
        ),
      );
      expect(writing.length).toBeGreaterThan(0);
      for (const parameters of writing) {
        expect(parameters.map(({ name }) => name)).toEqual(
          expect.arrayContaining(['dryRun', 'fieldValidation']),
        );
      }
    },
  );

  test('what all operations of a path take is said once', () => {
    const { paths } = V3.parse(json(api.v3('apis/authorization.k8s.io/v1')));
    for (const { post, parameters } of Object.values(paths).filter((one) => 'post' in one)) {
      expect(post?.parameters).toEqual([]);
      expect(parameters.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['dryRun', 'fieldManager', 'fieldValidation', 'pretty']),
      );
    }
  });

  test('fields have the defaults, the good values and the alternatives of the Go types', () => {
    const { schemas } = V3.parse(json(api.v3('api/v1'))).components;
    expect(schemas['io.k8s.api.core.v1.ContainerPort']?.properties).toMatchObject({
      containerPort: { type: 'integer', format: 'int32', default: 0 },
      protocol: { default: 'TCP', enum: ['SCTP', 'TCP', 'UDP'] },
    });
    expect(schemas['io.k8s.api.core.v1.SeccompProfile']).toMatchObject({
      'x-kubernetes-unions': [
        {
          discriminator: 'type',
          'fields-to-discriminateBy': { localhostProfile: 'LocalhostProfile' },
        },
      ],
    });
    expect(schemas['io.k8s.api.core.v1.Pod']?.properties['spec']).toMatchObject({
      default: {},
      allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }],
    });
  });

  test('nothing is described that no document has', () => {
    const schemas = new Map(
      PATHS.flatMap((path) => Object.entries(V3.parse(json(api.v3(path))).components.schemas)),
    );
    const stale = [...DESCRIPTIONS].flatMap(([name, { fields = {} }]) =>
      Object.keys(fields)
        .filter((field) => schemas.get(name)?.properties[field] === undefined)
        .concat(schemas.has(name) ? [] : ['itself'])
        .map((field) => `${name}: ${field}`),
    );
    expect(stale).toEqual([]);
  });

  // As kube-apiserver 1.36.3 names them.
  test.each([
    ['api/v1', '/api/v1/', 'get', 'getCoreV1APIResources', undefined],
    ['api/v1', '/api/v1/configmaps', 'get', 'listCoreV1ConfigMapForAllNamespaces', 'list'],
    [
      'api/v1',
      '/api/v1/namespaces/{namespace}/configmaps',
      'post',
      'createCoreV1NamespacedConfigMap',
      'post',
    ],
    [
      'api/v1',
      '/api/v1/namespaces/{namespace}/configmaps',
      'delete',
      'deleteCoreV1CollectionNamespacedConfigMap',
      'deletecollection',
    ],
    [
      'api/v1',
      '/api/v1/namespaces/{name}/finalize',
      'put',
      'replaceCoreV1NamespaceFinalize',
      'put',
    ],
    ['api/v1', '/api/v1/watch/nodes', 'get', 'watchCoreV1NodeList', 'watchlist'],
    [
      'api/v1',
      '/api/v1/watch/namespaces/{namespace}/pods/{name}',
      'get',
      'watchCoreV1NamespacedPod',
      'watch',
    ],
    ['apis/storage.k8s.io', '/apis/storage.k8s.io/', 'get', 'getStorageAPIGroup', undefined],
    ['version', '/version/', 'get', 'getCodeVersion', undefined],
    ['api/v1', '/api/v1/nodes/{name}/status', 'patch', 'patchCoreV1NodeStatus', 'patch'],
    [
      'apis/certificates.k8s.io/v1',
      '/apis/certificates.k8s.io/v1/certificatesigningrequests/{name}/approval',
      'put',
      'replaceCertificatesV1CertificateSigningRequestApproval',
      'put',
    ],
    [
      'apis/rbac.authorization.k8s.io/v1',
      '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
      'get',
      'listRbacAuthorizationV1ClusterRoleBinding',
      'list',
    ],
    [
      'apis/authorization.k8s.io/v1',
      '/apis/authorization.k8s.io/v1/namespaces/{namespace}/localsubjectaccessreviews',
      'post',
      'createAuthorizationV1NamespacedLocalSubjectAccessReview',
      'post',
    ],
  ] as const)('%s: %s %s is %s', (path, at, method, id, action) => {
    const operation = V3.parse(json(api.v3(path))).paths[at]?.[method];
    expect(operation?.operationId).toBe(id);
    expect(operation?.['x-kubernetes-action']).toBe(action);
  });

  test('only what can be done is there', () => {
    const { paths } = V3.parse(json(api.v3('api/v1')));
    expect(paths['/api/v1/namespaces']?.delete).toBeUndefined();
    expect(paths['/api/v1/namespaces']?.post).toBeDefined();
    const reviews = V3.parse(json(api.v3('apis/authentication.k8s.io/v1')));
    expect(Object.keys(reviews.paths)).toEqual([
      '/apis/authentication.k8s.io/v1/',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      '/apis/authentication.k8s.io/v1/tokenreviews',
    ]);
    expect(Object.keys(reviews.components.schemas)).not.toContain(
      'io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent',
    );
  });

  test('lists say how they are merged', () => {
    const { schemas } = V3.parse(json(api.v3('api/v1'))).components;
    expect(schemas['io.k8s.api.core.v1.NodeStatus']?.properties['conditions']).toMatchObject({
      type: 'array',
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'type',
    });
  });
});

describe('OpenAPI 2', () => {
  const text = textOf(api.v2());
  const V2 = z.object({
    swagger: z.literal('2.0'),
    paths: z.record(z.string(), z.record(z.string(), z.unknown())),
    definitions: z.record(z.string(), z.looseObject({})),
    parameters: z.record(z.string(), z.looseObject({ name: z.string() })),
  });
  const document = V2.parse(JSON.parse(text));

  test('holds the paths and schemas of all groups', () => {
    const all = PATHS.map((path) => V3.parse(json(api.v3(path))));
    expect(Object.keys(document.paths).toSorted()).toEqual(
      all.flatMap(({ paths }) => Object.keys(paths)).toSorted(),
    );
    expect(new Set(Object.keys(document.definitions))).toEqual(
      new Set(all.flatMap(({ components }) => Object.keys(components.schemas))),
    );
  });

  test('every reference leads somewhere, and stands where OpenAPI 2 knows it', () => {
    const known = [
      ...Object.keys(document.definitions).map((name) => `#/definitions/${name}`),
      ...Object.keys(document.parameters).map((name) => `#/parameters/${name}`),
    ];
    expect(known).toEqual(expect.arrayContaining(references(text)));
    expect(text).not.toMatch(/"(allOf|oneOf)"/);
  });

  test('fieldValidation is not told of: kubectl would go on to look for CustomResourceDefinitions', () => {
    expect(text).not.toContain('"fieldValidation"');
    expect(text).toContain('"dryRun"');
  });
});

describe('OpenAPI 2 in protobuf', () => {
  type Fields = ReadonlyMap<number, readonly (Uint8Array | bigint)[]>;
  const read = (value: Uint8Array | bigint | undefined): Fields => {
    const bytes = value instanceof Uint8Array ? value : new Uint8Array();
    const pairs = wireFields(bytes);
    return new Map(
      [...Map.groupBy(pairs, ({ number }) => number)].map(([number, all]) => [
        number,
        all.map(({ value: one }) => one),
      ]),
    );
  };
  const text = (value: Uint8Array | bigint): string =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : `${value}`;
  const string = (fields: Fields, number: number): string | undefined => {
    const value = fields.get(number)?.[0];
    return value instanceof Uint8Array ? Buffer.from(value).toString() : undefined;
  };
  const inside = (fields: Fields, ...numbers: number[]): Fields =>
    numbers.reduce((outer, number) => read(outer.get(number)?.[0]), fields);
  /** The values of a dictionary, by name. */
  const named = (fields: Fields, number: number): Map<string, Fields> =>
    new Map(
      (fields.get(number) ?? []).map((pair) => [
        string(read(pair), 1) ?? '',
        inside(read(pair), 2),
      ]),
    );
  const document = read(api.v2Protobuf().bytes);
  const v2 = z
    .object({
      paths: z.record(z.string(), z.unknown()),
      definitions: z.record(z.string(), z.unknown()),
    })
    .parse(json(api.v2()));

  test('says the same as the JSON', () => {
    expect(string(document, 1)).toBe('2.0');
    expect(string(inside(document, 2), 2)).toBe('1.36');
    expect([...named(inside(document, 8), 2).keys()]).toEqual(Object.keys(v2.paths));
    expect([...named(inside(document, 9), 1).keys()]).toEqual(Object.keys(v2.definitions));
  });

  test('an operation has its kind as an extension, and its parameters', () => {
    const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests/{name}';
    const patch = inside(named(inside(document, 8), 2).get(path) ?? new Map(), 8);
    const extension = named(patch, 13).get('x-kubernetes-group-version-kind');
    expect(JSON.parse(string(extension ?? new Map(), 2) ?? '')).toEqual({
      group: 'certificates.k8s.io',
      version: 'v1',
      kind: 'CertificateSigningRequest',
    });
    const shared = named(inside(document, 10), 1);
    const parameters = (patch.get(8) ?? []).map((one): Fields => {
      const reference = string(inside(read(one), 2), 1);
      return reference === undefined
        ? inside(read(one), 1)
        : (shared.get(reference.slice('#/parameters/'.length)) ?? new Map());
    });
    const [body, ...queries] = parameters;
    expect(string(inside(body ?? new Map(), 1), 2)).toBe('body');
    expect(queries.map((one) => string(inside(one, 2, 3), 4))).toEqual([
      'dryRun',
      'fieldManager',
      'force',
    ]);
  });

  test('a schema has its required fields, its properties and its references', () => {
    const spec = named(inside(document, 9), 1).get(
      'io.k8s.api.certificates.v1.CertificateSigningRequestSpec',
    );
    const fields: Fields = spec ?? new Map();
    expect(fields.get(19)?.map(text)).toEqual(['request', 'signerName']);
    const properties = named(inside(fields, 25), 1);
    const usages = properties.get('usages') ?? new Map();
    expect(string(inside(usages, 22), 1)).toBe('array');
    expect(string(inside(usages, 23, 1, 22), 1)).toBe('string');
    const csr = named(inside(document, 9), 1).get(
      'io.k8s.api.certificates.v1.CertificateSigningRequest',
    );
    const reference = named(inside(csr ?? new Map(), 25), 1).get('spec');
    expect(string(reference ?? new Map(), 1)).toBe(
      '#/definitions/io.k8s.api.certificates.v1.CertificateSigningRequestSpec',
    );
  });
});
