/** `--requestheader-…` and `--authorization-mode` of kubepki server. */
import { describe, expect, it } from 'vitest';
import { serverConfig } from '../../../src/cli/server/config.ts';
import {
  type RequestHeaderFlags,
  requestHeaderConfig,
  requestHeaderWarnings,
  requireSeparateAuthorities,
} from '../../../src/cli/server/request-header.ts';
import { readCertificates } from '../../../src/x509/index.ts';
import { createAuthority } from '../../client/tls-server.ts';

const CA = '/pki/front-proxy-ca.crt';
const STANDARD: RequestHeaderFlags = {
  requestheaderClientCaFile: CA,
  requestheaderAllowedNames: ['front-proxy-client'],
  requestheaderUsernameHeaders: ['X-Remote-User'],
  requestheaderGroupHeaders: ['X-Remote-Group'],
  requestheaderExtraHeadersPrefix: ['X-Remote-Extra-'],
};

describe('the front proxy', () => {
  it('is nobody without a CA', () => {
    expect(requestHeaderConfig({})).toBeUndefined();
    const { requestheaderClientCaFile: _, ...others } = STANDARD;
    expect(requestHeaderConfig(others)).toBeUndefined();
  });

  it('is what kubeadm tells kube-apiserver', () => {
    const config = requestHeaderConfig(STANDARD);
    expect(config).toEqual({
      clientCaFile: CA,
      allowedNames: ['front-proxy-client'],
      usernameHeaders: ['X-Remote-User'],
      uidHeaders: [],
      groupHeaders: ['X-Remote-Group'],
      extraHeadersPrefix: ['X-Remote-Extra-'],
    });
    expect(config && requestHeaderWarnings(config)).toEqual([]);
  });

  it.each<[RequestHeaderFlags, string]>([
    [{ requestheaderAllowedNames: ['a', ' '] }, '--requestheader-allowed-names'],
    [{ requestheaderUsernameHeaders: [''] }, '--requestheader-username-headers'],
    [{ requestheaderGroupHeaders: ['\t'] }, '--requestheader-group-headers'],
    [{ requestheaderExtraHeadersPrefix: [''] }, '--requestheader-extra-headers-prefix'],
    [{ requestheaderUidHeaders: [' '] }, '--requestheader-uid-headers'],
    [{ requestheaderUidHeaders: ['X-Uid'] }, 'X-Remote-Uid is not among them'],
  ])('is not told so: %j', (flags, text) => {
    expect(() => requestHeaderConfig({ ...STANDARD, ...flags })).toThrow(text);
  });

  it('is warned about where aggregated servers will not understand it', () => {
    const config = requestHeaderConfig({
      ...STANDARD,
      requestheaderUsernameHeaders: ['X-User'],
      requestheaderGroupHeaders: ['x-remote-GROUP'],
    });
    expect(config && requestHeaderWarnings(config)).toEqual([
      expect.stringContaining('--requestheader-username-headers does not name'),
    ]);
  });
});

describe('a CA for clients and proxies at once', () => {
  const shared = readCertificates(createAuthority('shared').ca);
  const other = readCertificates(createAuthority('other').ca);
  const named = requestHeaderConfig(STANDARD);
  const anybody = requestHeaderConfig({ ...STANDARD, requestheaderAllowedNames: [] });

  it('needs the names of the proxies', () => {
    if (named === undefined || anybody === undefined) throw new Error('expected a front proxy');
    expect(() => requireSeparateAuthorities(anybody, [...other, ...shared], shared)).toThrow(
      '--requestheader-allowed-names',
    );
    requireSeparateAuthorities(anybody, other, shared);
    requireSeparateAuthorities(named, shared, shared);
  });
});

describe('--authorization-mode', () => {
  const flags = {
    dataDir: '/data',
    bindAddress: '127.0.0.1',
    securePort: 6443,
    tlsCertFile: 'tls.crt',
    tlsPrivateKeyFile: 'tls.key',
    clientCaFile: 'ca.crt',
    enableBootstrapTokenAuth: false,
    anonymousAuth: true,
    controllers: ['*'],
  };

  it('is Node and RBAC unless said', () => {
    expect(serverConfig(flags).authorizationModes).toBeUndefined();
    const config = serverConfig({ ...flags, authorizationMode: ['RBAC', 'Node'] });
    expect(config.authorizationModes).toEqual(['RBAC', 'Node']);
  });

  it('knows no webhook', () => {
    expect(() => serverConfig({ ...flags, authorizationMode: ['Node', 'Webhook'] })).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('Webhook') }),
    );
  });
});
