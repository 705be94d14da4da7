/** Bodies of successful answers as objects. */
import { KubepkiError } from '../errors.ts';
import type {
  ApiRequest,
  KubernetesList,
  KubernetesObject,
  ResourceType,
} from '../kubernetes/index.ts';
import { utf8 } from './body.ts';
import { isRecord, parseJson } from './json.ts';
import { describe } from './refusal.ts';

/**
 * The object that an answer holds.
 *
 * @throws KubepkiError UNREACHABLE where it holds something else
 */
export function objectIn<T extends KubernetesObject>(
  body: Uint8Array,
  request: ApiRequest,
  type: ResourceType<T>,
): T {
  const value = read(body, request);
  if (!isObject(value, type)) throw unexpected(request, `a ${type.kind}`);
  return value;
}

/** As `objectIn`, of a list. */
export function listIn<T extends KubernetesObject>(
  body: Uint8Array,
  request: ApiRequest,
  type: ResourceType<T>,
): KubernetesList<T> {
  const value = read(body, request);
  if (isList<T>(value)) {
    const items: unknown = value.items ?? [];
    if (Array.isArray(items) && items.every((item) => isObject(item, type))) {
      return { ...value, items };
    }
  }
  throw unexpected(request, `a list of ${type.resource}`);
}

/** Checked as far as every kind has it: that the rest is as the type says is the server's word. */
const isObject = <T extends KubernetesObject>(value: unknown, _type: ResourceType<T>): value is T =>
  isRecord(value) && isRecord(value['metadata']);

/** Go writes a list of nothing as `null`. */
const isList = <T extends KubernetesObject>(
  value: unknown,
): value is Omit<KubernetesList<T>, 'items'> & { readonly items?: unknown } =>
  isRecord(value) && isRecord(value['metadata']);

function read(body: Uint8Array, request: ApiRequest): unknown {
  try {
    return parseJson(utf8(body));
  } catch (cause) {
    throw unexpected(request, 'JSON', cause);
  }
}

const unexpected = (request: ApiRequest, expected: string, cause?: unknown): KubepkiError =>
  new KubepkiError(
    'UNREACHABLE',
    `${describe(request)}: expected ${expected} in the answer, got something else`,
    { hint: 'is this a Kubernetes API server?', cause },
  );
