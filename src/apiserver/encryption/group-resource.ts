/** Resources as an `EncryptionConfiguration` names them. */

export interface GroupResource {
  /** Empty for the core group, `*` for all. */
  readonly group: string;
  /** `*` for all. */
  readonly resource: string;
}

export const ANY: GroupResource = { group: '*', resource: '*' };

/** `deployments.apps`; without a dot, or with nothing behind it, of the core group. */
export function parseGroupResource(text: string): GroupResource {
  const dot = text.indexOf('.');
  return dot < 0
    ? { group: '', resource: text }
    : { group: text.slice(dot + 1), resource: text.slice(0, dot) };
}

/** As a configuration has it, and as a key of a map. */
export function formatGroupResource({ group, resource }: GroupResource): string {
  if (group === '') return resource === '*' ? '*.' : resource;
  return `${resource}.${group}`;
}
