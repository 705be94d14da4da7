/** The certificates that an attempt is made with: a right one, and others that differ from it in exactly one way. */

import type { AuthorityId } from '../../../src/cluster/index.ts';
import {
  type CertificateTemplate,
  makeName,
  type SubjectAltNames,
} from '../../../src/x509/index.ts';
import type { Pair } from '../../system/etcd-cluster.ts';
import type { Mint } from '../certificates.ts';
import type { Kind } from '../refusals.ts';

/** `none` has no certificate, and not every connection has another role to try. */
export type Variations = Readonly<Record<Kind, Pair | undefined>>;

export interface Original {
  /** Names the files. */
  name: string;
  /** What a certificate says that kubepki made. */
  template: CertificateTemplate;
  authority: AuthorityId;
  /** Which side presents it. */
  side: 'client' | 'server';
  /** The names of whoever presents it here; the original is for another host. */
  names?: Partial<SubjectAltNames>;
  /** What kubepki made for another role, signed by the same CA. */
  otherRole?: Pair;
}

const HOUR = 3_600_000;

/** Somebody whom no rule gives any rights. */
export const SOMEBODY = 'somebody-else';

export async function makeVariations(
  mint: Mint,
  original: Original,
  now: Date,
): Promise<Variations> {
  const { name, template, authority, side, names, otherRole } = original;
  const right: CertificateTemplate =
    names === undefined ? template : { ...template, subjectAltNames: names };
  const at = (hours: number): Date => new Date(now.getTime() + hours * HOUR);
  const make = async (kind: Kind, change: Partial<CertificateTemplate>, foreign = false) =>
    mint.issue(`${name}-${kind}`, { authority, foreign, template: { ...right, ...change } });
  return {
    right: await make('right', {}),
    none: undefined,
    'wrong-ca': await make('wrong-ca', {}, true),
    expired: await make('expired', { notBefore: at(-2), notAfter: at(-1) }),
    'wrong-usage': await make('wrong-usage', {
      extendedKeyUsage: [side === 'client' ? 'serverAuth' : 'clientAuth'],
    }),
    'wrong-name': await make('wrong-name', otherName(template, names !== undefined)),
    'other-role': otherRole,
  };
}

/** Servers and peers are known by their alternative names, clients by their subject. */
const otherName = (
  { subjectAltNames }: CertificateTemplate,
  hasNames: boolean,
): Partial<CertificateTemplate> =>
  hasNames && subjectAltNames !== undefined
    ? { subjectAltNames }
    : { subject: makeName({ commonName: SOMEBODY }) };
