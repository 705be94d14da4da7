/** Which object is meant: by its uid, and by where an owner reference says that it is. */
import type { OwnerReference } from '../../kubernetes/index.ts';

export interface Identity {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for what belongs to the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** What an owner reference means, seen from an object in a namespace. */
export const meantBy = (
  { apiVersion, kind, name, uid }: OwnerReference,
  namespace: string,
): Identity => ({ apiVersion, kind, namespace, name, uid });

/** Whether a reference means this very object, the namespace apart. */
export const means = (reference: OwnerReference, identity: Identity): boolean =>
  reference.uid === identity.uid &&
  reference.name === identity.name &&
  reference.kind === identity.kind &&
  reference.apiVersion === identity.apiVersion;

export const sameIdentity = (a: Identity, b: Identity): boolean =>
  a.namespace === b.namespace && means(a, b);

/** No part can hold a line feed, but where somebody means harm: then two objects are taken for one, and looked up. */
export const keyOfIdentity = ({ apiVersion, kind, namespace, name, uid }: Identity): string =>
  `${apiVersion}\n${kind}\n${namespace}\n${name}\n${uid}`;

/** The order in which other places of an owner are tried: kinds before namespaces, namespaces before names. */
export const isBefore = (a: Identity, b: Identity): boolean => {
  for (const part of ['kind', 'apiVersion', 'namespace', 'name', 'uid'] as const) {
    if (a[part] !== b[part]) return a[part] < b[part];
  }
  return false;
};

/** As it stands in the message of an event: `[v1/ConfigMap, namespace: n, name: a, uid: 1]`. */
export const shown = ({ apiVersion, kind, namespace, name, uid }: Identity): string =>
  `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
