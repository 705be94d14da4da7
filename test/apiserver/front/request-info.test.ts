import { describe, expect, it } from 'vitest';
import { requestInfo, UnreadablePath } from '../../../src/apiserver/front/request-info.ts';

/** `verb group/version namespace resource/subresource name`, with `-` for nothing. */
const read = (method: string, url: string): string => {
  const info = requestInfo(method, url);
  if (!info.isResource) return `${info.verb} ${info.path}`;
  const { verb, group, version, namespace, resource, subresource, name } = info;
  return [
    verb,
    group === '' ? version : `${group}/${version}`,
    namespace || '-',
    subresource === '' ? resource : `${resource}/${subresource}`,
    name || '-',
  ].join(' ');
};

/** As upstream's TestGetAPIRequestInfo expects, and more. */
const CASES: readonly (readonly [string, string, string])[] = [
  ['GET', '/api/v1/namespaces', 'list v1 - namespaces -'],
  ['GET', '/api/v1/namespaces/other', 'get v1 other namespaces other'],
  ['GET', '/api/v1/namespaces/other/pods', 'list v1 other pods -'],
  ['GET', '/api/v1/namespaces/other/pods/foo', 'get v1 other pods foo'],
  ['HEAD', '/api/v1/namespaces/other/pods/foo', 'get v1 other pods foo'],
  ['GET', '/api/v1/pods', 'list v1 - pods -'],
  ['GET', '/api/v1/namespaces/other/pods/foo/status', 'get v1 other pods/status foo'],
  ['PUT', '/api/v1/namespaces/other/finalize', 'update v1 other namespaces/finalize other'],
  ['PUT', '/api/v1/namespaces/other/status', 'update v1 other namespaces/status other'],
  ['POST', '/api/v1/namespaces/other/pods', 'create v1 other pods -'],
  ['PATCH', '/api/v1/namespaces/other/pods/foo', 'patch v1 other pods foo'],
  ['DELETE', '/api/v1/namespaces/other/pods/foo', 'delete v1 other pods foo'],
  ['DELETE', '/api/v1/namespaces/other/pods', 'deletecollection v1 other pods -'],
  ['DELETE', '/api/v1/nodes', 'deletecollection v1 - nodes -'],
  [
    'GET',
    '/apis/certificates.k8s.io/v1/certificatesigningrequests/a/approval',
    'get certificates.k8s.io/v1 - certificatesigningrequests/approval a',
  ],
  ['GET', '/api/v1/pods?watch=true', 'watch v1 - pods -'],
  ['GET', '/api/v1/pods?watch=1&x=y', 'watch v1 - pods -'],
  ['GET', '/api/v1/pods?watch', 'watch v1 - pods -'],
  ['GET', '/api/v1/pods?watch=false', 'list v1 - pods -'],
  ['GET', '/api/v1/pods?watch=0', 'list v1 - pods -'],
  ['GET', '/api/v1/watch/pods', 'watch v1 - pods -'],
  ['GET', '/api/v1/watch/namespaces/other/pods', 'watch v1 other pods -'],
  ['GET', '/api/v1/watch/namespaces/other/pods/foo', 'watch v1 other pods foo'],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dfoo', 'list v1 - pods foo'],
  ['GET', '/api/v1/pods?watch=1&fieldSelector=metadata.name=foo,a=b', 'watch v1 - pods foo'],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name!=foo', 'list v1 - pods -'],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name=foo/bar', 'list v1 - pods -'],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name=..', 'list v1 - pods -'],
  ['GET', '/api/v1/pods?fieldSelector=%3D%3D%3D', 'list v1 - pods -'],
  ['OPTIONS', '/api/v1/pods', ' v1 - pods -'],
  ['GET', '/', 'get /'],
  ['GET', '/api', 'get /api'],
  ['GET', '/api/v1', 'get /api/v1'],
  ['GET', '/apis/batch', 'get /apis/batch'],
  ['GET', '/apis/batch/v1', 'get /apis/batch/v1'],
  ['POST', '/healthz?x=y', 'post /healthz'],
  ['HEAD', '/healthz', 'head /healthz'],
  // What walks paths is read as the path that it decodes to, by authorization and dispatch alike.
  ['GET', '/api/v1/namespaces/a/secrets/..%2f..%2fb', 'get v1 a secrets/.. ..'],
  ['GET', '/api/v1/namespaces%2fa/secrets', 'list v1 a secrets -'],
  ['GET', '/%61pi/v1/pods', 'list v1 - pods -'],
  ['GET', '//api/v1/pods//', 'list v1 - pods -'],
];

describe('what a request is about', () => {
  for (const [method, url, expected] of CASES) {
    it(`${method} ${url}: ${expected}`, () => {
      expect(read(method, url)).toBe(expected);
    });
  }

  it('is not to be found out of a path that is not well encoded, or has nothing behind watch', () => {
    for (const [url, status] of [
      ['/api/v1/a%zz', 400],
      ['/%ff', 400],
      ['/api/v1/watch', 500],
    ] as const) {
      const error = (() => {
        try {
          return requestInfo('GET', url);
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(error).toBeInstanceOf(UnreadablePath);
      expect(error).toMatchObject({ status });
    }
  });

  it('is found out in no time of a path of slashes', () => {
    const started = performance.now();
    requestInfo('GET', `${'/'.repeat(100_000)}a${'/'.repeat(100_000)}b`);
    expect(performance.now() - started).toBeLessThan(200);
  });
});
