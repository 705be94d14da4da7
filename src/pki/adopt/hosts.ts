/** Which hosts there are, by the names and addresses that certificates cover. */
import type { CredentialId, Host, Role } from '../../cluster/index.ts';
import type { Assigned } from './assigned.ts';
import { HostBook } from './host-book.ts';
import { isHostName, isServiceName, isUsableAddress } from './names.ts';
import type { Remarks } from './remarks.ts';

export interface HostFacts {
  readonly hosts: readonly Host[];
  /** Hosts whose address is only a stand-in. */
  readonly standIns: ReadonlySet<string>;
}

export interface HostSources {
  readonly assigned: readonly Assigned[];
  /** What the operator has said. */
  readonly given: readonly Host[];
  /** Addresses of Services, which are no machine's. */
  readonly services: ReadonlySet<string>;
  /** The host of the endpoint that clients outside use, where kubeconfigs name one. */
  readonly endpoint: string | undefined;
  /** The names of the nodes, where the layout has one host or lists them. */
  readonly nodes: readonly string[];
  /** etcd's addresses by kube-apiserver's own flags. */
  readonly etcdServers: readonly string[];
  /** Whether control planes run a kubelet without having the role `worker`. */
  readonly kubeletEverywhere: boolean;
  /** Names that no host can have, since files of other credentials have them. */
  readonly taken: ReadonlySet<string>;
  /** Credentials that hosts are to hold: those who hold them have to be there. */
  readonly listed: ReadonlySet<CredentialId>;
}

export function findHosts(sources: HostSources, remarks: Remarks): HostFacts {
  const finder = new HostFinder(sources, remarks);
  return finder.find();
}

class HostFinder {
  readonly #book = new HostBook();
  readonly #sources: HostSources;
  readonly #remarks: Remarks;

  constructor(sources: HostSources, remarks: Remarks) {
    this.#sources = sources;
    this.#remarks = remarks;
  }

  find(): HostFacts {
    const { given, nodes } = this.#sources;
    for (const host of given) this.#book.give(host);
    for (const name of nodes) if (isHostName(name)) this.#book.add(name, [], undefined);
    this.#nodes();
    this.#servers();
    this.#externalEtcd();
    this.#everyRole();
    return this.#withAddresses();
  }

  /** Kubelets' certificates name their node. */
  #nodes(): void {
    const { assigned, kubeletEverywhere } = this.#sources;
    for (const { id, host, certificate } of assigned) {
      if ((id !== 'kubelet-client' && id !== 'kubelet-server') || host === undefined) continue;
      const addresses = certificate?.subjectAltNames?.ip ?? [];
      this.#book.add(host, addresses, kubeletEverywhere ? undefined : 'worker');
    }
  }

  /**
   * Members of etcd and control planes: first those with a certificate of their own, then what shared
   * ones name. One that names nobody comes last, when others may have said whose its addresses are.
   */
  #servers(): void {
    const servers = this.#sources.assigned.flatMap((one) => {
      const role = ROLE_OF.get(one.id);
      return role === undefined ? [] : [{ one, role, ...this.#namesOf(one) }];
    });
    for (const { one, role, ip } of servers) {
      if (one.host !== undefined) this.#book.add(one.host, ip, role);
    }
    const shared = servers.filter(({ one }) => one.host === undefined);
    const isMember = ({ role }: (typeof servers)[number]): boolean => role === 'etcd';
    const order = [
      ...shared.filter((server) => isMember(server) && server.dns.length > 0),
      ...shared.filter((server) => !isMember(server)),
      ...shared.filter((server) => isMember(server) && server.dns.length === 0),
    ];
    for (const { one, role, dns, ip } of order) this.#shared(role, dns, ip, one);
  }

  #namesOf({ certificate }: Assigned): { dns: string[]; ip: string[] } {
    const { dns = [], ip = [] } = certificate?.subjectAltNames ?? {};
    const { services, endpoint } = this.#sources;
    const addresses = ip.filter((address) => isUsableAddress(address) && !services.has(address));
    const others = addresses.filter(
      (address) => address !== endpoint || this.#book.isOwned(address),
    );
    return {
      dns: dns.filter(
        (name) =>
          isHostName(name) &&
          name !== 'localhost' &&
          !name.startsWith('localhost.') &&
          !isServiceName(name) &&
          name !== endpoint,
      ),
      // The balancer's address is no machine's; where it is the only one it is.
      ip: others.length > 0 ? others : addresses,
    };
  }

  #shared(role: Role, dns: readonly string[], ip: readonly string[], one: Assigned): void {
    const known = this.#book.among(dns, ip);
    if (this.#book.isGiven(role)) return;
    for (const name of known) this.#book.add(name, [], role);
    const free = ip.filter((address) => !this.#book.isOwned(address));
    if (known.length > 0) {
      // One machine whose addresses are not all known yet, or one of several: then the rest stays with the certificate.
      const [only, ...others] = known;
      if (only !== undefined && others.length === 0) this.#book.add(only, free, role);
      return;
    }
    const names = withoutLonger(dns);
    if (names.length === free.length && names.length > 1 && areNumbered(names)) {
      for (const [i, name] of names.entries()) this.#book.add(name, free.slice(i, i + 1), role);
      this.#remarks.tell(
        `which of ${names.length} addresses is which host's: taken in the order of the names in ${fileOf(one)}`,
      );
      return;
    }
    const name = names[0] ?? this.#coveredName(one) ?? (role === 'etcd' ? 'etcd-1' : 'cp-1');
    this.#book.add(name, free, role);
    if (free.length > 1) {
      this.#remarks.tell(
        `whether ${free.join(', ')} are one machine or several, and what they are called: ${fileOf(one)} covers them all; they stand under ${name}`,
      );
    } else if (names.length === 0) {
      this.#remarks.tell(
        `what the machine of ${fileOf(one)} is called: it covers no name of one; ${name} stands for it`,
      );
    }
  }

  /** A name that the certificate covers: under any other plan would find fault with it. */
  #coveredName(one: Assigned): string | undefined {
    const names = ['kubernetes', 'kubernetes.default'];
    return names.find((name) => covers(one, name) && !this.#sources.taken.has(name));
  }

  #externalEtcd(): void {
    if (this.#book.withRole('etcd').length > 0) return;
    const addresses = this.#sources.etcdServers.filter(isUsableAddress);
    const known = this.#book.among([], addresses);
    for (const name of known) this.#book.add(name, [], 'etcd');
    const others = addresses.filter((address) => !this.#book.isOwned(address));
    for (const [i, address] of others.entries()) this.#book.add(`etcd-${i + 1}`, [address], 'etcd');
    if (others.length > 0)
      this.#remarks.tell(
        'the names of the machines of etcd: known are their addresses, by kube-apiserver',
      );
  }

  /** A cluster has a control plane and an etcd, and whoever holds what is listed. */
  #everyRole(): void {
    const book = this.#book;
    const { listed } = this.#sources;
    if (book.withRole('control-plane').length === 0) {
      const [first] = book.withRole('etcd');
      const { endpoint } = this.#sources;
      const address = endpoint !== undefined && isAddress(endpoint) ? [endpoint] : [];
      const name = first ?? (book.among(['cp-1'], []).length === 0 ? 'cp-1' : 'control-plane-1');
      book.add(name, address, 'control-plane');
      this.#remarks.tell(
        `which hosts are control planes: no certificate of kube-apiserver is here; ${name} stands for them`,
      );
    }
    if (book.withRole('etcd').length === 0) {
      for (const name of book.withRole('control-plane')) book.add(name, [], 'etcd');
      this.#remarks.tell('where etcd runs: written was that it runs on the control planes');
    }
    const onNodes = (['kubelet-client', 'kubelet-server', 'kube-proxy'] as const).some((id) =>
      listed.has(id),
    );
    if (onNodes && !this.#sources.kubeletEverywhere && book.withRole('worker').length === 0) {
      for (const name of book.withRole('control-plane')) book.add(name, [], 'worker');
      this.#remarks.tell('which workers there are: no certificate names one; add them to hosts');
    }
    for (const name of book.idle()) book.add(name, [], 'worker');
  }

  /** A host has an address; where none is known, one that no machine has stands in (RFC 2544's network). */
  #withAddresses(): HostFacts {
    const standIns = new Set<string>();
    let next = 0;
    const services = [...this.#sources.services];
    const hosts = this.#book.hosts().map((host): Host => {
      if (host.addresses.length > 0) return host;
      standIns.add(host.name);
      // Covered by apiserver's certificate: with any other address plan would find fault with that.
      const covered = host.roles.includes('control-plane') ? services.shift() : undefined;
      next++;
      return {
        ...host,
        addresses: [covered ?? `198.18.${Math.floor(next / 256) % 256}.${next % 256}`],
      };
    });
    if (standIns.size > 0) {
      const names = [...standIns];
      const shown =
        names.length > 3
          ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
          : names.join(', ');
      this.#remarks.tell(
        `the ${names.length === 1 ? 'address' : 'addresses'} of ${shown}: no certificate covers one; what stands in hosts is a stand-in`,
      );
    }
    return { hosts, standIns };
  }
}

/** Whose name a serving certificate covers. */
const ROLE_OF: ReadonlyMap<CredentialId, Role> = new Map([
  ['etcd-server', 'etcd'],
  ['etcd-peer', 'etcd'],
  ['apiserver', 'control-plane'],
]);

const isAddress = (text: string): boolean => /^[\d.]+$|:/.test(text) && isUsableAddress(text);

const fileOf = ({ file }: Assigned): string =>
  'certificate' in file
    ? file.certificate
    : 'kubeconfig' in file
      ? file.kubeconfig
      : file.publicKey;

const covers = ({ certificate }: Assigned, name: string): boolean =>
  certificate?.subjectAltNames?.dns.includes(name) ?? false;

/** Names that differ by their numbers only, as those of machines of one kind do. */
const areNumbered = (names: readonly string[]): boolean =>
  new Set(names.map((name) => name.replace(/\d+/g, '#'))).size === 1;

/** What is put before kube-apiserver rather than under it. */
const BALANCER = /^(?:api|apiserver|lb|vip|kube|k8s|kube-?api|kubernetes)(?:[-.]|$)/;

/** The names that are most like a machine's first, and without `cp-1.example.com` where there is `cp-1`. */
function withoutLonger(names: readonly string[]): string[] {
  const unique = [...new Set(names)];
  const strangeness = (name: string): number =>
    Number(name.includes('.')) + 2 * Number(BALANCER.test(name));
  return unique
    .filter((name) => !unique.some((other) => name.startsWith(`${other}.`)))
    .map((name, i) => ({ name, i }))
    .sort((a, b) => strangeness(a.name) - strangeness(b.name) || a.i - b.i)
    .map(({ name }) => name);
}
