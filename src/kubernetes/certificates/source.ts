/**
 * What kubepki's server writes into `spec.extra` of a request of a node, beside what is known of the user:
 * where the request came from. Nobody else can write these keys there, so an approver may rely on them.
 */

/** The one address that the request came from, in canonical form; absent where that says nothing of the node. */
export const SOURCE_ADDRESS_EXTRA = 'kubepki.dev/source-address';

/** The addresses that were declared for the node, in canonical form. */
export const BOUND_ADDRESSES_EXTRA = 'kubepki.dev/bound-addresses';
