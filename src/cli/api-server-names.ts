/**
 * What the API server that controllers work with answers to: no node may have a certificate for it. That is
 * the host in the kubeconfig, and what stands in the certificate that the server shows, which changes when it
 * is renewed.
 */
import type { RemoteTransport } from '../client/index.ts';
import type { ServingOptions } from '../controllers/index.ts';
import { KubepkiError } from '../errors.ts';
import { parseCertificate } from '../x509/index.ts';
import { servingNames } from './server/serving-certificate.ts';

/** Of servers behind one address each may have a certificate of its own: names of so many are kept. */
const MOST_NAMES = 1_000;

/** The host of a server's address as certificates name it: an IPv6 address without brackets. */
export const hostOf = (server: string): string =>
  new URL(server).hostname.replace(/^\[(.*)\]$/, '$1');

export class ApiServerNames {
  readonly #names = new Set<string>();
  readonly #first = Promise.withResolvers<void>();

  /** @param der the certificate of a server that was verified */
  seen(der: Uint8Array): void {
    try {
      for (const name of servingNames(parseCertificate(der))) {
        if (this.#names.size < MOST_NAMES) this.#names.add(name);
      }
    } catch (error) {
      // A certificate that OpenSSL can read and we cannot says nothing here; the flags do.
      if (!(error instanceof KubepkiError)) throw error;
    }
    this.#first.resolve();
  }

  /** The limits with the names of the server of this transport in them, those that come later, too. */
  reservedIn(serving: ServingOptions, { server, verifies }: RemoteTransport): ServingOptions {
    const { allowedCidrs, allowedDnsSuffixes, reserved } = serving;
    const names = this.#names;
    const given = [...reserved, hostOf(server)];
    return {
      allowedCidrs,
      allowedDnsSuffixes,
      get reserved() {
        return [...given, ...names];
      },
      ...(verifies ? { ready: this.#first.promise } : {}),
    };
  }
}
