/** Encryption at rest as a server has it: by a configuration, which may be another while it runs. */
import { createHash } from 'node:crypto';
import { KubepkiError } from '../../errors.ts';
import type { Reading } from '../../metrics/index.ts';
import { EncryptedStorage, type EncryptionRules, type Storage } from '../../storage/index.ts';
import { encryptionRules, storedPrefixes } from './rules.ts';

/** Keys that are told by name; of more than that their number. */
const MOST_TOLD = 10;

export interface EncryptionOptions {
  /** Closed with what is made of it. */
  readonly storage: Storage;
  /** The file of the configuration, for messages. */
  readonly file: string;
  readonly now: () => Date;
  /** What is wrong. Holds nothing of the keys. */
  readonly log: (line: string) => void;
}

/** A configuration that can be taken into use. */
export interface Prepared {
  readonly rules: EncryptionRules;
  readonly hash: string;
}

type Outcome = 'success' | 'failure';

export class Encryption {
  /** What is written here is encrypted where it lies. */
  readonly storage: EncryptedStorage;
  readonly #options: EncryptionOptions;
  /** Of the configuration that is in use. */
  #hash: string;
  /** Reloads, and when the last one was in milliseconds since 1970. */
  readonly #reloads = new Map<Outcome, { readonly count: number; readonly at: number }>();

  private constructor(options: EncryptionOptions, storage: EncryptedStorage, hash: string) {
    this.#options = options;
    this.storage = storage;
    this.#hash = hash;
  }

  /**
   * Tells which values cannot be read. They are no reason not to start: other objects can be.
   *
   * @param text the configuration
   * @throws KubepkiError for one that cannot be read, or that upstream would refuse
   */
  static async open(text: string, options: EncryptionOptions): Promise<Encryption> {
    const { file, log } = options;
    const rules = await encryptionRules(text, file);
    let unreadable = 0;
    const storage = new EncryptedStorage(options.storage, rules, (key, reason) => {
      unreadable += 1;
      if (unreadable <= MOST_TOLD) log(`${key}: cannot be decrypted: ${reason}`);
    });
    await storage.readAll(storedPrefixes());
    if (unreadable > 0) {
      log(`${file}: ${unreadable} stored values cannot be decrypted with these providers and keys`);
    }
    return new Encryption(options, storage, hashOf(text));
  }

  /**
   * @returns undefined for the configuration that is in use
   * @throws KubepkiError as `open`; and where what can be read now could not be read any more
   */
  async prepare(text: string): Promise<Prepared | undefined> {
    const hash = hashOf(text);
    if (hash === this.#hash) return undefined;
    const { file } = this.#options;
    try {
      const rules = await encryptionRules(text, file);
      const lost = await this.storage.lostBy(rules, storedPrefixes());
      if (lost.length > 0) throw stillNeeded(file, lost);
      return { rules, hash };
    } catch (error) {
      this.#count('failure');
      throw error instanceof KubepkiError ? inOneLine(error) : error;
    }
  }

  use(prepared: Prepared | undefined): void {
    if (prepared === undefined) return;
    this.storage.setRules(prepared.rules);
    this.#hash = prepared.hash;
    this.#count('success');
  }

  /** Under upstream's names (apiserver, pkg/server/options/encryptionconfig/metrics/metrics.go). */
  readings(): readonly Reading[] {
    // Upstream's label for which of several servers it is, with its value for one that has no identity.
    const server = { apiserver_id_hash: '' };
    const reloads = [...this.#reloads];
    return [
      {
        name: 'apiserver_encryption_config_controller_automatic_reloads_total',
        type: 'counter',
        help: 'Changed encryption configurations, by whether they were taken into use.',
        values: reloads.map(([status, { count }]) => [{ ...server, status }, count]),
      },
      {
        name: 'apiserver_encryption_config_controller_automatic_reload_last_timestamp_seconds',
        type: 'gauge',
        help: 'When that was the last time, in seconds since 1970.',
        values: reloads.map(([status, { at }]) => [{ ...server, status }, at / 1000]),
      },
      {
        name: 'apiserver_encryption_config_controller_last_config_info',
        type: 'gauge',
        help: 'The encryption configuration that is in use, by its hash.',
        values: [[{ ...server, hash: this.#hash }, 1]],
      },
    ];
  }

  #count(outcome: Outcome): void {
    const count = (this.#reloads.get(outcome)?.count ?? 0) + 1;
    this.#reloads.set(outcome, { count, at: this.#options.now().getTime() });
  }
}

/** Upstream takes such a configuration, and what it cannot read any more is lost until the key is back. */
function stillNeeded(file: string, lost: readonly string[]): KubepkiError {
  const [first = ''] = lost;
  const others = lost.length === 1 ? '' : ` and ${lost.length - 1} more`;
  return new KubepkiError(
    'CONFLICT',
    `${file}: what is stored needs a key that the changed configuration lacks: ${first}${others}`,
    { hint: 'write these objects anew with both keys in the file, and then take the old key out' },
  );
}

/** For a log: all that is wrong, and what to do. */
function inOneLine({ code, message, issues, hint }: KubepkiError): KubepkiError {
  const places = issues.map((issue) => `${issue.path}: ${issue.message}`);
  const all = [message, ...places, ...(hint === undefined ? [] : [hint])];
  return new KubepkiError(code, all.join('; '));
}

const hashOf = (text: string): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;
