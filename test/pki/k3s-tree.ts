/**
 * A data directory as k3s and RKE2 leave it. Names, subjects, names of servers, usages, issuers, chains, modes and
 * the contents of kubeconfigs stand in the tables below, each with the place in their sources that says so; nothing
 * of theirs can be built here. The CAs are made by openssl, because k3s gives theirs the serial number 0, which we
 * never would.
 *
 * Sources: k3s-io/k3s at 09ac65a6 (`deps.go` is pkg/daemons/control/deps/deps.go), 001a6d94 (`config.go` is
 * pkg/agent/config/config.go) and e317a00f (`handlers.go` is pkg/server/handlers/handlers.go); rancher/dynamiclistener
 * at 587be474 (`cert.go`); rancher/rke2 at 6ce1a801.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  createIssuer,
  decodePrivateKey,
  type ExtendedKeyUsage,
  encodePem,
  encodePrivateKey,
  generatePrivateKey,
  makeName,
  readCertificates,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';

/** `version.Program`: RKE2 is k3s' code under its own name (rke2, scripts/build-binary), and so are what that names. */
export type Program = 'k3s' | 'rke2';

/** What the cluster file says of the machine whose directory this is. */
export const NODE = {
  name: 'k-1',
  addresses: ['10.0.0.1'],
  roles: ['control-plane', 'etcd', 'worker'],
};
export const SPEC = { layout: 'k3s', serviceSubnets: ['10.43.0.0/16'], hosts: [NODE] };

const DAY = 86_400_000;
/** config.Control.SANs: what `--tls-san` says, and what pkg/cli/server/server.go adds of the machine and the service. */
const SANS_DNS = ['api.test.example.com', 'localhost', NODE.name];
const SANS_IP = ['127.0.0.1', '::1', '10.0.0.1', '10.43.0.1'];
/** deps.go, genServerCerts. */
const SERVICE = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];
const BOTH: readonly ExtendedKeyUsage[] = ['serverAuth', 'clientAuth'];
const MASTERS = ['system:masters'];

interface Leaf {
  readonly ca: string;
  readonly commonName: string;
  readonly organizations?: readonly string[];
  /** clientAuth unless it says otherwise. */
  readonly usages?: readonly ExtendedKeyUsage[];
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
}

const client = (commonName: string, organizations: readonly string[] = []): Leaf => ({
  ca: 'client-ca',
  commonName,
  organizations,
});

/** deps.go, genClientCerts, genServerCerts, genRequestHeaderCerts and genETCDCerts, in `server/tls`. */
const serverLeaves = (program: Program): Readonly<Record<string, Leaf>> => ({
  'client-admin': client('system:admin', MASTERS),
  'client-supervisor': client(`system:${program}-supervisor`, MASTERS),
  'client-controller': client('system:kube-controller-manager'),
  'client-scheduler': client('system:kube-scheduler'),
  'client-kube-apiserver': client('system:apiserver', MASTERS),
  'client-kube-proxy': client('system:kube-proxy'),
  [`client-${program}-controller`]: client(`system:${program}-controller`),
  [`client-${program}-cloud-controller`]: client(`${program}-cloud-controller-manager`),
  'client-auth-proxy': { ca: 'request-header-ca', commonName: 'system:auth-proxy' },
  'serving-kube-apiserver': {
    ca: 'server-ca',
    commonName: 'kube-apiserver',
    usages: ['serverAuth'],
    dns: [...SERVICE, ...SANS_DNS],
    ip: SANS_IP,
  },
  'etcd/client': { ca: 'etcd/server-ca', commonName: 'etcd-client' },
  'etcd/server-client': {
    ca: 'etcd/server-ca',
    commonName: 'etcd-server',
    usages: BOTH,
    dns: ['kine.sock', ...SANS_DNS],
    ip: SANS_IP,
  },
  'etcd/peer-server-client': {
    ca: 'etcd/peer-ca',
    commonName: 'etcd-peer',
    usages: BOTH,
    dns: ['kine.sock', ...SANS_DNS],
    ip: SANS_IP,
  },
});

/** handlers.go, what agents are sent; config.go, where they put it: in `agent`. */
const agentLeaves = (program: Program): Readonly<Record<string, Leaf>> => ({
  'client-kubelet': client(`system:node:${NODE.name}`, ['system:nodes']),
  'client-kube-proxy': client('system:kube-proxy'),
  [`client-${program}-controller`]: client(`system:${program}-controller`),
  'serving-kubelet': {
    ca: 'server-ca',
    commonName: NODE.name,
    usages: ['serverAuth'],
    dns: [NODE.name, 'localhost'],
    ip: ['127.0.0.1', '10.0.0.1'],
  },
});

/**
 * The kubeconfigs, and the certificate and key that each names. Servers': deps.go, genClientCerts; agents':
 * config.go, get.
 */
const kubeconfigs = (program: Program): Readonly<Record<string, string>> => ({
  'server/cred/admin.kubeconfig': 'server/tls/client-admin',
  'server/cred/supervisor.kubeconfig': 'server/tls/client-supervisor',
  'server/cred/controller.kubeconfig': 'server/tls/client-controller',
  'server/cred/scheduler.kubeconfig': 'server/tls/client-scheduler',
  'server/cred/api-server.kubeconfig': 'server/tls/client-kube-apiserver',
  'server/cred/cloud-controller.kubeconfig': `server/tls/client-${program}-cloud-controller`,
  'agent/kubelet.kubeconfig': 'agent/client-kubelet',
  'agent/kubeproxy.kubeconfig': 'agent/client-kube-proxy',
  [`agent/${program}controller.kubeconfig`]: `agent/client-${program}-controller`,
});

/** deps.go: the beginnings of the common names that createSigningCertKey is given, in `server/tls`. */
const authorities = (program: Program): Readonly<Record<string, string>> => ({
  'client-ca': `${program}-client`,
  'server-ca': `${program}-server`,
  'request-header-ca': `${program}-request-header`,
  'etcd/server-ca': 'etcd-server',
  'etcd/peer-ca': 'etcd-peer',
});

/** Of each: kube-apiserver's port (k3s behind its own; rke2, pkg/cli/defaults). */
const PORTS: Readonly<Record<Program, number>> = { k3s: 6444, rke2: 6443 };

export interface TreeOptions {
  readonly program?: Program;
  /** Days that CAs are valid: ten years, or a hundred (cert.go). */
  readonly caDays?: number;
  /**
   * Older agents send no request, and get a key that all have in common: kubelet's client certificate
   * that of kube-proxy (handlers.go, signAndSend, ClientKubeletCert).
   */
  readonly sharedKeys?: boolean;
}

/** SEC 1 and PKCS #1, as Go's helpers write them (cert.go, pem.go). */
const newKey = (algorithm: 'ECDSA-P256' | 'RSA-2048'): string =>
  encodePrivateKey(generatePrivateKey(algorithm));

/** @param dataDirectory where k3s believes it lies: what its kubeconfigs name */
export function k3sTree(
  dataDirectory = '/var/lib/rancher/k3s',
  directory = temporaryDirectory(),
  { program = 'k3s', caDays = 3650, sharedKeys = false }: TreeOptions = {},
): string {
  const write = (name: string, content: string, mode: number): void => {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode });
  };
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  mkdirSync(join(directory, 'server/tls/etcd'), { recursive: true });
  for (const [name, prefix] of Object.entries(authorities(program))) {
    makeCa(join(directory, 'server/tls', name), prefix, caDays);
  }
  for (const name of ['client-ca', 'server-ca']) {
    const ca = read(`server/tls/${name}.crt`);
    // deps.go: for kube-controller-manager, which signs with a file of one certificate.
    write(`server/tls/${name}.nochain.crt`, ca, 0o644);
    write(`agent/${name}.crt`, ca, 0o600);
  }
  const issue = (base: string, leaf: Leaf, mode: number, pem = newKey('ECDSA-P256')): void => {
    const ca = read(`server/tls/${leaf.ca}.crt`);
    const [certificate] = readCertificates(ca);
    const issuer = createIssuer(certificate, decodePrivateKey(read(`server/tls/${leaf.ca}.key`)));
    const { commonName, organizations = [], dns = [], ip = [] } = leaf;
    // cert.go, NewSignedCert: from when its CA is valid; without basic constraints, which ours always has.
    const der = issuer.issue(
      {
        subject: makeName({ commonName, organizations }),
        notBefore: certificate.notBefore,
        notAfter: new Date(Date.now() + 365 * DAY),
        basicConstraints: { ca: false },
        keyUsage: ['digitalSignature', 'keyEncipherment'],
        extendedKeyUsage: leaf.usages ?? ['clientAuth'],
        ...(dns.length + ip.length === 0 ? {} : { subjectAltNames: { dns, ip } }),
      },
      decodePrivateKey(pem).spki,
    );
    write(`${base}.crt`, encodePem('CERTIFICATE', der) + ca, mode);
    write(`${base}.key`, pem, 0o600);
  };
  for (const [name, leaf] of Object.entries(serverLeaves(program))) {
    issue(`server/tls/${name}`, leaf, 0o644);
  }
  // deps.go: for agents that send no request.
  for (const name of ['client-kubelet', 'serving-kubelet']) {
    write(`server/tls/${name}.key`, newKey('ECDSA-P256'), 0o600);
  }
  for (const [name, leaf] of Object.entries(agentLeaves(program))) {
    const common = name === 'client-kubelet' ? 'client-kube-proxy' : name;
    const pem = sharedKeys ? read(`server/tls/${common}.key`) : undefined;
    issue(`agent/${name}`, leaf, 0o600, pem);
  }
  for (const [name, leaf] of Object.entries(kubeconfigs(program))) {
    const ca = name.startsWith('agent/') ? 'agent/server-ca' : 'server/tls/server-ca';
    const url = `https://127.0.0.1:${PORTS[program]}`;
    write(name, kubeconfig(url, `${dataDirectory}/${ca}.crt`, `${dataDirectory}/${leaf}`), 0o600);
  }
  // deps.go, genServiceAccount.
  const service = newKey('RSA-2048');
  write('server/tls/service.key', service, 0o600);
  write('server/tls/service.current.key', service, 0o600);
  for (const [name, content] of Object.entries(others(program))) write(name, content, 0o600);
  return directory;
}

/** What is no certificate and no key (deps.go; RKE2's static pods: pkg/executor/staticpod). */
const others = (program: Program): Readonly<Record<string, string>> => ({
  'server/token': 'not for us\n',
  'server/cred/passwd': 'not,for,us\n',
  'server/cred/ipsec.psk': 'not for us\n',
  'server/cred/encryption-config.json': '{"kind":"EncryptionConfiguration"}',
  'server/etc/egress-selector-config.yaml': '{}',
  'server/tls/dynamic-cert.json': '{}',
  ...(program === 'rke2'
    ? { 'agent/pod-manifests/kube-apiserver.yaml': 'kind: Pod\n', 'server/db/etcd/name': 'k-1\n' }
    : {}),
});

function makeCa(base: string, prefix: string, days: number): void {
  const options = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-set_serial',
    '0',
  ];
  const extensions = ['-addext', 'keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign'];
  const subject = ['-subj', `/CN=${prefix}-ca@1700000000`, '-days', String(days)];
  const files = ['-keyout', `${base}.key`, '-out', `${base}.crt`];
  execFileSync('openssl', ['req', '-x509', ...options, ...extensions, ...subject, ...files], {
    stdio: 'ignore',
  });
}

/** deps.go, kubeconfigTemplate. */
const kubeconfig = (url: string, ca: string, leaf: string): string => `apiVersion: v1
clusters:
- cluster:
    server: ${url}
    certificate-authority: ${ca}
  name: local
contexts:
- context:
    cluster: local
    namespace: default
    user: user
  name: Default
current-context: Default
kind: Config
preferences: {}
users:
- name: user
  user:
    client-certificate: ${leaf}.crt
    client-key: ${leaf}.key
`;
