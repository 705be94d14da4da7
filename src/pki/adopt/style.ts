/** How a directory names its files: so that what is missing gets a name that fits in. */
import { posix } from 'node:path';
import { CATALOGUE, type CredentialId, type CustomFile } from '../../cluster/index.ts';
import { type Assigned, pathsOf } from './assigned.ts';
import { isOfEtcd } from './file-names.ts';
import { UNNAMED } from './held-files.ts';
import { nameOf, stemOf } from './names.ts';

const NAME = '{name}';

export interface Style {
  /** The files of a credential that is not there, under a name of their own where one is known. */
  fileFor(id: CredentialId, name?: string): CustomFile;
  /** The key that belongs beside a certificate which has none here. */
  keyBeside(certificate: string): string;
  /** The certificate that belongs beside a key which has none here. */
  certificateBeside(id: CredentialId, key: string): string;
}

interface PairTemplate {
  readonly certificate: string;
  readonly key: string;
}

/** @param isEasyRsa its CA lies at the top and what it issues in `issued/`, before anything is there too */
export function styleOf(assigned: readonly Assigned[], isEasyRsa: boolean): Style {
  return new Naming(assigned, isEasyRsa);
}

class Naming implements Style {
  readonly #assigned: readonly Assigned[];
  /** For CAs and for leaves: of etcd's own machines, and of all others. */
  readonly #etcd: Templates;
  readonly #others: Templates;
  /** Every way of naming a pair that is there, the most frequent first. */
  readonly #all: readonly PairTemplate[];
  readonly #kubeconfig: string;
  readonly #hasPrefix: boolean;
  readonly #hasEtcdPrefix: boolean;
  readonly #clientsArePairs: boolean;
  readonly #perHost: ReadonlySet<CredentialId>;

  constructor(assigned: readonly Assigned[], isEasyRsa: boolean) {
    this.#assigned = assigned;
    const of = (test: (one: Assigned) => boolean): PairTemplate | undefined =>
      templatesOf(assigned.filter(test))[0] ?? withoutKeys(assigned.filter(test), isEasyRsa);
    const isCa = ({ id }: Assigned): boolean => CATALOGUE[id].kind === 'ca';
    const isEtcd = ({ id }: Assigned): boolean => isOfEtcd(id);
    const others = completed(
      of((one) => !isEtcd(one) && isCa(one)),
      of((one) => !isEtcd(one) && !isCa(one)),
      isEasyRsa,
    );
    const etcd = completed(
      of((one) => isEtcd(one) && isCa(one)),
      of((one) => isEtcd(one) && !isCa(one)),
      isEasyRsa,
    );
    const plain = { certificate: `${NAME}.crt`, key: `${NAME}.key` };
    const top = { authority: plain, leaf: isEasyRsa ? issuedBeside(plain) : plain };
    this.#others = others ?? (etcd === undefined ? top : aboveEtcd(etcd));
    this.#etcd = etcd ?? this.#others;
    const { authority, leaf } = this.#others;
    this.#all = [...templatesOf(assigned), leaf, authority, this.#etcd.leaf, this.#etcd.authority];
    this.#kubeconfig =
      kubeconfigTemplate(assigned) ?? `${directoryOf(authority.certificate)}${NAME}.kubeconfig`;
    this.#hasPrefix = this.#hasFile(/^kube-(?:controller-manager|scheduler|api-?server)/);
    this.#hasEtcdPrefix =
      posix.basename(posix.dirname(this.#etcd.leaf.certificate)) !== 'etcd' ||
      this.#hasFile(/^etcd/);
    this.#clientsArePairs = clientsArePairs(assigned);
    this.#perHost = new Set(assigned.flatMap(({ id, host }) => (host === undefined ? [] : [id])));
  }

  fileFor(id: CredentialId, name = this.#nameFor(id)): CustomFile {
    const { kind, stored } = CATALOGUE[id];
    const fill = (template: string): string => template.replaceAll(NAME, name);
    if (kind === 'key-pair') {
      return keyPair(fill(this.#others.leaf.key), fill(this.#others.authority.certificate));
    }
    if (stored === 'kubeconfig' && !this.#clientsArePairs)
      return { kubeconfig: fill(this.#kubeconfig) };
    const template = this.#templateFor(id);
    return { certificate: fill(template.certificate), key: fill(template.key) };
  }

  #templateFor(id: CredentialId): PairTemplate {
    const { authority, leaf } = isOfEtcd(id) ? this.#etcd : this.#others;
    return CATALOGUE[id].kind === 'ca' ? authority : leaf;
  }

  keyBeside(certificate: string): string {
    const name = stemOf(certificate);
    const template = this.#all.find(
      (one) => one.certificate.replaceAll(NAME, name) === certificate,
    );
    if (template !== undefined) return template.key.replaceAll(NAME, name);
    const isPem = certificate.endsWith('.pem');
    return `${directoryOf(certificate)}${name}${isPem ? '-key.pem' : '.key'}`;
  }

  certificateBeside(id: CredentialId, key: string): string {
    const name = stemOf(key);
    const template = [this.#templateFor(id), ...this.#all].find(
      (one) => one.key.replaceAll(NAME, name) === key,
    );
    if (template !== undefined) return template.certificate.replaceAll(NAME, name);
    return `${directoryOf(key)}${name}${key.endsWith('.pem') ? '.pem' : '.crt'}`;
  }

  #hasFile(name: RegExp): boolean {
    return this.#assigned.some(({ file }) =>
      pathsOf(file).some((path) => name.test(posix.basename(path))),
    );
  }

  #nameFor(id: CredentialId): string {
    const prefixed = this.#hasPrefix && PREFIXED.has(id) ? `kube-${id}` : id;
    const name = this.#hasEtcdPrefix ? prefixed : prefixed.replace(/^etcd-/, '');
    return this.#isPerHost(id) ? `${name}-{host}` : name;
  }

  #isPerHost(id: CredentialId): boolean {
    return CATALOGUE[id].holder === 'etcd' && CATALOGUE[id].subject.commonName === '{host}'
      ? this.#perHost.has('etcd-server') || this.#perHost.has('etcd-peer')
      : id === 'kubelet-client' || id === 'kubelet-server';
  }
}

interface Templates {
  readonly authority: PairTemplate;
  readonly leaf: PairTemplate;
}

/** What is there says how the rest is called. */
function completed(
  authority: PairTemplate | undefined,
  leaf: PairTemplate | undefined,
  isEasyRsa: boolean,
): Templates | undefined {
  if (authority !== undefined) {
    return { authority, leaf: leaf ?? (isEasyRsa ? issuedBeside(authority) : authority) };
  }
  return leaf && { authority: isEasyRsa ? aboveIssued(leaf) : leaf, leaf };
}

/** The style of etcd's files, without a directory of its own. */
function aboveEtcd({ authority, leaf }: Templates): Templates {
  const above = ({ certificate, key }: PairTemplate): PairTemplate => ({
    certificate: certificate.replace(/(^|\/)etcd\//, '$1'),
    key: key.replace(/(^|\/)etcd\//, '$1'),
  });
  return { authority: above(authority), leaf: above(leaf) };
}

const PREFIXED: ReadonlySet<CredentialId> = new Set([
  'apiserver',
  'controller-manager',
  'scheduler',
]);

const directoryOf = (path: string): string => {
  const directory = posix.dirname(path);
  return directory === '.' ? '' : `${directory}/`;
};

/** A public key lies where the CAs' certificates do, under its own ending. */
const keyPair = (key: string, certificate: string): CustomFile => ({
  publicKey: certificate.replace(/\.[^./]+$/, '.pub'),
  key,
});

/** The ways of naming that pairs follow, the most frequent first. */
function templatesOf(assigned: readonly Assigned[]): PairTemplate[] {
  const counts = new Map<string, { template: PairTemplate; count: number }>();
  for (const { file } of assigned) {
    const template = 'certificate' in file && file.key !== UNNAMED ? templateOf(file) : undefined;
    if (template === undefined) continue;
    const id = `${template.certificate}\n${template.key}`;
    const known = counts.get(id);
    if (known === undefined) counts.set(id, { template, count: 1 });
    else known.count++;
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).map(({ template }) => template);
}

/** Of certificates alone: their keys lie where such keys mostly do. */
function withoutKeys(assigned: readonly Assigned[], isEasyRsa: boolean): PairTemplate | undefined {
  for (const { file } of assigned) {
    if (!('certificate' in file)) continue;
    const certificate = withName(file.certificate, nameOf(file.certificate));
    if (!certificate.includes(NAME)) continue;
    const { dir, name, ext } = posix.parse(certificate);
    if (isEasyRsa) return { certificate, key: posix.join(top(dir), 'private', `${name}.key`) };
    return {
      certificate,
      key: posix.join(dir, ext === '.pem' ? `${name}-key.pem` : `${name}.key`),
    };
  }
  return undefined;
}

const top = (directory: string): string => directory.replace(/(^|\/)issued$/, '');

function templateOf({ certificate, key }: PairTemplate): PairTemplate | undefined {
  const name = nameOf(certificate);
  if (nameOf(key) !== name) return undefined;
  return { certificate: withName(certificate, name), key: withName(key, name) };
}

/** A path with the name in its last part, and in a directory of that name, replaced. */
function withName(path: string, name: string): string {
  const parts = path.split('/');
  const base = parts.pop() ?? '';
  const own = stemOf(path) === name;
  const named = parts.map((part, i) =>
    part === name && (!own || i === parts.length - 1) ? NAME : part,
  );
  return [...named, own ? base.replace(name, NAME) : base].join('/');
}

function issuedBeside(authority: PairTemplate): PairTemplate {
  const top = directoryOf(authority.certificate);
  return { certificate: `${top}issued/${NAME}.crt`, key: `${top}private/${NAME}.key` };
}

const aboveIssued = ({ certificate, key }: PairTemplate): PairTemplate => ({
  certificate: certificate.replace(/(^|\/)issued\//, '$1'),
  key,
});

function kubeconfigTemplate(assigned: readonly Assigned[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { file } of assigned) {
    if (!('kubeconfig' in file)) continue;
    const ending = /\.(?:kubeconfig|conf|yaml|yml)$/.exec(file.kubeconfig)?.[0] ?? '.kubeconfig';
    const template = `${directoryOf(file.kubeconfig)}${NAME}${ending}`;
    counts.set(template, (counts.get(template) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** Clients get kubeconfigs, for that is what their components take; unless this directory has only pairs for them. */
function clientsArePairs(assigned: readonly Assigned[]): boolean {
  const clients = assigned.filter(
    ({ id }) => CATALOGUE[id].stored === 'kubeconfig' && CATALOGUE[id].holder !== 'administrator',
  );
  return clients.length > 0 && clients.every(({ file }) => 'certificate' in file);
}
