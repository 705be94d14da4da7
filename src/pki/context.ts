/** What the work on one place has to know besides the place, and what it keeps from one file to the next. */
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { CredentialId } from '../cluster/index.ts';
import { createIssuer, type Issuer } from '../x509/index.ts';
import type { Authorities, Authority } from './authorities.ts';
import { realPath } from './place.ts';
import { commandSigner } from './signer-command.ts';
import type { Step } from './step.ts';
import type { NewFile } from './write.ts';

/** The files that a step asks for, in the two rounds in which they are written: keys, then the rest. */
export interface NewFiles {
  readonly first: readonly NewFile[];
  readonly second: readonly NewFile[];
  /** What has served once all of that is durable. */
  readonly obsolete?: Obsolete;
}

/** The answers are removed before the request, which says to the next run that there is something to clear away. */
export interface Obsolete {
  readonly answers: readonly string[];
  readonly request: string;
}

export interface PlannedStep {
  readonly step: Step;
  /** Makes the files; absent where nothing is to be done. Keys are generated only here. */
  readonly make?: () => Promise<NewFiles>;
}

export const unusable = (id: CredentialId): string => `${id} cannot be used, see there`;

/** Whether what a CA shall issue has to be asked for: neither its key is here nor anything that signs for it. */
export const isElsewhere = ({ state, key, signer }: Authority): boolean =>
  state === 'there' && key === undefined && signer === undefined;

const nameOf = (spki: Uint8Array): string => Buffer.from(spki).toString('latin1');

/** Where a symbolic link leads; undefined of anything else, and of one that leads nowhere: reading it says so. */
function targetOf(path: string): string | undefined {
  try {
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    return isLink ? realpathSync.native(path) : undefined;
  } catch {
    return undefined;
  }
}

/** The authorities, the time, and what was computed from them once for all hosts. */
export class HostContext {
  readonly authorities: Authorities;
  readonly now: Date;
  readonly #issuers = new Map<CredentialId, Issuer>();
  readonly #confined: boolean;
  #failure: Error | undefined;
  #lastDirectory = '';
  #lastReal = '';
  #lastIsThere = false;
  #ownerByKey: Map<string, CredentialId> | undefined;

  /** @param confined whether every path has to lie where it says, without a link that leads elsewhere */
  constructor(authorities: Authorities, now: Date, confined: boolean) {
    this.authorities = authorities;
    this.now = now;
    this.#confined = confined;
  }

  /**
   * Why a file is not looked at: a tree that was fetched from a host could hold links that lead out
   * of it. On a machine itself links are its administrator's own affair.
   *
   * @param root the real name of the tree, in which a file may be a link to another
   */
  leadsElsewhere(path: string, root = dirname(path)): string | undefined {
    if (!this.#confined) return undefined;
    const directory = dirname(path);
    // Several files lie in each directory, one behind the other in the catalogue.
    if (directory !== this.#lastDirectory) {
      this.#lastDirectory = directory;
      this.#lastReal = realPath(directory);
      this.#lastIsThere = existsSync(directory);
    }
    if (this.#lastReal !== directory) {
      return `a symbolic link on the way to it leads to ${this.#lastReal}`;
    }
    const target = this.#lastIsThere ? targetOf(path) : undefined;
    return target === undefined || target.startsWith(`${root}/`)
      ? undefined
      : `${basename(path)}: a symbolic link out of this tree, to ${target}`;
  }

  /**
   * Why nothing is issued for a key, nor carried to a host with it: it is one that signs. However it has
   * come there (a link, a copy), its new holder would be an authority.
   */
  signingKeyProblem({ spki }: { readonly spki: Uint8Array }): string | undefined {
    this.#ownerByKey ??= new Map(
      [...this.authorities.values()].flatMap(({ id, keys }) =>
        keys.map((key) => [nameOf(key), id] as const),
      ),
    );
    const owner = this.#ownerByKey.get(nameOf(spki));
    return owner === undefined
      ? undefined
      : `its key is that of ${owner}, which nobody else may hold: remove it, and another one is made`;
  }

  authority(id: CredentialId): Authority | undefined {
    return this.authorities.get(id);
  }

  /** The authority of this id where it can be used at all; what is wrong with it stands at its own step. */
  usable(id: CredentialId): Authority | undefined {
    const authority = this.authorities.get(id);
    return authority?.state === 'refused' ? undefined : authority;
  }

  issuer(authority: Authority): Issuer {
    let issuer = this.#issuers.get(authority.id);
    if (issuer === undefined) {
      issuer = this.#makeIssuer(authority);
      this.#issuers.set(authority.id, issuer);
    }
    return issuer;
  }

  #makeIssuer({ id, certificate, publicPath, key, signer }: Authority): Issuer {
    if (certificate !== undefined && key !== undefined) return createIssuer(certificate, key);
    if (certificate === undefined || signer === undefined)
      throw new TypeError(`expected a CA with its key or a signer, got ${id}`);
    const ca = { id, certificate, certificatePath: publicPath };
    const issuer = createIssuer(certificate, commandSigner(signer, ca));
    return {
      certificate,
      issue: (template, spki) => this.#once(() => issuer.issue(template, spki)),
    };
  }

  /** After one failure no command is run again: a wrong PIN, tried for every certificate of a cluster, would lock the token. */
  #once<T>(issue: () => T): T {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return issue();
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw this.#failure;
    }
  }
}
