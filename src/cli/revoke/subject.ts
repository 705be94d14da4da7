/** What `kubepki revoke` is to revoke: from its flags, and from the file that they name. */
import { dirname, resolve } from 'node:path';
import { KubepkiError, quotable, quoted } from '../../errors.ts';
import {
  mergeKubeconfigs,
  minify,
  parseKubeconfig,
  type RevocationSpec,
} from '../../kubernetes/index.ts';
import { isBootstrapTokenId, parseBootstrapToken } from '../../tokens/index.ts';
import {
  type Certificate,
  commonName,
  encodePem,
  fingerprintHex,
  formatName,
  organizations,
  readCertificates,
} from '../../x509/index.ts';
import { inputName, readInput } from '../csr/input.ts';
import { readNamedFile } from '../kubeconfig-files.ts';

export interface SubjectFlags {
  readonly certificate?: string;
  readonly fingerprint?: string;
  readonly tokenId?: string;
  readonly credentialId?: string;
  readonly user?: string;
}

export interface Subject {
  /** How the name of the revocation begins. */
  readonly prefix: string;
  readonly spec: Omit<RevocationSpec, 'reason'>;
  /** `user "jane"`, for people. */
  readonly what: string;
  /** What whoever revokes it should know. */
  readonly notes: readonly string[];
}

/**
 * Undefined where no flag says what.
 *
 * @throws KubepkiError USAGE for more than one, or a value that is none; NOT_FOUND, FILE_SYSTEM,
 *   MALFORMED_PEM, MALFORMED_DER, INVALID_VALUE for a file without a certificate
 */
export async function subjectOf(flags: SubjectFlags): Promise<Subject | undefined> {
  const { certificate, fingerprint, tokenId, credentialId, user } = flags;
  const given = [certificate, fingerprint, tokenId, credentialId, user];
  const [value, ...more] = given.filter((one) => one !== undefined);
  if (value === undefined) return undefined;
  if (more.length > 0) {
    throw new KubepkiError('USAGE', 'only one thing can be revoked at a time', {
      hint: 'run the command once for each',
    });
  }
  if (certificate !== undefined) return certificateSubject(await readCertificate(certificate));
  if (fingerprint !== undefined) return fingerprintSubject(fingerprint);
  if (tokenId !== undefined) return tokenSubject(tokenId);
  if (credentialId !== undefined) {
    return {
      prefix: 'credential',
      spec: { credentialId },
      what: `the credential ${quotable(credentialId)}`,
      notes: [],
    };
  }
  return userSubject(value);
}

const SYSTEM_MASTERS = 'system:masters';

function certificateSubject(certificate: Certificate): Subject {
  const user = commonName(certificate.subject) ?? '';
  return {
    prefix: `certificate-${fingerprintHex(certificate.der).slice(0, 8)}`,
    spec: { certificate: encodePem('CERTIFICATE', certificate.der) },
    what: `the certificate of ${quotable(formatName(certificate.subject))}`,
    notes: [
      ...(organizations(certificate.subject).includes(SYSTEM_MASTERS)
        ? [
            `whoever had it could do everything, so also make other credentials: look through the audit log for ${quoted(user)}, and list what has come since (kubectl get csr,clusterrolebindings,secrets -A)`,
          ]
        : []),
      ...(user === ''
        ? []
        : [`other certificates of ${quoted(user)} are good as before: --user refuses them all`]),
    ],
  };
}

const HEX_256 = /^[0-9a-f]{64}$/;

/** As `openssl x509 -fingerprint -sha256` prints it, too. */
function fingerprintSubject(text: string): Subject {
  const hex = text
    .replace(/^sha256(?: fingerprint)?[=:]/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  if (!HEX_256.test(hex)) {
    throw new KubepkiError('USAGE', `--fingerprint: ${quoted(text, 100)} is no SHA-256`, {
      hint: '64 hexadecimal digits, as openssl x509 -fingerprint -sha256 or kubepki inspect prints them',
    });
  }
  return {
    prefix: `certificate-${hex.slice(0, 8)}`,
    spec: { fingerprint: hex },
    what: `the certificate with the fingerprint ${hex}`,
    notes: [],
  };
}

/** What is no id is not shown: it may be a whole token. */
function tokenSubject(text: string): Subject {
  const id = isBootstrapTokenId(text) ? text : parseBootstrapToken(text)?.id;
  if (id === undefined) {
    throw new KubepkiError('USAGE', '--token-id: not the id of a bootstrap token', {
      hint: 'it is the part before the dot, 6 characters; a static token of another form is refused with its user: --user',
    });
  }
  return {
    prefix: `token-${id}`,
    spec: { tokenId: id },
    what: `the token with the id ${id}`,
    notes: [
      `its Secret is still there: kubepki token delete ${id}; certificates that it was good for are not revoked with it`,
    ],
  };
}

/** Characters of the name that a revocation of a user is called by. */
const MOST_NAME = 40;

function userSubject(user: string): Subject {
  const name = user
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MOST_NAME)
    .replace(/^-+|-+$/g, '');
  return {
    prefix: name === '' ? 'user' : `user-${name}`,
    spec: { user },
    what: `the user ${quoted(user)}`,
    notes: [],
  };
}

async function readCertificate(path: string): Promise<Certificate> {
  const bytes = await readInput(path);
  const text = bytes.toString('utf8');
  // A kubeconfig may hold PEM as well, but then in base64.
  const pem = text.includes('-----BEGIN ') ? bytes : certificateInKubeconfig(text, path);
  try {
    return readCertificates(pem)[0];
  } catch (cause) {
    if (!(cause instanceof KubepkiError)) throw cause;
    throw new KubepkiError(cause.code, `${inputName(path)}: ${cause.message}`, {
      hint: 'name a file that holds a client certificate in PEM, or a kubeconfig',
      cause,
    });
  }
}

/** The client certificate of the current context's user, as it stands there or in the file that is named there. */
function certificateInKubeconfig(text: string, path: string): Uint8Array {
  const where = inputName(path);
  const config = minify(mergeKubeconfigs([{ path: where, config: parseKubeconfig(text, where) }]));
  const [user] = config.users.values();
  if (user?.clientCertificateData !== undefined) return user.clientCertificateData;
  const file = user?.clientCertificate ?? '';
  if (file !== '') {
    return readNamedFile(
      path === '-' ? file : resolve(dirname(path), file),
      `client certificate of ${where}`,
    );
  }
  const id = parseBootstrapToken(user?.token ?? '')?.id;
  throw new KubepkiError('INVALID_VALUE', `${where}: no client certificate in it`, {
    hint:
      id === undefined
        ? 'revoke the user whose it is with --user'
        : `it has a bootstrap token: --token-id=${id}`,
  });
}
