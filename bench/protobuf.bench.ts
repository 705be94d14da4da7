/** Writing and reading objects in protobuf, against JSON by the engine: what each form costs the server once an object. */
import { decodeProtobuf, encodeProtobuf } from '../src/kubernetes/index.ts';
import type { Context, Outcome } from './benchmark.ts';
import { interleave } from './rounds.ts';
import { ratios } from './statistics.ts';

const text = (bytes: number): string => Buffer.alloc(bytes, 'x').toString('base64');
const metadata = {
  name: 'csr-2vqxk',
  uid: '8a5f3c4e-0f1c-4b6e-9a52-0f5b1b6f9f10',
  resourceVersion: '12345',
  creationTimestamp: '2026-11-24T10:00:00Z',
  labels: { app: 'web', tier: 'front' },
};
/** The two kinds that a cluster has most of, and an issued request. */
const OBJECTS = [
  {
    kind: 'Secret',
    apiVersion: 'v1',
    metadata,
    data: { 'tls.crt': text(1100), 'tls.key': text(240) },
    type: 'kubernetes.io/tls',
  },
  {
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
    metadata,
    spec: {
      holderIdentity: 'node-1',
      leaseDurationSeconds: 40,
      renewTime: '2026-11-24T10:00:00.123456Z',
    },
  },
  {
    kind: 'CertificateSigningRequest',
    apiVersion: 'certificates.k8s.io/v1',
    metadata,
    spec: {
      request: text(500),
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', 'client auth'],
      username: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers', 'system:authenticated'],
    },
    status: {
      certificate: text(1100),
      conditions: [{ type: 'Approved', status: 'True', reason: 'AutoApproved' }],
    },
  },
];

export async function benchmark({ quick, progress }: Context): Promise<Outcome> {
  const rounds = quick ? 3 : 40;
  const each = quick ? 100 : 5000;
  progress(`${rounds} rounds`);
  const protobuf = OBJECTS.map(encodeProtobuf);
  const json = OBJECTS.map((object) => JSON.stringify(object));
  /** Objects a second. */
  const speed = <T>(inputs: readonly T[], work: (input: T) => unknown) => {
    const start = performance.now();
    for (let index = 0; index < each; index += 1) for (const input of inputs) work(input);
    return (each * inputs.length * 1000) / (performance.now() - start);
  };
  const samples = await interleave(
    {
      encode: () => speed(OBJECTS, encodeProtobuf),
      stringify: () => speed(OBJECTS, (object) => Buffer.from(JSON.stringify(object))),
      decode: () => speed(protobuf, (bytes) => decodeProtobuf(bytes)),
      parse: () => speed(json, (one): unknown => JSON.parse(one)),
    },
    rounds,
  );
  return {
    title: 'objects in protobuf and in JSON',
    measures: [
      {
        label: 'protobuf / JSON, written',
        unit: 'x',
        samples: ratios(samples('encode'), samples('stringify')),
      },
      {
        label: 'protobuf / JSON, read',
        unit: 'x',
        samples: ratios(samples('decode'), samples('parse')),
      },
      { label: 'protobuf written', unit: 'per second', samples: samples('encode') },
      { label: 'JSON written', unit: 'per second', samples: samples('stringify') },
      { label: 'protobuf read', unit: 'per second', samples: samples('decode') },
      { label: 'JSON read', unit: 'per second', samples: samples('parse') },
    ],
    notes: ['a Secret with a certificate, a Lease and an issued request in turn'],
    peers: { node: process.version },
  };
}
