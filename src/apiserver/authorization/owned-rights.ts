/** What somebody's rules allow, arranged so that one right is looked up without going through the rules. */
import type { PolicyRule } from '../../kubernetes/index.ts';
import { countRights, listOf, withoutStars } from './rules.ts';

type Names = Set<string> | 'all';

export class OwnedRights {
  /** Whether every rule is in here. */
  readonly complete: boolean;
  /** By verb, group, resource. */
  readonly #names = new Map<string, Map<string, Map<string, Names>>>();
  /** By verb. */
  readonly #paths = new Map<string, Paths>();

  /** @param most rights, one verb on one name each: a rule with which there would be more is left out */
  constructor(rules: readonly PolicyRule[], most: number) {
    let rights = 0;
    let complete = true;
    for (const rule of rules) {
      const count = countRights(rule);
      if (count === 0) continue;
      if (rights + count > most) {
        complete = false;
        continue;
      }
      rights += count;
      this.#add(rule);
    }
    this.complete = complete;
  }

  /** The names for which a verb is allowed on a resource: all, or those in any of the sets. */
  namesOf(verb: string, group: string, resource: string): 'all' | readonly ReadonlySet<string>[] {
    const sets: ReadonlySet<string>[] = [];
    const resources = coveringResources(resource);
    for (const byGroup of either(this.#names, verb)) {
      for (const byResource of either(byGroup, group)) {
        for (const one of resources) {
          const names = byResource.get(one);
          if (names === 'all') return 'all';
          if (names !== undefined) sets.push(names);
        }
      }
    }
    return sets;
  }

  hasPath(verb: string, url: string): boolean {
    for (const paths of either(this.#paths, verb)) if (paths.cover(url)) return true;
    return false;
  }

  #add(rule: PolicyRule): void {
    const names = listOf(rule.resourceNames);
    for (const verb of listOf(rule.verbs)) {
      const byGroup = entry(this.#names, verb, () => new Map<string, Map<string, Names>>());
      for (const group of listOf(rule.apiGroups)) {
        const byResource = entry(byGroup, group, () => new Map<string, Names>());
        for (const resource of listOf(rule.resources)) {
          if (names.length === 0) {
            byResource.set(resource, 'all');
            continue;
          }
          const held = entry<string, Names>(byResource, resource, () => new Set());
          if (held !== 'all') for (const name of names) held.add(name);
        }
      }
      // Upstream: an owner's rule with resource names covers no path.
      if (names.length > 0) continue;
      const paths = entry(this.#paths, verb, () => new Paths());
      for (const url of listOf(rule.nonResourceURLs)) paths.add(url);
    }
  }
}

/** Paths, and beginnings of paths. */
class Paths {
  readonly #exact = new Set<string>();
  readonly #prefixes = new Set<string>();
  #sorted: readonly string[] | undefined;

  add(url: string): void {
    this.#exact.add(url);
    if (!url.endsWith('*')) return;
    this.#prefixes.add(withoutStars(url));
    this.#sorted = undefined;
  }

  cover(url: string): boolean {
    if (this.#exact.has(url)) return true;
    this.#sorted ??= shortest(this.#prefixes);
    const before = lastUpTo(this.#sorted, url);
    return before !== undefined && url.startsWith(before);
  }
}

/**
 * Sorted, without those that begin with another one. Of such a list only the last that is not behind a
 * text can be its beginning: whatever stands between a beginning and the text begins with it, too.
 */
function shortest(prefixes: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  // By code units, as `<` compares.
  for (const prefix of [...prefixes].sort()) {
    const last = kept.at(-1);
    if (last === undefined || !prefix.startsWith(last)) kept.push(prefix);
  }
  return kept;
}

function lastUpTo(sorted: readonly string[], text: string): string | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') <= text) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1];
}

/** Of `pods/log`: itself, everything, and the subresource of everything. */
function coveringResources(resource: string): readonly string[] {
  const slash = resource.indexOf('/');
  return slash < 0 ? [resource, '*'] : [resource, '*', `*${resource.slice(slash)}`];
}

/** What stands there for the key and for all of them. */
function either<V>(map: ReadonlyMap<string, V>, key: string): readonly V[] {
  const values: V[] = [];
  for (const one of key === '*' ? [key] : [key, '*']) {
    const value = map.get(one);
    if (value !== undefined) values.push(value);
  }
  return values;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
