/**
 * A data directory as k3s leaves it: names, subjects, chains, modes and kubeconfigs as in
 * `pkg/daemons/control/deps` and `pkg/agent/config`. The CAs are made by openssl, because k3s gives
 * theirs the serial number 0, which we never would.
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

/** What the cluster file says of the machine whose directory this is. */
export const NODE = {
  name: 'k-1',
  addresses: ['10.0.0.1'],
  roles: ['control-plane', 'etcd', 'worker'],
};
export const SPEC = { layout: 'k3s', serviceSubnets: ['10.43.0.0/16'], hosts: [NODE] };

const DAY = 86_400_000;
const DNS = ['localhost', NODE.name];
const IP = ['127.0.0.1', '::1', '10.0.0.1', '10.43.0.1'];
const SERVICE = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

interface Leaf {
  readonly ca: string;
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly usages?: readonly ExtendedKeyUsage[];
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
}

const LEAVES: Readonly<Record<string, Leaf>> = {
  'server/tls/client-admin': {
    ca: 'client-ca',
    commonName: 'system:admin',
    organizations: ['system:masters'],
  },
  'server/tls/client-controller': { ca: 'client-ca', commonName: 'system:kube-controller-manager' },
  'server/tls/client-scheduler': { ca: 'client-ca', commonName: 'system:kube-scheduler' },
  'server/tls/client-kube-apiserver': {
    ca: 'client-ca',
    commonName: 'system:apiserver',
    organizations: ['system:masters'],
  },
  'server/tls/client-auth-proxy': { ca: 'request-header-ca', commonName: 'system:auth-proxy' },
  'server/tls/serving-kube-apiserver': {
    ca: 'server-ca',
    commonName: 'kube-apiserver',
    usages: ['serverAuth'],
    dns: [...SERVICE, 'api.test.example.com', ...DNS],
    ip: IP,
  },
  'server/tls/etcd/client': { ca: 'etcd/server-ca', commonName: 'etcd-client' },
  'server/tls/etcd/server-client': {
    ca: 'etcd/server-ca',
    commonName: 'etcd-server',
    usages: ['serverAuth', 'clientAuth'],
    dns: ['kine.sock', ...DNS],
    ip: IP,
  },
  'server/tls/etcd/peer-server-client': {
    ca: 'etcd/peer-ca',
    commonName: 'etcd-peer',
    usages: ['serverAuth', 'clientAuth'],
    dns: ['kine.sock', ...DNS],
    ip: IP,
  },
  'agent/client-kubelet': {
    ca: 'client-ca',
    commonName: `system:node:${NODE.name}`,
    organizations: ['system:nodes'],
  },
  'agent/client-kube-proxy': { ca: 'client-ca', commonName: 'system:kube-proxy' },
  'agent/serving-kubelet': {
    ca: 'server-ca',
    commonName: NODE.name,
    usages: ['serverAuth'],
    dns: [NODE.name, 'localhost'],
    ip: ['127.0.0.1', '10.0.0.1'],
  },
};

/** kubeconfig -> its CA, and the certificate and key that it names. */
const KUBECONFIGS: Readonly<Record<string, readonly [ca: string, leaf: string]>> = {
  'server/cred/admin.kubeconfig': ['server/tls/server-ca', 'server/tls/client-admin'],
  'server/cred/controller.kubeconfig': ['server/tls/server-ca', 'server/tls/client-controller'],
  'server/cred/scheduler.kubeconfig': ['server/tls/server-ca', 'server/tls/client-scheduler'],
  'agent/kubelet.kubeconfig': ['agent/server-ca', 'agent/client-kubelet'],
  'agent/kubeproxy.kubeconfig': ['agent/server-ca', 'agent/client-kube-proxy'],
};

const AUTHORITIES: Readonly<Record<string, string>> = {
  'client-ca': 'k3s-client',
  'server-ca': 'k3s-server',
  'request-header-ca': 'k3s-request-header',
  'etcd/server-ca': 'etcd-server',
  'etcd/peer-ca': 'etcd-peer',
};

/** @param dataDirectory where k3s believes it lies: what its kubeconfigs name */
export function k3sTree(
  dataDirectory = '/var/lib/rancher/k3s',
  directory = temporaryDirectory(),
): string {
  const write = (name: string, content: string, mode: number): void => {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode });
  };
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  mkdirSync(join(directory, 'server/tls/etcd'), { recursive: true });
  for (const [name, prefix] of Object.entries(AUTHORITIES))
    makeCa(join(directory, 'server/tls', name), prefix);
  for (const name of ['client-ca', 'server-ca']) {
    write(`agent/${name}.crt`, read(`server/tls/${name}.crt`), 0o600);
  }
  for (const [name, leaf] of Object.entries(LEAVES)) {
    const ca = read(`server/tls/${leaf.ca}.crt`);
    const [certificate] = readCertificates(ca);
    const issuer = createIssuer(certificate, decodePrivateKey(read(`server/tls/${leaf.ca}.key`)));
    const key = generatePrivateKey('ECDSA-P256');
    const { commonName, organizations = [], dns = [], ip = [] } = leaf;
    const der = issuer.issue(
      {
        subject: makeName({ commonName, organizations }),
        notBefore: certificate.notBefore,
        notAfter: new Date(Date.now() + 365 * DAY),
        basicConstraints: { ca: false },
        keyUsage: ['digitalSignature', 'keyEncipherment'],
        extendedKeyUsage: leaf.usages ?? ['clientAuth'],
        subjectAltNames: { dns, ip },
      },
      key.spki,
    );
    write(`${name}.crt`, encodePem('CERTIFICATE', der) + ca, 0o644);
    write(`${name}.key`, encodePrivateKey(key), 0o600);
  }
  for (const [name, [ca, leaf]] of Object.entries(KUBECONFIGS)) {
    write(name, kubeconfig(`${dataDirectory}/${ca}.crt`, `${dataDirectory}/${leaf}`), 0o600);
  }
  write('server/tls/service.key', encodePrivateKey(generatePrivateKey('RSA-2048')), 0o600);
  write('server/token', 'not for us\n', 0o600);
  return directory;
}

function makeCa(base: string, prefix: string): void {
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
  const subject = ['-subj', `/CN=${prefix}-ca@1700000000`, '-days', '3650'];
  const files = ['-keyout', `${base}.key`, '-out', `${base}.crt`];
  execFileSync('openssl', ['req', '-x509', ...options, ...extensions, ...subject, ...files], {
    stdio: 'ignore',
  });
}

const kubeconfig = (ca: string, leaf: string): string => `apiVersion: v1
clusters:
- cluster:
    server: https://127.0.0.1:6444
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
