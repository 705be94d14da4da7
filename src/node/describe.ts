/** Events of the node agent as lines of a log. */
import { quotable } from '../errors.ts';
import type { CertificateKind, NodeEvent } from './types.ts';

const WHAT: Readonly<Record<CertificateKind, string>> = {
  client: 'client certificate',
  serving: 'serving certificate',
};

/** Nothing that the node could find out: with a bootstrap token it may not look at Nodes. */
const NAME_TAKEN =
  '; a bootstrap token has to wait where there is a Node of this name already: if it is this machine, approve, or kubectl delete node it';

export function describeEvent(event: NodeEvent): string {
  switch (event.type) {
    case 'bootstrapping':
      return `bootstrapping with ${event.file}, because of ${event.because}`;
    case 'kubeconfig-written':
      return `wrote ${event.file}; the certificate that it names is yet to come`;
    case 'csr-created':
      return `asked for a ${WHAT[event.kind]}: CertificateSigningRequest ${quotable(event.name)}`;
    case 'waiting':
      return `waiting until ${quotable(event.name)} is approved: kubectl certificate approve ${quotable(event.name)}${event.kind === 'client' ? NAME_TAKEN : ''}`;
    case 'csr-approved':
      return `${quotable(event.name)} is approved`;
    case 'certificate-stored':
    case 'renewed': {
      const done = event.type === 'renewed' ? 'renewed' : 'stored';
      return `${done} the ${WHAT[event.kind]} ${event.serial}, valid until ${event.notAfter.toISOString()}: ${event.file}`;
    }
    case 'attempt-failed':
      return `no ${WHAT[event.kind]}: ${event.message}; trying again in ${Math.round(event.retryInMs / 1000)} s`;
    case 'registered':
      return event.existed
        ? `Node ${event.node} was registered already`
        : `registered Node ${event.node}`;
    case 'bootstrap-kubeconfig-deleted':
      return `deleted ${event.file}: the node has credentials of its own now`;
    case 'serving':
      return `serving on ${event.address} port ${event.port} with certificate ${event.serial}`;
  }
}
