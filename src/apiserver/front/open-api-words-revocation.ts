/** Words for revocations, the resource of kubepki's own. */
import type { Words } from './open-api-words.ts';

const VERSION = 'dev.kubepki.v1';

export const REVOCATION_DESCRIPTIONS: Words = {
  [`${VERSION}.Revocation`]: {
    is: 'Takes a credential, or all credentials of a user, out of use at this server: their next request is refused with 401, and their watches end. It holds until it is deleted. kube-apiserver has nothing of the kind.',
    fields: {
      spec: 'What is revoked, and why. It never changes.',
      status: 'Who has revoked it and when. Set by the server.',
    },
  },
  [`${VERSION}.RevocationSpec`]: {
    is: 'What is revoked: exactly one of certificate, fingerprint, tokenId, credentialId and user.',
    fields: {
      certificate:
        'The client certificate to refuse, in PEM: one certificate and nothing beside it. Its holder may have others: to refuse all, revoke the user.',
      fingerprint:
        'The SHA-256 of the client certificate to refuse, as 64 lower-case hexadecimal digits.',
      tokenId:
        'The id of the token to refuse: of a bootstrap token, or of a static one of that form, what stands before the dot.',
      credentialId:
        'The credential to refuse, as authentication.kubernetes.io/credential-id names it in the audit log and in spec.extra of certificate signing requests: X509SHA256=…, JTI=…',
      user: 'The user to refuse, whatever they come with: certificates, tokens, a front proxy, impersonation. Compared character by character.',
      reason: 'Why, in one line, for whoever reads it later.',
    },
  },
  [`${VERSION}.RevocationStatus`]: {
    is: 'Who has revoked it and when, and how it is recognised.',
    fields: {
      revokedBy: 'The user who created the revocation.',
      revokedAt: 'When it was created.',
      credentialId: 'How the credential is recognised; absent for users and tokens.',
      certificate: 'What the certificate says, where it was given whole.',
    },
  },
  [`${VERSION}.RevokedBy`]: {
    is: 'Who has revoked it.',
    fields: {
      username: 'The name of the user.',
      uid: 'The UID of the user.',
      groups: 'The groups of the user.',
    },
  },
  [`${VERSION}.RevokedCertificate`]: {
    is: 'A certificate that is revoked.',
    fields: {
      subject: 'Whom it was issued to.',
      issuer: 'Who has issued it.',
      serialNumber: 'Its serial number in lower-case hexadecimal digits.',
      notAfter: 'When it would have expired by itself.',
    },
  },
};
