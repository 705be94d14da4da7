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
  #serving = 0;
  /** Nodes that have a certificate of their own by now. */
  readonly #known = new Set<string>();

  /** @param started when it began, as `performance.now` says it */
  constructor(nodes: number, started: number) {
    this.#nodes = nodes;
    this.#started = started;
  }

  /** Seconds since the beginning. */
  get seconds(): string {
    return ((performance.now() - this.#started) / 1000).toFixed(1);
  }

  tell(subject: string, text: string): void {
    print(`${subject.padEnd(SUBJECT_WIDTH)} ${visible(text).replaceAll(HERE, '')}`);
  }

  /** What a node says beside its part of the story. */
  aside(name: string, line: string): void {
    if (this.#nodes <= MOST_TOLD) this.tell(name, line);
  }

  /** @param identity who the node is to the server as long as it has no certificate; empty: it has one */
  node(name: string, event: NodeEvent, identity: string): void {
    // Said already, by what the node owns.
    if (event.type === 'bootstrapping' || event.type === 'kubeconfig-written') return;
    if (this.#nodes <= MOST_TOLD || event.type === 'attempt-failed') {
      const who = identity !== '' && !this.#known.has(name) ? identity : `system:node:${name}`;
      this.tell(name, sentence(event, who));
      if (event.type === 'certificate-stored' && event.kind === 'client') this.#known.add(name);
    } else if (event.type === 'serving') {
      this.#serving++;
      if (this.#serving % 50 === 0 || this.#serving === this.#nodes) {
        this.tell('nodes', `${this.#serving} of ${this.#nodes} have both certificates`);
      }
    }
  }
}

function sentence(event: NodeEvent, who: string): string {
  if (event.type === 'csr-created') {
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
