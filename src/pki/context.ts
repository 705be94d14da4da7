/** What the work on one place has to know besides the place, and what it keeps from one file to the next. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CredentialId } from '../cluster/index.ts';
import { createIssuer, type Issuer } from '../x509/index.ts';
import type { Authorities, Authority } from './authorities.ts';
import type { Step } from './step.ts';
import type { NewFile } from './write.ts';

/** The files that a step asks for, in the two rounds in which they are written: keys, then the rest. */
export interface NewFiles {
  readonly first: readonly NewFile[];
  readonly second: readonly NewFile[];
}

export interface PlannedStep {
  readonly step: Step;
  /** Makes the files; absent where nothing is to be done. Keys are generated only here. */
  readonly make?: () => Promise<NewFiles>;
}

/** The authorities, the time, and what was computed from them once for all hosts. */
export class HostContext {
  readonly authorities: Authorities;
  readonly now: Date;
  readonly #issuers = new Map<CredentialId, Issuer>();
  readonly #confined: boolean;
  #lastDirectory = '';
  #lastReal = '';

  /** @param confined whether every path has to lie where it says, without a link that leads elsewhere */
  constructor(authorities: Authorities, now: Date, confined: boolean) {
    this.authorities = authorities;
    this.now = now;
    this.#confined = confined;
  }

  /**
   * Why a file is not looked at: a tree that was fetched from a host could hold links that lead out
   * of it. On a machine itself links are its administrator's own affair.
   */
  leadsElsewhere(path: string): string | undefined {
    if (!this.#confined) return undefined;
    const directory = dirname(path);
    // Several files lie in each directory, one behind the other in the catalogue.
    if (directory !== this.#lastDirectory) {
      this.#lastDirectory = directory;
      this.#lastReal = existsSync(directory) ? realpathSync.native(directory) : directory;
    }
    if (this.#lastReal === directory) return undefined;
    return `a symbolic link on the way to it leads to ${this.#lastReal}`;
  }

  authority(id: CredentialId): Authority | undefined {
    return this.authorities.get(id);
  }

  issuer(authority: Authority): Issuer {
    let issuer = this.#issuers.get(authority.id);
    if (issuer === undefined) {
      const { certificate, key } = authority;
      if (certificate === undefined || key === undefined)
        throw new TypeError(`expected a CA with its key, got ${authority.id}`);
      issuer = createIssuer(certificate, key);
      this.#issuers.set(authority.id, issuer);
    }
    return issuer;
  }
}
