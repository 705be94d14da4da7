/**
 * The network of the simulation: requests go to the real server's handler, with what TLS would have proven.
 * TLS itself asks the system's clock, so it cannot be had at another date; what it does is done here with
 * the library's own verification, each side at its own time: the client verifies the server's certificate
 * by the CAs that it was given, and who shows a certificate has to have its key. Who that is, and whether
 * the certificate is valid, the server finds out itself, as always.
 */
import type { ApiServer } from '../../src/apiserver/index.ts';
import {
  type Clock,
  createClient,
  type KubernetesClient,
  loopbackTransport,
} from '../../src/client/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import type { ApiTarget } from '../../src/node/index.ts';
import {
  type Certificate,
  decodePrivateKey,
  keysMatch,
  readCertificates,
  verifyChain,
} from '../../src/x509/index.ts';

/** What a server that can be reached has. */
export interface Reachable {
  readonly api: ApiServer;
  readonly certificate: Certificate;
}

export interface Failure {
  readonly node: string;
  readonly what: string;
  readonly why: string;
  readonly at: Date;
}

export interface Machine {
  readonly name: string;
  readonly address: string;
  readonly clock: Clock;
}

export class Wire {
  /** Undefined: nobody listens. */
  server: Reachable | undefined;
  /** Requests that have not been answered yet, watches not counted once they run. */
  underWay = 0;
  /** Answered, by method and kind. */
  readonly answered = new Map<string, number>();
  /** What has failed while there was a server, or was refused for its credentials. */
  readonly failures: Failure[] = [];
  readonly #now: () => Date;
  readonly #isExcused: (node: string) => boolean;

  /** @param isExcused whether a node has nothing that the server could take */
  constructor(now: () => Date, isExcused: (node: string) => boolean) {
    this.#now = now;
    this.#isExcused = isExcused;
  }

  connect(machine: Machine, target: ApiTarget): KubernetesClient {
    const certificates = proven(target);
    let proof: Reachable | undefined;
    const transport = loopbackTransport(async (request) => {
      const { server } = this;
      const what = `${request.method} ${request.url.replace(/\?.*/, '')}`;
      if (server === undefined) throw unreachable('nothing listens there');
      // As a connection: once for each server process.
      if (proof !== server) this.#verify(machine, target, server.certificate);
      proof = server;
      this.underWay++;
      try {
        const { token } = target;
        const response = await server.api.handle({
          ...request,
          headers: {
            ...request.headers,
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          peer: { address: machine.address, certificates },
        });
        this.#note(machine, what, response.status);
        return response;
      } catch (error) {
        // The caller has ended it, or the server was stopped.
        if (request.signal?.aborted !== true) this.#fail(machine, what, String(error));
        throw error;
      } finally {
        this.underWay--;
      }
    });
    return createClient(transport, { clock: machine.clock });
  }

  #verify(machine: Machine, { certificateAuthority = '' }: ApiTarget, leaf: Certificate): void {
    const roots = readCertificates(certificateAuthority);
    const at = machine.clock.now();
    const verdict = verifyChain({ leaf, intermediates: [], roots, at, purpose: 'serverAuth' });
    if (verdict.ok) return;
    this.#fail(machine, 'handshake', "the server's certificate does not verify");
    throw unreachable('its certificate was not issued by an authority that is trusted here');
  }

  #note(machine: Machine, what: string, status: number): void {
    const kind = `${what.split(' ')[0]} ${/(\w+)(?:\/[\w.-]+)?(?:\/status)?$/.exec(what)?.[1] ?? ''}`;
    this.answered.set(kind, (this.answered.get(kind) ?? 0) + 1);
    if (status === 401 && this.#isExcused(machine.name)) return;
    if (status === 401 || status === 403 || status >= 429)
      this.#fail(machine, what, String(status));
  }

  #fail({ name }: Machine, what: string, why: string): void {
    this.failures.push({ node: name, what, why, at: this.#now() });
  }
}

const unreachable = (why: string): KubepkiError =>
  new KubepkiError('UNREACHABLE', `https://api.soak:6443 does not answer: ${why}`);

/** DER, leaf first: what TLS would show the server, who cannot be shown a certificate without its key. */
function proven({ certificate, key }: ApiTarget): readonly Uint8Array[] {
  if (certificate === undefined || key === undefined) return [];
  const certificates = readCertificates(certificate);
  if (!keysMatch(certificates[0], decodePrivateKey(key)))
    throw new TypeError('the key of another certificate');
  return certificates.map(({ der }) => der);
}
