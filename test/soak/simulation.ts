/**
 * Years of a fleet in minutes: real node agents, the real API server and the real controllers in one process
 * at simulated time, with faults in between. What has to hold is looked at every simulated hour.
 */
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readCertificates } from '../../src/x509/index.ts';
import { type Seeded, seededWith } from '../seeded.ts';
import { SimulatedTime } from './clock.ts';
import { Cluster } from './cluster.ts';
import { CountedDisk, SoakNode } from './fleet.ts';
import { type Failure, Wire } from './wire.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface SoakOptions {
  readonly directory: string;
  readonly seed: number;
  readonly nodes: number;
  /** Simulated, in days. */
  readonly days: number;
  /** Of certificates, in days. */
  readonly lifetimeDays: number;
  /** How often files and memory are looked at, in days. */
  readonly lookEveryDays: number;
  /** How often nodes look at their files and at the clock, in hours. */
  readonly fileCheckHours: number;
  /** Hears at each look how far it is. */
  readonly tell?: (line: string) => void;
}

export interface SoakResult {
  readonly options: SoakOptions;
  readonly seconds: number;
  readonly requests: number;
  readonly failedAttempts: number;
  readonly answered: ReadonlyMap<string, number>;
  /** Requests of nodes that were refused, or failed while there was a server. */
  readonly failures: readonly Failure[];
  /** Moments at which a node that was on had no valid certificate. */
  readonly troubles: readonly string[];
  readonly faults: readonly string[];
  readonly events: Readonly<Record<FaultKind | 'revivals', number>>;
  readonly jumpsNoticed: number;
  readonly serverChanges: number;
  readonly mostRequestsThere: number;
  /** Of the heap, after collecting garbage, at each look, in MB. */
  readonly memory: readonly number[];
  readonly logs: readonly string[];
}

type FaultKind = 'serverAway' | 'controllersAway' | 'off' | 'offTooLong' | 'clockSet' | 'asleep';

/** In memory where there is such a place: nothing that is simulated has to outlive a loss of power. */
export const soakDirectory = (): string =>
  mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'kubepki-soak-'));

/** How many requests for certificates there have to be: each is renewed after 70 to 90 % of its life. */
export function expectedRequests(
  { nodes, days, lifetimeDays }: SoakOptions,
  { events }: Pick<SoakResult, 'events'>,
): { readonly least: number; readonly most: number } {
  const renewals = (share: number): number => Math.floor(days / (share * lifetimeDays));
  return {
    // A tenth for the time in which nodes are off.
    least: Math.floor(0.9 * 2 * nodes * (1 + renewals(0.9))),
    // And some for clocks that were ahead, and whoever came back.
    most: Math.ceil(2 * nodes * (1 + renewals(0.7)) * 1.02) + 2 * events.revivals + 2,
  };
}

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const simulation = new Simulation(options);
  return simulation.run();
}

class Simulation {
  readonly #options: SoakOptions;
  readonly #random: Seeded;
  readonly #time: SimulatedTime;
  readonly #wire: Wire;
  readonly #disk = new CountedDisk();
  readonly #cluster: Cluster;
  readonly #nodes: readonly SoakNode[];
  readonly #troubles: string[] = [];
  readonly #memory: number[] = [];
  readonly #events = {
    serverAway: 0,
    controllersAway: 0,
    off: 0,
    offTooLong: 0,
    clockSet: 0,
    asleep: 0,
    revivals: 0,
  };
  /** What happens later, as the operator's plan. Asynchronous work is done between two steps. */
  readonly #plan: { readonly at: number; readonly act: () => Promise<void> | void }[] = [];
  #mostRequestsThere = 0;

  constructor(options: SoakOptions) {
    const { directory, seed } = options;
    this.#options = options;
    this.#random = seededWith(seed);
    this.#wire = new Wire(
      () => new Date(this.#time.now),
      // `node-17`
      (name) => this.#nodes[Number(name.slice(5))]?.isLost(this.#time.now) === true,
    );
    this.#time = new SimulatedTime(
      new Date('2026-11-24T00:00:00Z'),
      () => this.#wire.underWay > 0 || this.#disk.underWay > 0,
    );
    const world = { directory, time: this.#time, wire: this.#wire };
    const lifetime = options.lifetimeDays * DAY;
    this.#cluster = new Cluster({ ...world, random: this.#random, lifetime });
    mkdirSync(join(directory, 'nodes'));
    const fleet = {
      ...world,
      directory: join(directory, 'nodes'),
      cluster: this.#cluster,
      seed,
      fileCheckMs: options.fileCheckHours * HOUR,
      renewMs: lifetime / 60,
    };
    this.#nodes = Array.from(
      { length: options.nodes },
      (_, number) => new SoakNode(number, { ...fleet, disk: this.#disk.disk }),
    );
  }

  async run(): Promise<SoakResult> {
    const began = performance.now();
    const { days, lookEveryDays } = this.#options;
    const end = this.#time.now + days * DAY;
    await this.#inTime(() => this.#cluster.begin());
    await this.#joinAll();
    this.#planFaults(end);
    let nextLook = this.#time.now + lookEveryDays * DAY;
    while (this.#time.now < end) {
      await this.#time.runUntil(Math.min(end, this.#time.now + HOUR));
      await this.#follow();
      await this.#check();
      if (this.#time.now >= nextLook) {
        nextLook += lookEveryDays * DAY;
        await this.#look();
      }
    }
    await this.#inTime(async () => {
      await Promise.all(this.#nodes.map((node) => node.stop()));
      await this.#cluster.stopServer();
    });
    return this.#result((performance.now() - began) / 1000);
  }

  /** Work that needs time to go on, a little. */
  async #inTime(work: () => Promise<void>): Promise<void> {
    const state = { done: false };
    const working = work().finally(() => {
      state.done = true;
    });
    working.catch(() => undefined);
    while (!state.done) await this.#time.runUntil(this.#time.now + 1);
    await working;
  }

  async #joinAll(): Promise<void> {
    let text = '';
    await this.#inTime(async () => {
      text = await this.#cluster.bootstrapKubeconfig();
    });
    // Not all in one moment: whoever holds one token may have a hundred requests that wait.
    for (const [number, node] of this.#nodes.entries()) {
      node.giveBootstrap(text, { returns: false });
      node.start();
      if (number % 50 === 49) await this.#time.runUntil(this.#time.now + MINUTE);
    }
    await this.#time.runUntil(this.#time.now + HOUR);
  }

  #planFaults(end: number): void {
    const { lifetimeDays } = this.#options;
    const life = lifetimeDays * DAY;
    const uniform = (from: number, to: number): number => from + (to - from) * this.#random.next();
    const every = (meanDays: number, first: number, act: (at: number) => void): void => {
      for (let at = this.#time.now + first; at < end - 2 * DAY; ) {
        act(at);
        at += uniform(0.5, 1.5) * meanDays * DAY;
      }
    };
    // All nodes try again all the time, which is most of the work: mostly minutes, now and then for longer.
    every(23, 2 * DAY, (at) =>
      this.#serverAway(at, this.#random.next() < 0.1 ? HOUR / 3 : uniform(MINUTE, 4 * MINUTE)),
    );
    every(23, 5 * DAY, (at) => this.#controllersAway(at, uniform(HOUR, life / 20)));
    const pick = (): SoakNode =>
      this.#nodes[Math.floor(uniform(0, this.#nodes.length))] as SoakNode;
    const share = Math.max(1, this.#nodes.length / 100);
    every(7 / share, 3 * DAY, (at) =>
      this.#off(at, pick(), uniform(HOUR, Math.min(life * 0.9, 60 * DAY))),
    );
    every(40 / share, 9 * DAY, (at) => this.#off(at, pick(), life * uniform(1.01, 1.3)));
    every(7 / share, 4 * DAY, (at) =>
      this.#clockSet(at, pick(), uniform(-1, 1) * Math.min(life / 50, 3 * DAY)),
    );
    every(7 / share, 6 * DAY, (at) => this.#asleep(at, pick(), uniform(HOUR, life / 15)));
    const { days } = this.#options;
    const half = end - (days * DAY) / 2;
    this.#at(half, () => this.#cluster.announceNewCa());
    // Every node that lives has read of it by then, and the next ones read of it when they start.
    this.#at(half + (days * DAY) / 10, async () => {
      this.#cluster.useNewCa();
      if (!this.#cluster.isUp) return;
      await this.#cluster.stopServer();
      await this.#cluster.startServer();
      this.#cluster.startControllers();
    });
    this.#at(half + (days * DAY) / 4, () => this.#cluster.forgetOldCa());
  }

  #at(at: number, act: () => Promise<void> | void): void {
    this.#plan.push({ at, act });
  }

  #serverAway(at: number, ms: number): void {
    this.#at(at, async () => {
      if (!this.#cluster.isUp) return;
      this.#events.serverAway++;
      await this.#cluster.stopServer();
      this.#at(this.#time.now + ms, async () => {
        await this.#cluster.startServer();
        this.#cluster.startControllers();
      });
    });
  }

  #controllersAway(at: number, ms: number): void {
    this.#at(at, async () => {
      this.#events.controllersAway++;
      await this.#cluster.stopControllers();
      this.#at(this.#time.now + ms, () => this.#cluster.startControllers());
    });
  }

  #off(at: number, node: SoakNode, ms: number): void {
    this.#at(at, async () => {
      if (!node.isOn) return;
      this.#events.off++;
      await node.stop();
      this.#at(this.#time.now + ms, () => this.#startAgain(node));
    });
  }

  /** As whoever looks after it would: with a new bootstrap kubeconfig where its certificate has expired. */
  async #startAgain(node: SoakNode): Promise<void> {
    const until = node.validUntil.get('client') ?? 0;
    if (until <= this.#time.now) {
      // A token lives for a day: nobody would give one while nobody signs.
      if (!this.#cluster.isWell) {
        this.#at(this.#time.now + HOUR, () => this.#startAgain(node));
        return;
      }
      this.#events.offTooLong++;
      await this.#revive(node);
    }
    node.start();
  }

  async #revive(node: SoakNode): Promise<void> {
    this.#events.revivals++;
    node.giveBootstrap(await this.#cluster.bootstrapKubeconfig(), { returns: true });
  }

  #clockSet(at: number, node: SoakNode, byMs: number): void {
    this.#at(at, () => {
      if (!node.isOn || node.clock.offset !== 0) return;
      this.#events.clockSet++;
      node.clock.offset = byMs;
      this.#at(this.#time.now + DAY, () => {
        node.clock.offset = 0;
      });
    });
  }

  #asleep(at: number, node: SoakNode, ms: number): void {
    this.#at(at, () => {
      if (!node.isOn) return;
      this.#events.asleep++;
      node.clock.suspend();
      this.#at(this.#time.now + ms, () => {
        // It looks at the clock when its timer for files has come.
        node.graceUntil = this.#time.now + (this.#options.fileCheckHours + 1) * HOUR;
        node.clock.resume();
      });
    });
  }

  async #follow(): Promise<void> {
    const now = this.#time.now;
    const due = this.#plan.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    for (const step of due) {
      this.#plan.splice(this.#plan.indexOf(step), 1);
      await this.#inTime(async () => step.act());
    }
  }

  async #check(): Promise<void> {
    for (const node of this.#nodes) {
      // Who has come back with little time left, and finds nobody who signs, has to wait for that.
      if (!this.#cluster.isWell && node.graceUntil >= this.#time.now - HOUR) {
        node.graceUntil = this.#time.now + HOUR;
      } else if (node.graceUntil >= this.#time.now && node.isLost(this.#time.now)) {
        // And gets a bootstrap kubeconfig then, which it takes up without being started again.
        await this.#inTime(() => this.#revive(node));
        node.graceUntil = this.#time.now + HOUR;
      }
      const trouble = node.trouble(this.#time.now);
      if (trouble === undefined) continue;
      this.#troubles.push(`${new Date(this.#time.now).toISOString()} ${trouble}`);
    }
  }

  async #look(): Promise<void> {
    const roots = readCertificates(this.#cluster.roots);
    const now = this.#time.now;
    for (const node of this.#nodes) {
      if (node.isOn && now >= node.graceUntil) this.#troubles.push(...node.inspect(roots, now));
    }
    if (this.#cluster.isUp) {
      await this.#inTime(async () => {
        this.#mostRequestsThere = Math.max(
          this.#mostRequestsThere,
          await this.#cluster.requestsThere(),
        );
      });
    }
    collectGarbage();
    const memory = Math.round(process.memoryUsage().heapUsed / 1e5) / 10;
    this.#memory.push(memory);
    const date = new Date(this.#time.now).toISOString().slice(0, 10);
    const { troubles, failures } = { troubles: this.#troubles, failures: this.#wire.failures };
    this.#options.tell?.(
      `${date}: ${troubles.length} troubles, ${failures.length} failures, ${memory} MB`,
    );
  }

  #result(seconds: number): SoakResult {
    const sum = (of: (node: SoakNode) => number): number =>
      this.#nodes.reduce((total, node) => total + of(node), 0);
    return {
      options: this.#options,
      seconds,
      requests: sum(({ requests }) => requests),
      failedAttempts: sum(({ failedAttempts }) => failedAttempts),
      answered: this.#wire.answered,
      failures: this.#wire.failures,
      troubles: this.#troubles,
      faults: this.#cluster.faults,
      events: this.#events,
      jumpsNoticed: sum(({ jumpsNoticed }) => jumpsNoticed),
      serverChanges: sum(({ serverChanges }) => serverChanges),
      mostRequestsThere: this.#mostRequestsThere,
      memory: this.#memory,
      logs: this.#nodes.flatMap(({ name, log }) => log.map((line) => `${name}: ${line}`)),
    };
  }
}

let collect: (() => void) | undefined;
function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
