/** Runs the controllers for `kubepki controllers`: flags become options, log lines go to standard error. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  createClient,
  inClusterTransport,
  type RemoteTransport,
  systemClock,
  transportFromKubeconfig,
} from '../client/index.ts';
import {
  type CertificateAuthority,
  enabledControllers,
  formatLogLine,
  type LeaderElection,
  type LogLine,
  runControllers,
  type ServingOptions,
} from '../controllers/index.ts';
import { KubepkiError, quoted } from '../errors.ts';
import {
  KUBE_APISERVER_CLIENT_SIGNER,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  LEGACY_UNKNOWN_SIGNER,
  parseGoDuration,
  SIGNER_NAMES,
  type SignerName,
} from '../kubernetes/index.ts';
import type { Issuer } from '../x509/index.ts';
import { authorityFiles } from './authority-files.ts';
import { visible } from './output.ts';
import { untilSignal } from './signals.ts';
import { VERSION } from './version.ts';
import { WatchedFiles } from './watched-files.ts';

export interface ControllersFlags {
  readonly kubeconfig?: string;
  readonly clusterSigningCertFile?: string;
  readonly clusterSigningKeyFile?: string;
  readonly clusterSigningKubeletServingCertFile?: string;
  readonly clusterSigningKubeletServingKeyFile?: string;
  readonly clusterSigningKubeletClientCertFile?: string;
  readonly clusterSigningKubeletClientKeyFile?: string;
  readonly clusterSigningKubeApiserverClientCertFile?: string;
  readonly clusterSigningKubeApiserverClientKeyFile?: string;
  readonly clusterSigningLegacyUnknownCertFile?: string;
  readonly clusterSigningLegacyUnknownKeyFile?: string;
  readonly clusterSigningDuration: string;
  readonly controllers?: readonly string[];
  readonly allowedCidrs?: readonly string[];
  readonly allowedDnsSuffixes?: readonly string[];
  readonly reservedNames?: readonly string[];
  readonly protectExistingNodes: boolean;
  readonly leaderElect: boolean;
  readonly leaderElectResourceLock: string;
  readonly leaderElectResourceName: string;
  readonly leaderElectResourceNamespace: string;
}

/** The files of a CA. */
export interface SigningFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface ControllersConfig {
  /** Absent: what a pod is given. */
  readonly kubeconfig?: string;
  /** By signer; one without files signs nothing. */
  readonly signing: ReadonlyMap<SignerName, SigningFiles>;
  /** Milliseconds. */
  readonly duration: number;
  readonly controllers: readonly string[];
  /** Absent: nothing says what nodes may serve as. The API server's own host is not in it. */
  readonly serving?: ServingOptions;
  readonly protectNodes: boolean;
  readonly lease?: Omit<LeaderElection, 'identity'>;
}

/** Runs until a signal ends it. */
export async function runControllersCommand(flags: ControllersFlags): Promise<void> {
  const config = controllersConfig(flags);
  const write = (line: string): void => void process.stderr.write(`kubepki: ${visible(line)}\n`);
  const files = new WatchedFiles({ clock: systemClock, log: write, tell: write });
  const authorities = await readAuthorities(config.signing, files);
  const log = (line: LogLine): void => {
    if (line.level !== 'debug') write(formatLogLine(line));
  };
  const transport = await connect(config.kubeconfig);
  const client = createClient(transport);
  const serving = config.serving && withReserved(config.serving, hostOf(transport.server));
  try {
    await untilSignal(async (signal) => {
      await whileFollowing(files, async () =>
        runControllers({
          client,
          clock: systemClock,
          signal,
          log,
          controllers: config.controllers,
          protectNodes: config.protectNodes,
          ...(serving === undefined ? {} : { serving }),
          ...(authorities === undefined
            ? {}
            : { signing: { authorities, duration: config.duration } }),
          ...(config.lease === undefined
            ? {}
            : { leaderElect: { ...config.lease, identity: `${hostname()}_${randomUUID()}` } }),
        }),
      );
    });
  } finally {
    await client.close();
  }
}

/** Reads files again while it runs: when they have changed, and at SIGHUP. */
async function whileFollowing(files: WatchedFiles, run: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const reload = (): void => void files.look();
  process.on('SIGHUP', reload);
  const following = files.follow(stop.signal);
  try {
    await run();
  } finally {
    stop.abort();
    process.off('SIGHUP', reload);
    await following;
  }
}

async function connect(kubeconfig: string | undefined): Promise<RemoteTransport> {
  const common = { userAgent: `kubepki-controllers/${VERSION}`, clock: systemClock };
  return kubeconfig === undefined
    ? inClusterTransport({ ...common, env: process.env })
    : transportFromKubeconfig({ ...common, path: kubeconfig });
}

/** The host of a server's address as certificates name it: an IPv6 address without brackets. */
export const hostOf = (server: string): string =>
  new URL(server).hostname.replace(/^\[(.*)\]$/, '$1');

const withReserved = (serving: ServingOptions, host: string): ServingOptions => ({
  ...serving,
  reserved: [...serving.reserved, host],
});

/**
 * Each file is read once, and again when it has changed, however many signers sign with it; undefined where
 * there is no CA at all.
 */
async function readAuthorities(
  signing: ControllersConfig['signing'],
  files: WatchedFiles,
): Promise<Partial<Record<SignerName, CertificateAuthority>> | undefined> {
  const read = new Map<string, () => Issuer>();
  const authorities: Partial<Record<SignerName, CertificateAuthority>> = {};
  for (const [signer, { certFile, keyFile }] of signing) {
    const id = JSON.stringify([certFile, keyFile]);
    const issuer =
      read.get(id) ?? (await files.add(authorityFiles(certFile, keyFile, () => systemClock.now())));
    read.set(id, issuer);
    authorities[signer] = async () => issuer();
  }
  return signing.size === 0 ? undefined : authorities;
}

/** @throws KubepkiError USAGE naming the flags, INVALID_VALUE for a controller that does not exist */
export function controllersConfig(flags: ControllersFlags): ControllersConfig {
  const { kubeconfig, controllers = ['*'], clusterSigningDuration } = flags;
  const enabled = enabledControllers(controllers);
  const signing = signingFiles(flags);
  if (controllers.includes('csrsigning') && enabled.has('csrsigning') && signing.size === 0) {
    throw new KubepkiError('USAGE', '--controllers=csrsigning has no CA to sign with', {
      hint: 'give --cluster-signing-cert-file and --cluster-signing-key-file',
    });
  }
  const serving = servingOf(flags);
  const named = enabledControllers(controllers.filter((one) => one !== '*'));
  if (named.has('servingapproving') && serving === undefined) {
    throw new KubepkiError('USAGE', '--controllers=servingapproving needs --allowed-cidrs', {
      hint: 'say where the addresses of nodes lie: --allowed-cidrs=10.0.0.0/16',
    });
  }
  const lease = leaseOf(flags);
  return {
    signing,
    duration: durationOf(clusterSigningDuration),
    controllers,
    protectNodes: flags.protectExistingNodes,
    ...(serving === undefined ? {} : { serving }),
    // As with kube-controller-manager, an empty one is none.
    ...(kubeconfig === undefined || kubeconfig === '' ? {} : { kubeconfig }),
    ...(lease === undefined ? {} : { lease }),
  };
}

/** Names alone are no limit: without subnets a node could have any address. */
function servingOf(flags: ControllersFlags): ServingOptions | undefined {
  const { allowedCidrs = [], allowedDnsSuffixes = [], reservedNames: reserved = [] } = flags;
  return allowedCidrs.length === 0 ? undefined : { allowedCidrs, allowedDnsSuffixes, reserved };
}

type SpecificFiles = [
  signer: SignerName,
  flag: string,
  certFile: string | undefined,
  keyFile: string | undefined,
];

/** The four signers, the flags of each, and what they say. */
function specificFiles(flags: ControllersFlags): SpecificFiles[] {
  return [
    [
      KUBELET_SERVING_SIGNER,
      'kubelet-serving',
      flags.clusterSigningKubeletServingCertFile,
      flags.clusterSigningKubeletServingKeyFile,
    ],
    [
      KUBELET_CLIENT_SIGNER,
      'kubelet-client',
      flags.clusterSigningKubeletClientCertFile,
      flags.clusterSigningKubeletClientKeyFile,
    ],
    [
      KUBE_APISERVER_CLIENT_SIGNER,
      'kube-apiserver-client',
      flags.clusterSigningKubeApiserverClientCertFile,
      flags.clusterSigningKubeApiserverClientKeyFile,
    ],
    [
      LEGACY_UNKNOWN_SIGNER,
      'legacy-unknown',
      flags.clusterSigningLegacyUnknownCertFile,
      flags.clusterSigningLegacyUnknownKeyFile,
    ],
  ];
}

/** One CA for all, or for each its own: never both (kube-controller-manager, csrsigningcontroller.go). */
function signingFiles(flags: ControllersFlags): Map<SignerName, SigningFiles> {
  const files = new Map<SignerName, SigningFiles>();
  for (const [signer, flag, cert, key] of specificFiles(flags)) {
    const pair = pairOf(`--cluster-signing-${flag}`, cert, key);
    if (pair !== undefined) files.set(signer, pair);
  }
  const { clusterSigningCertFile: cert, clusterSigningKeyFile: key } = flags;
  const common = pairOf('--cluster-signing', cert, key);
  if (common === undefined) return files;
  if (files.size > 0) {
    throw new KubepkiError(
      'USAGE',
      '--cluster-signing-cert-file is for all signers and excludes the flags of single ones',
      { hint: 'give every signer its own files, or all of them the same' },
    );
  }
  return new Map(SIGNER_NAMES.map((signer) => [signer, common]));
}

function pairOf(flag: string, cert = '', key = ''): SigningFiles | undefined {
  if (cert === '' && key === '') return undefined;
  if (cert === '' || key === '') {
    const [given, missing] = cert === '' ? ['key', 'cert'] : ['cert', 'key'];
    throw new KubepkiError(
      'USAGE',
      `${flag}-${given}-file needs ${flag}-${missing}-file beside it`,
    );
  }
  return { certFile: cert, keyFile: key };
}

function durationOf(text: string): number {
  const duration = parseGoDuration(text);
  if (duration > 0) return duration;
  throw new KubepkiError('USAGE', `--cluster-signing-duration: ${quoted(text, 80)} is not above 0`);
}

function leaseOf(flags: ControllersFlags): ControllersConfig['lease'] {
  if (!flags.leaderElect) return undefined;
  const { leaderElectResourceLock: lock } = flags;
  if (lock !== 'leases') {
    throw new KubepkiError(
      'USAGE',
      `--leader-elect-resource-lock: ${quoted(lock, 80)} is not leases`,
    );
  }
  const { leaderElectResourceName: name, leaderElectResourceNamespace: namespace } = flags;
  for (const [flag, value] of Object.entries({ name, namespace })) {
    if (value === '') throw new KubepkiError('USAGE', `--leader-elect-resource-${flag} is empty`);
  }
  return { name, namespace };
}
