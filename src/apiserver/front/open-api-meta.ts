/** What requests and answers carry beside the objects, and the schemas that no table of types has. */
import type { OpenApiSchema } from '../resources/index.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Names of schemas that operations speak of. */
export const STATUS = `${META}.Status`;
export const DELETE_OPTIONS = `${META}.DeleteOptions`;
export const PATCH = `${META}.Patch`;
export const WATCH_EVENT = `${META}.WatchEvent`;
export const API_RESOURCE_LIST = `${META}.APIResourceList`;
export const API_GROUP = `${META}.APIGroup`;
export const API_GROUP_LIST = `${META}.APIGroupList`;
export const API_VERSIONS = `${META}.APIVersions`;
export const VERSION_INFO = 'io.k8s.apimachinery.pkg.version.Info';

const STRING = { type: 'string' };
const REQUIRED = { type: 'string', default: '' };

/** By name. */
export const OTHER_SCHEMAS: ReadonlyMap<string, OpenApiSchema> = new Map<string, OpenApiSchema>([
  [PATCH, { type: 'object' }],
  [
    VERSION_INFO,
    {
      type: 'object',
      required: [
        'major',
        'minor',
        'gitVersion',
        'gitCommit',
        'gitTreeState',
        'buildDate',
        'goVersion',
        'compiler',
        'platform',
      ],
      properties: {
        major: REQUIRED,
        minor: REQUIRED,
        emulationMajor: STRING,
        emulationMinor: STRING,
        minCompatibilityMajor: STRING,
        minCompatibilityMinor: STRING,
        gitVersion: REQUIRED,
        gitCommit: REQUIRED,
        gitTreeState: REQUIRED,
        buildDate: REQUIRED,
        goVersion: REQUIRED,
        compiler: REQUIRED,
        platform: REQUIRED,
      },
    },
  ],
]);

/** Kinds that exist in each group (upstream: apimachinery, meta/v1/register.go). */
export const KINDS_OF_ALL: ReadonlySet<string> = new Set([DELETE_OPTIONS, WATCH_EVENT]);

/** Kinds that exist in the core group, whichever the document is. */
export const KINDS_OF_CORE: ReadonlySet<string> = new Set([
  STATUS,
  API_RESOURCE_LIST,
  API_GROUP,
  API_GROUP_LIST,
  API_VERSIONS,
  // Sets of pods hold claims.
  'io.k8s.api.core.v1.PersistentVolumeClaim',
]);
