/** Objects in protobuf for the fuzzer: some of many kinds, and what must hold of what is read. */
import { deepStrictEqual } from 'node:assert/strict';
import { readAs, schemaOfType, TypeMismatch } from '../../src/apiserver/resources/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import { decodeProtobuf, encodeProtobuf, kindType } from '../../src/kubernetes/index.ts';

const metadata = {
  name: 'n',
  generation: -1,
  creationTimestamp: '2026-11-24T10:00:00Z',
  labels: { a: 'b', __proto__x: 'é' },
  ownerReferences: [{ kind: 'K', name: 'n', uid: 'u', apiVersion: 'v1', controller: false }],
  managedFields: [{ fieldsV1: { 'f:data': {} }, time: '2026-11-24T10:00:00Z' }],
};

/** Every form that a field can have is in one of them. */
export const objectsInProtobuf = (): Uint8Array[] =>
  [
    { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { k: 'v' }, binaryData: { b: 'AP8=' } },
    {
      kind: 'CertificateSigningRequest',
      apiVersion: 'certificates.k8s.io/v1',
      metadata,
      spec: {
        request: 'cGVt',
        signerName: 'a/b',
        usages: ['client auth'],
        extra: { e: ['1', '2'], f: [] },
        expirationSeconds: 3600,
      },
      status: { conditions: [{ type: 'Approved', status: 'True' }] },
    },
    {
      kind: 'Node',
      apiVersion: 'v1',
      metadata,
      status: {
        capacity: { cpu: '2', memory: '1Gi' },
        images: [{ names: ['i'], sizeBytes: 2 ** 40 }],
      },
    },
    {
      kind: 'Lease',
      apiVersion: 'coordination.k8s.io/v1',
      metadata,
      spec: { renewTime: '2026-11-24T10:00:00.123456Z', leaseTransitions: 0 },
    },
    {
      kind: 'Service',
      apiVersion: 'v1',
      metadata,
      spec: {
        ports: [
          { port: 80, targetPort: 'http' },
          { port: 81, targetPort: 82 },
        ],
      },
    },
    {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata,
      spec: {
        securityContext: { supplementalGroups: [1, 2, 3] },
        volumes: [{ name: 'v', emptyDir: {} }],
        containers: [{ name: 'c', livenessProbe: { httpGet: { port: 80 }, periodSeconds: 1 } }],
      },
    },
  ].map(encodeProtobuf);

/** What is read can be written, and is read again as the same. */
export function readProtobuf(input: Uint8Array): void {
  const object = canonical(decodeProtobuf(input));
  deepStrictEqual(canonical(decodeProtobuf(encodeProtobuf(object))), object);
}

function canonical(object: Readonly<Record<string, unknown>>): object {
  const [kind, apiVersion] = [String(object['kind']), String(object['apiVersion'])];
  const schema = schemaOfType(kindType(apiVersion, kind) ?? '');
  try {
    return readAs(schema, object);
  } catch (error) {
    if (error instanceof TypeMismatch) throw new KubepkiError('MALFORMED_DOCUMENT', error.message);
    throw error;
  }
}
