/** What servers tell each other of how they authenticate: ConfigMap extension-apiserver-authentication. */
import { describe, expect, it } from 'vitest';
import { publishedData } from '../../../src/apiserver/authentication/index.ts';
import { encodePem, readCertificates } from '../../../src/x509/index.ts';
import { apiServer } from '../front/server.ts';
import { authority, NOW } from './credentials.ts';

const CA = authority(1).certificate;
const OLD_CA = authority(40).certificate;
const PROXY_CA = authority(41).certificate;
const EXPIRED = authority(42, { notAfter: new Date('2026-05-31T23:54:59Z') }).certificate;
const JUST_EXPIRED = authority(43, { notAfter: new Date('2026-05-31T23:55:01Z') }).certificate;
const pem = (...certificates: { der: Uint8Array }[]) =>
  certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join('');

const requestHeader = {
  ca: () => [PROXY_CA],
  allowedNames: ['front-proxy-client'],
  usernameHeaders: ['X-Remote-User'],
  uidHeaders: [],
  groupHeaders: ['X-Remote-Group'],
  extraHeadersPrefix: ['X-Remote-Extra-'],
};
const OWN = {
  'client-ca-file': pem(CA),
  'requestheader-client-ca-file': pem(PROXY_CA),
  'requestheader-allowed-names': '["front-proxy-client"]',
  'requestheader-username-headers': '["X-Remote-User"]',
  'requestheader-group-headers': '["X-Remote-Group"]',
  'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
};

describe('what is published', () => {
  it('is what this server goes by', () => {
    expect(publishedData(undefined, { clientCa: [CA], requestHeader }, NOW)).toEqual(OWN);
    expect(publishedData({}, { clientCa: [CA] }, NOW)).toEqual({ 'client-ca-file': pem(CA) });
    const withUid = { ...requestHeader, uidHeaders: ['X-Remote-Uid'] };
    expect(publishedData({}, { clientCa: [], requestHeader: withUid }, NOW)).toMatchObject({
      'requestheader-uid-headers': '["X-Remote-Uid"]',
    });
  });

  it('keeps what other servers go by, each once', () => {
    const existing = {
      'client-ca-file': pem(OLD_CA, CA, OLD_CA),
      'requestheader-client-ca-file': pem(OLD_CA),
      'requestheader-allowed-names': '["other","front-proxy-client"]',
      'requestheader-uid-headers': '["X-Uid"]',
      unknown: 'x',
    };
    const data = publishedData(existing, { clientCa: [CA], requestHeader }, NOW);
    expect(data).toEqual({
      ...OWN,
      'client-ca-file': pem(OLD_CA, CA),
      'requestheader-client-ca-file': pem(OLD_CA, PROXY_CA),
      'requestheader-allowed-names': '["other","front-proxy-client"]',
      'requestheader-uid-headers': '["X-Uid"]',
    });
    expect(publishedData(data, { clientCa: [CA], requestHeader }, NOW)).toEqual(data);
  });

  it('loses CAs that have expired for five minutes', () => {
    const existing = { 'client-ca-file': pem(EXPIRED, JUST_EXPIRED) };
    expect(publishedData(existing, { clientCa: [CA] }, NOW)).toEqual({
      'client-ca-file': pem(JUST_EXPIRED, CA),
    });
  });

  it('does not go by lists that are none', () => {
    const existing = {
      'requestheader-allowed-names': '["a",7,null]',
      'requestheader-group-headers': '{"__proto__":[]}',
      'requestheader-username-headers': 'nonsense',
    };
    expect(publishedData(existing, { clientCa: [CA], requestHeader }, NOW)).toEqual({
      ...OWN,
      'requestheader-allowed-names': '["a","front-proxy-client"]',
    });
    expect(() => publishedData({ 'client-ca-file': 'x' }, { clientCa: [CA] }, NOW)).toThrow();
  });
});

describe('the server', () => {
  const PATH = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';

  it('has published it when it is ready, and lets the components read it', async () => {
    const { ask } = await apiServer({ requestHeader });
    const { json } = await ask('GET', PATH);
    expect(readCertificates(json.data['client-ca-file'])).toHaveLength(1);
    expect(json.data['requestheader-client-ca-file']).toBe(pem(PROXY_CA));
    const groups = ['system:authenticated'];
    for (const [name, status] of [
      ['system:kube-controller-manager', 200],
      ['system:kube-scheduler', 200],
      ['eve', 403],
    ] as const) {
      expect((await ask('GET', PATH, { user: { name, groups } })).status, name).toBe(status);
    }
  });
});
