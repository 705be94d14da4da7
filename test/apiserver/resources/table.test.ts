import { describe, expect, it } from 'vitest';
import {
  DEFINITIONS,
  openApiSchemas,
  type ResourceDefinition,
  readObject,
} from '../../../src/apiserver/resources/index.ts';

const NOW = new Date('2026-11-24T10:00:05Z');
const CREATED = { creationTimestamp: '2026-11-24T10:00:00Z' };

function definitionOf(resource: string): ResourceDefinition {
  const found = DEFINITIONS.find(({ type }) => type.resource === resource);
  if (found === undefined) throw new Error(`no ${resource}`);
  return found;
}

/** Columns and cells as kube-apiserver 1.36.3 answers them; a star is for wide tables only. */
const TABLES: readonly (readonly [string, object, readonly string[], readonly unknown[]])[] = [
  [
    'namespaces',
    { metadata: { name: 'nn', ...CREATED }, status: { phase: 'Active' } },
    ['Name', 'Status', 'Age'],
    ['nn', 'Active', '5s'],
  ],
  [
    'secrets',
    { metadata: { name: 's1', ...CREATED }, data: { a: 'Yg==' }, type: 'Opaque' },
    ['Name', 'Type', 'Data', 'Age'],
    ['s1', 'Opaque', 1, '5s'],
  ],
  [
    'configmaps',
    { metadata: { name: 'c1', ...CREATED }, data: { a: '1' }, binaryData: { b: 'Yg==' } },
    ['Name', 'Data', 'Age'],
    ['c1', 2, '5s'],
  ],
  ['serviceaccounts', { metadata: { name: 'sa1', ...CREATED } }, ['Name', 'Age'], ['sa1', '5s']],
  [
    'nodes',
    {
      metadata: {
        name: 'n1',
        labels: { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'edge' },
        ...CREATED,
      },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'False' }],
        addresses: [{ type: 'InternalIP', address: '1.2.3.4' }],
        nodeInfo: { kubeletVersion: 'v1', kernelVersion: '6.1', architecture: 'amd64' },
      },
    },
    [
      'Name',
      'Status',
      'Roles',
      'Age',
      'Version',
      '*Internal-IP',
      '*External-IP',
      '*OS-Image',
      '*Kernel-Version',
      '*Container-Runtime',
    ],
    [
      'n1',
      'NotReady,SchedulingDisabled',
      'edge,worker',
      '5s',
      'v1',
      '1.2.3.4',
      '<none>',
      '<unknown>',
      '6.1 (amd64)',
      '<unknown>',
    ],
  ],
  [
    'events',
    {
      metadata: { name: 'e1', ...CREATED },
      involvedObject: { kind: 'Pod', name: 'x' },
      reason: 'r',
      message: ' m\n',
      type: 'Normal',
      source: { component: 'c', host: 'h' },
      firstTimestamp: '2026-11-24T09:59:55Z',
      lastTimestamp: '2026-11-24T10:00:04Z',
    },
    [
      'Last Seen',
      'Type',
      'Reason',
      'Object',
      '*Subobject',
      '*Source',
      'Message',
      '*First Seen',
      '*Count',
      '*Name',
    ],
    ['1s', 'Normal', 'r', 'pod/x', '', 'c, h', 'm', '10s', 1, 'e1'],
  ],
  [
    'events',
    { metadata: { name: 'e2' }, involvedObject: { kind: 'Pod' } },
    [],
    ['<unknown>', '', '', 'pod', '', '', '', '<unknown>', 1, 'e2'],
  ],
  [
    'leases',
    { metadata: { name: 'l1', ...CREATED }, spec: { holderIdentity: 'h' } },
    ['Name', 'Holder', 'Age'],
    ['l1', 'h', '5s'],
  ],
  [
    'roles',
    { metadata: { name: 'r', ...CREATED } },
    ['Name', 'Created At'],
    ['r', CREATED.creationTimestamp],
  ],
  [
    'clusterroles',
    { metadata: { name: 'r', ...CREATED } },
    ['Name', 'Created At'],
    ['r', CREATED.creationTimestamp],
  ],
  [
    'rolebindings',
    {
      metadata: { name: 'rb1', ...CREATED },
      roleRef: { apiGroup: 'x', kind: 'ClusterRole', name: 'view' },
      subjects: [
        { kind: 'User', name: 'u' },
        { kind: 'User', name: 'v' },
        { kind: 'ServiceAccount', name: 'u', namespace: 'x' },
      ],
    },
    ['Name', 'Role', 'Age', '*Users', '*Groups', '*ServiceAccounts'],
    ['rb1', 'ClusterRole/view', '5s', 'u, v', '', 'x/u'],
  ],
];

describe('the table of resources', () => {
  it('names each resource once, with its own kind and place', () => {
    const names = DEFINITIONS.map(({ type }) => `${type.group}/${type.version}/${type.resource}`);
    expect(new Set(names).size).toBe(names.length);
    const stored = DEFINITIONS.filter(({ storedAs }) => storedAs === undefined);
    const paths = stored.flatMap(({ path }) => path ?? []);
    expect(new Set(paths).size).toBe(paths.length);
    // What is stored in another's form lies where that does.
    for (const { path, storedAs } of DEFINITIONS) {
      if (storedAs !== undefined) expect(path).toBe(storedAs.definition.path);
    }
    expect(definitionOf('nodes').path).toBe('minions');
  });

  it('stores what can be listed, and only that', () => {
    for (const { path, verbs, type } of DEFINITIONS) {
      expect(`${type.resource} ${verbs.includes('list')}`).toBe(
        `${type.resource} ${path !== undefined}`,
      );
    }
  });

  it.each(TABLES)('shows %s as kubectl does', (resource, object, columns, cells) => {
    const definition = definitionOf(resource);
    const shown = definition.columns.map(
      ({ name, priority }) => `${priority > 0 ? '*' : ''}${name}`,
    );
    if (columns.length > 0) expect(shown).toEqual(columns);
    const row = definition.row(readObject(definition, object), NOW);
    expect(row).toEqual(cells);
    expect(row).toHaveLength(definition.columns.length);
  });
});

describe('OpenAPI', () => {
  const schemas = openApiSchemas(
    DEFINITIONS.map(({ schema }) => schema.name),
    DEFINITIONS,
  );

  it('has every object that is referred to', () => {
    const references = JSON.stringify([...schemas.values()]).matchAll(
      /"\$ref":"#\/components\/schemas\/([^"]+)"/g,
    );
    for (const [, name] of references) expect([...schemas.keys()]).toContain(name);
    expect(schemas.size).toBeGreaterThan(50);
  });

  it('says how lists are patched and what is required', () => {
    const status = schemas.get('io.k8s.api.core.v1.NodeStatus') as {
      properties: Record<string, unknown>;
    };
    expect(status.properties['conditions']).toEqual({
      type: 'array',
      items: {
        default: {},
        allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.NodeCondition' }],
      },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'type',
    });
    expect(schemas.get('io.k8s.api.rbac.v1.RoleBinding')).toMatchObject({ required: ['roleRef'] });
    expect(schemas.get('io.k8s.api.core.v1.Secret')).toMatchObject({
      properties: {
        data: { type: 'object', additionalProperties: { type: 'string', format: 'byte' } },
        metadata: { allOf: [{ $ref: expect.stringContaining('ObjectMeta') }] },
      },
    });
    expect(schemas.get('io.k8s.api.core.v1.Secret')).not.toHaveProperty('required');
  });
});
