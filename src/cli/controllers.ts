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
  ControllerMetrics,
  enabledControllers,
  formatLogLine,
  type LeaderElection,
  type LogLine,
  type RootCa,
  runControllers,
  type ServingOptions,
} from '../controllers/index.ts';
import { KubepkiError, quoted } from '../errors.ts';
import { ApiServerNames } from './api-server-names.ts';
import { type MetricsAddress, metricsAddressOf, serveMetrics } from './metrics-endpoint.ts';
import { visible } from './output.ts';
import { rootCaFile, rootCaOfKubeconfig } from './root-ca.ts';
import { untilSignal } from './signals.ts';
import {
  readAuthorities,
  type SignersFiles,
  signingDurationOf,
  signingFiles,
} from './signing-files.ts';
import type { SigningFlags } from './signing-flags.ts';
import { VERSION } from './version.ts';
import { WatchedFiles } from './watched-files.ts';

export interface ControllersFlags extends SigningFlags {
  readonly kubeconfig?: string;
  readonly clusterSigningDuration: string;
  readonly rootCaFile?: string;
  readonly controllers?: readonly string[];
  readonly allowedCidrs?: readonly string[];
  readonly allowedDnsSuffixes?: readonly string[];
  readonly reservedNames?: readonly string[];
  readonly protectExistingNodes: boolean;
  readonly dryRun: boolean;
  readonly metricsBindAddress?: string;
  readonly leaderElect: boolean;
  readonly leaderElectResourceLock: string;
  readonly leaderElectResourceName: string;
  readonly leaderElectResourceNamespace: string;
}

export interface ControllersConfig {
  /** Absent: what a pod is given. */
  readonly kubeconfig?: string;
  /** By signer; one without files signs nothing. */
  readonly signing: SignersFiles;
  /** Milliseconds. */
  readonly duration: number;
  /** Absent: what the kubeconfig says, if anything. */
  readonly rootCaFile?: string;
  readonly controllers: readonly string[];
  /** Absent: nothing says what nodes may serve as. The API server's own host is not in it. */
  readonly serving?: ServingOptions;
  readonly protectNodes: boolean;
  readonly dryRun: boolean;
  /** Absent: nobody is shown what they count. */
  readonly metricsAddress?: MetricsAddress;
  readonly lease?: Omit<LeaderElection, 'identity'>;
}

/** Runs until a signal ends it. */
export async function runControllersCommand(flags: ControllersFlags): Promise<void> {
  const config = controllersConfig(flags);
  const write = (line: string): void => void process.stderr.write(`kubepki: ${visible(line)}\n`);
  const files = new WatchedFiles({ clock: systemClock, log: write, tell: write });
  const authorities = await readAuthorities(config.signing, files, () => systemClock.now());
  const log = (line: LogLine): void => {
    if (line.level !== 'debug') write(formatLogLine(line));
  };
  const metrics = new ControllerMetrics();
  const apiServer = new ApiServerNames();
  const transport = await connect(config.kubeconfig, apiServer);
  const rootCa = await readRootCa(config, files);
  const client = createClient(transport);
  const serving = config.serving && apiServer.reservedIn(config.serving, transport);
  const endpoint =
    config.metricsAddress && (await serveMetrics(config.metricsAddress, { metrics, files }));
  if (endpoint !== undefined) write(`metrics on ${endpoint.url}`);
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
          dryRun: config.dryRun,
          metrics,
          ...(serving === undefined ? {} : { serving }),
          ...(rootCa === undefined ? {} : { rootCa }),
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
    await endpoint?.close();
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

/**
 * In a pod, nothing says it but the flag: the file that it has there is what is published in its namespace, and
 * whoever may change that would have it everywhere.
 */
async function readRootCa(
  { rootCaFile: path, kubeconfig }: ControllersConfig,
  files: WatchedFiles,
): Promise<RootCa | undefined> {
  if (path !== undefined) return rootCaFile(path, files);
  return kubeconfig === undefined ? undefined : rootCaOfKubeconfig(kubeconfig, files);
}

async function connect(
  kubeconfig: string | undefined,
  apiServer: ApiServerNames,
): Promise<RemoteTransport> {
  const common = {
    userAgent: `kubepki-controllers/${VERSION}`,
    clock: systemClock,
    onServerCertificate: (der: Uint8Array) => apiServer.seen(der),
  };
  return kubeconfig === undefined
    ? inClusterTransport({ ...common, env: process.env })
    : transportFromKubeconfig({ ...common, path: kubeconfig });
}

/** @throws KubepkiError USAGE naming the flags, INVALID_VALUE for a controller that does not exist */
export function controllersConfig(flags: ControllersFlags): ControllersConfig {
  const { kubeconfig, clusterSigningDuration, rootCaFile: rootCa, metricsBindAddress } = flags;
  const controllers = controllersOf(flags);
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
    const flag = flags.dryRun ? '--dry-run' : '--controllers=servingapproving';
    throw new KubepkiError('USAGE', `${flag} needs --allowed-cidrs`, {
      hint: 'say where the addresses of nodes lie: --allowed-cidrs=10.0.0.0/16',
    });
  }
  const lease = flags.dryRun ? undefined : leaseOf(flags);
  const metricsAddress = metricsAddressOf(metricsBindAddress);
  return {
    signing,
    duration: signingDurationOf(clusterSigningDuration),
    controllers,
    protectNodes: flags.protectExistingNodes,
    dryRun: flags.dryRun,
    ...(metricsAddress === undefined ? {} : { metricsAddress }),
    ...(serving === undefined ? {} : { serving }),
    // As with kube-controller-manager, an empty one is none.
    ...(kubeconfig === undefined || kubeconfig === '' ? {} : { kubeconfig }),
    ...(rootCa === undefined || rootCa === '' ? {} : { rootCaFile: rootCa }),
    ...(lease === undefined ? {} : { lease }),
  };
}

const TRIED = 'servingapproving';

/** What only decides must not do other things, and leaves the Lease to those who work. */
function controllersOf({ controllers, dryRun }: ControllersFlags): readonly string[] {
  if (!dryRun) return controllers ?? ['*'];
  if (controllers === undefined) return [TRIED];
  const others = [...enabledControllers(controllers)].filter((name) => name !== TRIED);
  if (others.length === 0) return controllers;
  throw new KubepkiError('USAGE', `--dry-run is for ${TRIED} alone, not ${others.join(', ')}`, {
    hint: `leave out --controllers, or give --controllers=${TRIED}`,
  });
}

/** Names alone are no limit: without subnets a node could have any address. */
function servingOf(flags: ControllersFlags): ServingOptions | undefined {
  const { allowedCidrs = [], allowedDnsSuffixes = [], reservedNames: reserved = [] } = flags;
  return allowedCidrs.length === 0 ? undefined : { allowedCidrs, allowedDnsSuffixes, reserved };
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
