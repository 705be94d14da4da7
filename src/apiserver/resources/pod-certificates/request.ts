/** What a PodCertificateRequest may ask for (k8s.io/kubernetes, pkg/apis/certificates/validation: ValidatePodCertificateRequestCreate). */
import { labelKeyProblems, type PodCertificateRequest } from '../../../kubernetes/index.ts';
import { named, problems } from '../checks.ts';
import { type FieldError, invalid, required, tooLong, wrong } from '../field-error.ts';
import { MOST_ANNOTATION_BYTES } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { validateSignerName } from '../signer-name.ts';
import { validateKey, validateStub } from './keys.ts';

const LONGEST_UID = 128;
const SHORTEST_SECONDS = 3600;
/** Of a signer of Kubernetes' own, and of any other: 91 days. */
const LONGEST_SECONDS = { kubernetes: 86_400, other: 7_862_400 } as const;

type Spec = PodCertificateRequest['spec'];

export function validateRequest({ spec }: PodCertificateRequest): FieldError[] {
  const errors = [
    ...validateSignerName('spec.signerName', spec.signerName),
    ...validateAnnotations(spec.unverifiedUserAnnotations ?? {}),
    ...(['pod', 'serviceAccount', 'node'] as const).flatMap((of) => [
      ...named(`spec.${of}Name`, spec[`${of}Name`], dnsSubdomain),
      ...validateUid(`spec.${of}UID`, spec[`${of}UID`]),
    ]),
  ];
  const { maxExpirationSeconds } = spec;
  if (maxExpirationSeconds === undefined) {
    return [...errors, required('spec.maxExpirationSeconds', 'must be set')];
  }
  return [
    ...errors,
    ...validateDuration(spec.signerName, maxExpirationSeconds),
    ...validateProof(spec),
  ];
}

function validateAnnotations(annotations: Readonly<Record<string, string>>): FieldError[] {
  const field = 'spec.unverifiedUserAnnotations';
  let bytes = 0;
  const errors = Object.entries(annotations).flatMap(([key, value]) => {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    return annotationKeyErrors(field, key.toLowerCase());
  });
  return bytes > MOST_ANNOTATION_BYTES
    ? [...errors, tooLong(field, MOST_ANNOTATION_BYTES)]
    : errors;
}

/** With the domain of whom it is for. */
function annotationKeyErrors(field: string, key: string): FieldError[] {
  if (key === '') return [required(field)];
  const errors = problems(field, key, labelKeyProblems(key));
  return errors.length > 0 || key.includes('/')
    ? errors
    : [invalid(field, key, 'must be a domain-prefixed key (such as "acme.io/foo")')];
}

function validateUid(field: string, uid: string): FieldError[] {
  if (uid === '') return [invalid(field, uid, 'must not be empty')];
  return uid.length > LONGEST_UID ? [tooLong(field, LONGEST_UID)] : [];
}

function validateDuration(signerName: string, seconds: number): FieldError[] {
  const [domain = ''] = signerName.split('/', 1);
  const isOwn = domain === 'kubernetes.io' || domain.endsWith('.kubernetes.io');
  const longest = LONGEST_SECONDS[isOwn ? 'kubernetes' : 'other'];
  return seconds >= SHORTEST_SECONDS && seconds <= longest
    ? []
    : [
        invalid(
          'spec.maxExpirationSeconds',
          seconds,
          `must be in the range [${SHORTEST_SECONDS}, ${longest}]`,
        ),
      ];
}

/** A request of its own, or a key with a proof; never both. */
function validateProof(spec: Spec): FieldError[] {
  const stub = spec.stubPKCS10Request ?? '';
  const key = spec.pkixPublicKey ?? '';
  const proof = spec.proofOfPossession ?? '';
  if (stub !== '' && key === '' && proof === '') return validateStub(stub);
  if (stub === '' && key !== '' && proof !== '') return validateKey(key, proof, spec.podUID);
  const detail =
    'exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set';
  return [wrong('spec', detail)];
}
