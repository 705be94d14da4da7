/** The account that `kubepki up` gives of what happens, a line each, as it happens. */
import { describeEvent, type NodeEvent } from '../../node/index.ts';
import { print, visible } from '../output.ts';

/** With more nodes than this each of them gets no lines of its own, but one that counts. */
const MOST_TOLD = 3;

const SUBJECT_WIDTH = 12;
/** Paths below the working directory are shown from there. */
const HERE = `${process.cwd()}/`;

export class Story {
  readonly #nodes: number;
  readonly #started: number;
  readonly #now: () => number;
  #serving = 0;

  /** @param now milliseconds that only ever grow */
  constructor(nodes: number, now: () => number = () => performance.now()) {
    this.#nodes = nodes;
    this.#now = now;
    this.#started = now();
  }

  /** Seconds since the beginning. */
  get seconds(): string {
    return ((this.#now() - this.#started) / 1000).toFixed(1);
  }

  tell(subject: string, text: string): void {
    print(`${subject.padEnd(SUBJECT_WIDTH)} ${visible(text).replaceAll(HERE, '')}`);
  }

  /** What a node says beside its part of the story. */
  aside(name: string, line: string): void {
    if (this.#nodes <= MOST_TOLD) this.tell(name, line);
  }

  /** @param identity who the node is to the server as long as it has no certificate */
  node(name: string, event: NodeEvent, identity: string): void {
    // Said already, by what the node owns.
    if (event.type === 'bootstrapping' || event.type === 'kubeconfig-written') return;
    if (this.#nodes <= MOST_TOLD || event.type === 'attempt-failed') {
      this.tell(name, sentence(name, event, identity));
    } else if (event.type === 'serving') {
      this.#serving++;
      if (this.#serving % 50 === 0 || this.#serving === this.#nodes) {
        this.tell('nodes', `${this.#serving} of ${this.#nodes} have both certificates`);
      }
    }
  }
}

function sentence(name: string, event: NodeEvent, identity: string): string {
  if (event.type === 'csr-created') {
    const who = event.kind === 'client' ? identity : `system:node:${name}`;
    return `as ${who}, ${describeEvent(event)}`;
  }
  if (event.type === 'registered') {
    return event.existed
      ? 'is a node of this cluster already'
      : 'is a node of this cluster: Ready=False, taint kubepki.dev/no-kubelet:NoSchedule';
  }
  if (event.type === 'serving') {
    return `proves its serving certificate on https://${event.address}:${event.port}`;
  }
  return describeEvent(event);
}
