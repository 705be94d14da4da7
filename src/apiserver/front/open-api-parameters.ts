/** The parameters that requests may have (apimachinery, meta/v1/types.go: ListOptions and the like). */

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
}

const query = (name: string, type: Parameter['type'], description: string): Parameter => ({
  name,
  in: 'query',
  type,
  description,
});

export const PRETTY = query('pretty', 'string', 'true: the JSON is indented.');

export const NAMESPACE: Parameter = {
  name: 'namespace',
  in: 'path',
  type: 'string',
  description: 'The namespace of the objects.',
};

export const nameOf = (kind: string): Parameter => ({
  name: 'name',
  in: 'path',
  type: 'string',
  description: `name of the ${kind}`,
});

const DRY_RUN = query('dryRun', 'string', 'All: everything is checked and nothing stored.');

/** Of POST, PUT and PATCH. kubectl reads of PATCH whether the server checks fields. */
export const WRITE: readonly Parameter[] = [
  DRY_RUN,
  query('fieldManager', 'string', 'Who makes the change, in up to 128 printable characters.'),
  query(
    'fieldValidation',
    'string',
    'What becomes of fields that are unknown or there twice. Ignore: they are dropped. Warn (the default): they are dropped, and a Warning header says so. Strict: the request is refused.',
  ),
];

/** Of PATCH. */
export const PATCHING: readonly Parameter[] = [
  ...WRITE,
  query(
    'force',
    'boolean',
    'Of server-side apply: fields that others hold are taken from them. Not for other patches.',
  ),
];

const SELECTORS: readonly Parameter[] = [
  query('fieldSelector', 'string', 'Only objects with these fields.'),
  query('labelSelector', 'string', 'Only objects with these labels.'),
];

const AT: readonly Parameter[] = [
  query(
    'resourceVersion',
    'string',
    'The version that the answer must not be older than, or be of.',
  ),
  query('resourceVersionMatch', 'string', 'How `resourceVersion` is meant: Exact or NotOlderThan.'),
  query(
    'sendInitialEvents',
    'boolean',
    'With watch=true: what is there comes first, and then a bookmark with the annotation k8s.io/initial-events-end.',
  ),
];

const SHARD = query(
  'shardSelector',
  'string',
  'Only a part of the objects. Of a feature of upstream that is switched off.',
);
const TIMEOUT = query('timeoutSeconds', 'integer', 'After how many seconds the request ends.');
const LIMIT = query(
  'limit',
  'integer',
  'The most items of one answer; the next part is had with `continue`.',
);
const CONTINUE = query('continue', 'string', 'What the last part has told to ask for the next.');

export const LIST: readonly Parameter[] = [
  query('allowWatchBookmarks', 'boolean', 'With watch=true: bookmarks may come, too.'),
  CONTINUE,
  ...SELECTORS,
  LIMIT,
  ...AT,
  SHARD,
  TIMEOUT,
  query('watch', 'boolean', 'true: what changes, as a stream of events, and not a list.'),
];

export const DELETE: readonly Parameter[] = [
  DRY_RUN,
  query(
    'gracePeriodSeconds',
    'integer',
    'How many seconds the object is given to end by itself; 0 for none.',
  ),
  query(
    'ignoreStoreReadErrorWithClusterBreakingPotential',
    'boolean',
    'Deletes also what cannot be read from the storage. Of a feature of upstream that is switched off.',
  ),
  query('orphanDependents', 'boolean', 'Replaced by `propagationPolicy`.'),
  query(
    'propagationPolicy',
    'string',
    'What becomes of those that depend on it: Orphan, Background or Foreground.',
  ),
];

/** In the order of their names, as everywhere. */
export const DELETE_COLLECTION: readonly Parameter[] = [
  CONTINUE,
  ...DELETE,
  ...SELECTORS,
  LIMIT,
  ...AT,
  SHARD,
  TIMEOUT,
].sort((a, b) => (a.name < b.name ? -1 : 1));
