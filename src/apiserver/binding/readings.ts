/** What `/metrics` tells of the binding of nodes' credentials. Names are ours: upstream has nothing of the kind. */
import type { Reading } from '../../metrics/index.ts';
import type { NodeBindings } from './node-bindings.ts';

export function bindingReadings({ book, counts }: NodeBindings): readonly Reading[] {
  return [
    {
      name: 'kubepki_node_bindings',
      type: 'gauge',
      help: 'Certificates of nodes that are bound to addresses and have not expired.',
      values: [[{}, book.size]],
    },
    {
      name: 'kubepki_node_requests_elsewhere_total',
      type: 'counter',
      help: 'Requests with the credential of a node that were refused since they came from where it is not bound to.',
      values: [[{}, counts.refused]],
    },
    {
      name: 'kubepki_node_bindings_at_first_use_total',
      type: 'counter',
      help: 'Certificates of nodes that were bound to where their first request came from, since nobody had bound them.',
      values: [[{}, counts.boundAtFirstUse]],
    },
    {
      name: 'kubepki_node_watches_elsewhere_total',
      type: 'counter',
      help: 'Watches that were ended since their node was bound to another address.',
      values: [[{}, counts.ended]],
    },
  ];
}
