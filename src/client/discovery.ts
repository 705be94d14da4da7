/**
 * Which resources a server has: all in two requests where it knows the aggregated form (k8s.io/api,
 * apidiscovery/v2), else one request for each group and version (client-go, discovery/discovery_client.go).
 */
import { KubepkiError } from '../errors.ts';
import { apiVersionOf, type ResourceType, refusedFor } from '../kubernetes/index.ts';
import { utf8 } from './body.ts';
import { isRecord, parseJson, textOf } from './json.ts';
import { refusalOf } from './refusal.ts';
import type { CallOptions, KubernetesClient } from './types.ts';

export interface DiscoveredResource extends ResourceType {
  readonly verbs: readonly string[];
  /** Of several versions of this resource the one that the server prefers. */
  readonly preferred: boolean;
}

export interface Discovery {
  /** Without subresources. */
  readonly resources: readonly DiscoveredResource[];
  /** Why nothing is known of a group's version, by `group/version`. */
  readonly failures: ReadonlyMap<string, string>;
}

type Found = Omit<DiscoveredResource, 'preferred'>;
type JsonObject = Readonly<Record<string, unknown>>;

const ACCEPT =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;q=0.9';

/**
 * @throws StatusError where the server refuses, KubepkiError UNREACHABLE where it does not answer or answers
 *   something else; for a single group or version that is a failure in the answer
 */
export async function discover(
  client: KubernetesClient,
  options: CallOptions = {},
): Promise<Discovery> {
  const failures = new Map<string, string>();
  const found: Found[] = [];
  for (const path of ['/api', '/apis']) {
    const document = await read(client, path, options);
    if (document['kind'] === 'APIGroupDiscoveryList') {
      found.push(...aggregated(document, failures));
      continue;
    }
    for (const version of versionsIn(document)) {
      try {
        found.push(...listed(await read(client, pathOf(version), options), version));
      } catch (error) {
        options.signal?.throwIfAborted();
        failures.set(apiVersionOf(version), error instanceof Error ? error.message : 'no answer');
      }
    }
  }
  return { resources: withPreferred(found), failures };
}

/**
 * Which resources a server has of one version of a group: none where it does not have that.
 *
 * @throws as `discover`
 */
export async function discoverVersion(
  client: KubernetesClient,
  version: GroupVersion,
  options: CallOptions = {},
): Promise<readonly ResourceType[]> {
  try {
    return listed(await read(client, pathOf(version), options), version);
  } catch (error) {
    if (refusedFor(error, 'NotFound')) return [];
    throw error;
  }
}

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

const pathOf = ({ group, version }: GroupVersion): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`;

async function read(
  client: KubernetesClient,
  path: string,
  { signal }: CallOptions,
): Promise<JsonObject> {
  const request = {
    method: 'GET',
    url: path,
    headers: { accept: ACCEPT },
    ...(signal === undefined ? {} : { signal }),
  };
  const { status, body } = await client.raw(request);
  if (status !== 200) throw refusalOf(request, { status, headers: {} }, body);
  const value = parsed(body);
  if (isRecord(value)) return value;
  throw new KubepkiError(
    'UNREACHABLE',
    `GET ${path}: expected what the server has, got something else`,
  );
}

function parsed(body: Uint8Array): unknown {
  try {
    return parseJson(utf8(body));
  } catch {
    return undefined;
  }
}

/** Of a list in JSON, what are objects. */
const records = (value: unknown): JsonObject[] =>
  Array.isArray(value) ? value.filter(isRecord) : [];

const text = (object: JsonObject, field: string): string => textOf(object[field]) ?? '';

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

function aggregated(document: JsonObject, failures: Map<string, string>): Found[] {
  const found: Found[] = [];
  for (const { metadata, versions } of records(document['items'])) {
    const group = isRecord(metadata) ? text(metadata, 'name') : '';
    for (const one of records(versions)) {
      const of = { group, version: text(one, 'version') };
      if (one['freshness'] === 'Stale') {
        failures.set(apiVersionOf(of), `stale GroupVersion discovery: ${apiVersionOf(of)}`);
        continue;
      }
      for (const resource of records(one['resources'])) {
        const kind = isRecord(resource['responseKind'])
          ? text(resource['responseKind'], 'kind')
          : '';
        found.push({
          ...of,
          resource: text(resource, 'resource'),
          kind,
          namespaced: resource['scope'] === 'Namespaced',
          verbs: texts(resource['verbs']),
        });
      }
    }
  }
  return found;
}

/** Of `/api` or `/apis`, in the order of preference. */
function versionsIn(document: JsonObject): GroupVersion[] {
  const core = texts(document['versions']).map((version) => ({ group: '', version }));
  const others = records(document['groups']).flatMap((group) => {
    const name = text(group, 'name');
    const preferred = isRecord(group['preferredVersion'])
      ? text(group['preferredVersion'], 'version')
      : '';
    const versions = records(group['versions']).map((one) => text(one, 'version'));
    return [...new Set([preferred, ...versions])]
      .filter((version) => version !== '')
      .map((version) => ({ group: name, version }));
  });
  return [...core, ...others];
}

const listed = (document: JsonObject, of: GroupVersion): Found[] =>
  records(document['resources'])
    .filter((one) => !text(one, 'name').includes('/'))
    .map((one) => ({
      ...of,
      resource: text(one, 'name'),
      kind: text(one, 'kind'),
      namespaced: one['namespaced'] === true,
      verbs: texts(one['verbs']),
    }));

/** Versions come in the order of preference: the first that has a resource is preferred for it. */
function withPreferred(found: readonly Found[]): DiscoveredResource[] {
  const seen = new Set<string>();
  return found.map((one) => {
    const key = `${one.group}/${one.resource}`;
    const preferred = !seen.has(key);
    seen.add(key);
    return { ...one, preferred };
  });
}
