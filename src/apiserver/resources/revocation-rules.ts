/** What a Revocation may be. Names are compared character by character, so what could never match is refused. */
import { KubepkiError } from '../../errors.ts';
import { type Revocation, X509_CREDENTIAL } from '../../kubernetes/index.ts';
import { isBootstrapTokenId } from '../../tokens/index.ts';
import { type Certificate, decodePem, encodePem, parseCertificate } from '../../x509/index.ts';
import { IMMUTABLE } from './checks.ts';
import { type FieldError, forbidden, invalid, required, tooLong } from './field-error.ts';
import { sameJson } from './metadata.ts';

/** Bytes. A certificate of a cluster has one or two thousand. */
const MOST_BYTES = {
  certificate: 64 * 1024,
  user: 1024,
  credentialId: 256,
  reason: 1024,
} as const;

const HEX_256 = /^[0-9a-f]{64}$/;
const CREDENTIAL_ID = /^[A-Za-z][\w.-]*=[\x21-\x7e]+$/;
/** Of which one at a time says what is revoked. */
const SUBJECTS = ['certificate', 'fingerprint', 'tokenId', 'credentialId', 'user'] as const;

/** Users that nobody can be kept from being, or that must go on. */
const KEPT_USERS: ReadonlyMap<string, string> = new Map([
  [
    'system:apiserver',
    'is the API server itself: revoke the certificate of whoever pretends to be',
  ],
  [
    'system:anonymous',
    'is everybody who shows no credential: start the server with --anonymous-auth=false',
  ],
]);

export function validateRevocation({ metadata, spec }: Revocation): FieldError[] {
  const given = SUBJECTS.filter((name) => (spec[name] ?? '') !== '');
  const errors = [...lastingErrors(metadata), ...reasonErrors(spec.reason ?? '')];
  const [only] = given;
  if (only === undefined) {
    return [required('spec', `one of ${SUBJECTS.join(', ')} says what is revoked`), ...errors];
  }
  if (given.length > 1) {
    const detail = `only one of ${SUBJECTS.join(', ')} may be set, got ${given.join(' and ')}`;
    return [forbidden('spec', detail), ...errors];
  }
  return [...CHECKS[only](spec[only] ?? ''), ...errors];
}

export function validateRevocationUpdate(after: Revocation, before: Revocation): FieldError[] {
  return [
    ...(sameJson(after.spec, before.spec)
      ? []
      : [forbidden('spec', `${IMMUTABLE}: delete the revocation and make another`)]),
    ...lastingErrors(after.metadata),
  ];
}

/** The garbage collector deletes what has lost its owners: that would be a way to end a revocation unseen. */
const lastingErrors = ({ ownerReferences = [] }: Revocation['metadata']): FieldError[] =>
  ownerReferences.length === 0
    ? []
    : [
        forbidden(
          'metadata.ownerReferences',
          'a revocation belongs to nothing: it ends when it is deleted itself',
        ),
      ];

function reasonErrors(reason: string): FieldError[] {
  const field = 'spec.reason';
  if (reason.trim() === '') return [required(field, 'say why, for whoever reads it later')];
  if (Buffer.byteLength(reason) > MOST_BYTES.reason) return [tooLong(field, MOST_BYTES.reason)];
  return isPrintable(reason) ? [] : [invalid(field, reason, 'must be one line of printable text')];
}

const isPrintable = (text: string): boolean =>
  text.isWellFormed() && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);

type Check = (value: string) => readonly FieldError[];

const CHECKS: Readonly<Record<(typeof SUBJECTS)[number], Check>> = {
  certificate: certificateErrors,
  fingerprint: (hex) =>
    HEX_256.test(hex)
      ? []
      : [
          invalid(
            'spec.fingerprint',
            hex,
            'must be the SHA-256 of the certificate as 64 lower-case hexadecimal digits',
          ),
        ],
  tokenId: (id) =>
    isBootstrapTokenId(id)
      ? []
      : [
          required(
            'spec.tokenId',
            'must be the part of a token before the dot, 6 characters of a-z and 0-9, and never the token itself',
          ),
        ],
  credentialId: credentialErrors,
  user: userErrors,
};

/** What is no certificate is not shown: it may be a key. */
function certificateErrors(pem: string): readonly FieldError[] {
  const field = 'spec.certificate';
  if (Buffer.byteLength(pem) > MOST_BYTES.certificate) {
    return [tooLong(field, MOST_BYTES.certificate)];
  }
  const certificate = certificateIn(pem);
  if (certificate === undefined) {
    return [
      invalid(field, '<hidden>', 'must be one certificate in PEM, and nothing else beside it'),
    ];
  }
  if (certificate.basicConstraints?.ca !== true) return [];
  const detail =
    'is the certificate of a CA: what it has signed is not revoked with it, so the CA has to be replaced';
  return [invalid(field, '<certificate>', detail)];
}

function credentialErrors(id: string): readonly FieldError[] {
  const field = 'spec.credentialId';
  if (id.length > MOST_BYTES.credentialId) return [tooLong(field, MOST_BYTES.credentialId)];
  if (!CREDENTIAL_ID.test(id)) {
    return [invalid(field, id, `must be a name and a value: ${X509_CREDENTIAL}…, JTI=…`)];
  }
  if (id.startsWith(X509_CREDENTIAL) && !HEX_256.test(id.slice(X509_CREDENTIAL.length))) {
    const detail = `${X509_CREDENTIAL} must be followed by 64 lower-case hexadecimal digits`;
    return [invalid(field, id, detail)];
  }
  return [];
}

function userErrors(user: string): readonly FieldError[] {
  const field = 'spec.user';
  if (Buffer.byteLength(user) > MOST_BYTES.user) return [tooLong(field, MOST_BYTES.user)];
  if (!user.isWellFormed()) return [invalid(field, '<hidden>', 'must be Unicode text')];
  const why = KEPT_USERS.get(user);
  return why === undefined ? [] : [invalid(field, user, why)];
}

/** The certificate, of a text that is exactly one. */
export function certificateIn(pem: string): Certificate | undefined {
  if (pem.length > MOST_BYTES.certificate) return undefined;
  try {
    const [block] = decodePem(pem);
    if (block === undefined || bare(pem) !== bare(encodePem('CERTIFICATE', block.bytes))) {
      return undefined;
    }
    return parseCertificate(block.bytes);
  } catch (error) {
    if (error instanceof KubepkiError) return undefined;
    throw error;
  }
}

const bare = (text: string): string => text.replace(/\s+/g, '');
