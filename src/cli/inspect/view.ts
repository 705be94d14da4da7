/** How the inspected is looked at, and what only a look at all of it together can tell. */
import type { RevocationListEntry } from '../../collect/index.ts';
import { type Certificate, serialHex } from '../../x509/index.ts';

export interface View {
  /** The date that "expired" and "days left" go by. */
  readonly now: Date;
  /** `-o wide`: nothing is shortened. */
  readonly wide: boolean;
  readonly lists: ReadonlyMap<RevocationListEntry, ListVerdict>;
  /** By `revocationKey`. */
  readonly revoked: ReadonlyMap<string, Revocation>;
}

/** Whether a revocation list is of the CA that it names. */
export type ListVerdict =
  | { readonly state: 'verifies'; readonly by: string }
  | { readonly state: 'fails'; readonly by: string; readonly reason: string }
  /** No certificate of its issuer is among what is looked at. */
  | { readonly state: 'unknown' };

/** What a verified list says of one certificate. */
export interface Revocation {
  readonly at: Date;
  readonly reason: string | undefined;
  /** The file of the list. */
  readonly path: string;
}

/** What a certificate is listed by: its issuer and its serial number. */
export const revocationKey = (
  issuerDer: Uint8Array,
  certificate: Pick<Certificate, 'serialNumber'>,
): string => `${Buffer.from(issuerDer).toString('latin1')}/${serialHex(certificate)}`;
