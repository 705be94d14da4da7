/** How many requests there are, whose they are, and what becomes of them: kept current by what changes. */
import type { InformerChange } from '../../client/index.ts';
import {
  type CertificateSigningRequest,
  conditionsOf,
  isDecided,
  isFailed,
  isIssued,
} from '../../kubernetes/index.ts';
import { type ControllerMetrics, type CsrOutcome, signerLabel } from '../metrics.ts';

/** One that nobody has decided. */
export interface Undecided {
  readonly name: string;
  readonly uid: string | undefined;
  /** When it was created, in milliseconds. */
  readonly created: number;
  readonly signer: string;
}

const isUndecided = (csr: CertificateSigningRequest): boolean =>
  !isDecided(csr) && !isIssued(csr) && !isFailed(csr);

export class RequestCounts {
  readonly #metrics: ControllerMetrics;
  readonly #now: () => Date;
  readonly #objects = new Map<string, number>();
  readonly #undecided = new Map<string, Map<string, Undecided>>();
  /** When those came that came while it was watched: the API's times have whole seconds. */
  readonly #arrived = new Map<string, number>();
  #total = 0;

  constructor(metrics: ControllerMetrics, now: () => Date) {
    this.#metrics = metrics;
    this.#now = now;
  }

  /** @param live whether it happens now; what was there before is not counted as news */
  apply(change: InformerChange<CertificateSigningRequest>, live: boolean): void {
    if (change.type === 'resync') return;
    const { object } = change;
    const name = object.metadata.name ?? '';
    const { username = '' } = object.spec;
    if (change.type === 'updated') this.#count(change.previous, -1);
    this.#count(object, change.type === 'deleted' ? -1 : 1);
    this.#drop(username, name);
    if (change.type === 'deleted') {
      this.#arrived.delete(name);
      return;
    }
    if (isUndecided(object)) this.#keep(username, name, object);
    if (live) this.#tell(change.type === 'updated' ? change.previous : undefined, object);
    if (isIssued(object)) this.#arrived.delete(name);
    else if (live && change.type === 'added') this.#arrived.set(name, this.#now().getTime());
  }

  get total(): number {
    return this.#total;
  }

  /** Of each signer that has some. */
  objects(): ReadonlyMap<string, number> {
    return this.#objects;
  }

  /** Those of each requester that has some, the oldest not always first. */
  undecided(): ReadonlyMap<string, ReadonlyMap<string, Undecided>> {
    return this.#undecided;
  }

  /** Who has the most undecided ones. */
  busiest(): { readonly requester: string; readonly undecided: number } {
    let busiest = { requester: '', undecided: 0 };
    for (const [requester, { size }] of this.#undecided) {
      if (size > busiest.undecided) busiest = { requester, undecided: size };
    }
    return busiest;
  }

  #count({ spec }: CertificateSigningRequest, by: number): void {
    const label = signerLabel(spec.signerName);
    this.#objects.set(label, (this.#objects.get(label) ?? 0) + by);
    this.#total += by;
  }

  #keep(username: string, name: string, { metadata, spec }: CertificateSigningRequest): void {
    const own = this.#undecided.get(username) ?? new Map<string, Undecided>();
    this.#undecided.set(username, own);
    const created = Date.parse(metadata.creationTimestamp ?? '');
    own.set(name, {
      name,
      uid: metadata.uid,
      created: Number.isNaN(created) ? this.#now().getTime() : created,
      signer: signerLabel(spec.signerName),
    });
  }

  #drop(username: string, name: string): void {
    const own = this.#undecided.get(username);
    own?.delete(name);
    if (own?.size === 0) this.#undecided.delete(username);
  }

  #tell(before: CertificateSigningRequest | undefined, after: CertificateSigningRequest): void {
    const { signerName } = after.spec;
    for (const [type, outcome] of OUTCOMES) {
      const condition = conditionsOf(after).find((one) => one.type === type);
      if (condition === undefined || (before !== undefined && hasType(before, type))) continue;
      this.#metrics.decided(signerName, outcome, condition.reason ?? '');
    }
    if (!isIssued(after) || (before !== undefined && isIssued(before))) return;
    this.#metrics.decided(signerName, 'issued', '');
    const { name = '', creationTimestamp } = after.metadata;
    const from = this.#arrived.get(name) ?? Date.parse(creationTimestamp ?? '');
    if (!Number.isNaN(from)) {
      this.#metrics.issued(signerName, (this.#now().getTime() - from) / 1000);
    }
  }
}

const OUTCOMES: readonly (readonly [type: string, outcome: CsrOutcome])[] = [
  ['Approved', 'approved'],
  ['Denied', 'denied'],
  ['Failed', 'failed'],
];

const hasType = (csr: CertificateSigningRequest, type: string): boolean =>
  conditionsOf(csr).some((one) => one.type === type);
