/**
 * What must not be written where there are revocations: one that shuts out whoever makes it, and a
 * certificate for somebody who was revoked after asking for it.
 */
import {
  CREDENTIAL_ID,
  isJsonObject,
  type RevocationSpec,
  revokedSubject,
  type UserInfo,
} from '../../kubernetes/index.ts';
import { isHit, type Revocations, revokedReason } from '../revocation/index.ts';
import type { Admission, AdmissionRequest } from '../types.ts';
import { fieldOf, isAbout, operationOf, refusal, textOf } from './request.ts';

const FIELDS = ['certificate', 'fingerprint', 'tokenId', 'credentialId', 'user'] as const;

/**
 * Nobody revokes what they come with: of the last administrator nobody would be left to undo it, and whoever
 * mistypes a file shuts out somebody else.
 */
export function ownRevocation(): Admission {
  return async (request) => {
    if (!isAbout(request, 'revocations.kubepki.dev') || operationOf(request) !== 'create') return;
    const { shown, user } = request.attributes;
    const subject = revokedSubject(specOf(request));
    if (subject === undefined || !isHit(subject, shown ?? { users: [user] })) return;
    throw refusal(
      request,
      'it would revoke the credential, or the user, that makes this request: let another administrator do it, with a credential of their own',
    );
  };
}

const specOf = ({ object }: AdmissionRequest): Omit<RevocationSpec, 'reason'> =>
  Object.fromEntries(FIELDS.map((name) => [name, textOf(object, `spec.${name}`)]));

const CSRS = 'certificatesigningrequests.certificates.k8s.io';

/**
 * A request that was made with what is revoked by now is neither approved nor signed, whoever does it: the
 * certificate would be as good as the one that was revoked.
 */
export function revokedRequester(revocations: Pick<Revocations, 'ofUser'>): Admission {
  return async (request) => {
    if (!isAbout(request, CSRS) || operationOf(request) !== 'update') return;
    if (!isGrant(request)) return;
    const hit = revocations.ofUser(requesterOf(request));
    if (hit === undefined) return;
    throw refusal(request, `of its requester ${revokedReason(hit)}: deny it, or delete it`);
  };
}

/** By the stored object: who has asked does not change. */
function requesterOf({ old }: AdmissionRequest): UserInfo {
  const extra = fieldOf(old, 'spec.extra');
  const ids =
    isJsonObject(extra) && Object.hasOwn(extra, CREDENTIAL_ID) ? extra[CREDENTIAL_ID] : undefined;
  return {
    name: textOf(old, 'spec.username'),
    groups: [],
    extra: { [CREDENTIAL_ID]: Array.isArray(ids) ? ids.filter(isText) : [] },
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** It becomes approved, or gets its certificate. */
function isGrant({ object, old }: AdmissionRequest): boolean {
  const certificate = textOf(object, 'status.certificate');
  return (
    (isApproved(object) && !isApproved(old)) ||
    (certificate !== '' && certificate !== textOf(old, 'status.certificate'))
  );
}

function isApproved(object: unknown): boolean {
  const conditions = fieldOf(object, 'status.conditions');
  return Array.isArray(conditions) && conditions.some((one) => textOf(one, 'type') === 'Approved');
}
