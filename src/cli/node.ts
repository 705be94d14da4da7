/** Runs the node agent for `kubepki node`: flags become options, events become lines, signals end it. */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { systemClock } from '../client/index.ts';
import { KubepkiError, quoted } from '../errors.ts';
import {
  type BesideOptions,
  connectToServer,
  lineTeller,
  type NodeAgentOptions,
  type NodeEvent,
  nodeNameOf,
  runNodeAgent,
  watchKubelet,
} from '../node/index.ts';
import { visible } from './output.ts';
import { untilSignal } from './signals.ts';
import { VERSION } from './version.ts';

export interface NodeFlags {
  readonly bootstrapKubeconfig?: string;
  readonly kubeconfig: string;
  readonly certDir: string;
  readonly hostnameOverride?: string;
  readonly nodeIp?: string;
  readonly address: string;
  readonly port: number;
  readonly clientCaFile?: string;
  readonly registerNode: boolean;
  readonly nodeLabels?: string;
  readonly rotateCertificates: boolean;
  readonly rotateServerCertificates: boolean;
  readonly keepBootstrapKubeconfig: boolean;
  readonly exitAfterBootstrap: boolean;
  readonly besideKubelet: boolean;
}

/** Runs until a signal ends it, or until it has nothing to do any more. */
export async function runNode(flags: NodeFlags): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`kubepki: ${visible(line)}\n`);
  const lineOf = lineTeller(systemClock);
  const world = {
    clock: systemClock,
    random: Math.random,
    connect: connectToServer,
    log: say,
    onEvent: (event: NodeEvent): void => {
      const line = lineOf(event);
      if (line !== undefined) say(line);
    },
  };
  const work = flags.besideKubelet ? besideKubelet(flags) : nodeOptions(flags);
  await untilSignal(async (signal) =>
    'nodeName' in work
      ? runNodeAgent(work, { ...world, signal })
      : watchKubelet(work, { ...world, signal }),
  );
}

/** @throws KubepkiError USAGE */
function besideKubelet({
  kubeconfig,
  bootstrapKubeconfig,
  exitAfterBootstrap,
}: NodeFlags): BesideOptions {
  if (!bootstrapKubeconfig) {
    throw new KubepkiError('USAGE', '--beside-kubelet needs --bootstrap-kubeconfig', {
      hint: "give the kubelet's own --bootstrap-kubeconfig and --kubeconfig",
    });
  }
  return {
    kubeconfig: path('--kubeconfig', kubeconfig),
    bootstrapKubeconfig: path('--bootstrap-kubeconfig', bootstrapKubeconfig),
    exitAfterBootstrap,
  };
}

/** @throws KubepkiError USAGE, INVALID_VALUE */
export function nodeOptions(flags: NodeFlags): NodeAgentOptions {
  const { hostnameOverride, nodeIp, nodeLabels, bootstrapKubeconfig, clientCaFile } = flags;
  const { address, port, registerNode, rotateCertificates, rotateServerCertificates } = flags;
  if (isIP(address) === 0) {
    throw new KubepkiError('USAGE', `--address: ${quoted(address, 80)} is not an IP address`);
  }
  return {
    nodeName: nodeNameOf(hostnameOverride || hostname()),
    kubeconfig: path('--kubeconfig', flags.kubeconfig),
    certDir: path('--cert-dir', flags.certDir),
    address,
    port,
    registerNode,
    rotateCertificates,
    rotateServerCertificates,
    keepBootstrapKubeconfig: flags.keepBootstrapKubeconfig,
    exitAfterBootstrap: flags.exitAfterBootstrap,
    version: VERSION,
    ...(bootstrapKubeconfig
      ? { bootstrapKubeconfig: path('--bootstrap-kubeconfig', bootstrapKubeconfig) }
      : {}),
    ...(clientCaFile ? { clientCaFile: path('--client-ca-file', clientCaFile) } : {}),
    ...(nodeIp ? { nodeIps: nodeIpsOf(nodeIp) } : {}),
    ...(nodeLabels ? { nodeLabels: labelsOf(nodeLabels) } : {}),
  };
}

function path(flag: string, value: string): string {
  if (value !== '') return resolve(value);
  throw new KubepkiError('USAGE', `${flag} is empty`);
}

function nodeIpsOf(text: string): string[] {
  const ips = text.split(',').map((ip) => ip.trim());
  const families = ips.map(isIP);
  if (families.includes(0) || ips.length > 2 || families[0] === families[1]) {
    throw new KubepkiError('USAGE', `--node-ip: ${quoted(text, 80)} is not an IP address`, {
      hint: 'or one of each family: 192.0.2.1,2001:db8::1',
    });
  }
  return ips;
}

/** `key=value,…` as the kubelet reads it: the last of two with one key counts. */
function labelsOf(text: string): Record<string, string> {
  const labels = new Map<string, string>();
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    if (equals < 0) {
      throw new KubepkiError('USAGE', `--node-labels: ${quoted(pair, 80)} is not key=value`);
    }
    labels.set(pair.slice(0, equals).trim(), pair.slice(equals + 1).trim());
  }
  return Object.fromEntries(labels);
}
