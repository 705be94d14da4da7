/** Events of the node agent as lines of a log. */
import { quotable } from '../errors.ts';
import { wholeSeconds } from './node-object.ts';
import type { CertificateKind, NodeEvent } from './types.ts';

const WHAT: Readonly<Record<CertificateKind, string>> = {
  client: 'client certificate',
  serving: 'serving certificate',
};

/** Nothing that the node could find out: with a bootstrap token it may not look at Nodes. */
const NAME_TAKEN =
  '; a bootstrap token has to wait where there is a Node of this name already: if it is this machine, approve, or make a token for it (kubepki token create --node) and start this again';

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

export function describeEvent(event: NodeEvent): string {
  switch (event.type) {
    case 'bootstrapping':
      return `bootstrapping with ${event.file}, because of ${event.because}`;
    case 'kubeconfig-written':
      return `wrote ${event.file}; the certificate that it names is yet to come`;
    case 'csr-created':
      return `asked for a ${WHAT[event.kind]}: CertificateSigningRequest ${quotable(event.name)}`;
    case 'csr-resumed':
      return `waits for ${quotable(event.name)}, which it has asked for before`;
    case 'waiting':
      return `waiting until ${quotable(event.name)} is approved: kubectl certificate approve ${quotable(event.name)}${event.kind === 'client' ? NAME_TAKEN : ''}`;
    case 'csr-approved':
      return `${quotable(event.name)} is approved`;
    case 'certificate-stored':
    case 'renewed': {
      const done = event.type === 'renewed' ? 'renewed' : 'stored';
      return `${done} the ${WHAT[event.kind]} ${event.serial}, valid until ${wholeSeconds(event.notAfter)}: ${event.file}`;
    }
    case 'odd-dates':
      return `the new ${WHAT[event.kind]} is valid from ${wholeSeconds(event.notBefore)} to ${wholeSeconds(event.notAfter)}, and here it is ${wholeSeconds(event.now)}: check the clock of this machine, and --cluster-signing-duration of the signer`;
    case 'kubelet-certificate':
      return `the kubelet has the client certificate ${event.serial}, valid until ${wholeSeconds(event.notAfter)}`;
    case 'kubelet-overdue':
      return `the kubelet has not renewed its client certificate ${event.serial}, which ends ${wholeSeconds(event.notAfter)}: see its log for "certificate", kubectl get csr, and whether rotateCertificates is on; else start it again`;
    case 'server-changed':
      return `read ${event.file} again: requests go to ${event.server} with its CAs from now on`;
    case 'clock-jumped':
      return event.byMs < 0
        ? `the clock of this machine was set back by ${seconds(-event.byMs)}: dates are looked at again`
        : `the clock of this machine was set forward by ${seconds(event.byMs)}, or it has slept: dates are looked at again`;
    case 'attempt-failed':
      return `no ${WHAT[event.kind]}: ${event.message}; trying again in ${seconds(event.retryInMs)}`;
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
