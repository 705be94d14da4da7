/** What a leaf certificate says it is: first by what components recognise it by, then by its names, last by its file's name. */
import type { AuthorityId, CredentialId } from '../../cluster/index.ts';
import { type Certificate, commonName, organizations } from '../../x509/index.ts';
import { hasWord, isServiceName } from './names.ts';

/** How sure a reading is: a lower number is surer. */
export const SURE = { identity: 0, names: 1, fileName: 2 } as const;
export type Sureness = (typeof SURE)[keyof typeof SURE];

export interface Identity {
  readonly id: CredentialId;
  /** The node that it is of. */
  readonly node?: string;
  readonly sure: Sureness;
  readonly why: string;
}

export interface Purposes {
  readonly server: boolean;
  readonly client: boolean;
}

/** What tells of a leaf: of a certificate, or of a request for one. */
export type Telling = Pick<Certificate, 'subject' | 'extendedKeyUsage' | 'subjectAltNames'>;

/** What the extended key usages allow; without them everything. */
export function purposesOf({ extendedKeyUsage: usages }: Telling): Purposes {
  const allows = (usage: string): boolean =>
    usages === undefined || usages.includes('any') || usages.includes(usage);
  return { server: allows('serverAuth'), client: allows('clientAuth') };
}

/** @param issuedBy the authority that issued it, where that is known */
export function identityOf(
  certificate: Telling,
  path: string,
  issuedBy?: AuthorityId,
): Identity | undefined {
  const leaf: Leaf = {
    name: commonName(certificate.subject) ?? '',
    groups: organizations(certificate.subject),
    dns: certificate.subjectAltNames?.dns ?? [],
    path,
    may: purposesOf(certificate),
    issuedBy,
  };
  return (
    node(leaf) ??
    component(leaf) ??
    ofAuthority(leaf) ??
    apiserver(leaf) ??
    etcd(leaf) ??
    frontProxy(leaf) ??
    kubeletClient(leaf) ??
    administrator(leaf) ??
    byFileName(leaf)
  );
}

interface Leaf {
  readonly name: string;
  readonly groups: readonly string[];
  readonly dns: readonly string[];
  readonly path: string;
  readonly may: Purposes;
  readonly issuedBy: AuthorityId | undefined;
}

const NODE = 'system:node:';

function node({ name, may }: Leaf): Identity | undefined {
  if (!name.startsWith(NODE)) return undefined;
  const host = name.slice(NODE.length);
  const id = may.client ? 'kubelet-client' : 'kubelet-server';
  return { id, node: host, sure: SURE.identity, why: `CN=${name}` };
}

const COMPONENTS: Readonly<Record<string, CredentialId>> = {
  'system:kube-controller-manager': 'controller-manager',
  'system:kube-scheduler': 'scheduler',
  'system:kube-proxy': 'kube-proxy',
};

function component({ name, may }: Leaf): Identity | undefined {
  const id = Object.hasOwn(COMPONENTS, name) ? COMPONENTS[name] : undefined;
  return id === undefined || !may.client
    ? undefined
    : { id, sure: SURE.identity, why: `CN=${name}` };
}

/** What only one kind of authority issues needs no further look. */
function ofAuthority(leaf: Leaf): Identity | undefined {
  const { issuedBy } = leaf;
  if (issuedBy === 'front-proxy-ca') {
    return { id: 'front-proxy-client', sure: SURE.identity, why: 'issued by front-proxy-ca' };
  }
  if (issuedBy === 'etcd-peer-ca') {
    return { id: 'etcd-peer', sure: SURE.identity, why: 'issued by etcd-peer-ca' };
  }
  return issuedBy === 'etcd-ca' ? etcdKind(leaf, SURE.identity, 'issued by etcd-ca') : undefined;
}

function apiserver({ dns, may }: Leaf): Identity | undefined {
  const covered =
    dns.find((name) => name.startsWith('kubernetes.default.svc')) ?? dns.find(isServiceName);
  return covered === undefined || !may.server
    ? undefined
    : { id: 'apiserver', sure: SURE.identity, why: `covers ${covered}` };
}

function etcd(leaf: Leaf): Identity | undefined {
  const named = hasWord(leaf.path, 'etcd') || hasWord(leaf.name, 'etcd');
  return named ? etcdKind(leaf, SURE.names, 'its name') : undefined;
}

function etcdKind({ name, path, may }: Leaf, sure: Sureness, why: string): Identity {
  const has = (...words: string[]): boolean => hasWord(path, ...words) || hasWord(name, ...words);
  const of = (id: CredentialId, by = why): Identity => ({ id, sure, why: by });
  if (has('healthcheck', 'health', 'healthcheck-client')) return of('etcd-healthcheck-client');
  const asClient = may.client && has('client', 'apiserver', 'kube-apiserver', 'api');
  if (asClient || !may.server) {
    return of(
      'apiserver-etcd-client',
      has('apiserver', 'kube-apiserver') ? why : `${why}, for clients`,
    );
  }
  return has('peer') ? of('etcd-peer') : of('etcd-server', `${why}, for servers`);
}

function frontProxy({ name, path, may }: Leaf): Identity | undefined {
  const words = [
    'front-proxy',
    'frontproxy',
    'proxy-client',
    'requestheader',
    'aggregator',
    'auth-proxy',
  ];
  const named = hasWord(path, ...words) || hasWord(name, ...words);
  return named && may.client
    ? { id: 'front-proxy-client', sure: SURE.names, why: 'its name' }
    : undefined;
}

function kubeletClient({ name, path, may, dns }: Leaf): Identity | undefined {
  const words = ['kubelet-client', 'apiserver-kubelet', 'kubelet-api'];
  const named = hasWord(path, ...words) || hasWord(name, ...words);
  // k3s and guides give kube-apiserver as the name of its client certificate too.
  const isApiserver = /^(?:system:|)(?:kube-)?apiserver$/.test(name) && !may.server;
  if (!may.client || dns.length > 0 || !(named || isApiserver)) return undefined;
  return {
    id: 'apiserver-kubelet-client',
    sure: SURE.names,
    why: named ? 'its name' : `CN=${name}`,
  };
}

const MASTERS = 'system:masters';

function administrator({ name, groups, path, may }: Leaf): Identity | undefined {
  if (!may.client) return undefined;
  const isSuper = name === 'kubernetes-super-admin' || hasWord(path, 'super-admin');
  if (isSuper) return { id: 'super-admin', sure: SURE.identity, why: `CN=${name}` };
  if (groups.includes('kubeadm:cluster-admins') || name === 'kubernetes-admin') {
    return { id: 'admin', sure: SURE.identity, why: `CN=${name}` };
  }
  if (groups.includes(MASTERS)) return { id: 'admin', sure: SURE.names, why: `O=${MASTERS}` };
  return /^(?:system:|cluster-|kube-|)admin(?:istrator)?$/.test(name)
    ? { id: 'admin', sure: SURE.names, why: `CN=${name}` }
    : undefined;
}

/** Last: whoever gave a file its name may have meant it for this, and nothing in it says so. */
const FILE_NAMES: readonly {
  readonly id: CredentialId;
  readonly words: readonly string[];
  readonly as: keyof Purposes;
}[] = [
  {
    id: 'apiserver',
    words: ['apiserver', 'kube-apiserver', 'kube-api-server', 'api-server'],
    as: 'server',
  },
  { id: 'kubelet-server', words: ['kubelet', 'kubelet-server'], as: 'server' },
  { id: 'controller-manager', words: ['controller-manager'], as: 'client' },
  { id: 'scheduler', words: ['scheduler'], as: 'client' },
  { id: 'kube-proxy', words: ['kube-proxy', 'kubeproxy'], as: 'client' },
  { id: 'admin', words: ['admin', 'kubectl'], as: 'client' },
];

function byFileName({ path, may }: Leaf): Identity | undefined {
  const match = FILE_NAMES.find(({ words, as }) => may[as] && hasWord(path, ...words));
  return match && { id: match.id, sure: SURE.fileName, why: "its file's name only" };
}
