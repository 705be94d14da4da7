/** What every resource is asked: made from one good object, so that a new resource has it by one entry (`examples.ts`). */
import type { ResourceDefinition } from '../../../../src/apiserver/resources/index.ts';
import { apiVersionOf } from '../../../../src/kubernetes/index.ts';
import type { Words } from './answers.ts';
import {
  type Case,
  get,
  JSON_PATCH,
  MERGE,
  PROTOBUF,
  patch,
  post,
  put,
  remove,
  STRATEGIC,
  TABLE,
} from './case.ts';

export interface Example {
  /** What a good object has beside its metadata, perhaps by its plain name. */
  readonly rest: object | ((plain: string) => object);
  /** A name that the resource allows, made of one that most do; the last part must be at its end. */
  readonly name?: (plain: string) => string;
  /** A merge patch that the resource allows. */
  readonly change?: object;
  /** A merge patch of what only the subresource `status` may write. */
  readonly status?: object;
}

const NAMESPACE = 'talk';
const LABELS = { talk: 'a' };
const SELECTED = 'labelSelector=talk%3Da';
const PARTIAL = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
/** Deeper than what either server reads. */
const DEEP = 11_000;

/** The core group has none in its messages. */
export const commonOf = ({ type }: ResourceDefinition): string =>
  type.group === '' ? 'common-core' : 'common';

/** The longest first: one holds another. */
export const wordsOf = ({ type, listKind }: ResourceDefinition): Words => [
  ['{plural.group}', `${type.resource}.${type.group}`],
  ['{kind.group}', `${type.kind}.${type.group}`],
  ['{kindList}', listKind],
  ['"{apiVersion}"', `"${apiVersionOf(type)}"`],
  ['(apiVersion)', `(${apiVersionOf(type)})`],
  ['"{group}"', `"${type.group}"`],
  ['\\"{version}\\"', `\\"${type.version}\\"`],
  ['{plural}', type.resource],
  ['{kind}', type.kind],
];

/** The collection that an object is made in. */
export function collectionOf({ type }: ResourceDefinition, namespace = NAMESPACE): string {
  const { group, version, resource, namespaced } = type;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespaced ? `${root}/namespaces/${namespace}/${resource}` : `${root}/${resource}`;
}

/** Of a resource that is stored. */
export function conversationOf(definition: ResourceDefinition, example: Example): readonly Case[] {
  const parts = [creations, readings, updates, patches, subresources, deletions];
  const talk = new Talk(definition, example);
  return [
    ...(definition.type.namespaced
      ? [{ ...post('/api/v1/namespaces', { metadata: { name: NAMESPACE } }), label: 'namespace' }]
      : []),
    ...parts.flatMap((part) => part(talk)).map(([label, one]) => ({ ...one, label })),
  ];
}

type Labelled = readonly [label: string, one: Case];

class Talk {
  readonly definition: ResourceDefinition;
  readonly example: Example;
  readonly collection: string;

  constructor(definition: ResourceDefinition, example: Example) {
    this.definition = definition;
    this.example = example;
    this.collection = collectionOf(definition);
  }

  name(plain: string): string {
    return this.example.name?.(plain) ?? plain;
  }

  path(plain: string): string {
    return `${this.collection}/${this.name(plain)}`;
  }

  /** A good object but for what is said. */
  object(plain: string, metadata: object = {}, more: object = {}): object {
    const { type } = this.definition;
    const { rest } = this.example;
    return {
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      metadata: { name: this.name(plain), labels: LABELS, ...metadata },
      ...(typeof rest === 'function' ? rest(plain) : rest),
      ...more,
    };
  }

  create(plain: string, metadata: object = {}, more: object = {}, query = ''): Case {
    return post(`${this.collection}${query}`, this.object(plain, metadata, more));
  }

  /** The object's JSON with a text of ours before its end. */
  raw(text: string, query = ''): Case {
    const json = JSON.stringify(this.object('bad')).slice(0, -1);
    return { method: 'POST', path: `${this.collection}${query}`, raw: `${json},${text}}` };
  }

  replace(plain: string, metadata: object = {}, more: object = {}, query = ''): Case {
    return put(`${this.path(plain)}${query}`, this.object(plain, metadata, more));
  }
}

const creations = (t: Talk): Labelled[] => [
  ['create', t.create('one')],
  ['create again', t.create('one')],
  ['create another', t.create('two', { annotations: { 'a.b/C': 'd' } })],
  ['create: dry run', t.create('dry', {}, {}, '?dryRun=All')],
  ['create: bad dry run', t.create('dry', {}, {}, '?dryRun=some')],
  ['create: generated name', t.create('', { name: undefined, generateName: 'generated-' })],
  ['create: bad generated name', t.create('', { name: undefined, generateName: 'Bad_%' })],
  ['create: no name', t.create('', { name: undefined })],
  ['create: bad name', t.create('', { name: 'Bad_Name' })],
  ['create: name that walks', t.create('', { name: '../up' })],
  ['create: long name', t.create('', { name: 'n'.repeat(254) })],
  [
    'create: bad metadata',
    t.create('bad', {
      labels: { 'a b': 'c', good: '--', 'a/b/c': '', ['k'.repeat(64)]: 'v'.repeat(64) },
      annotations: { '/': '', 'A.B/c d': '' },
      finalizers: ['bad finalizer', 'nowhere'],
    }),
  ],
  [
    'create: bad owners',
    t.create('bad', {
      ownerReferences: [
        { apiVersion: '', kind: '', name: '', uid: '' },
        { apiVersion: 'v1', kind: 'Event', name: 'a', uid: 'b' },
        { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'b', controller: true },
        { apiVersion: 'v1', kind: 'Pod', name: 'c', uid: 'd', controller: true },
      ],
    }),
  ],
  ['create: other kind', t.create('bad', {}, { kind: 'Other' })],
  ['create: other version', t.create('bad', {}, { apiVersion: 'other/v1' })],
  [
    'create: neither kind nor version',
    t.create('untyped', {}, { kind: undefined, apiVersion: undefined }),
  ],
  ['create: other namespace', t.create('bad', { namespace: 'elsewhere' })],
  ['create: resource version', t.create('bad', { resourceVersion: '1' })],
  [
    'create: what the server sets',
    t.create(
      'bad',
      { uid: 'mine', generation: 7, creationTimestamp: '2020-01-01T00:00:00Z', selfLink: 'x' },
      {},
      '?dryRun=All',
    ),
  ],
  ['create: nothing', { method: 'POST', path: t.collection, raw: '' }],
  ['create: no JSON', { method: 'POST', path: t.collection, raw: '{"kind"' }],
  ['create: a list', post(t.collection, [])],
  ['create: a text', post(t.collection, 'x')],
  ['create: metadata of a wrong type', t.create('bad', {}, { metadata: 'x' })],
  ['create: labels of a wrong type', t.create('bad', { labels: { a: 1 } })],
  ['create: time of a wrong type', t.create('bad', { creationTimestamp: 'yesterday' })],
  [
    'create: unknown field, strict',
    t.create('bad', { foo: 1 }, { bar: {} }, '?fieldValidation=Strict'),
  ],
  [
    'create: unknown field, warn',
    t.create('dry', { foo: 1 }, { bar: {} }, '?fieldValidation=Warn&dryRun=All'),
  ],
  [
    'create: unknown field, ignore',
    t.create('dry', { foo: 1 }, { bar: {} }, '?fieldValidation=Ignore&dryRun=All'),
  ],
  ['create: unknown field', t.create('dry', { foo: 1 }, { bar: {} }, '?dryRun=All')],
  [
    'create: duplicate field, strict',
    t.raw(`"kind":"${t.definition.type.kind}"`, '?fieldValidation=Strict'),
  ],
  ['create: duplicate field', t.raw(`"kind":"${t.definition.type.kind}"`, '?dryRun=All')],
  ['create: bad field validation', t.create('bad', {}, {}, '?fieldValidation=x')],
  ['create: bad field manager', t.create('bad', {}, {}, `?fieldManager=${'m'.repeat(129)}`)],
  ['create: __proto__', t.raw('"__proto__":{"polluted":true}', '?dryRun=All')],
  ['create: __proto__, strict', t.raw('"__proto__":{"polluted":true}', '?fieldValidation=Strict')],
  ['create: deep', t.raw(`"deep":${'['.repeat(DEEP)}${']'.repeat(DEEP)}`)],
  [
    'create: YAML',
    { ...t.create('yaml'), raw: yamlOf(t.object('yaml')), type: 'application/yaml' },
  ],
  ['create: unknown media type', { ...t.create('bad'), type: 'text/plain' }],
  ['create: no protobuf', { ...t.create('bad'), raw: 'k8s\0\xff', type: PROTOBUF }],
  ['create: form not to be had', { ...t.create('bad'), accept: 'text/html' }],
  ['create: as a table', { ...t.create('dry', {}, {}, '?dryRun=All'), accept: TABLE }],
];

/** JSON is YAML, but for what begins as it does. */
const yamlOf = (object: object): string => `# yaml\n${JSON.stringify(object, undefined, 1)}\n`;

function readings(t: Talk): Labelled[] {
  const { collection } = t;
  const list = (query: string, more: Partial<Case> = {}): Case =>
    get(`${collection}?${SELECTED}${query}`, more);
  const one = `&fieldSelector=metadata.name%3D${t.name('one')}`;
  const watch = (query: string, events: number, more: Partial<Case> = {}): Case =>
    get(`${collection}?watch=true&timeoutSeconds=2&${SELECTED}${query}`, { events, ...more });
  return [
    ['get', get(t.path('one'))],
    ['get: absent', get(t.path('absent'))],
    ['get: as a table', get(t.path('one'), { accept: TABLE })],
    ['get: as a table of v1beta1', get(t.path('one'), { accept: TABLE.replace('v1', 'v1beta1') })],
    ['get: metadata only', get(t.path('one'), { accept: PARTIAL })],
    ['get: as a list of metadata', get(t.path('one'), { accept: PARTIAL_LIST })],
    ['get: as another kind', get(t.path('one'), { accept: PARTIAL.replace('Partial', 'Whole') })],
    ['get: protobuf', get(t.path('one'), { accept: PROTOBUF })],
    ['get: YAML', get(t.path('one'), { accept: 'application/yaml' })],
    ['get: form not to be had', get(t.path('one'), { accept: 'text/html' })],
    ['get: version 0', get(`${t.path('one')}?resourceVersion=0`)],
    ['get: bad version', get(`${t.path('one')}?resourceVersion=x`)],
    ['get: future version', get(`${t.path('one')}?resourceVersion=999999999`)],
    ['list', list('')],
    ['list: form by weight', list('', { accept: `${PROTOBUF};q=0.5,application/json` })],
    ['list: by name', list(one)],
    ['list: by another name', list(`&limit=1&fieldSelector=metadata.name!%3D${t.name('one')}`)],
    ['list: by namespace', list('&fieldSelector=metadata.namespace%3Dother')],
    ['list: unknown field', list('&fieldSelector=spec.nothing%3Dx')],
    ['list: bad field selector', list('&fieldSelector=a')],
    ['list: bad label selector', get(`${collection}?labelSelector=a%20b%20c`)],
    ['list: bad label value', get(`${collection}?labelSelector=a%3D-`)],
    ['list: labels in a set', get(`${collection}?labelSelector=talk%20in%20(a,b),!x`)],
    ['list: nothing selected', get(`${collection}?labelSelector=talk%3Dnothing`)],
    ['list: first page', list('&limit=1')],
    ['list: next page', list('&limit=1&continue={{continue}}')],
    ['list: continue with a version', list('&limit=1&continue={{continue}}&resourceVersion=1')],
    ['list: bad continue', list('&limit=1&continue=x')],
    ['list: bad limit', list('&limit=x')],
    ['list: negative limit', list('&limit=-1')],
    ['list: match without version', list('&resourceVersionMatch=Exact')],
    ['list: unknown match', list('&resourceVersion=1&resourceVersionMatch=x')],
    ['list: exactly 0', list('&resourceVersion=0&resourceVersionMatch=Exact')],
    ['list: not older', list('&resourceVersion=0&resourceVersionMatch=NotOlderThan')],
    ['list: exactly', list('&resourceVersion={{rv}}&resourceVersionMatch=Exact')],
    ['list: bad version', list('&resourceVersion=x')],
    ['list: future version', list('&resourceVersion=999999999')],
    ['list: initial events', list('&sendInitialEvents=true')],
    ['list: table', list('', { accept: TABLE })],
    ['list: table of objects', list(`${one}&includeObject=Object`, { accept: TABLE })],
    ['list: table of nothing', list(`${one}&includeObject=None`, { accept: TABLE })],
    ['list: table of what', list('&includeObject=what', { accept: TABLE })],
    ['list: metadata only', list(one, { accept: PARTIAL_LIST })],
    ['list: as one', list(one, { accept: PARTIAL })],
    ['list: protobuf', list(one, { accept: PROTOBUF })],
    [
      'list: metadata in protobuf',
      list(one, { accept: PARTIAL_LIST.replace('application/json', PROTOBUF) }),
    ],
    ['watch', watch('', 2)],
    ['watch: table', watch('', 2, { accept: TABLE })],
    ['watch: metadata only', watch('', 1, { accept: PARTIAL })],
    ['watch: form not to be had', get(`${collection}?watch=true`, { accept: 'application/yaml' })],
    [
      'watch: initial events',
      watch(
        `${one}&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&allowWatchBookmarks=true`,
        2,
      ),
    ],
    ['watch: initial events without match', get(`${collection}?watch=true&sendInitialEvents=true`)],
    [
      'watch: match without initial events',
      get(`${collection}?watch=true&resourceVersion=1&resourceVersionMatch=NotOlderThan`),
    ],
    ['watch: bad version', get(`${collection}?watch=true&resourceVersion=x`)],
    ['watch: bad time', get(`${collection}?watch=true&timeoutSeconds=x`)],
    ['watch: unknown field', get(`${collection}?watch=true&fieldSelector=spec.nothing%3Dx`)],
  ];
}

const updates = (t: Talk): Labelled[] => [
  ['update: unchanged', t.replace('two', { annotations: { 'a.b/C': 'd' } })],
  ['update', t.replace('one', { labels: { ...LABELS, more: 'x' } })],
  [
    'update: of its version',
    t.replace('one', { resourceVersion: '{{rv}}', labels: { ...LABELS, more: 'y' } }),
  ],
  ['update: old version', t.replace('one', { resourceVersion: '1' })],
  ['update: future version', t.replace('one', { resourceVersion: '999999999' })],
  ['update: bad version', t.replace('one', { resourceVersion: 'x' })],
  ['update: of its identity', t.replace('one', { uid: '{{uid}}' })],
  ['update: another identity', t.replace('one', { uid: '11111111-2222-3333-4444-555555555555' })],
  ['update: another name', put(t.path('one'), t.object('two'))],
  ['update: no name', t.replace('one', { name: undefined })],
  ['update: another namespace', t.replace('one', { namespace: 'elsewhere' })],
  ['update: another kind', t.replace('one', {}, { kind: 'Other' })],
  ['update: absent', t.replace('absent', {}, {}, '?dryRun=All')],
  ['update: bad labels', t.replace('one', { labels: { 'a b': '-' } })],
  [
    'update: what the server sets',
    t.replace('one', {
      creationTimestamp: '2020-01-01T00:00:00Z',
      generation: 9,
      deletionTimestamp: '2020-01-01T00:00:00Z',
    }),
  ],
  ['update: unknown field, strict', t.replace('one', {}, { bar: {} }, '?fieldValidation=Strict')],
  ['update: dry run', t.replace('one', { annotations: { a: 'b' } }, {}, '?dryRun=All')],
  ['update: no JSON', { method: 'PUT', path: t.path('one'), raw: '{' }],
];

function patches(t: Talk): Labelled[] {
  const one = t.path('one');
  const operations = (...list: object[]): Case => patch(one, list, JSON_PATCH);
  const label = { metadata: { labels: { patched: 'a' } } };
  return [
    ['patch: merge', patch(one, label)],
    ['patch: the same again', patch(one, label)],
    ['patch: strategic', patch(one, { metadata: { labels: { patched: 'b' } } }, STRATEGIC)],
    ['patch: finalizers', patch(one, { metadata: { finalizers: ['a.b/c'] } }, STRATEGIC)],
    ['patch: more finalizers', patch(one, { metadata: { finalizers: ['a.b/d'] } }, STRATEGIC)],
    ['patch: finalizers taken away', patch(one, { metadata: { finalizers: null } })],
    ['patch: bad directive', patch(one, { $patch: 'x' }, STRATEGIC)],
    ['patch: JSON', operations({ op: 'add', path: '/metadata/labels/json', value: 'x' })],
    ['patch: test fails', operations({ op: 'test', path: '/metadata/name', value: 'x' })],
    ['patch: nothing to remove', operations({ op: 'remove', path: '/metadata/labels/nothing' })],
    ['patch: unknown operation', operations({ op: 'x', path: '/metadata/labels/a' })],
    ['patch: no operations', operations()],
    ['patch: JSON patch that is an object', patch(one, {}, JSON_PATCH)],
    ['patch: merge patch that is a list', patch(one, [], MERGE)],
    ['patch: strategic patch that is a list', patch(one, [], STRATEGIC)],
    ['patch: no JSON', { method: 'PATCH', path: one, raw: '{', type: MERGE }],
    ['patch: unknown media type', patch(one, {}, 'text/plain')],
    ['patch: plain JSON', patch(one, {}, 'application/json')],
    ['patch: absent', patch(t.path('absent'), label)],
    ['patch: another name', patch(one, { metadata: { name: 'other' } })],
    ['patch: another namespace', patch(one, { metadata: { namespace: 'other' } })],
    ['patch: another kind', patch(one, { kind: 'Other' })],
    ['patch: another identity', patch(one, { metadata: { uid: 'x' } })],
    ['patch: old version', patch(one, { metadata: { resourceVersion: '1', labels: { a: 'b' } } })],
    ['patch: wrong type', patch(one, { metadata: { labels: { a: 1 } } })],
    ['patch: bad labels', patch(one, { metadata: { labels: { 'a b': '-' } } })],
    ['patch: unknown field', patch(`${one}?dryRun=All`, { bar: 1 })],
    ['patch: unknown field, strict', patch(`${one}?fieldValidation=Strict`, { bar: 1 })],
    ['patch: dry run', patch(`${one}?dryRun=All`, { metadata: { annotations: { dry: 'run' } } })],
    ['patch: force', patch(`${one}?force=true`, label)],
    ...(t.example.change === undefined
      ? []
      : [['patch: change', patch(one, t.example.change)] as const]),
  ];
}

function subresources(t: Talk): Labelled[] {
  const one = t.path('one');
  const { status } = t.example;
  return [
    ['status', get(`${one}/status`)],
    ['status: of the object', patch(one, { status: status ?? { a: 'b' } })],
    [
      'status: patch',
      patch(`${one}/status`, {
        status: status ?? { a: 'b' },
        metadata: { labels: { by: 'status' } },
      }),
    ],
    ['status: strategic', patch(`${one}/status`, { status: status ?? { a: 'b' } }, STRATEGIC)],
    [
      'status: update',
      put(`${one}/status`, t.object('one', {}, status === undefined ? {} : { status })),
    ],
    ['status: absent', patch(`${t.path('absent')}/status`, { status: {} })],
    ['status: delete', remove(`${one}/status`)],
    ['unknown subresource', get(`${one}/nothing`)],
    ['POST of an object', post(one, t.object('one'))],
    ['PUT of a collection', put(t.collection, t.object('one'))],
    ['PATCH of a collection', patch(t.collection, {})],
    ['unknown method', { method: 'OPTIONS', path: one }],
    ['too long a path', get(`${one}/a/b`)],
    ...(t.definition.type.namespaced ? acrossNamespaces(t) : []),
  ];
}

function acrossNamespaces(t: Talk): Labelled[] {
  const all = t.collection.replace(`/namespaces/${NAMESPACE}`, '');
  const nowhere = t.collection.replace(NAMESPACE, 'nowhere');
  return [
    [
      'all namespaces: list',
      get(`${all}?${SELECTED}&fieldSelector=metadata.namespace%3D${NAMESPACE}&limit=1`),
    ],
    ['all namespaces: create', post(all, t.object('one'))],
    ['all namespaces: delete', remove(all)],
    ['all namespaces: get', get(`${all}/${t.name('one')}`)],
    ['absent namespace: list', get(nowhere)],
    ['absent namespace: create', post(nowhere, t.object('one'))],
    ['absent namespace: update', put(`${nowhere}/${t.name('one')}`, t.object('one'))],
  ];
}

function deletions(t: Talk): Labelled[] {
  const one = t.path('one');
  return [
    ['delete: absent', remove(t.path('absent'))],
    ['delete: dry run', remove(`${t.path('two')}?dryRun=All`)],
    ['delete: another identity', remove(one, { preconditions: { uid: 'x' } })],
    ['delete: another version', remove(one, { preconditions: { resourceVersion: '1' } })],
    ['delete: bad policy', remove(one, { propagationPolicy: 'x' })],
    ['delete: two policies', remove(one, { propagationPolicy: 'Orphan', orphanDependents: true })],
    ['delete: wrong kind', remove(one, { kind: 'Other', apiVersion: 'v1' })],
    [
      'delete: options of the kind',
      remove(`${t.path('two')}?dryRun=All`, { kind: 'DeleteOptions', apiVersion: 'v1' }),
    ],
    ['delete: wrong type', remove(one, { gracePeriodSeconds: 'x' })],
    ['delete: no JSON', { method: 'DELETE', path: one, raw: '{' }],
    ['delete: bad query', remove(`${one}?gracePeriodSeconds=x`)],
    ['delete: with finalizers', t.create('kept', { finalizers: ['a.b/c'] })],
    ['delete: waits', remove(t.path('kept'))],
    ['delete: waits still', remove(t.path('kept'))],
    [
      'delete: no new finalizers',
      patch(t.path('kept'), { metadata: { finalizers: ['a.b/c', 'a.b/d'] } }),
    ],
    ['delete: a label meanwhile', patch(t.path('kept'), { metadata: { labels: { a: 'b' } } })],
    ['delete: finalizers gone', patch(t.path('kept'), { metadata: { finalizers: null } })],
    ['delete: is gone', get(t.path('kept'))],
    ['delete', remove(one)],
    ['delete: twice', remove(one)],
    ['delete: of its version', remove(t.path('two'), { preconditions: { resourceVersion: '1' } })],
    ['delete collection: dry run', remove(`${t.collection}?${SELECTED}&limit=1&dryRun=All`)],
    ['delete collection: bad selector', remove(`${t.collection}?labelSelector=a%20b%20c`)],
    ['delete collection', remove(`${t.collection}?${SELECTED}`)],
    ['delete collection: nothing', remove(`${t.collection}?${SELECTED}`)],
  ];
}
