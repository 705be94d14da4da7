/**
 * What the server reads from files, and reads again when they have changed: its certificate, the CAs that it
 * trusts, the CA that it signs with, static tokens. As kube-apiserver and kube-controller-manager do, but for
 * the tokens, which kube-apiserver reads once.
 */
import type { ApiServerOptions } from '../../apiserver/index.ts';
import type { RootCa } from '../../controllers/index.ts';
import { KubepkiError } from '../../errors.ts';
import type { ServingCertificate } from '../../http/index.ts';
import type { UserInfo } from '../../kubernetes/index.ts';
import { readTokenFile } from '../../tokens/index.ts';
import { type Certificate, readCertificates } from '../../x509/index.ts';
import { requireInTime } from '../authority-files.ts';
import { rootCaFile } from '../root-ca.ts';
import { type Authorities, readAuthorities } from '../signing-files.ts';
import type { WatchedFiles } from '../watched-files.ts';
import type { ServerConfig } from './config.ts';
import { requestHeaderWarnings, requireSeparateAuthorities } from './request-header.ts';
import { servingWarnings } from './serving-certificate.ts';

type Tokens = ReadonlyMap<string, UserInfo>;

/** What is in use; each call answers what was read last. */
export interface Material {
  readonly serving: () => ServingCertificate & { readonly leaf: Certificate };
  readonly clientCa: () => readonly Certificate[];
  readonly requestHeader?: NonNullable<ApiServerOptions['requestHeader']>;
  readonly tokens?: () => Tokens;
  readonly authorities?: Authorities;
  readonly rootCa?: RootCa;
}

/** Who is told of something new, once there is somebody. */
export interface Listeners {
  /** @throws KubepkiError where the server cannot work with it */
  serving(certificate: ServingCertificate): void;
  authorities(): void;
  /** The cluster file declares other addresses. */
  nodes(): void;
}

export interface MaterialOptions {
  readonly files: WatchedFiles;
  readonly listeners: Partial<Listeners>;
  readonly log: (line: string) => void;
  readonly now: () => Date;
}

/** @throws KubepkiError for files that are missing or wrong */
export async function readMaterial(
  config: ServerConfig,
  options: MaterialOptions,
): Promise<Material> {
  const tokens = await readTokens(config, options);
  const authorities = await readSigning(config, options);
  const rootCa = await readRootCa(config, options);
  const serving = await readServing(config, options);
  const clientCa = await readClientCa(config, options);
  return {
    serving,
    ...clientCa,
    ...(tokens === undefined ? {} : { tokens }),
    ...(authorities === undefined ? {} : { authorities }),
    ...(rootCa === undefined ? {} : { rootCa }),
  };
}

async function readTokens(
  { tokenAuthFile }: ServerConfig,
  { files, log }: MaterialOptions,
): Promise<(() => Tokens) | undefined> {
  if (tokenAuthFile === undefined) return undefined;
  return await files.add({
    name: 'static tokens',
    paths: [tokenAuthFile],
    async read([bytes = NOTHING]) {
      const { users, warnings } = readTokenFile(bytes.toString('utf8'), tokenAuthFile);
      for (const warning of warnings) log(warning);
      return users;
    },
  });
}

async function readSigning(
  { signing }: ServerConfig,
  { files, now }: MaterialOptions,
): Promise<Authorities | undefined> {
  return signing === undefined ? undefined : readAuthorities(signing.files, files, now);
}

async function readRootCa(
  { rootCaFile: path }: ServerConfig,
  { files }: MaterialOptions,
): Promise<RootCa | undefined> {
  return path === undefined ? undefined : rootCaFile(path, files);
}

async function readServing(
  { tlsCertFile, tlsPrivateKeyFile }: ServerConfig,
  { files, listeners, log, now }: MaterialOptions,
): Promise<Material['serving']> {
  const warn = ({ leaf }: { readonly leaf: Certificate }): void => {
    for (const warning of servingWarnings(leaf, tlsCertFile)) log(warning);
  };
  const serving: Material['serving'] = await files.add({
    name: 'serving certificate',
    paths: [tlsCertFile, tlsPrivateKeyFile],
    async read([certificate = NOTHING, key = NOTHING]) {
      const [leaf] = readCertificates(certificate);
      return { certificate, key, leaf };
    },
    check: ({ leaf }) => requireInTime(leaf, tlsCertFile, now()),
    apply(pair) {
      listeners.serving?.(pair);
      warn(pair);
    },
  });
  warn(serving());
  return serving;
}

/** Of clients and, where there is a proxy in front, of such. Neither may become the other's. */
async function readClientCa(
  { clientCaFile, requestHeader }: ServerConfig,
  { files, listeners, log, now }: MaterialOptions,
): Promise<Pick<Material, 'clientCa' | 'requestHeader'>> {
  const changed = (): void => listeners.authorities?.();
  let proxyCa: () => readonly Certificate[] = () => [];
  const requireSeparate = (clients: readonly Certificate[], proxies: readonly Certificate[]) => {
    if (requestHeader !== undefined) requireSeparateAuthorities(requestHeader, proxies, clients);
  };
  const clientCa = await files.add<readonly Certificate[]>({
    name: 'client CA',
    paths: [clientCaFile],
    read: async ([pem = NOTHING]) => readCertificates(pem),
    check(certificates) {
      requireOneInTime(certificates, clientCaFile, now());
      requireSeparate(certificates, proxyCa());
    },
    changed,
  });
  if (requestHeader === undefined) return { clientCa };
  const { clientCaFile: path, ...options } = requestHeader;
  proxyCa = await files.add<readonly Certificate[]>({
    name: 'front proxy CA',
    paths: [path],
    read: async ([pem = NOTHING]) => readCertificates(pem),
    check(certificates) {
      requireOneInTime(certificates, path, now());
      requireSeparate(clientCa(), certificates);
    },
    changed,
  });
  requireSeparate(clientCa(), proxyCa());
  for (const warning of requestHeaderWarnings(requestHeader)) log(warning);
  return { clientCa, requestHeader: { ca: proxyCa, ...options } };
}

const NOTHING = Buffer.alloc(0);

/** Of a bundle the old ones may be left in. */
function requireOneInTime(certificates: readonly Certificate[], path: string, at: Date): void {
  const isInTime = certificates.some(
    ({ notBefore, notAfter }) => at >= notBefore && at <= notAfter,
  );
  if (isInTime) return;
  throw new KubepkiError(
    'INVALID_VALUE',
    `${path}: none of its certificates is valid at this time, so nobody could come in`,
  );
}
