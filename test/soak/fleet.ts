/** The nodes of the simulation: each the real agent, over the library's own entry point, with files of its own. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DISK, type Disk } from '../../src/node/disk.ts';
import {
  type MachineInfo,
  type NodeEvent,
  type RunningNode,
  startNode,
} from '../../src/node/library.ts';
import {
  type Certificate,
  commonName,
  decodePrivateKey,
  keysMatch,
  readCertificates,
  verifyChain,
} from '../../src/x509/index.ts';
import { seededWith } from '../seeded.ts';
import { MachineClock, type SimulatedTime } from './clock.ts';
import type { Cluster } from './cluster.ts';
import type { Wire } from './wire.ts';

const HOUR = 3_600_000;

const MACHINE: MachineInfo = {
  machineID: 'soak',
  systemUUID: 'soak',
  bootID: 'soak',
  kernelVersion: '6.1',
  osImage: 'Soak',
  operatingSystem: 'linux',
  architecture: 'amd64',
};

export interface FleetOptions {
  readonly directory: string;
  readonly time: SimulatedTime;
  readonly wire: Wire;
  readonly cluster: Cluster;
  readonly seed: number;
  /** How often nodes look at their files and at the clock. */
  readonly fileCheckMs: number;
  /** How often they renew their Leases. */
  readonly renewMs: number;
}

/** How many file operations that take turns of the event loop are under way. */
export class CountedDisk {
  underWay = 0;
  readonly disk: Disk = {
    ...DISK,
    create: async (path, content) => this.#counted(DISK.create(path, content)),
    sync: async (directory) => this.#counted(DISK.sync(directory)),
  };

  async #counted(work: Promise<void>): Promise<void> {
    this.underWay++;
    try {
      await work;
    } finally {
      this.underWay--;
    }
  }
}

export class SoakNode {
  readonly name: string;
  readonly address: string;
  readonly clock: MachineClock;
  readonly directory: string;
  readonly log: string[] = [];
  /** Of the certificates in use, as events have told. */
  readonly validUntil = new Map<string, number>();
  requests = 0;
  failedAttempts = 0;
  oddDates = 0;
  jumpsNoticed = 0;
  serverChanges = 0;
  /** From then on it has to have its certificates. */
  graceUntil = 0;
  readonly #options: FleetOptions & { readonly disk: Disk };
  readonly #random: () => number;
  #running: RunningNode | undefined;
  #died: string | undefined;
  /** Its Node is there and it has no certificate: an operator approves what it asks for. */
  #returns = false;

  constructor(number: number, options: FleetOptions & { readonly disk: Disk }) {
    this.#options = options;
    this.name = `node-${number}`;
    this.address = `10.0.${Math.floor(number / 250)}.${1 + (number % 250)}`;
    this.clock = new MachineClock(options.time);
    this.directory = join(options.directory, this.name);
    const random = seededWith(options.seed * 100_003 + number);
    this.#random = () => random.next();
    mkdirSync(this.directory);
  }

  get isOn(): boolean {
    return this.#running !== undefined && !this.clock.isAsleep;
  }

  get #bootstrapFile(): string {
    return join(this.directory, 'bootstrap.conf');
  }

  giveBootstrap(text: string, { returns }: { returns: boolean }): void {
    this.#returns = returns;
    writeFileSync(this.#bootstrapFile, text, { mode: 0o600 });
  }

  start(): void {
    const { wire, time, disk, fileCheckMs, renewMs } = this.#options;
    this.graceUntil = time.now + HOUR;
    const running = startNode(
      {
        nodeName: this.name,
        kubeconfig: join(this.directory, 'kubelet.conf'),
        bootstrapKubeconfig: this.#bootstrapFile,
        certDir: join(this.directory, 'pki'),
        nodeIps: [this.address],
        address: '127.0.0.1',
        port: 0,
        // So that two years do not take two years.
        nodeLeaseDurationSeconds: (4 * renewMs) / 1000,
        nodeStatusReportFrequencyMs: 10 * renewMs,
        fileCheckFrequencyMs: fileCheckMs,
        version: '0.0.0',
      },
      {
        clock: this.clock,
        random: this.#random,
        connect: (target) => wire.connect(this, target),
        machine: MACHINE,
        disk,
        log: (line) => this.#note(line),
        onEvent: (event) => this.#heard(event),
      },
    );
    this.#running = running;
    running.ended.catch((error: unknown) => {
      this.#died = String(error);
    });
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop().catch(() => undefined);
  }

  #note(line: string): void {
    this.log.push(`${new Date(this.#options.time.now).toISOString()} ${line}`);
    if (this.log.length > 50) this.log.shift();
  }

  #heard(event: NodeEvent): void {
    if (event.type === 'csr-created') {
      this.requests++;
      if (this.#returns && event.kind === 'client') {
        this.#returns = false;
        void this.#beApproved(event.name);
      }
    } else if (event.type === 'certificate-stored' || event.type === 'renewed') {
      this.validUntil.set(event.kind, event.notAfter.getTime());
    } else if (event.type === 'attempt-failed') {
      this.failedAttempts++;
      this.#note(`${event.kind}: ${event.message}`);
    } else if (event.type === 'odd-dates') this.oddDates++;
    else if (event.type === 'clock-jumped') this.jumpsNoticed++;
    else if (event.type === 'server-changed') this.serverChanges++;
  }

  /** By an operator, who tries until it is done. */
  async #beApproved(request: string): Promise<void> {
    const { cluster, time } = this.#options;
    try {
      await cluster.approve(request);
    } catch (error) {
      this.#note(`not approved: ${String(error)}`);
      time.at(time.now + HOUR / 6, () => void this.#beApproved(request));
    }
  }

  /** Its client certificate has ended: it needs a bootstrap kubeconfig. */
  isLost(now: number): boolean {
    return this.isOn && (this.validUntil.get('client') ?? Number.POSITIVE_INFINITY) < now;
  }

  /** What is wrong with its certificates at this moment, by the server's time, as it has told. */
  trouble(now: number): string | undefined {
    if (this.#died !== undefined) return `${this.name} has ended: ${this.#died}`;
    if (!this.isOn || now < this.graceUntil) return undefined;
    for (const kind of ['client', 'serving']) {
      const until = this.validUntil.get(kind);
      if (until === undefined || until < now) return `${this.name}: no valid ${kind} certificate`;
    }
    return undefined;
  }

  /** Looks at its files: chains, keys, names, how many, and that there is no token. */
  inspect(roots: readonly Certificate[], now: number): string[] {
    const found: string[] = [];
    const pki = join(this.directory, 'pki');
    for (const prefix of ['client', 'server']) {
      const pem = readFileSync(join(pki, `kubelet-${prefix}-current.pem`));
      const [leaf] = readCertificates(pem);
      const purpose = prefix === 'client' ? 'clientAuth' : 'serverAuth';
      const { ok } = verifyChain({ leaf, intermediates: [], roots, at: new Date(now), purpose });
      if (!ok) found.push(`${this.name}: the ${prefix} certificate in use does not verify`);
      if (!keysMatch(leaf, decodePrivateKey(pem))) found.push(`${this.name}: another key`);
      if (commonName(leaf.subject) !== `system:node:${this.name}`) found.push(`${this.name}: name`);
    }
    if (existsSync(this.#bootstrapFile)) found.push(`${this.name}: a bootstrap kubeconfig`);
    const files = readdirSync(pki);
    if (files.length > MOST_FILES) found.push(`${this.name}: ${files.join(' ')}`);
    return found;
  }
}

/** Of each kind the one in use, the one before it, and the link; one request may be under way. */
export const MOST_FILES = 7;
