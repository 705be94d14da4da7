/**
 * kubepki as a library, by floor: `x509` knows certificates and nothing of Kubernetes, `kubernetes`
 * its file formats, `cluster` the catalogue of credentials, `pki` what lies on disk.
 *
 * Until version 1.0 names may change between minor versions; the CHANGELOG says so.
 *
 * @example
 * ```ts
 * import { cluster, pki } from 'kubepki';
 *
 * const spec = cluster.readCluster(text, 'cluster.yaml');
 * const place = { kind: 'directory', directory: '/srv/pki' } as const;
 * const report = await pki.plan({ cluster: spec, place, now: new Date() });
 * ```
 *
 * @module
 */
export * as cluster from './cluster/index.ts';
export { ERROR_CODES, type ErrorCode, EXIT, type Issue, KubepkiError } from './errors.ts';
export * as kubernetes from './kubernetes/index.ts';
export * as pki from './pki/index.ts';
export * as x509 from './x509/index.ts';
