/** Checks `spec.credentials`: what a cluster file may change about one credential. */
import { CATALOGUE, CREDENTIAL_IDS, type CredentialId } from './catalogue.ts';
import { HOST } from './custom.ts';
import type { Problem } from './read.ts';
import type { ClusterDocument } from './schema.ts';
import type { Cluster, CredentialOverride } from './types.ts';

type Report = (path: Problem['path'], message: string) => void;
type Given = NonNullable<ClusterDocument['spec']['credentials'][CredentialId]>;

/** @param checkNames turns extra names into their canonical form, or reports them */
export function checkCredentials(
  credentials: ClusterDocument['spec']['credentials'],
  checkNames: (names: readonly string[], path: Problem['path']) => string[],
  report: Report,
): Cluster['credentials'] {
  const result: Partial<Record<CredentialId, CredentialOverride>> = {};
  for (const id of CREDENTIAL_IDS) {
    const given = credentials[id];
    if (given === undefined) continue;
    const path = ['spec', 'credentials', id];
    for (const [key, why] of refusals(id, given)) report([...path, key], why);
    const { validity, keyAlgorithm, organizations, commonName, extraSANs } = given;
    result[id] = {
      ...(validity === undefined ? {} : { validity }),
      ...(keyAlgorithm === undefined ? {} : { keyAlgorithm }),
      ...(organizations === undefined ? {} : { organizations }),
      ...(commonName === undefined ? {} : { commonName }),
      ...(extraSANs === undefined
        ? {}
        : { extraSANs: checkNames(extraSANs, [...path, 'extraSANs']) }),
    };
  }
  return result;
}

/** What is given and cannot be, each with the reason. */
function refusals(id: CredentialId, given: Given): [key: keyof Given, why: string][] {
  const { kind, subject } = CATALOGUE[id];
  const serves = kind === 'server' || kind === 'peer';
  const found: [keyof Given, string][] = [];
  const refuse = (key: keyof Given, why: string): void => {
    if (given[key] !== undefined) found.push([key, why]);
  };
  if (kind === 'key-pair') refuse('validity', 'a key pair has no dates');
  if (!serves) refuse('extraSANs', 'only certificates of servers hold names');
  if (subject.fixed === 'node') {
    refuse('organizations', 'the node authorizer accepts system:nodes and nothing else');
  } else if (kind !== 'client' && !serves) {
    refuse('organizations', 'only certificates of clients and servers hold organizations');
  }
  const why = commonNameProblem(id, given.commonName ?? '');
  if (why !== undefined) refuse('commonName', why);
  return found;
}

/** Why a credential cannot have this common name, if it cannot. */
function commonNameProblem(id: CredentialId, name: string): string | undefined {
  const { kind, subject, holder } = CATALOGUE[id];
  if (kind === 'key-pair') return 'a key pair has no name';
  if (subject.fixed === 'node') return 'the node authorizer knows a node by it';
  if (subject.fixed === 'common-name') return `upstream's rules are for ${subject.commonName}`;
  if (/\p{Cc}/u.test(name)) return 'a control character';
  const isHosts = holder !== 'authority' && holder !== 'administrator';
  if (name.includes(HOST) && !isHosts) return `${HOST}: no host holds ${id}`;
  return undefined;
}
