/** The OpenAPI documents of what is served, for kubectl: versions 3 and 2, built when first asked for. */
import { hash } from 'node:crypto';
import type { ResourceDefinition } from '../resources/index.ts';
import { groupVersionPath } from './discovery.ts';
import type { DocumentPaths } from './open-api-operation.ts';
import { groupVersionPaths } from './open-api-paths.ts';
import { rootPaths } from './open-api-roots.ts';
import { openApiV2 } from './open-api-v2.ts';
import { encodeOpenApiV2 } from './open-api-v2-protobuf.ts';
import { openApiV3 } from './open-api-v3.ts';

/** The media type in which kubectl asks for version 2. */
export const OPEN_API_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** The same as the answer names it: "@" may not stand in a media type. */
export const OPEN_API_V2_PROTOBUF_ANSWER =
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

export interface Document {
  /** JSON, but of `v2Protobuf`. */
  readonly bytes: Uint8Array;
  /** SHA-512 of the bytes, upper-case hexadecimal: the ETag without its quotes, and what `?hash=` holds. */
  readonly hash: string;
}

export interface OpenApi {
  /** `/openapi/v3`: where the documents are. */
  index(): Document;
  /** `/openapi/v3/…`, given what stands for the dots: `api/v1`, `apis/<group>/<version>`. */
  v3(path: string): Document | undefined;
  /** `/openapi/v2` as JSON. */
  v2(): Document;
  /** `/openapi/v2` as protobuf, the only form in which kubectl takes it. */
  v2Protobuf(): Document;
}

/** @param release of Kubernetes: `1.36`, as upstream calls the version of its documents */
export function openApi(definitions: readonly ResourceDefinition[], release: string): OpenApi {
  const paths = pathsOf(definitions);
  const documents = new Map(
    [...paths].map(([at, { served, of }]) => [at, json(() => openApiV3(of(), served, release))]),
  );
  const v2 = (): object =>
    openApiV2(
      [...paths.values()].map(({ of }) => of()),
      definitions,
      release,
    );
  return {
    index: json(() => index(documents)),
    v3: (path) => documents.get(path)?.(),
    v2: json(v2),
    v2Protobuf: once(() => encodeOpenApiV2(v2())),
  };
}

interface Source {
  /** The definitions that are of its group and version. */
  readonly served: readonly ResourceDefinition[];
  /** Makes them anew each time: what is kept is the documents. */
  readonly of: () => DocumentPaths;
}

/** By where the document is: `api/v1`. */
function pathsOf(definitions: readonly ResourceDefinition[]): ReadonlyMap<string, Source> {
  const groups = Map.groupBy(definitions, ({ type }) => groupVersionPath(type.group, type.version));
  const above = rootPaths(new Set(definitions.map(({ type }) => type.group)));
  return new Map<string, Source>([
    ...[...groups].map(
      ([root, served]) =>
        [root.slice(1), { served, of: () => groupVersionPaths(root, served) }] as const,
    ),
    ...[...above].map(([at, paths]) => [at, { served: [], of: () => paths }] as const),
  ]);
}

function index(documents: ReadonlyMap<string, () => Document>): object {
  const entries = [...documents]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, document]) => {
      const serverRelativeURL = `/openapi/v3/${path}?hash=${document().hash}`;
      return [path, { serverRelativeURL }] as const;
    });
  return { paths: Object.fromEntries(entries) };
}

const json = (build: () => object): (() => Document) =>
  once(() => Buffer.from(JSON.stringify(build())));

function once(build: () => Uint8Array): () => Document {
  let built: Document | undefined;
  return () => {
    if (built === undefined) {
      const bytes = build();
      built = { bytes, hash: hash('sha512', bytes, 'hex').toUpperCase() };
    }
    return built;
  };
}
