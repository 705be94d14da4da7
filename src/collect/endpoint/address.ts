/** What a user writes for an endpoint: `name:6443`, `172.16.10.138:6443`, `[fd00::1]:6443`, `https://name:6443`. */
import { isIP, isIPv6 } from 'node:net';
import { KubepkiError, quoted } from '../../errors.ts';

export interface EndpointAddress {
  /** A DNS name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
/** Host and port, and of a URL the path behind them. */
const HOST_PORT = /^(?:\[([0-9a-f:.%a-z_-]+)\]|([a-z0-9._-]+))(?::(\d{1,10}))?$/i;
const MOST_CHARACTERS = 300;

/**
 * Reads an endpoint; undefined of a text that is none, such as a path. The path of a URL is not looked at.
 *
 * @throws KubepkiError USAGE for what is meant as one and cannot be: another scheme, a port out of range
 */
export function parseEndpoint(text: string): EndpointAddress | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'https') {
    throw new KubepkiError('USAGE', `${scheme}:// is not an endpoint that speaks TLS`, {
      hint: 'as in https://172.16.10.138:6443 or 172.16.10.138:6443',
    });
  }
  const rest = scheme === undefined ? text : text.slice('https://'.length).replace(/[/?#].*$/s, '');
  if (scheme !== undefined && rest.includes('@')) {
    // Without the text: it may hold a password.
    throw new KubepkiError('USAGE', 'an endpoint has no user name and no password');
  }
  const [, bracketed, plain, digits] = HOST_PORT.exec(rest) ?? [];
  const host = bracketed ?? plain;
  const isAddress = bracketed === undefined || isIPv6(bracketed);
  if (host === undefined || !isAddress || (digits === undefined && scheme === undefined)) {
    if (scheme === undefined) return undefined;
    throw new KubepkiError('USAGE', `${quoted(text)}: no host and port of an endpoint`);
  }
  const port = digits === undefined ? 443 : Number(digits);
  if (port < 1 || port > 65_535) {
    throw new KubepkiError('USAGE', `${quoted(text)}: a port is a number from 1 to 65535`);
  }
  return { host, port };
}

/** As it can be typed again. */
export const formatEndpoint = ({ host, port }: EndpointAddress): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
