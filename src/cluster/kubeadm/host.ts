/**
 * The host that a configuration is about. kubeadm reads its configuration on the host itself and asks
 * the machine for what is not written down; here that is handed in, or missing.
 */
import { quoted } from '../../errors.ts';
import { canonicalIp, isDnsName, isUnusableHostAddress, parseEndpoint } from '../address.ts';
import type { Path } from '../document.ts';
import type { Endpoint, Host, Machine } from '../types.ts';
import type { Found } from './documents.ts';
import type { JoinConfiguration } from './schema.ts';

export type Report = (path: Path, message: string) => void;

/**
 * - `init`: the first control plane
 * - `join`: another one
 * - `running`: a control plane of a cluster of which only the ClusterConfiguration is at hand
 * - `worker`
 */
export type Standing = 'init' | 'join' | 'running' | 'worker';

export interface Here {
  readonly standing: Standing;
  readonly host: Omit<Host, 'roles'>;
  /** Where its kube-apiserver listens; a worker has none. */
  readonly port: number;
}

/** What of Init- or JoinConfiguration says it. */
interface Source {
  readonly standing: Standing;
  /** The paths of these fields. */
  readonly registration: Path;
  readonly endpoint: Path;
  readonly name?: string | undefined;
  readonly advertiseAddress?: string | undefined;
  readonly bindPort?: number | undefined;
}

const DEFAULT_PORT = 6443;

/** Undefined where it cannot be told; why is reported then. */
export function findHost(
  found: Found,
  machine: Machine | undefined,
  report: Report,
): Here | undefined {
  const source = chooseSource(found, machine, report);
  if (source === undefined) return undefined;
  const name = nameOf(source, machine, report);
  if (source.standing === 'worker') {
    return name === undefined
      ? undefined
      : { standing: 'worker', host: { name, addresses: [] }, port: DEFAULT_PORT };
  }
  const endpoint = apiEndpointOf(source, machine, report);
  if (name === undefined || endpoint === undefined) return undefined;
  return {
    standing: source.standing,
    host: { name, addresses: [endpoint.host] },
    port: endpoint.port,
  };
}

function chooseSource(
  found: Found,
  machine: Machine | undefined,
  report: Report,
): Source | undefined {
  const init = initSource(found);
  const join = found.join === undefined ? undefined : joinSource(found.join);
  if (init !== undefined && join !== undefined) {
    const mayBeHere = ({ name }: Source): boolean =>
      machine === undefined || name === undefined || name === machine.name;
    const candidates = [init, join].filter(mayBeHere);
    if (candidates.length < 2) return candidates[0] ?? init;
    const hint = machine === undefined ? ', or say with --host which host it is' : '';
    report(
      ['JoinConfiguration'],
      `there is an InitConfiguration too, and the host is only one of both: leave the other out${hint}`,
    );
    return undefined;
  }
  if (init === undefined && join === undefined && machine === undefined) {
    report(
      ['InitConfiguration'],
      'missing, so the host is not known: say it with --host NAME --root DIR, or add one with nodeRegistration.name and localAPIEndpoint.advertiseAddress',
    );
    return undefined;
  }
  return init ?? join ?? RUNNING;
}

const RUNNING: Source = {
  standing: 'running',
  registration: ['InitConfiguration', 'nodeRegistration', 'name'],
  endpoint: ['InitConfiguration', 'localAPIEndpoint'],
};

function initSource({ init }: Found): Source | undefined {
  if (init === undefined) return undefined;
  return {
    ...RUNNING,
    standing: 'init',
    name: nodeName(init.nodeRegistration.name),
    ...init.localAPIEndpoint,
  };
}

const joinSource = ({ nodeRegistration, controlPlane }: JoinConfiguration): Source => ({
  standing: controlPlane === undefined ? 'worker' : 'join',
  registration: ['JoinConfiguration', 'nodeRegistration', 'name'],
  endpoint: ['JoinConfiguration', 'controlPlane', 'localAPIEndpoint'],
  name: nodeName(nodeRegistration.name),
  ...controlPlane?.localAPIEndpoint,
});

/** As component-helpers' `GetHostname` does with a name that it is given. */
const nodeName = (text: string | undefined): string | undefined => text?.trim().toLowerCase();

function nameOf(source: Source, machine: Machine | undefined, report: Report): string | undefined {
  const name = source.name ?? machine?.name;
  if (name === undefined) {
    report(
      source.registration,
      "missing: kubeadm takes the machine's own name; add it, or say it with --host NAME --root DIR",
    );
  } else if (!isDnsName(name)) {
    report(
      source.registration,
      `${quoted(name)} is not a DNS name in lower case, as names of nodes are`,
    );
  }
  return name;
}

/**
 * The address that kube-apiserver advertises, and its port. Where the configuration has none, kubeadm
 * takes that of the default route on a new host, and on a control plane that runs already the one in
 * kube-apiserver's manifest (`getAPIEndpointFromPodAnnotation`). Guessing a route is not for us.
 */
function apiEndpointOf(
  source: Source,
  machine: Machine | undefined,
  report: Report,
): Endpoint | undefined {
  const path = [...source.endpoint, 'advertiseAddress'];
  const running = machine?.manifest === undefined ? undefined : endpointIn(machine.manifest);
  const port = source.bindPort ?? running?.port ?? DEFAULT_PORT;
  const text = source.advertiseAddress;
  if (text === undefined || isUnspecified(text)) {
    if (running !== undefined) return { host: running.host, port };
    report(
      path,
      "missing: kubeadm takes the address of the default route, or of the running kube-apiserver; add it (--host and --root find the latter's in /etc/kubernetes/manifests/kube-apiserver.yaml)",
    );
    return undefined;
  }
  const host = canonicalIp(text);
  const unusable = host === undefined ? undefined : isUnusableHostAddress(host);
  if (host === undefined) report(path, `${quoted(text)} is not an IPv4 or IPv6 address`);
  else if (unusable !== undefined) {
    report(path, `${host} is ${unusable}: write the one that kubeadm has chosen instead of it`);
  } else return { host, port };
  return undefined;
}

const isUnspecified = (text: string): boolean =>
  ['0.0.0.0', '::'].includes(canonicalIp(text) ?? '');

const ANNOTATION =
  /^\s+kubeadm\.kubernetes\.io\/kube-apiserver\.advertise-address\.endpoint:\s*["']?([^"'\s]+)["']?\s*$/m;

/** What kubeadm notes down in the manifest for its own later use. */
function endpointIn(manifest: string): Endpoint | undefined {
  const [, text] = ANNOTATION.exec(manifest) ?? [];
  const endpoint = text === undefined ? undefined : parseEndpoint(text, DEFAULT_PORT);
  return endpoint === undefined || canonicalIp(endpoint.host) === undefined ? undefined : endpoint;
}
