/**
 * Revocations, a resource of kubepki's own: what stands here is refused (`src/apiserver/revocation`). The
 * specification never changes, so that who reads it reads what was in force all the time; a revocation ends
 * when it is deleted, and by nothing else.
 */
import {
  REVOCATIONS,
  type RevocationSpec,
  type RevocationStatus,
  revokedSubject,
  type UserInfo,
} from '../../kubernetes/index.ts';
import { formatName, serialHex } from '../../x509/index.ts';
import { AGE, column, NAME, wide } from './columns.ts';
import { define } from './define.ts';
import { firstGeneration } from './generation.ts';
import { dnsSubdomain } from './names.ts';
import { certificateIn, validateRevocation, validateRevocationUpdate } from './revocation-rules.ts';
import { type Field, list, object, type Schema, STRING } from './schema.ts';
import { ageOf, formatTime } from './times.ts';
import { schemaOfType } from './type-schema.ts';

const field = (schema: Schema, more: Partial<Field> = {}): Field => ({
  schema,
  required: false,
  always: false,
  pointer: false,
  ...more,
});
const text = field(STRING);
const TIME = field({ kind: 'time' });
const VERSION = 'dev.kubepki.v1';

const SPEC = object(`${VERSION}.RevocationSpec`, {
  certificate: text,
  fingerprint: text,
  tokenId: text,
  credentialId: text,
  user: text,
  reason: field(STRING, { required: true }),
});

const STATUS = object(`${VERSION}.RevocationStatus`, {
  revokedBy: field(
    object(`${VERSION}.RevokedBy`, { username: text, uid: text, groups: field(list(STRING)) }),
  ),
  revokedAt: TIME,
  credentialId: text,
  certificate: field(
    object(`${VERSION}.RevokedCertificate`, {
      subject: text,
      issuer: text,
      serialNumber: text,
      notAfter: TIME,
    }),
  ),
});

const SCHEMA = object(`${VERSION}.Revocation`, {
  kind: text,
  apiVersion: text,
  metadata: field(schemaOfType('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'), {
    always: true,
  }),
  spec: field(SPEC, { required: true, always: true }),
  status: field(STATUS),
});

export const REVOCATION_DEFINITION = define(REVOCATIONS, {
  // Where kube-apiserver keeps custom resources.
  path: `${REVOCATIONS.group}/${REVOCATIONS.resource}`,
  schema: SCHEMA,
  jsonOnly: true,
  strategy: {
    validateName: dnsSubdomain,
    prepareCreate: (revocation, { user, now }) =>
      firstGeneration({ ...revocation, status: statusOf(revocation.spec, user, now) }),
    validate: validateRevocation,
    prepareUpdate: (revocation, { status }) => {
      const { status: _, ...given } = revocation;
      return { ...given, ...(status === undefined ? {} : { status }) };
    },
    validateUpdate: validateRevocationUpdate,
    allowUnconditionalUpdate: false,
  },
  selectableFields: { 'spec.user': ({ spec }) => spec.user ?? '' },
  columns: [
    NAME,
    column('Revoked', 'What is refused: a credential, or a user with every credential.'),
    column('By', 'Who has revoked it.'),
    column('Reason', 'Why.'),
    AGE,
    wide('Credential', 'How the credential is recognised.'),
    wide('Expires', 'When the certificate would have expired by itself.'),
  ],
  row: ({ metadata, spec, status }, now) => [
    metadata.name ?? '',
    revokedCell(spec, status),
    status?.revokedBy?.username ?? '<unknown>',
    spec.reason,
    ageOf(metadata.creationTimestamp, now),
    status?.credentialId ?? '<none>',
    status?.certificate?.notAfter ?? '<none>',
  ],
});

/** Of what is no valid specification it is not stored. */
function statusOf(spec: RevocationSpec, user: UserInfo, now: Date): RevocationStatus {
  const { name, uid = '', groups } = user;
  const subject = revokedSubject(spec);
  const certificate = certificateIn(spec.certificate ?? '');
  return {
    revokedBy: {
      username: name,
      ...(uid === '' ? {} : { uid }),
      ...(groups.length === 0 ? {} : { groups }),
    },
    revokedAt: formatTime(now),
    ...(subject?.kind === 'credentialId' ? { credentialId: subject.value } : {}),
    ...(certificate === undefined
      ? {}
      : {
          certificate: {
            subject: formatName(certificate.subject),
            issuer: formatName(certificate.issuer),
            serialNumber: serialHex(certificate),
            notAfter: formatTime(certificate.notAfter),
          },
        }),
  };
}

/** Enough of a hash to find it. */
const SHOWN_ID = 27;

function revokedCell(spec: RevocationSpec, status: RevocationStatus | undefined): string {
  const { user = '', tokenId = '' } = spec;
  if (user !== '') return `user ${user}`;
  if (tokenId !== '') return `token ${tokenId}`;
  const subject = status?.certificate?.subject;
  if (subject !== undefined) return `certificate ${subject}`;
  const id = status?.credentialId ?? spec.credentialId ?? spec.fingerprint ?? '';
  return `credential ${id.length > SHOWN_ID ? `${id.slice(0, SHOWN_ID)}…` : id}`;
}
