/**
 * Bindings by the subjects that they name, so that a request looks at those of its user only and not at
 * thousands. Made when first asked, and anew when an RBAC object has changed.
 */
import type { RoleBinding, Subject, UserInfo } from '../../kubernetes/index.ts';
import type { RbacSource } from '../registry/index.ts';

export type BindingKind = 'ClusterRoleBinding' | 'RoleBinding';

export interface Bound {
  readonly kind: BindingKind;
  readonly binding: RoleBinding;
  /** Its place among all of the same namespace. */
  readonly position: number;
}

type Index = ReadonlyMap<string, readonly Bound[]>;

const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:';

export class BindingIndex {
  readonly #source: RbacSource;
  /** By namespace; the empty one for those of the cluster. */
  readonly #indexes = new Map<string, Index>();
  #version: number | undefined;

  constructor(source: RbacSource) {
    this.#source = source;
  }

  /** The bindings of a namespace (empty: of the cluster) that apply to a user, each once, in their order. */
  boundTo(user: UserInfo, namespace: string): readonly Bound[] {
    const index = this.#indexOf(namespace);
    const found = new Set<Bound>();
    collect(found, index.get(userKey(user.name)));
    for (const group of user.groups) collect(found, index.get(groupKey(group)));
    return found.size < 2
      ? [...found]
      : [...found].sort((one, other) => one.position - other.position);
  }

  #indexOf(namespace: string): Index {
    const { version } = this.#source;
    if (version !== this.#version) {
      this.#version = version;
      this.#indexes.clear();
    }
    let index = this.#indexes.get(namespace);
    if (index === undefined) {
      index = this.#build(namespace);
      // A namespace without bindings takes no memory: its name may be a stranger's invention.
      if (index.size > 0 || namespace === '') this.#indexes.set(namespace, index);
    }
    return index;
  }

  #build(namespace: string): Index {
    const index = new Map<string, Bound[]>();
    const kind = namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding';
    const bindings =
      namespace === '' ? this.#source.clusterRoleBindings() : this.#source.roleBindings(namespace);
    let position = 0;
    for (const binding of bindings) {
      const bound: Bound = { kind, binding, position: position++ };
      for (const subject of subjectsOf(binding)) {
        const key = subjectKey(subject, namespace);
        if (key === undefined) continue;
        const list = index.get(key);
        if (list === undefined) index.set(key, [bound]);
        else list.push(bound);
      }
    }
    return index;
  }
}

function collect(found: Set<Bound>, bounds: readonly Bound[] | undefined): void {
  if (bounds !== undefined) for (const bound of bounds) found.add(bound);
}

export const subjectsOf = ({ subjects }: RoleBinding): readonly Subject[] =>
  Array.isArray(subjects) ? subjects : [];

const userKey = (name: string): string => `u${name}`;
const groupKey = (name: string): string => `g${name}`;

/** Whom a subject names; a service account is the user that its tokens stand for. Undefined: nobody. */
function subjectKey(
  { kind, name, namespace }: Subject,
  bindingNamespace: string,
): string | undefined {
  switch (kind) {
    case 'User':
      return userKey(name);
    case 'Group':
      return groupKey(name);
    case 'ServiceAccount': {
      const own = namespace === undefined || namespace === '' ? bindingNamespace : namespace;
      return own === '' ? undefined : userKey(`${SERVICE_ACCOUNT_PREFIX}${own}:${name}`);
    }
    default:
      return undefined;
  }
}

/** The first subject of a binding that names the user: the one that reasons tell. */
export function subjectFor({ binding }: Bound, user: UserInfo): Subject | undefined {
  const namespace = binding.metadata.namespace ?? '';
  return subjectsOf(binding).find((subject) => {
    const key = subjectKey(subject, namespace);
    if (key === undefined) return false;
    return key === userKey(user.name) || user.groups.some((group) => key === groupKey(group));
  });
}
