/** What one field of a cluster file says about another: everything that the schema alone cannot see. */
import { quoted } from '../errors.ts';
import {
  canonicalIp,
  isCertificateDnsName,
  isDnsName,
  isLoopback,
  isUnusableHostAddress,
  parseEndpoint,
  parseSubnet,
} from './address.ts';
import { CATALOGUE, CREDENTIAL_IDS, type CredentialId } from './catalogue.ts';
import { formatDuration } from './duration.ts';
import { checkFiles } from './files.ts';
import { checkCredentials } from './overrides.ts';
import { isPartOf, issuerOf, type Parts } from './parts.ts';
import type { Problem } from './read.ts';
import type { ClusterDocument } from './schema.ts';
import type { AuthorityScheme, Cluster, Host } from './types.ts';

type Spec = ClusterDocument['spec'];
type Report = (path: Problem['path'], message: string) => void;

/** Turns a document of the right shape into a cluster, or lists what is wrong with it. */
export function checkCluster(
  document: ClusterDocument,
): { readonly cluster: Cluster } | { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const report: Report = (path, message) => problems.push({ path, message });
  const { spec, metadata } = document;

  if (!isDnsName(metadata.name)) {
    report(['metadata', 'name'], 'not a DNS name in lower case, such as prod or prod.example.com');
  }
  if (!isDnsName(spec.dnsDomain)) report(['spec', 'dnsDomain'], 'not a DNS name in lower case');
  const subnets = checkSubnets(spec, report);
  const hosts = checkHosts(spec, report);
  const endpoint = checkEndpoint(spec, hosts, report);
  const extraSANs = checkNames(
    spec.apiServer.extraSANs,
    ['spec', 'apiServer', 'extraSANs'],
    report,
  );
  const credentials = checkCredentials(
    spec.credentials,
    (names, path) => checkNames(names, path, report),
    report,
  );
  const authorities = checkScheme(spec, report);
  const files = checkFiles(spec, { ...spec, authorities, hosts, credentials }, report);
  checkLifetimes(spec, { ...spec, authorities }, report);

  if (problems.length > 0 || endpoint === undefined) return { problems };
  const { kubernetesVersion, dnsDomain, keyAlgorithm, validity, layout } = spec;
  const { frontProxy, kubeletCertificates, caKeys } = spec;
  return {
    cluster: {
      name: metadata.name,
      kubernetesVersion: kubernetesVersion.replace(/^v/, ''),
      endpoint,
      dnsDomain,
      serviceSubnets: subnets,
      keyAlgorithm,
      validity,
      layout,
      ...(files === undefined ? {} : { files }),
      authorities,
      frontProxy,
      kubeletCertificates,
      caKeys,
      apiServer: { port: spec.apiServer.port, extraSANs },
      hosts,
      credentials,
    },
  };
}

function checkSubnets(spec: Spec, report: Report): string[] {
  const families = new Set<number>();
  return spec.serviceSubnets.map((text, i) => {
    const path = ['spec', 'serviceSubnets', i];
    const subnet = parseSubnet(text);
    if ('refused' in subnet) {
      report(path, `${text}: ${subnet.refused}`);
      return text;
    }
    if (families.has(subnet.family)) report(path, `a second subnet of IPv${subnet.family}`);
    families.add(subnet.family);
    return subnet.text;
  });
}

/** A cluster that lives on one machine and says so: its endpoint and every address are loopback. */
function isLocal({ controlPlaneEndpoint = '', hosts, apiServer }: Spec): boolean {
  const endpoint = parseEndpoint(controlPlaneEndpoint, apiServer.port);
  const addresses = hosts.flatMap((host) => host.addresses);
  return [endpoint?.host, ...addresses].every((text) => isLoopback(canonicalIp(text ?? '') ?? ''));
}

function checkHosts(spec: Spec, report: Report): Host[] {
  const names = new Map<string, number>();
  const owners = new Map<string, string>();
  const local = isLocal(spec);
  const hosts = spec.hosts.map((host, i): Host => {
    const path = ['spec', 'hosts', i];
    if (!isDnsName(host.name)) {
      report(
        [...path, 'name'],
        `${quoted(host.name)} is not a DNS name in lower case, as names of nodes are`,
      );
    }
    const first = names.get(host.name);
    if (first !== undefined) report([...path, 'name'], `${host.name} is hosts[${first}] already`);
    else names.set(host.name, i);
    if (new Set(host.roles).size !== host.roles.length) report([...path, 'roles'], 'a role twice');
    return { ...host, addresses: checkAddresses(host, path, owners, local, report) };
  });
  for (const role of ['control-plane', 'etcd'] as const) {
    if (!hosts.some((host) => host.roles.includes(role))) {
      report(['spec', 'hosts'], `no host has the role ${role}`);
    }
  }
  return hosts;
}

function checkAddresses(
  host: Spec['hosts'][number],
  path: Problem['path'],
  owners: Map<string, string>,
  local: boolean,
  report: Report,
): string[] {
  return host.addresses.map((text, i) => {
    const at = [...path, 'addresses', i];
    const address = canonicalIp(text);
    if (address === undefined) {
      report(at, `${quoted(text)} is not an IPv4 or IPv6 address`);
      return text;
    }
    const unusable = local && isLoopback(address) ? undefined : isUnusableHostAddress(address);
    if (unusable !== undefined) report(at, `${address} is ${unusable}`);
    const owner = owners.get(address);
    if (owner !== undefined) {
      report(
        at,
        owner === host.name ? `${address} twice` : `${address} belongs to ${owner} already`,
      );
    }
    owners.set(address, host.name);
    return address;
  });
}

function checkEndpoint(
  spec: Spec,
  hosts: readonly Host[],
  report: Report,
): Cluster['endpoint'] | undefined {
  const text = spec.controlPlaneEndpoint;
  const path = ['spec', 'controlPlaneEndpoint'];
  if (text === undefined) {
    const controlPlanes = hosts.filter((host) => host.roles.includes('control-plane'));
    const address = controlPlanes[0]?.addresses[0];
    if (controlPlanes.length > 1) {
      report(
        path,
        `missing: with ${controlPlanes.length} control planes clients need one name or address for all of them`,
      );
    }
    return address === undefined ? undefined : { host: address, port: spec.apiServer.port };
  }
  const endpoint = parseEndpoint(text, spec.apiServer.port);
  if (endpoint === undefined) {
    report(path, `${quoted(text)} is not host:port; no certificate could cover it`);
    return undefined;
  }
  const unusable = isLocal(spec) ? undefined : isUnusableHostAddress(endpoint.host);
  if (unusable !== undefined)
    report(path, `${endpoint.host} is ${unusable}; no certificate could cover it`);
  const holder = hosts.find(
    (host) => host.addresses.includes(endpoint.host) || host.name === endpoint.host,
  );
  if (holder !== undefined && !holder.roles.includes('control-plane')) {
    report(
      path,
      `${endpoint.host} is ${holder.name}, which is not a control plane; no certificate there would cover it`,
    );
  }
  return endpoint;
}

/** Extra names: addresses in canonical form, DNS names as they are. */
function checkNames(names: readonly string[], path: Problem['path'], report: Report): string[] {
  return names.map((name, i) => {
    const address = canonicalIp(name);
    if (address === undefined && !isCertificateDnsName(name)) {
      report([...path, i], `${quoted(name)} is neither an address nor a DNS name in lower case`);
    }
    return address ?? name;
  });
}

/** Which CAs there are: those of k3s are given, and layouts with names of their own have none for the additional ones. */
function checkScheme({ layout, authorities }: Spec, report: Report): AuthorityScheme {
  const path = ['spec', 'authorities'];
  if (layout === 'k3s' && authorities !== undefined && authorities !== 'split') {
    report(path, `${authorities}: with layout k3s they are split`);
  }
  if (layout !== 'k3s' && layout !== 'custom' && authorities === 'split') {
    report(path, `split: layout ${layout} has no names for the additional CAs, custom has`);
  }
  return authorities ?? (layout === 'k3s' ? 'split' : 'separate');
}

/** A leaf must not outlive its CA: it would die early and unannounced. */
function checkLifetimes(spec: Spec, parts: Parts, report: Report): void {
  const lifetime = (id: CredentialId): number =>
    spec.credentials[id]?.validity ??
    (CATALOGUE[id].kind === 'ca' ? spec.validity.ca : spec.validity.leaf);
  if (spec.validity.leaf > spec.validity.ca) {
    report(['spec', 'validity', 'leaf'], outlives(spec.validity.leaf, 'the CAs', spec.validity.ca));
    return;
  }
  for (const id of CREDENTIAL_IDS) {
    const ca = issuerOf(parts, id);
    if (ca === null || !isPartOf(parts, id) || lifetime(id) <= lifetime(ca)) continue;
    const where = spec.credentials[id]?.validity === undefined ? ca : id;
    report(
      ['spec', 'credentials', where, 'validity'],
      `${id}: ${outlives(lifetime(id), ca, lifetime(ca))}`,
    );
  }
}

function outlives(leaf: number, ca: string, limit: number): string {
  return `${formatDuration(leaf)} would outlive ${ca} (${formatDuration(limit)})`;
}
