/** The real connection of a node to its API server, over the network. */
import { connectTransport, createClient } from '../client/index.ts';
import type { Connect } from './types.ts';

/** @throws KubepkiError INVALID_VALUE for an address that is none, and what is wrong with credentials */
export const connectToServer: Connect = ({
  certificateAuthority: ca,
  tlsServerName: serverName,
  ...others
}) =>
  createClient(
    connectTransport({
      ...others,
      userAgent: 'kubepki-node',
      ...(ca === undefined ? {} : { ca }),
      ...(serverName === undefined ? {} : { serverName }),
    }),
  );
