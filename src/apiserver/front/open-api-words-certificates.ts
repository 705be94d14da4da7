/** Words for trust bundles, certificates of pods and newer events (k8s.io/api, certificates/v1beta1, events/v1). */
import type { Words } from './open-api-words.ts';

const CERTIFICATES = 'io.k8s.api.certificates.v1beta1';
const EVENTS = 'io.k8s.api.events.v1';

export const CERTIFICATE_DESCRIPTIONS: Words = {
  [`${CERTIFICATES}.ClusterTrustBundle`]: {
    is: 'Trust anchors for everybody in the cluster.',
    fields: { spec: 'The trust anchors.' },
  },
  [`${CERTIFICATES}.ClusterTrustBundleSpec`]: {
    is: 'Trust anchors, and whose they are.',
    fields: {
      signerName: 'The signer whose certificates they are for; of nobody where nothing is said.',
      trustBundle: 'The certificates, in PEM, each once and in no order.',
    },
  },
  [`${CERTIFICATES}.PodCertificateRequest`]: {
    is: 'A request of a kubelet for a certificate for a pod.',
    fields: { spec: 'What is asked for.', status: 'What has become of it.' },
  },
  [`${CERTIFICATES}.PodCertificateRequestSpec`]: {
    is: 'What is asked for. It never changes.',
    fields: {
      signerName: 'The signer that is asked.',
      podName: 'The name of the pod.',
      podUID: 'The UID of the pod.',
      serviceAccountName: 'The ServiceAccount of the pod.',
      serviceAccountUID: 'The UID of the ServiceAccount.',
      nodeName: 'The node of the pod, whose kubelet asks.',
      nodeUID: 'The UID of the node.',
      maxExpirationSeconds:
        'How long the certificate may be good for; a day where nothing is said.',
      pkixPublicKey: 'No longer used: the key, in DER (PKIX).',
      proofOfPossession: 'No longer used: the UID of the pod, signed with the key.',
      stubPKCS10Request: 'A request in DER (PKCS #10) that holds the key and nothing else.',
      unverifiedUserAnnotations: 'What the pod says to the signer. Nobody has checked it.',
    },
  },
  [`${CERTIFICATES}.PodCertificateRequestStatus`]: {
    is: 'What has become of a request.',
    fields: {
      conditions: 'Issued, Denied or Failed; none while it waits.',
      certificateChain: 'The certificate and those that lead to its authority, in PEM.',
      notBefore: 'From when the certificate is good.',
      beginRefreshAt: 'When the kubelet begins to ask for the next one.',
      notAfter: 'Until when the certificate is good.',
    },
  },
  [`${EVENTS}.Event`]: {
    is: 'Something that happened to an object, told by who did it. Kept for a short time only.',
    fields: {
      eventTime: 'When it was first seen.',
      series: 'How often it has happened, where it goes on.',
      reportingController: 'Who tells it, such as kubernetes.io/kubelet.',
      reportingInstance: 'Which one of them.',
      action: 'What was done or failed.',
      reason: 'Why, in one word.',
      regarding: 'The object that it is about.',
      related: 'Another object that has to do with it.',
      note: 'What happened, for people.',
      type: 'Normal or Warning.',
      deprecatedSource: 'Who told it, as events of the core group have it.',
      deprecatedFirstTimestamp: 'When it was first seen, as events of the core group have it.',
      deprecatedLastTimestamp: 'When it was last seen, as events of the core group have it.',
      deprecatedCount: 'How often it was seen, as events of the core group have it.',
    },
  },
  [`${EVENTS}.EventSeries`]: {
    is: 'Something that happens again and again.',
    fields: { count: 'How often so far.', lastObservedTime: 'When it was last seen.' },
  },
};
