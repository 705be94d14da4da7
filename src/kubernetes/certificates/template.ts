/** What a signer copies from a request into the certificate, and what it does not. */
import {
  ATTRIBUTE_TYPES,
  type CertificateTemplate,
  type CertificationRequest,
  commonName,
  makeName,
  type Name,
  organizations,
} from '../../x509/index.ts';
import { certificateUsages } from './usages.ts';

/**
 * The subject as Go writes it again from what it has read (crypto/x509/pkix, FillFromRDNSequence and
 * ToRDNSequence): attributes in a fixed order, those of one type together, others dropped; of several
 * common names and serial numbers the last one stays.
 */
export function reencodedSubject(subject: Name): Name {
  const values = (type: string): string[] =>
    subject.flatMap((rdn) => rdn.filter((one) => one.type === type).map((one) => one.value));
  return makeName({
    country: values(ATTRIBUTE_TYPES.C),
    province: values(ATTRIBUTE_TYPES.ST),
    locality: values(ATTRIBUTE_TYPES.L),
    streetAddress: values(ATTRIBUTE_TYPES.STREET),
    postalCode: values(ATTRIBUTE_TYPES.postalCode),
    organizations: organizations(subject),
    organizationalUnits: values(ATTRIBUTE_TYPES.OU),
    commonName: commonName(subject),
    serialNumber: values(ATTRIBUTE_TYPES.SERIALNUMBER).at(-1),
  });
}

/**
 * The certificate that a signer makes of a request: subject and alternative names are the request's,
 * usages those of the API object; whatever else the request asks for is dropped.
 *
 * @throws KubepkiError INVALID_VALUE for a usage that is not known.
 */
export function certificateTemplate(
  request: CertificationRequest,
  usages: readonly string[],
  validity: Pick<CertificateTemplate, 'notBefore' | 'notAfter'>,
): CertificateTemplate {
  const { subjectAltNames } = request;
  return {
    subject: reencodedSubject(request.subject),
    ...validity,
    basicConstraints: { ca: false },
    ...certificateUsages(usages),
    ...(subjectAltNames === undefined ? {} : { subjectAltNames }),
  };
}
