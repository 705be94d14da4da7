/** Words for node bindings, a resource of kubepki's own. */
import type { Words } from './open-api-words.ts';

const VERSION = 'dev.kubepki.v1';

export const BINDING_DESCRIPTIONS: Words = {
  [`${VERSION}.NodeBinding`]: {
    is: 'Says from where the client certificate of one node is accepted, where the server was started with --bind-node-credentials. The server makes it, and takes it away when the certificate has expired. kube-apiserver has nothing of the kind.',
    fields: {
      spec: 'The node, and its addresses. To move a node elsewhere, change the addresses.',
      status: 'Which certificate it is, and how it was bound. Set by the server.',
    },
  },
  [`${VERSION}.NodeBindingSpec`]: {
    is: 'Which node it is and where.',
    fields: {
      node: 'The node that the certificate is for. It never changes.',
      addresses:
        'IP addresses and CIDRs. From elsewhere the certificate is refused. A cluster file that declares the node goes before them.',
    },
  },
  [`${VERSION}.NodeBindingStatus`]: {
    is: 'Which certificate it is, and how it was bound.',
    fields: {
      boundBy:
        'What the addresses are from: Declaration (cluster file, token, or the binding of the certificate before), Request (where the certificate signing request came from), FirstUse (where its first request came from).',
      credentialId:
        'The certificate, as authentication.kubernetes.io/credential-id names it in the audit log.',
      notAfter: 'When the certificate expires.',
    },
  },
};
