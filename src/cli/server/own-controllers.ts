/** The controllers that run in the server's own process, with what its configuration and its files say. */
import { type KubernetesClient, systemClock } from '../../client/index.ts';
import {
  type ControllerMetrics,
  formatLogLine,
  type LogLine,
  type NodeCertificates,
  runControllers,
  type ServingOptions,
} from '../../controllers/index.ts';
import type { ServerConfig } from './config.ts';
import type { Material } from './reloading.ts';
import { servingNames } from './serving-certificate.ts';

export interface ServerVoices {
  /** What is wrong. */
  readonly log: (line: string) => void;
  /** What is done: approvals, signatures. */
  readonly tell?: ((line: string) => void) | undefined;
  /** Of which warnings somebody else speaks. */
  readonly isTold?: ((line: LogLine) => boolean) | undefined;
}

/** As `runControllers`. */
export async function runOwnControllers(
  config: ServerConfig,
  {
    client,
    material,
    metrics,
    nodeCertificates,
    signal,
    voices: { log, tell, isTold },
  }: {
    readonly client: KubernetesClient;
    readonly material: Material;
    readonly metrics: ControllerMetrics;
    readonly nodeCertificates: NodeCertificates;
    readonly signal: AbortSignal;
    readonly voices: ServerVoices;
  },
): Promise<void> {
  const { authorities, rootCa } = material;
  const { signing, serving } = config;
  await runControllers({
    client,
    clock: systemClock,
    signal,
    controllers: controllersOf(config),
    metrics,
    nodeCertificates,
    // This server is the only one, and lets nothing into a namespace that is going.
    namespaceDelayMs: 0,
    log: (line) => {
      if (isTold?.(line) === true) return;
      if (line.level === 'warn' || line.level === 'error') log(formatLogLine(line));
      else if (line.level === 'info') tell?.(formatLogLine(line));
    },
    ...(serving === undefined ? {} : { serving: servingOf(serving, material) }),
    ...(rootCa === undefined ? {} : { rootCa }),
    ...(authorities === undefined
      ? {}
      : {
          signing: {
            authorities,
            ...(signing?.duration === undefined ? {} : { duration: signing.duration }),
          },
        }),
  });
}

/** Without garbage collection its controller does not run: of several words about it the first counts. */
const controllersOf = ({ controllers, garbageCollection }: ServerConfig): readonly string[] =>
  garbageCollection === false ? ['-garbagecollector', ...controllers] : controllers;

/** No node shall have a certificate for what the server itself answers to. */
function servingOf(
  { allowedCidrs, allowedDnsSuffixes, reservedNames }: NonNullable<ServerConfig['serving']>,
  { serving }: Pick<Material, 'serving'>,
): ServingOptions {
  return {
    allowedCidrs,
    allowedDnsSuffixes,
    get reserved() {
      return [...reservedNames, ...servingNames(serving().leaf)];
    },
  };
}
