/** Tells the certificate of each connection of a node, once: who watches over renewals needs no storage for it. */
import type { UserInfo } from '../kubernetes/index.ts';
import { type Certificate, parseCertificate } from '../x509/index.ts';
import { nodeOf } from './authorization/index.ts';
import type { Peer } from './types.ts';

/** Told by which certificate a node has come in. */
export type OnNode = (node: string, certificate: Certificate) => void;

/** What is to be called for everybody who has come in by a client certificate. */
export function nodeConnections(told: OnNode): (user: UserInfo, peer: Peer) => void {
  const known = new WeakSet<Uint8Array>();
  return (user, { certificates: [leaf] }) => {
    if (leaf === undefined || known.has(leaf)) return;
    known.add(leaf);
    const node = nodeOf(user);
    if (node !== undefined) told(node, parseCertificate(leaf));
  };
}
