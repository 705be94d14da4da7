/** From what was found to a cluster file: the facts that certificates, kubeconfigs and manifests tell. */
import {
  CATALOGUE,
  type Cluster,
  type CredentialId,
  formatDuration,
  type Role,
} from '../../cluster/index.ts';
import type { Assigned } from './assigned.ts';
import type { ChosenAuthorities } from './authorities.ts';
import { clusterNameIn, dnsDomainFrom, nodesOf, partsOf, takenNames } from './facts.ts';
import { findHosts, type HostFacts } from './hosts.ts';
import type { Inventory } from './inventory.ts';
import type { Listing } from './listing.ts';
import { defaultsOf, extraNames, type Overrides, overridesOf } from './overrides.ts';
import { prune } from './prune.ts';
import type { Recognised } from './recognise.ts';
import type { Remarks } from './remarks.ts';
import { endpointText, readServers, type Servers } from './servers.ts';
import { findServices, type Services } from './services.ts';
import type { ClusterFile, Comments, Value } from './text.ts';
import type { GivenFacts } from './types.ts';

export interface DraftSources {
  readonly place: Recognised;
  readonly inventory: Inventory;
  readonly assigned: readonly Assigned[];
  readonly authorities?: ChosenAuthorities;
  readonly listing?: Listing;
  readonly given: GivenFacts;
}

export interface Draft {
  readonly file: ClusterFile;
  readonly cluster: Cluster;
  readonly comments: Omit<Comments, 'head'>;
  /** The machine that the place is of, where it is one's. */
  readonly node: string | undefined;
}

export function draft(sources: DraftSources, remarks: Remarks): Draft {
  return new Drafting(sources, remarks).run();
}

const layoutOf = (place: Recognised): Cluster['layout'] =>
  place.kind === 'machine' || place.kind === 'kubepki' ? place.layout : place.kind;

class Drafting {
  readonly #sources: DraftSources;
  readonly #remarks: Remarks;
  readonly #layout: Cluster['layout'];
  /** The names of nodes, where the place itself or what lies on it says them. */
  readonly #nodes: readonly string[];
  readonly #servers: Servers;
  readonly #services: Services;
  readonly #hosts: HostFacts;
  /** With the host, where the place is one host's. */
  readonly #assigned: readonly Assigned[];

  constructor(sources: DraftSources, remarks: Remarks) {
    this.#sources = sources;
    this.#remarks = remarks;
    this.#layout = layoutOf(sources.place);
    this.#nodes = nodesOf(sources);
    this.#servers = readServers(sources.assigned);
    this.#assigned = sources.assigned.map((one) => this.#withHost(one));
    this.#services = this.#findServices();
    this.#hosts = this.#findHosts();
  }

  run(): Draft {
    const assigned = this.#assigned.map((one) => this.#withHolder(one));
    const defaults = defaultsOf(assigned);
    const overrides = overridesOf(assigned, defaults, this.#layout);
    for (const [id, { commonName }] of this.#sources.authorities?.lost ?? []) {
      const isListed = this.#sources.listing?.files.has(id) ?? false;
      if (isListed && commonName !== undefined && commonName !== CATALOGUE[id].subject.commonName)
        overrides[id] = { commonName };
    }
    if (this.#lacksAdministrator()) overrides.admin = { organizations: ['system:masters'] };
    const first = prune(this.#file(overrides, []), this.#remarks);
    // Only now is it known which names this cluster's certificates should cover.
    const extras = extraNames(assigned, first.cluster);
    for (const [id, names] of extras) {
      if (id === 'apiserver' || names.length === 0) continue;
      overrides[id] = { ...overrides[id], extraSANs: names };
    }
    const { extraSANs = [] } = this.#sources.given;
    const names = new Set([...(extras.get('apiserver') ?? []), ...extraSANs]);
    return {
      ...prune(this.#file(overrides, [...names]), this.#remarks),
      comments: this.#comments(),
      node: this.#nodes[0],
    };
  }

  /** kubeadm's group has no rights before somebody binds it, and here nobody could. */
  #lacksAdministrator(): boolean {
    const missing = this.#sources.listing?.missing ?? [];
    return missing.includes('admin') && !missing.includes('super-admin');
  }

  #findServices(): Services {
    const { assigned, given, inventory } = this.#sources;
    const flag = inventory.flags.get('service-cluster-ip-range');
    const endpoint = this.#servers.endpoint?.host;
    // k3s gives etcd's servers all addresses that kube-apiserver has, the Service's too (pkg/cli/server/server.go).
    const machines = this.#layout === 'k3s' ? ['kubelet-server'] : ['etcd-server', 'etcd-peer'];
    const own = assigned.filter(({ id }) => machines.includes(id));
    const others = [
      ...(endpoint === undefined ? [] : [endpoint]),
      ...(given.hosts ?? []).flatMap(({ addresses }) => addresses),
      ...own.flatMap(({ certificate }) => certificate?.subjectAltNames?.ip ?? []),
    ];
    const sources = {
      assigned,
      ranges: given.serviceSubnets ?? (flag === undefined ? [] : flag.split(',')),
      areGiven: given.serviceSubnets !== undefined,
      others: new Set(others),
    };
    return findServices(sources, this.#remarks);
  }

  #findHosts(): HostFacts {
    const { given, inventory, listing, place } = this.#sources;
    const etcd = inventory.flags.get('etcd-servers') ?? '';
    const sources = {
      assigned: this.#assigned,
      given: given.hosts ?? [],
      services: this.#services.addresses,
      endpoint: this.#servers.endpoint?.host,
      nodes: this.#nodes,
      etcdServers: etcd
        .split(',')
        .flatMap((url) => URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? []),
      kubeletEverywhere: this.#layout === 'kubeadm',
      taken: takenNames(listing),
      listed: new Set<CredentialId>(
        listing?.files.keys() ?? (place.kind === 'k3s' ? ['kubelet-client'] : []),
      ),
    };
    return findHosts(sources, this.#remarks);
  }

  /** On one machine everything is of this one. */
  #withHost(one: Assigned): Assigned {
    const { place } = this.#sources;
    if (one.host !== undefined || (place.kind !== 'machine' && place.kind !== 'k3s')) return one;
    const [node] = this.#nodes;
    return node === undefined ? one : { ...one, host: node };
  }

  /** What only one host can hold is that host's, whatever its files are called. */
  #withHolder(one: Assigned): Assigned {
    const role = HOLDERS.get(one.id);
    if (role === undefined || one.host !== undefined) return one;
    const [only, ...others] = this.#hosts.hosts.filter(({ roles }) => roles.includes(role));
    return only === undefined || others.length > 0 ? one : { ...one, host: only.name };
  }

  #file(overrides: Overrides, extraSANs: readonly string[]): ClusterFile {
    const { listing, authorities, given } = this.#sources;
    const spec: Record<string, Value> = { kubernetesVersion: this.#version() };
    const endpoint = this.#endpoint();
    if (endpoint !== undefined) spec['controlPlaneEndpoint'] = endpoint;
    spec['dnsDomain'] = given.dnsDomain ?? dnsDomainFrom(this.#sources.assigned, this.#remarks);
    if (this.#services.subnets.length > 0) spec['serviceSubnets'] = this.#services.subnets;
    const { keyAlgorithm, validity } = defaultsOf(this.#sources.assigned);
    spec['keyAlgorithm'] = keyAlgorithm;
    spec['validity'] = { ca: formatDuration(validity.ca), leaf: formatDuration(validity.leaf) };
    spec['layout'] = this.#layout;
    if (authorities !== undefined && authorities.scheme !== 'separate')
      spec['authorities'] = authorities.scheme;
    if (listing === undefined && this.#layout !== 'k3s')
      Object.assign(spec, partsOf(this.#sources));
    const port = this.#port();
    if (port !== undefined || extraSANs.length > 0) {
      spec['apiServer'] = {
        ...(port === undefined ? {} : { port }),
        ...(extraSANs.length > 0 ? { extraSANs } : {}),
      };
    }
    spec['hosts'] = this.#hosts.hosts.map(({ name, addresses, roles }) => ({
      name,
      addresses,
      roles,
    }));
    if (listing !== undefined) {
      spec['files'] = Object.fromEntries([...listing.files].map(([id, file]) => [id, { ...file }]));
    }
    if (Object.keys(overrides).length > 0)
      spec['credentials'] = Object.fromEntries(
        Object.entries(overrides).map(([id, one]) => [id, { ...one }]),
      );
    return { name: this.#name(), spec };
  }

  #version(): string {
    const { given, inventory } = this.#sources;
    const version = given.kubernetesVersion ?? inventory.flags.get('version');
    if (version === undefined)
      this.#remarks.tell('the version of Kubernetes: no certificate says it');
    return version ?? '1.36';
  }

  #name(): string {
    const { given, place } = this.#sources;
    const own = place.kind === 'machine' ? undefined : clusterNameIn(place.root);
    const name = given.name ?? own ?? this.#servers.clusterName;
    if (name === undefined) this.#remarks.tell('the name of the cluster: no kubeconfig says it');
    return name ?? 'kubernetes';
  }

  #endpoint(): string | undefined {
    const { given } = this.#sources;
    if (given.endpoint !== undefined) return given.endpoint;
    const { endpoint } = this.#servers;
    const controlPlanes = this.#hosts.hosts.filter(({ roles }) => roles.includes('control-plane'));
    if (endpoint !== undefined) {
      const owner = this.#hosts.hosts.find(
        ({ name, addresses }) => name === endpoint.host || addresses.includes(endpoint.host),
      );
      const isUnfit = owner !== undefined && !owner.roles.includes('control-plane');
      if (!isUnfit) return endpointText(endpoint);
      this.#remarks.warn(
        `kubeconfigs call ${endpointText(endpoint)}, and ${owner.name} is no control plane by the certificates`,
      );
    }
    const [first] = controlPlanes;
    const address = first?.addresses[0];
    if (endpoint === undefined && address !== undefined) {
      this.#remarks.tell(
        `where clients find kube-apiserver: no kubeconfig says it; written was the address of ${first?.name}`,
      );
    }
    return address === undefined
      ? undefined
      : endpointText({ host: address, port: this.#port() ?? 6443 });
  }

  #port(): number | undefined {
    const { localPort } = this.#servers;
    // k3s's own clients go through its load balancer on loopback.
    return localPort === undefined || localPort === 6443 || this.#layout === 'k3s'
      ? undefined
      : localPort;
  }

  #comments(): Omit<Comments, 'head'> {
    const hosts = new Map(
      [...this.#hosts.standIns].map((name) => [
        name,
        'its address could not be told: write the real one',
      ]),
    );
    const above: Record<string, string[]> = {};
    if (this.#sources.listing !== undefined)
      above['files'] = ['Relative to the directory of -d; {host} stands for the name of a host.'];
    if (this.#lacksAdministrator()) {
      above['credentials'] = [
        'No administrator is here who could bind the group kubeadm:cluster-admins to a role, so the one that',
        'apply makes is in system:masters: he may do everything, and no rule can take that away again.',
      ];
    }
    return { hosts, above };
  }
}

const HOLDERS: ReadonlyMap<CredentialId, Role> = new Map([
  ['etcd-server', 'etcd'],
  ['etcd-peer', 'etcd'],
  ['kubelet-server', 'worker'],
]);
