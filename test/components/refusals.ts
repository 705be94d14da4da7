/**
 * Who refuses what, and where: for each connection what happens when one side presents the right
 * certificate, and others that differ from it in exactly one way. Written down here and reviewed; the
 * suite tries each of them on the real components, and the reference of connections is made from it.
 *
 * Messages are upstream's (Kubernetes v1.36, etcd v3.6, Go's crypto/x509), as far as they do not
 * differ from run to run. Data only.
 */

import type { CredentialId } from '../../src/cluster/index.ts';

/** What is wrong with what is presented. */
export const KINDS = [
  'right',
  'none',
  'wrong-ca',
  'expired',
  'wrong-usage',
  'wrong-name',
  'other-role',
] as const;
export type Kind = (typeof KINDS)[number];

/**
 * Where it ends: in the TLS handshake; right after it, without a word; in authentication; in
 * authorization; or not at all.
 */
export type Layer = 'tls' | 'closed' | '401' | '403' | 'accepted';

export interface Outcome {
  readonly layer: Layer;
  /** Part of what the side that verifies says, in its log or to the client. */
  readonly message: string;
  /** The alert that the other side hears (RFC 8446, section 6). */
  readonly alert?: string;
  /** Why upstream accepts what is wrong, where that is written, and what limits the harm. */
  readonly accepted?: { readonly why: string; readonly source: string; readonly limit: string };
}

export interface Connection {
  readonly id: ConnectionId;
  /** Rows of the mission's table. */
  readonly arrows: readonly string[];
  readonly client: string;
  readonly server: string;
  /** Which of the two verifies, and with which flag or setting it knows the CA. */
  readonly verifier: 'client' | 'server';
  readonly flag: string;
  /** The credential that is varied; null for what is not in the catalogue. */
  readonly credential: CredentialId | null;
  /** What `other-role` stands for here: another credential that the same CA signs. */
  readonly otherRole?: CredentialId;
  readonly outcomes: Readonly<Partial<Record<Kind, Outcome>>>;
}

export const CONNECTION_IDS = [
  'peer-to-etcd',
  'etcd-to-peer',
  'client-to-etcd',
  'apiserver-to-etcd',
  'client-to-apiserver',
  'kubectl-to-apiserver',
  'controller-manager-to-apiserver',
  'scheduler-to-apiserver',
  'kube-proxy-to-apiserver',
  'kubelet-to-apiserver',
  'token-to-apiserver',
  'client-to-kubelet',
  'apiserver-to-kubelet',
  'front-proxy-to-apiserver',
  'front-proxy-to-scheduler',
  'front-proxy-to-controller-manager',
  'apiserver-to-extension',
] as const;
export type ConnectionId = (typeof CONNECTION_IDS)[number];

const UNKNOWN_AUTHORITY = 'x509: certificate signed by unknown authority';
const EXPIRED = 'x509: certificate has expired or is not yet valid';
const USAGE = 'x509: certificate specifies an incompatible key usage';

const tls = (message: string, alert?: string): Outcome => ({
  layer: 'tls',
  message,
  ...(alert === undefined ? {} : { alert }),
});
const unauthorized = (message: string): Outcome => ({ layer: '401', message });
const forbidden = (message: string): Outcome => ({ layer: '403', message });

const OK: Outcome = { layer: 'accepted', message: 'HTTP 200' };

/** Go's TLS server with client certificates required (crypto/tls, `processCertsFromClient`). */
const GO_TLS_SERVER = {
  right: OK,
  none: tls("tls: client didn't provide a certificate", 'certificate_required'),
  'wrong-ca': tls(UNKNOWN_AUTHORITY, 'unknown_ca'),
  expired: tls(EXPIRED, 'certificate_expired'),
  'wrong-usage': tls(USAGE, 'bad_certificate'),
};

/** The address of the host that presents certificates made for others. */
const STRANGER = '172.16.10.66';

/** Go's TLS client (crypto/tls, `verifyServerCertificate`): one alert for every reason. */
const goTlsClient = (names: string, none: string, right = 'request complete') => ({
  right: { layer: 'accepted', message: right } as const,
  none: tls(none),
  'wrong-ca': tls(UNKNOWN_AUTHORITY, 'bad_certificate'),
  expired: tls(EXPIRED, 'bad_certificate'),
  'wrong-usage': tls(USAGE, 'bad_certificate'),
  'wrong-name': tls(`x509: certificate is valid for ${names}`, 'bad_certificate'),
});

const NOT_TLS = 'tls: first record does not look like a TLS handshake';
const NOT_HTTPS = 'http: server gave HTTP response to HTTPS client';

/** Components that find kube-apiserver at a server with another name than the certificate's. */
const toApiserver = (id: ConnectionId, client: string, arrow: string): Connection => ({
  id,
  arrows: ['S4', arrow],
  client,
  server: 'kube-apiserver',
  verifier: 'client',
  flag: 'certificate-authority-data',
  credential: 'apiserver',
  outcomes: goTlsClient(`10.96.0.1, 172.16.10.11, not ${STRANGER}`, NOT_HTTPS),
});

/** Upstream's authentication by certificate: a client without one is nobody, not refused. */
const requestHeader = (id: ConnectionId, server: string, wrongName: Outcome): Connection => ({
  id,
  arrows: ['S13'],
  client: 'front proxy',
  server,
  verifier: 'server',
  flag: '--requestheader-client-ca-file',
  credential: 'front-proxy-client',
  outcomes: {
    right: OK,
    none: forbidden('forbidden: User "system:anonymous" cannot get path "/metrics"'),
    'wrong-ca': unauthorized(UNKNOWN_AUTHORITY),
    expired: unauthorized(EXPIRED),
    'wrong-usage': unauthorized(USAGE),
    'wrong-name': wrongName,
  },
});

const NOT_ALLOWED = unauthorized('x509: subject with cn=somebody-else is not in the allowed list');

export const CONNECTIONS: readonly Connection[] = [
  {
    id: 'peer-to-etcd',
    arrows: ['S1'],
    client: 'etcd',
    server: 'etcd',
    verifier: 'server',
    flag: '--peer-trusted-ca-file',
    credential: 'etcd-peer',
    otherRole: 'apiserver-etcd-client',
    outcomes: {
      ...GO_TLS_SERVER,
      'wrong-name': {
        layer: 'closed',
        message: `tls: "${STRANGER}" does not match any of DNSNames ["cp-1" "localhost"]`,
      },
      'other-role': {
        ...OK,
        accepted: {
          why: "etcd compares a peer's address with the names in its certificate only where there are any",
          source: 'etcd: client/pkg/transport/listener_tls.go, checkCertSAN',
          limit:
            'the etcd CA signs for etcd and kube-apiserver alone, and what reads and writes all of etcd gains little; etcd shuts it with --peer-cert-allowed-hostname and the names of all members',
        },
      },
    },
  },
  {
    id: 'etcd-to-peer',
    arrows: ['S1'],
    client: 'etcd',
    server: 'etcd',
    verifier: 'client',
    flag: '--peer-trusted-ca-file',
    credential: 'etcd-peer',
    outcomes: goTlsClient(
      `172.16.10.11, 127.0.0.1, ::1, not ${STRANGER}`,
      NOT_TLS,
      'handshake complete',
    ),
  },
  {
    id: 'client-to-etcd',
    arrows: ['S2', 'S3'],
    client: 'kube-apiserver',
    server: 'etcd',
    verifier: 'server',
    flag: '--trusted-ca-file',
    credential: 'apiserver-etcd-client',
    otherRole: 'etcd-healthcheck-client',
    outcomes: {
      ...GO_TLS_SERVER,
      'wrong-name': {
        ...OK,
        accepted: {
          why: 'etcd takes every client certificate of its CA; without its own users and roles each may do everything',
          source: 'etcd: docs, Transport security model, --client-cert-auth',
          limit: 'the etcd CA signs for etcd and kube-apiserver alone, and its key stays offline',
        },
      },
      'other-role': {
        ...OK,
        accepted: {
          why: 'etcd looks at the CA alone: what is meant for probes reads and writes everything',
          source: 'etcd: docs, Transport security model, --client-cert-auth',
          limit: 'only etcd members hold etcd-healthcheck-client',
        },
      },
    },
  },
  {
    id: 'apiserver-to-etcd',
    arrows: ['S2', 'S3'],
    client: 'kube-apiserver',
    server: 'etcd',
    verifier: 'client',
    flag: '--etcd-cafile',
    credential: 'etcd-server',
    outcomes: goTlsClient(
      `172.16.10.11, 127.0.0.1, ::1, not ${STRANGER}`,
      NOT_TLS,
      'handshake complete',
    ),
  },
  {
    id: 'client-to-apiserver',
    arrows: ['S5', 'S6', 'S7', 'S8', 'S9'],
    client: 'kubectl',
    server: 'kube-apiserver',
    verifier: 'server',
    flag: '--client-ca-file',
    credential: 'admin',
    otherRole: 'kube-proxy',
    outcomes: {
      right: OK,
      none: forbidden(
        'secrets is forbidden: User "system:anonymous" cannot list resource "secrets"',
      ),
      'wrong-ca': unauthorized(UNKNOWN_AUTHORITY),
      expired: unauthorized(EXPIRED),
      'wrong-usage': unauthorized(USAGE),
      'wrong-name': forbidden(
        'secrets is forbidden: User "somebody-else" cannot list resource "secrets"',
      ),
      'other-role': forbidden(
        'secrets is forbidden: User "system:kube-proxy" cannot list resource "secrets"',
      ),
    },
  },
  toApiserver('kubectl-to-apiserver', 'kubectl', 'S9'),
  toApiserver('controller-manager-to-apiserver', 'kube-controller-manager', 'S5'),
  toApiserver('scheduler-to-apiserver', 'kube-scheduler', 'S6'),
  toApiserver('kube-proxy-to-apiserver', 'kube-proxy', 'S7'),
  toApiserver('kubelet-to-apiserver', 'kubelet', 'S8'),
  {
    id: 'token-to-apiserver',
    arrows: ['S12'],
    client: 'a service account',
    server: 'kube-apiserver',
    verifier: 'server',
    flag: '--service-account-key-file',
    credential: 'sa',
    outcomes: {
      right: OK,
      none: forbidden('configmaps is forbidden: User "system:anonymous" cannot list'),
      'wrong-ca': unauthorized('error in cryptographic primitive'),
      expired: unauthorized('service account token has expired'),
      'wrong-usage': unauthorized('is invalid for the target audiences'),
      'wrong-name': forbidden(
        'configmaps is forbidden: User "system:serviceaccount:default:somebody-else" cannot list',
      ),
    },
  },
  {
    id: 'client-to-kubelet',
    arrows: ['S11'],
    client: 'kube-apiserver',
    server: 'kubelet',
    verifier: 'server',
    flag: 'authentication.x509.clientCAFile',
    credential: 'apiserver-kubelet-client',
    otherRole: 'kube-proxy',
    outcomes: {
      right: OK,
      none: unauthorized('Unauthorized'),
      'wrong-ca': unauthorized(UNKNOWN_AUTHORITY),
      expired: unauthorized(EXPIRED),
      'wrong-usage': unauthorized(USAGE),
      'wrong-name': forbidden('Forbidden (user=somebody-else, verb=get, resource=nodes'),
      'other-role': forbidden('Forbidden (user=system:kube-proxy, verb=get, resource=nodes'),
    },
  },
  {
    id: 'apiserver-to-kubelet',
    arrows: ['S10'],
    client: 'kube-apiserver',
    server: 'kubelet',
    verifier: 'client',
    flag: '--kubelet-certificate-authority',
    credential: 'kubelet-server',
    outcomes: goTlsClient(`172.16.10.22, not ${STRANGER}`, NOT_TLS),
  },
  requestHeader('front-proxy-to-apiserver', 'kube-apiserver', NOT_ALLOWED),
  requestHeader(
    'front-proxy-to-scheduler',
    'kube-scheduler, as an extension API server',
    NOT_ALLOWED,
  ),
  requestHeader('front-proxy-to-controller-manager', 'kube-controller-manager', {
    ...OK,
    accepted: {
      why: 'without --requestheader-allowed-names every certificate of that CA is a front proxy, and kubeadm gives kube-controller-manager none',
      source: 'kubernetes: apiserver/pkg/server/options/authentication.go, AllowedNames',
      limit:
        'the front-proxy CA signs front-proxy-client and nothing else, and its key stays offline',
    },
  }),
  {
    id: 'apiserver-to-extension',
    arrows: ['S13'],
    client: 'kube-apiserver',
    server: 'an extension API server',
    verifier: 'client',
    flag: 'caBundle of the APIService',
    credential: null,
    outcomes: goTlsClient(
      'somebody-else.default.svc, not extension-wrong-name.default.svc',
      NOT_HTTPS,
    ),
  },
];
