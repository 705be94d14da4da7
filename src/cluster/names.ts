/** The names that serving certificates cover (kubeadm's `pkiutil.GetAPIServerAltNames` and `GetEtcdAltNames`). */
import { isIP } from 'node:net';
import type { SubjectAltNames } from '../x509/index.ts';
import { parseSubnet } from './address.ts';
import type { CredentialDefinition } from './catalogue.ts';
import type { Cluster, Host } from './types.ts';

type Names = Pick<SubjectAltNames, 'dns' | 'ip'>;

/** The names that `host`'s certificate of this kind has to cover: DNS names sorted, addresses in order, none twice. */
export function wantedNames(cluster: Cluster, host: Host, credential: CredentialDefinition): Names {
  const names = [...ruleNames(cluster, host, credential.names)];
  names.push(...(cluster.credentials[credential.id]?.extraSANs ?? []));
  return {
    dns: [...new Set(names.filter((name) => isIP(name) === 0))].sort(),
    ip: [...new Set(names.filter((name) => isIP(name) !== 0))],
  };
}

function ruleNames(cluster: Cluster, host: Host, rule: CredentialDefinition['names']): string[] {
  switch (rule) {
    case 'none':
      return [];
    case 'node':
      return [host.name, ...host.addresses];
    case 'etcd-member':
      return [host.name, 'localhost', ...host.addresses, '127.0.0.1', '::1'];
    case 'apiserver':
      return [
        host.name,
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        `kubernetes.default.svc.${cluster.dnsDomain}`,
        ...serviceAddresses(cluster),
        ...host.addresses,
        cluster.endpoint.host,
        ...cluster.apiServer.extraSANs,
      ];
  }
}

/**
 * Of the names of a certificate those that only programs on the host itself may call it by. Guides leave them
 * out as often as not, so where the files are somebody else's (layout `custom`) they are made and not demanded.
 */
export function spareNames(
  cluster: Cluster,
  host: Host,
  { id, names }: Pick<CredentialDefinition, 'id' | 'names'>,
): string[] {
  if (cluster.layout !== 'custom') return [];
  const demanded = [
    ...host.addresses,
    ...(names === 'apiserver' ? [cluster.endpoint.host, ...cluster.apiServer.extraSANs] : []),
    ...(cluster.credentials[id]?.extraSANs ?? []),
  ];
  const spare =
    names === 'etcd-member'
      ? [host.name, 'localhost', '127.0.0.1', '::1']
      : names === 'apiserver'
        ? [host.name]
        : [];
  return spare.filter((name) => !demanded.includes(name));
}

/** The addresses of the Service `kubernetes`, one of each family. */
function serviceAddresses(cluster: Cluster): string[] {
  return cluster.serviceSubnets.flatMap((text) => {
    const subnet = parseSubnet(text);
    return 'refused' in subnet ? [] : [subnet.firstAddress];
  });
}
