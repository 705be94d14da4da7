/**
 * The certificate of a pod that kube-apiserver takes for that of the pod's service account. Upstream reserves
 * the signer's name and says what its certificates are for, but defines no format (1.36: the one of KEP-4317,
 * with an extension that an API server would have to know, was withdrawn before it was built). This one says
 * what x509 authentication reads of any client certificate (apiserver, pkg/authentication/request/x509): the user
 * in the common name, the groups in the organizations, the UID in an attribute of Kubernetes' own.
 */
import { KubepkiError } from '../../errors.ts';
import { type CertificateTemplate, makeName } from '../../x509/index.ts';
import type { PodCertificateRequest } from '../api/index.ts';

/** The attribute of a subject that holds the user's UID (apimachinery, pkg/apis/asn1). */
export const UID_ATTRIBUTE = '1.3.6.1.4.1.57683.2';

const SERVICE_ACCOUNTS_GROUP = 'system:serviceaccounts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** So much earlier it begins than now. kube-apiserver takes less than five minutes, by its own clock. */
const BACKDATE = 2 * MINUTE;
/** kube-apiserver takes nothing shorter, and nothing longer of a signer of Kubernetes' own. */
const SHORTEST = HOUR;
const LONGEST = 24 * HOUR;

export interface PodCertificateTimes {
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** When the kubelet is to ask for the next one: after half of it. */
  readonly beginRefreshAt: Date;
}

/**
 * From when to when a pod's certificate is valid, in whole seconds as the API tells them: as long as is asked
 * for, but at most a day, no longer than the signer issues anything (an hour at least) and than the CA is valid.
 *
 * @param maxExpirationSeconds of the request
 * @param longest what the signer issues at most, in milliseconds
 * @throws KubepkiError INVALID_VALUE where the CA's certificate does not last for an hour any more
 */
export function podCertificateTimes(
  now: Date,
  maxExpirationSeconds: number,
  longest: number,
  caNotAfter: Date,
): PodCertificateTimes {
  const from = Math.floor((now.getTime() - BACKDATE) / 1000) * 1000;
  const asked = Math.min(maxExpirationSeconds * 1000, LONGEST);
  const wanted = Math.max(Math.min(asked, Math.floor(longest / 1000) * 1000), SHORTEST);
  const to = Math.min(from + wanted, caNotAfter.getTime());
  if (to - from < SHORTEST) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `the certificate of the CA ends at ${caNotAfter.toISOString()}, and a pod's has to last for an hour: nothing is signed`,
      { hint: 'give the signer a CA certificate that is valid for longer' },
    );
  }
  return {
    notBefore: new Date(from),
    notAfter: new Date(to),
    beginRefreshAt: new Date(from + Math.floor((to - from) / 2000) * 1000),
  };
}

/** What the certificate says beside its dates. */
export function podCertificateTemplate({
  metadata: { namespace = '' },
  spec: { serviceAccountName, serviceAccountUID },
}: PodCertificateRequest): Omit<CertificateTemplate, 'notBefore' | 'notAfter'> {
  return {
    subject: [
      ...makeName({
        organizations: [SERVICE_ACCOUNTS_GROUP, `${SERVICE_ACCOUNTS_GROUP}:${namespace}`],
        commonName: `system:serviceaccount:${namespace}:${serviceAccountName}`,
      }),
      [{ type: UID_ATTRIBUTE, value: serviceAccountUID }],
    ],
    basicConstraints: { ca: false },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['clientAuth'],
  };
}
