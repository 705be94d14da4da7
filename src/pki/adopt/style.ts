/** How a directory names its files: so that what is missing gets a name that fits in. */
import { posix } from 'node:path';
import { CATALOGUE, type CredentialId, type CustomFile } from '../../cluster/index.ts';
import { type Assigned, pathsOf } from './assigned.ts';
import { nameOf, stemOf } from './names.ts';

const NAME = '{name}';

export interface Style {
  /** The files of a credential that is not there yet. */
  fileFor(id: CredentialId): CustomFile;
  /** The files of a leaf of any name. */
  pairFor(name: string): PairTemplate;
  /** The key that belongs beside a certificate which has none here. */
  keyBeside(certificate: string): string;
}

export interface PairTemplate {
  readonly certificate: string;
  readonly key: string;
}

/** @param isEasyRsa its CA lies at the top and what it issues in `issued/`, before anything is there too */
export function styleOf(assigned: readonly Assigned[], isEasyRsa: boolean): Style {
  const authorities = pairTemplates(assigned.filter(({ id }) => CATALOGUE[id].kind === 'ca'));
  const leaves = pairTemplates(assigned.filter(({ id }) => CATALOGUE[id].kind !== 'ca'));
  const authority = authorities ?? leaves ?? { certificate: `${NAME}.crt`, key: `${NAME}.key` };
  const leaf = leaves ?? (isEasyRsa ? issuedBeside(authority) : authority);
  const kubeconfig =
    kubeconfigTemplate(assigned) ?? `${directoryOf(authority.certificate)}${NAME}.kubeconfig`;
  const hasPrefix = assigned.some(({ file }) =>
    pathsOf(file).some((path) =>
      /^kube-(?:controller-manager|scheduler|api-?server)/.test(posix.basename(path)),
    ),
  );
  const asPairs = clientsArePairs(assigned);
  const perHost = new Set(assigned.flatMap(({ id, host }) => (host === undefined ? [] : [id])));
  const isPerHost = (id: CredentialId): boolean =>
    CATALOGUE[id].holder === 'etcd' && CATALOGUE[id].subject.commonName === '{host}'
      ? perHost.has('etcd-server') || perHost.has('etcd-peer')
      : id === 'kubelet-client' || id === 'kubelet-server';
  const nameFor = (id: CredentialId): string => {
    const prefixed = hasPrefix && PREFIXED.has(id) ? `kube-${id}` : id;
    return isPerHost(id) ? `${prefixed}-{host}` : prefixed;
  };
  return {
    fileFor(id) {
      const name = nameFor(id);
      const { kind, stored } = CATALOGUE[id];
      const fill = (template: string): string => template.replaceAll(NAME, name);
      if (kind === 'key-pair') return keyPair(fill(leaf.key), fill(authority.certificate));
      if (stored === 'kubeconfig' && !asPairs) return { kubeconfig: fill(kubeconfig) };
      const template = kind === 'ca' ? authority : leaf;
      return { certificate: fill(template.certificate), key: fill(template.key) };
    },
    pairFor: (name) => ({
      certificate: leaf.certificate.replaceAll(NAME, name),
      key: leaf.key.replaceAll(NAME, name),
    }),
    keyBeside(certificate) {
      const name = stemOf(certificate);
      const template = [leaf, authority].find(
        (one) => one.certificate.replaceAll(NAME, name) === certificate,
      );
      if (template !== undefined) return template.key.replaceAll(NAME, name);
      const isPem = certificate.endsWith('.pem');
      return `${directoryOf(certificate)}${name}${isPem ? '-key.pem' : '.key'}`;
    },
  };
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

/** The way of naming that most pairs follow. */
function pairTemplates(assigned: readonly Assigned[]): PairTemplate | undefined {
  const counts = new Map<string, { template: PairTemplate; count: number }>();
  for (const { file } of assigned) {
    const template = 'certificate' in file ? templateOf(file) : undefined;
    if (template === undefined) continue;
    const id = `${template.certificate}\n${template.key}`;
    const known = counts.get(id);
    if (known === undefined) counts.set(id, { template, count: 1 });
    else known.count++;
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0]?.template;
}

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
