/**
 * Hosts on one machine: each a network namespace with its own address, all on one bridge, and no
 * route to anything else. Tests run real programs on them, because on loopback every peer comes from
 * 127.0.0.1 and a certificate with wrong names would pass by accident.
 *
 * Everything lives under one holder process, the first of a pid namespace of its own, with its own
 * network, mounts and /run. The holder reads from a pipe that only this process can write to; when
 * this process ends, in whatever way, the pipe closes, the holder ends, and the kernel kills what
 * runs in its namespace and drops links, mounts and namespaces with it. Nothing has to clean up.
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { HostHandle } from './enter.ts';
import {
  exitOf,
  type Program,
  type RunOptions,
  type RunResult,
  runOn,
  startOn,
  textOf,
} from './program.ts';

export interface HostSpec {
  /** Lower-case letters, digits and dashes. */
  name: string;
  /** IPv4 and IPv6, without a prefix length: every host reaches every address of the others. */
  addresses: readonly string[];
}

export interface NetworkOptions {
  hosts: readonly HostSpec[];
  /** Where logs go; a new folder under the system's temporary one when not given. */
  logs?: string;
}

export interface StartOptions {
  /** Names the log file `<host>-<name>.log`; the command's own name when not given. */
  name?: string;
  cwd?: string;
  env?: Readonly<Record<string, string>>;
}

export interface Network {
  /** The folder with one log file a program. */
  readonly logs: string;
  /** The holder, for `nsenter --target PID --all` while one debugs. */
  readonly holderPid: number;
  /** Starts a program that keeps running; its output goes to its log. */
  start(
    host: string,
    command: string,
    args: readonly string[],
    options?: StartOptions,
  ): Promise<Program>;
  /** Runs a program to its end, which must come within the time limit (30 s when not given). */
  run(
    host: string,
    command: string,
    args: readonly string[],
    options?: RunOptions,
  ): Promise<RunResult>;
  /** Kills every program and drops the hosts; whoever wants a program to end properly stops it first. */
  stop(): Promise<void>;
}

/** Needs root, iproute2 and util-linux. */
export async function createNetwork(options: NetworkOptions): Promise<Network> {
  checkHosts(options.hosts);
  if (process.getuid?.() !== 0) throw new Error('network namespaces need root: run as root');
  const logs = options.logs ?? (await mkdtemp(join(tmpdir(), 'kubepki-network-')));
  await mkdir(logs, { recursive: true });

  const holder = startHolder(options.hosts);
  const ended = exitOf(holder);
  const complaint = textOf(holder.stderr);
  const holderPid = await holderReady(holder);
  if (holderPid === undefined) {
    const { code } = await ended;
    throw new Error(`cannot set up network namespaces: exit ${code}, ${(await complaint).trim()}`);
  }
  const programs: Program[] = [];

  const handle = (host: string): HostHandle => {
    if (!options.hosts.some(({ name }) => name === host)) throw new Error(`no host ${host}`);
    return { holderPid, host };
  };

  return {
    logs,
    holderPid,
    async start(host, command, args, startOptions = {}) {
      const program = await startOn(handle(host), command, args, { ...startOptions, logs });
      programs.push(program);
      return program;
    },
    run: async (host, command, args, runOptions = {}) =>
      runOn(handle(host), command, args, runOptions),
    async stop() {
      holder.stdin.end();
      await ended;
      await Promise.all(programs.map(async ({ exited }) => exited));
    },
  };
}

function checkHosts(hosts: readonly HostSpec[]): void {
  const seen = new Set<string>();
  for (const { name, addresses } of hosts) {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw new TypeError(`not a host name: ${name}`);
    for (const value of [name, ...addresses]) {
      if (seen.has(value)) throw new TypeError(`${value} is given twice`);
      seen.add(value);
    }
    const wrong = addresses.find((address) => isIP(address) === 0);
    if (wrong !== undefined) throw new TypeError(`host ${name}: not an address: ${wrong}`);
  }
}

type Holder = ChildProcessByStdio<Writable, Readable, Readable>;

function startHolder(hosts: readonly HostSpec[]): Holder {
  // --kill-child: `unshare` itself being killed must not leave the holder behind.
  const args = ['--net', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c'];
  return spawn('unshare', [...args, holderScript(hosts)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

function holderScript(hosts: readonly HostSpec[]): string {
  return [
    'set -e',
    // /proc still shows the machine's own process numbers here, and those are what nsenter takes.
    'read -r pid rest < /proc/self/stat',
    'mount -t proc proc /proc',
    // Names under /run/netns are ours alone, and nothing is left on the machine's /run.
    'mount -t tmpfs tmpfs /run',
    ...nameScript(hosts),
    'ip link set lo up',
    // Multicast goes to every port: neighbour discovery must not depend on who listened when.
    'ip link add bridge type bridge mcast_snooping 0',
    'ip link set bridge up',
    ...hosts.flatMap(hostScript),
    'echo "ready $pid"',
    'exec cat > /dev/null',
  ].join('\n');
}

/**
 * Hosts know each other by name, as with a working DNS, and nobody else: without a name server a
 * question ends at once, and etcd asks one before it refuses a peer.
 */
function nameScript(hosts: readonly HostSpec[]): string[] {
  const lines = ['127.0.0.1 localhost', '::1 localhost'];
  for (const { name, addresses } of hosts) {
    lines.push(...addresses.map((address) => `${address} ${name}`));
  }
  return [
    `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} > /run/hosts`,
    'mount --bind /run/hosts /etc/hosts',
    // Where it is a link into /run, its target has just been covered.
    'resolv=$(readlink -m /etc/resolv.conf)',
    'case $resolv in /run/*) mkdir -p "${resolv%/*}"; : > "$resolv" ;; esac',
    'echo "# no name server" > /run/resolv.conf',
    'mount --bind /run/resolv.conf "$resolv"',
  ];
}

function hostScript({ name, addresses }: HostSpec, index: number): string[] {
  const families = new Set(addresses.map((address) => isIP(address)));
  return [
    `ip netns add ${name}`,
    `ip link add host${index} type veth peer name eth0 netns ${name}`,
    `ip link set host${index} master bridge up`,
    `ip -n ${name} link set lo up`,
    // nodad: an IPv6 address can be bound at once, not only after duplicate detection.
    ...addresses.map((address) =>
      isIP(address) === 4
        ? `ip -n ${name} address add ${address}/32 dev eth0`
        : `ip -n ${name} address add ${address}/128 dev eth0 nodad`,
    ),
    `ip -n ${name} link set eth0 up`,
    // Every address is asked for on the bridge, so hosts need not share a subnet.
    ...[...families].map((family) => `ip -n ${name} -${family} route add default dev eth0`),
  ];
}

/** The holder's process number once all hosts are up; undefined when it ended instead. */
async function holderReady(holder: Holder): Promise<number | undefined> {
  let said = '';
  for await (const chunk of holder.stdout) {
    said += String(chunk);
    const pid = /^ready (\d+)\n/.exec(said)?.[1];
    if (pid !== undefined) return Number(pid);
  }
  return undefined;
}
