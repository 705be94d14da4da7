/** What the attempts share in which a stand-in presents a server's certificate and a real client verifies it. */

import { waitFor } from '../../system/program.ts';
import type { Mint } from '../certificates.ts';
import type { Cluster } from '../cluster.ts';
import { hostFile } from '../credentials.ts';
import { type StandIn, startStandIn } from '../probes/stand-in.ts';
import { KINDS, type Kind } from '../refusals.ts';
import { CP_1, STRANGER } from '../topology.ts';
import { alertName, type Observed } from './attempt.ts';
import { makeVariations, type Original } from './variations.ts';

/** What a server can present. */
export const SERVER_KINDS = KINDS.filter((kind) => kind !== 'other-role');

/** One port for each. */
export const portOf = (base: number, kind: Kind): number => base + KINDS.indexOf(kind);

/** The names of the host that the stand-ins run on. */
export const OWN_NAMES = { ip: STRANGER.addresses };

/** Starts a stand-in on the stranger's host, with a port for each variation of a server's certificate. */
export async function startVariants(
  { network, files }: Cluster,
  mint: Mint,
  original: Omit<Original, 'side'>,
  base: number,
  answer?: (kind: Kind) => string,
): Promise<StandIn> {
  const pairs = await makeVariations(mint, { ...original, side: 'server' }, new Date());
  const clientCa = hostFile(files, CP_1, original.authority, 'certificate');
  const ports = SERVER_KINDS.map((kind) => ({
    port: portOf(base, kind),
    server: pairs[kind],
    clientCa,
    ...(answer === undefined ? {} : { answer: answer(kind) }),
  }));
  return startStandIn(network, STRANGER, ports, original.name);
}

/** What Go's clients say when they refuse a server, up to what differs from run to run. */
const COMPLAINT =
  /tls: failed to verify certificate: x509: (?:(?! \(possibly)[^"\\\n])*|tls: first record does not look like a TLS handshake|http: server gave HTTP response to HTTPS client/;

/** Where a client is to be seen. */
export interface Sight {
  standIn: StandIn;
  base: number;
  kind: Kind;
  /** What the stand-in must not get from a client that refuses it. */
  accepted: 'handshake' | 'request';
}

/** Waits for the client's complaint, or for the stand-in to get what it must not, and says which came. */
export async function verdict(
  { standIn, base, kind, accepted }: Sight,
  log: () => Promise<string>,
): Promise<Observed> {
  const port = portOf(base, kind);
  return waitFor(
    `a client's verdict on port ${port}`,
    async (): Promise<Observed | undefined> => {
      const events = (await standIn.events()).filter((event) => event.port === port);
      if (events.some(({ event }) => event === accepted)) {
        return { layer: 'accepted', message: `${accepted} complete` };
      }
      const message = COMPLAINT.exec(await log())?.[0];
      if (message === undefined) return undefined;
      if (kind === 'none') return { layer: 'tls', message };
      // The stand-in may hear of it a moment later.
      const refusal = events.find((event) => event.event === 'refused');
      return refusal && { layer: 'tls', message, alert: alertName(refusal.alert) };
    },
    { deadline: 60_000, programs: [standIn.program] },
  );
}
