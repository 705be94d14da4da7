/** Files of the node that others may change while it runs: its kubeconfig, the CAs that this names, the bootstrap kubeconfig. */
import { KubepkiError } from '../errors.ts';
import { readCertificates } from '../x509/index.ts';
import type { Disk } from './disk.ts';
import { loadServer } from './kubeconfig.ts';
import type { ApiTarget } from './types.ts';

export interface FollowedFilesOptions {
  /** Absolute, as the next. */
  readonly kubeconfig: string;
  readonly bootstrapKubeconfig?: string | undefined;
  readonly disk: Disk;
  readonly log: (line: string) => void;
  /** The kubeconfig or its CAs are others; what they say now, without credentials. */
  readonly onServer: (server: ApiTarget) => void;
  /** There is a bootstrap kubeconfig, or another one. */
  readonly onBootstrap: () => void;
}

export class FollowedFiles {
  readonly #options: FollowedFilesOptions;
  #read = '';
  #caFile: string | undefined;
  #bootstrap: string | undefined;

  constructor(options: FollowedFilesOptions) {
    this.#options = options;
    this.#bootstrap = this.#textOf(options.bootstrapKubeconfig);
  }

  /** Reads them; parses only what is other text than before. Nothing is thrown: what cannot be read is not taken up. */
  look(): void {
    const bootstrap = this.#textOf(this.#options.bootstrapKubeconfig);
    const isNew = bootstrap !== undefined && bootstrap !== this.#bootstrap;
    this.#bootstrap = bootstrap;
    if (isNew) this.#options.onBootstrap();
    const { kubeconfig } = this.#options;
    const read = this.#state();
    if (read === undefined || read === this.#read) return;
    try {
      const { server, caFile } = loadServer(kubeconfig, this.#options.disk);
      this.#caFile = caFile;
      checkAuthorities(server, caFile ?? kubeconfig);
      this.#options.onServer(server);
    } catch (error) {
      if (!(error instanceof KubepkiError)) throw error;
      // It may be half of what somebody is writing.
      this.#options.log(
        `${error.message}; the node goes on with the server and the CAs that it knows`,
      );
    }
    // Good or bad, each text is looked at once.
    this.#read = this.#state() ?? read;
  }

  /** Everything that the server and its CAs come from, as text. */
  #state(): string | undefined {
    const text = this.#textOf(this.#options.kubeconfig);
    return text === undefined ? undefined : `${text}\n${this.#textOf(this.#caFile) ?? ''}`;
  }

  #textOf(path: string | undefined): string | undefined {
    if (path === undefined) return undefined;
    try {
      return this.#options.disk.read(path)?.toString('latin1');
    } catch (error) {
      if (!(error instanceof KubepkiError)) throw error;
      return undefined;
    }
  }
}

function checkAuthorities({ certificateAuthority }: ApiTarget, where: string): void {
  if (certificateAuthority === undefined) return;
  try {
    readCertificates(certificateAuthority);
  } catch (cause) {
    if (!(cause instanceof KubepkiError)) throw cause;
    throw new KubepkiError(cause.code, `${where}: ${cause.message}`, { cause });
  }
}
