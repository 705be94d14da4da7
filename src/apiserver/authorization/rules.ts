/** What one rule of a role allows (kubernetes, pkg/apis/rbac/v1/evaluation_helpers.go). */
import type { PolicyRule } from '../../kubernetes/index.ts';
import type { RequestAttributes, ResourceRequest } from '../types.ts';

const NONE: readonly string[] = [];

/** A list of a rule; where the stored object has something else in its place, nothing. */
export const listOf = (value: unknown): readonly string[] => (isList(value) ? value : NONE);

/** Elements that are no texts equal none, so they give nothing. */
const isList = (value: unknown): value is readonly string[] => Array.isArray(value);

export function ruleAllows(rule: PolicyRule, request: RequestAttributes): boolean {
  if (!hasOrAll(rule.verbs, request.verb)) return false;
  if (request.kind === 'path') return coversPath(listOf(rule.nonResourceURLs), request.path);
  return (
    hasOrAll(rule.apiGroups, request.group) &&
    coversResource(listOf(rule.resources), request) &&
    coversName(listOf(rule.resourceNames), request.name)
  );
}

const hasOrAll = (values: readonly string[] | undefined, wanted: string): boolean => {
  const list = listOf(values);
  return list.includes(wanted) || list.includes('*');
};

/** `pods` is not `pods/log`; `*` is everything; a star before the slash is every resource that has the subresource. */
function coversResource(
  resources: readonly string[],
  { resource, subresource }: ResourceRequest,
): boolean {
  if (resources.includes('*')) return true;
  if (subresource === '') return resources.includes(resource);
  return resources.includes(`${resource}/${subresource}`) || resources.includes(`*/${subresource}`);
}

/** With names in the rule, a request without one (a list, a create) is not covered. */
const coversName = (names: readonly string[], name: string): boolean =>
  names.length === 0 || names.includes(name);

function coversPath(urls: readonly string[], path: string): boolean {
  return urls.some((url) => urlCovers(url, path));
}

/** The same, or a prefix of it that ends in `*`. */
const urlCovers = (url: string, path: string): boolean =>
  url === path || (url.endsWith('*') && path.startsWith(withoutStars(url)));

/** All stars at the end, as Go's TrimRight; a regular expression would take the square of a long run of them. */
export function withoutStars(url: string): string {
  let end = url.length;
  while (end > 0 && url[end - 1] === '*') end -= 1;
  return url.slice(0, end);
}

/** How many single rights a rule comes to: one verb on one name, or on all, or on one path. */
export function countRights(rule: PolicyRule): number {
  const verbs = listOf(rule.verbs).length;
  const names = Math.max(1, listOf(rule.resourceNames).length);
  const resources = listOf(rule.apiGroups).length * listOf(rule.resources).length * names;
  return verbs * (resources + listOf(rule.nonResourceURLs).length);
}
