/** What an attempt at a connection is, and what can come out of it. */

import type { Mint } from '../certificates.ts';
import type { Cluster } from '../cluster.ts';
import type { Kind, Layer } from '../refusals.ts';

export interface Observed {
  layer: Layer;
  /** What the side that verifies says about it, in its log or its answer. */
  message: string;
  /** What the other side heard in TLS. */
  alert?: string;
}

/** The alert's name in RFC 8446, from OpenSSL's code, as `ERR_SSL_TLSV1_ALERT_UNKNOWN_CA`. */
export const alertName = (code: string): string =>
  (/ALERT_(\w+)$/.exec(code)?.[1] ?? code).toLowerCase();

/** A message without what differs from run to run. */
export const tidy = (message: string): string =>
  message
    .replaceAll('\\"', '"')
    .replace(
      / \(possibly because of .*? while trying to verify candidate authority certificate ".*?"\)/g,
      '',
    )
    .replace(
      /verifying certificate SN=\d+, SKID=[\dA-F:]*, AKID=[\dA-F:]* failed/g,
      'verifying certificate … failed',
    )
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '…');

/** A connection that is ready to be tried. */
export interface Trial {
  observe(kind: Kind): Promise<Observed>;
  /** Stops what it started and removes what it created. */
  close?(): Promise<void>;
}

export type Prepare = (cluster: Cluster, mint: Mint) => Promise<Trial>;
