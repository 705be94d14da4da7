/** `--requestheader-…`: which proxy in front may speak for others, and in which headers. */
import { resolve } from 'node:path';
import { KubepkiError } from '../../errors.ts';
import type { Certificate } from '../../x509/index.ts';

export interface RequestHeaderFlags {
  readonly requestheaderClientCaFile?: string;
  readonly requestheaderAllowedNames?: readonly string[];
  readonly requestheaderUsernameHeaders?: readonly string[];
  readonly requestheaderUidHeaders?: readonly string[];
  readonly requestheaderGroupHeaders?: readonly string[];
  readonly requestheaderExtraHeadersPrefix?: readonly string[];
}

export interface RequestHeaderConfig {
  readonly clientCaFile: string;
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeadersPrefix: readonly string[];
}

/**
 * Undefined without a CA: then no header is looked at (apiserver, pkg/server/options/authentication.go).
 *
 * @throws KubepkiError USAGE naming the flag
 */
export function requestHeaderConfig(flags: RequestHeaderFlags): RequestHeaderConfig | undefined {
  const config = {
    allowedNames: given('allowed-names', flags.requestheaderAllowedNames),
    usernameHeaders: given('username-headers', flags.requestheaderUsernameHeaders),
    uidHeaders: given('uid-headers', flags.requestheaderUidHeaders),
    groupHeaders: given('group-headers', flags.requestheaderGroupHeaders),
    extraHeadersPrefix: given('extra-headers-prefix', flags.requestheaderExtraHeadersPrefix),
  };
  const { uidHeaders } = config;
  if (uidHeaders.length > 0 && !hasHeader(uidHeaders, 'x-remote-uid')) {
    throw new KubepkiError('USAGE', '--requestheader-uid-headers: X-Remote-Uid is not among them', {
      hint: 'API aggregation sends it: add X-Remote-Uid to the list',
    });
  }
  const { requestheaderClientCaFile: file = '' } = flags;
  return file === '' ? undefined : { clientCaFile: resolve(file), ...config };
}

function given(flag: string, values: readonly string[] = []): readonly string[] {
  if (values.every((value) => value.trim() !== '')) return values;
  throw new KubepkiError('USAGE', `--requestheader-${flag}: a value is empty`);
}

const hasHeader = (names: readonly string[], name: string): boolean =>
  names.some((one) => one.toLowerCase() === name);

/** What is told when the server starts. Aggregated API servers are sent the standard headers. */
export function requestHeaderWarnings(config: RequestHeaderConfig): string[] {
  const standard = [
    ['username-headers', config.usernameHeaders, 'X-Remote-User'],
    ['group-headers', config.groupHeaders, 'X-Remote-Group'],
    ['extra-headers-prefix', config.extraHeadersPrefix, 'X-Remote-Extra-'],
  ] as const;
  return standard
    .filter(([, names, name]) => names.length > 0 && !hasHeader(names, name.toLowerCase()))
    .map(
      ([flag, , name]) =>
        `--requestheader-${flag} does not name the standard ${name}: API aggregation will not work`,
    );
}

/**
 * Refuses a CA that is both for clients and for proxies where every certificate of it may speak for others:
 * each client could then be anybody.
 *
 * @throws KubepkiError USAGE
 */
export function requireSeparateAuthorities(
  { allowedNames }: RequestHeaderConfig,
  proxyCa: readonly Certificate[],
  clientCa: readonly Certificate[],
): void {
  if (allowedNames.length > 0) return;
  const known = new Set(clientCa.map(({ der }) => Buffer.from(der).toString('base64')));
  if (!proxyCa.some(({ der }) => known.has(Buffer.from(der).toString('base64')))) return;
  throw new KubepkiError(
    'USAGE',
    '--requestheader-client-ca-file and --client-ca-file have a certificate in common, and --requestheader-allowed-names is not given: whoever has a client certificate could speak for anybody',
    {
      hint: "name the front proxy's common name: --requestheader-allowed-names=front-proxy-client",
    },
  );
}
