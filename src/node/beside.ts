/**
 * Beside a kubelet, which bootstraps for itself: deletes its bootstrap kubeconfig as soon as its own
 * certificate is there, valid and proven (the kubelet never does), and says when it does not renew in
 * time. Of the kubelet's files nothing else is touched, and its own are only read.
 */
import { realpathSync } from 'node:fs';
import type { Clock, KubernetesClient } from '../client/index.ts';
import { KubepkiError, quoted, systemCode } from '../errors.ts';
import { NODES, refusedFor } from '../kubernetes/index.ts';
import { type Certificate, commonName, readCertificates, serialHex } from '../x509/index.ts';
import { deleteBootstrapKubeconfig, rereadBootstrap } from './bootstrap.ts';
import { DISK, type Disk } from './disk.ts';
import { type JudgedKubeconfig, judgeKubeconfig } from './kubeconfig.ts';
import { userOf } from './names.ts';
import type { ApiTarget, NodeAgentWorld } from './types.ts';
import { doubling, pause } from './waiting.ts';

export interface BesideOptions {
  /** The kubelet's, absolute, as the next. */
  readonly kubeconfig: string;
  readonly bootstrapKubeconfig: string;
  /** Ends when there is no bootstrap kubeconfig any more; else it stays, for the next one and for renewals. */
  readonly exitAfterBootstrap: boolean;
}

export type BesideWorld = Pick<
  NodeAgentWorld,
  'clock' | 'connect' | 'signal' | 'log' | 'onEvent' | 'disk'
>;

const CHECK_MS = 10_000;
/** Between questions to a server that does not take the certificate, or does not answer. */
const LONGEST_MS = 5 * 60_000;
/** By then every kubelet has asked for the next one (it does between 70 and 90 %). */
const LATE = 0.92;

/**
 * Runs until the signal aborts, or as `exitAfterBootstrap` says.
 *
 * @throws KubepkiError USAGE where both kubeconfigs are one file
 */
export async function watchKubelet(options: BesideOptions, world: BesideWorld): Promise<void> {
  if (isSameFile(options.kubeconfig, options.bootstrapKubeconfig)) {
    throw new KubepkiError('USAGE', '--kubeconfig and --bootstrap-kubeconfig are the same file', {
      hint: 'the bootstrap kubeconfig is deleted in the end',
    });
  }
  const watcher = new Watcher(options, world);
  while (!world.signal.aborted) {
    const wait = await watcher.look();
    if (wait === 'done' || !(await pause(world.clock, wait, world.signal))) return;
  }
}

type Valid = Exclude<JudgedKubeconfig, { reason: string }>;

class Watcher {
  readonly #options: BesideOptions;
  readonly #world: BesideWorld;
  readonly #disk: Disk;
  readonly #clock: Clock;
  #said = '';
  #serial = '';
  #overdue = '';
  #pauses = doubling(CHECK_MS, LONGEST_MS);

  constructor(options: BesideOptions, world: BesideWorld) {
    this.#options = options;
    this.#world = world;
    this.#disk = world.disk ?? DISK;
    this.#clock = world.clock;
  }

  /** @returns after how many milliseconds to look again */
  async look(): Promise<number | 'done'> {
    const { bootstrapKubeconfig, exitAfterBootstrap, kubeconfig } = this.#options;
    const judged = judgeKubeconfig(kubeconfig, this.#clock.now(), this.#disk);
    if ('reason' in judged) {
      this.#say(`waiting for the kubelet to bootstrap: ${kubeconfig}: ${judged.reason}`);
      return CHECK_MS;
    }
    this.#followRenewal(judged.certificates[0]);
    if (this.#disk.kindOf(bootstrapKubeconfig) === undefined) {
      this.#said = '';
      return exitAfterBootstrap ? 'done' : CHECK_MS;
    }
    const obstacle = this.#obstacle(judged) ?? (await this.#prove(judged));
    // Whatever was written meanwhile is looked at once more.
    const second = obstacle ?? this.#obstacle(judged);
    if (second !== undefined) {
      this.#say(`${bootstrapKubeconfig} is not deleted: ${second}`);
      return this.#pauses.next().value;
    }
    return (await this.#delete()) && exitAfterBootstrap ? 'done' : CHECK_MS;
  }

  async #delete(): Promise<boolean> {
    const { bootstrapKubeconfig: file } = this.#options;
    try {
      if (await deleteBootstrapKubeconfig(file, this.#disk)) {
        this.#world.onEvent?.({ type: 'bootstrap-kubeconfig-deleted', file });
      }
      this.#pauses = doubling(CHECK_MS, LONGEST_MS);
      return true;
    } catch (error) {
      if (!(error instanceof KubepkiError)) throw error;
      this.#say(`the bootstrap kubeconfig could not be deleted: ${error.message}`);
      return false;
    }
  }

  /** Why the file at the place of the bootstrap kubeconfig is none that may go. */
  #obstacle(judged: Valid): string | undefined {
    try {
      return this.#whyNot(judged);
    } catch (error) {
      if (!(error instanceof KubepkiError)) throw error;
      return error.message;
    }
  }

  #whyNot({ target, certificates: [leaf] }: Valid): string | undefined {
    const { bootstrapKubeconfig: file, kubeconfig } = this.#options;
    if (this.#disk.kindOf(file) !== 'file') {
      return 'it is not a regular file; what it leads to would stay';
    }
    if (isSameFile(kubeconfig, file)) return `it is ${kubeconfig}`;
    const bootstrap = rereadBootstrap(file, this.#disk)?.target;
    if (bootstrap === undefined) return 'it cannot be read as a kubeconfig';
    const name = commonName(leaf.subject) ?? '';
    if (!name.startsWith(userOf(''))) {
      return `the certificate of ${kubeconfig} is that of ${quoted(name, 80)}, which is no node`;
    }
    if (bootstrap.certificate !== undefined) {
      const holder = commonName(readCertificates(bootstrap.certificate)[0].subject) ?? '';
      if (holder === name) return `it holds the certificate of ${quoted(name, 80)} itself`;
    }
    return otherCluster(bootstrap, target);
  }

  /** Asks for the kubelet's Node in its name; that it is not there is an answer, too. */
  async #prove({ target, certificates: [leaf] }: Valid): Promise<string | undefined> {
    let client: KubernetesClient | undefined;
    try {
      client = this.#world.connect(target);
      const name = (commonName(leaf.subject) ?? '').slice(userOf('').length);
      await client.get(NODES, { name }, { signal: this.#world.signal });
      return undefined;
    } catch (error) {
      if (this.#world.signal.aborted) return 'it ends';
      if (refusedFor(error, 'NotFound')) return undefined;
      if (!(error instanceof KubepkiError)) throw error;
      const hint = error.hint === undefined ? '' : ` (${error.hint})`;
      return `the kubelet's certificate is not proven: ${error.message}${hint}`;
    } finally {
      await client?.close().catch(() => undefined);
    }
  }

  #followRenewal(leaf: Certificate): void {
    const serial = serialHex(leaf);
    const { notBefore, notAfter } = leaf;
    if (serial !== this.#serial) {
      this.#serial = serial;
      this.#world.onEvent?.({ type: 'kubelet-certificate', serial, notAfter });
    }
    const late = notBefore.getTime() + LATE * (notAfter.getTime() - notBefore.getTime());
    if (this.#clock.now().getTime() < late || this.#overdue === serial) return;
    this.#overdue = serial;
    this.#world.onEvent?.({ type: 'kubelet-overdue', serial, notAfter });
  }

  /** Once, until it is something else. */
  #say(line: string): void {
    if (line !== this.#said) this.#world.log(line);
    this.#said = line;
  }
}

/** Address and CA have to be the same, though CAs may have been added. */
function otherCluster(bootstrap: ApiTarget, own: ApiTarget): string | undefined {
  const [a, b] = [bootstrap.server, own.server].map((server) => URL.parse(server)?.href ?? server);
  if (a !== b)
    return `it leads to ${bootstrap.server}, and the kubelet's kubeconfig to ${own.server}`;
  const [theirs, ours] = [bootstrap, own].map(({ certificateAuthority: pem }) =>
    pem === undefined
      ? ['the system']
      : readCertificates(pem).map(({ der }) => Buffer.from(der).toString('base64')),
  );
  return theirs?.some((one) => ours?.includes(one) === true) === true
    ? undefined
    : "it has another CA than the kubelet's kubeconfig";
}

function isSameFile(one: string, other: string): boolean {
  if (one === other) return true;
  try {
    return realpathSync(one) === realpathSync(other);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}
