/** Which requests each signer takes, in upstream's order of checks. */
import { describe, expect, it } from 'vitest';
import {
  recogniseApiserverClient,
  recogniseKubeletClient,
  recogniseKubeletServing,
  recogniseLegacyUnknown,
  SIGNER_NAMES,
  SIGNER_POLICIES,
} from '../../../src/kubernetes/index.ts';
import { makeName } from '../../../src/x509/index.ts';
import { type Asked, nodeName, requestOf } from './requests.ts';

const ALL_NAMES = {
  dns: ['worker-1'],
  email: ['ops@example.com'],
  ip: ['172.16.10.141'],
  uri: ['spiffe://cluster.local/node'],
};
const O = 'subject organization is not system:nodes';
const CN = 'subject common name does not begin with system:node:';
const CLIENT = 'usages did not match [client auth digital signature key encipherment]';
const SERVING = 'usages did not match [digital signature key encipherment server auth]';

type Row = readonly [
  what: string,
  asked: Asked,
  usages: readonly string[],
  reason: string | undefined,
];

describe('kubernetes.io/kube-apiserver-client-kubelet', () => {
  const full = ['digital signature', 'key encipherment', 'client auth'];
  const short = ['digital signature', 'client auth'];
  const others = (...kinds: (keyof typeof ALL_NAMES)[]): NonNullable<Asked['names']> =>
    Object.fromEntries(kinds.map((kind) => [kind, ALL_NAMES[kind]]));
  const stranger = makeName({ commonName: 'admin', organizations: ['system:nodes'] });
  const rows: Row[] = [
    ['takes a node with key encipherment', {}, full, undefined],
    ['takes a node without key encipherment', { key: 'RSA-2048' }, short, undefined],
    ['compares usages as sets', {}, [...short, 'client auth', 'digital signature'], undefined],
    ['takes the empty node name, as upstream', { subject: nodeName('') }, short, undefined],
    ['asks for the organization first', { subject: nodeName('a', 'x'), names: ALL_NAMES }, [], O],
    ['takes no second organization', { subject: nodeName('a', 'system:nodes', 'b') }, full, O],
    [
      'takes the organization only once',
      { subject: nodeName('a', 'system:nodes', 'system:nodes') },
      full,
      O,
    ],
    ['takes no empty subject', { subject: [] }, full, O],
    [
      'then no DNS names',
      { subject: stranger, names: ALL_NAMES },
      [],
      'DNS subjectAltNames are not allowed',
    ],
    [
      'then no e-mail',
      { subject: stranger, names: others('email', 'ip', 'uri') },
      [],
      'Email subjectAltNames are not allowed',
    ],
    [
      'then no addresses',
      { subject: stranger, names: others('ip', 'uri') },
      [],
      'IP subjectAltNames are not allowed',
    ],
    [
      'then no URIs',
      { subject: stranger, names: others('uri') },
      [],
      'URI subjectAltNames are not allowed',
    ],
    ['then the common name', { subject: stranger }, [], CN],
    [
      'takes no system:node without its colon',
      { subject: makeName({ commonName: 'system:node', organizations: ['system:nodes'] }) },
      full,
      CN,
    ],
    ['then the usages', {}, [], CLIENT],
    ['takes no usage less', {}, ['client auth'], CLIENT],
    ['takes no usage more', {}, [...full, 'server auth'], CLIENT],
    ['takes not the other usage', {}, ['digital signature', 'server auth'], CLIENT],
    ['takes `signing` not for digital signature', {}, ['signing', 'client auth'], CLIENT],
    [
      'takes no key encipherment in place of a signature',
      {},
      ['key encipherment', 'client auth'],
      CLIENT,
    ],
  ];
  it.each(rows)('%s', (_what, asked, usages, reason) => {
    expect(recogniseKubeletClient(requestOf(asked), usages)).toBe(reason);
  });
});

describe('kubernetes.io/kubelet-serving', () => {
  const full = ['digital signature', 'key encipherment', 'server auth'];
  const short = ['digital signature', 'server auth'];
  const names = { dns: ALL_NAMES.dns };
  const stranger = makeName({ commonName: 'admin', organizations: ['system:nodes'] });
  const { email, uri } = ALL_NAMES;
  const rows: Row[] = [
    ['takes a DNS name', { names }, short, undefined],
    ['takes an address alone', { names: { ip: ['fd00::1'] } }, full, undefined],
    ['asks for the organization first', { subject: nodeName('a', 'x') }, [], O],
    ['then for a name', { subject: stranger }, [], 'DNS or IP subjectAltName is required'],
    [
      'counts e-mail and URI not as names',
      { names: { email, uri } },
      full,
      'DNS or IP subjectAltName is required',
    ],
    [
      'then no e-mail',
      { subject: stranger, names: ALL_NAMES },
      [],
      'Email subjectAltNames are not allowed',
    ],
    [
      'then no URIs',
      { subject: stranger, names: { ...names, uri } },
      [],
      'URI subjectAltNames are not allowed',
    ],
    ['then the usages', { subject: stranger, names }, [], SERVING],
    ['takes not the usages of a client', { names }, ['digital signature', 'client auth'], SERVING],
    ['takes no usage more', { names }, [...short, 'client auth'], SERVING],
    ['then the common name', { subject: stranger, names }, short, CN],
  ];
  it.each(rows)('%s', (_what, asked, usages, reason) => {
    expect(recogniseKubeletServing(requestOf(asked), usages)).toBe(reason);
  });
});

describe('kubernetes.io/kube-apiserver-client', () => {
  const missing = 'missing required usage for client certificate: client auth';
  it.each([
    ['takes client auth', ['client auth'], undefined],
    [
      'takes the two others beside it',
      ['key encipherment', 'client auth', 'digital signature'],
      undefined,
    ],
    ['needs client auth', ['digital signature'], missing],
    ['needs a usage', [], missing],
    [
      'names the first that does not belong there',
      ['client auth', 'server auth', 'any'],
      'invalid usage for client certificate: server auth',
    ],
    [
      'minds what is wrong before what is missing',
      ['cert sign'],
      'invalid usage for client certificate: cert sign',
    ],
  ] as const)('%s', (_what, usages, reason) => {
    const request = requestOf({ subject: makeName({ commonName: 'jane' }), names: ALL_NAMES });
    expect(recogniseApiserverClient(request, usages)).toBe(reason);
  });
});

describe('kubernetes.io/legacy-unknown', () => {
  it('takes anything', () => {
    expect(recogniseLegacyUnknown(requestOf({ subject: [] }), ['any', 'cert sign'])).toBe(
      undefined,
    );
  });
});

it('has a policy for every signer', () => {
  expect(Object.keys(SIGNER_POLICIES).sort()).toEqual([...SIGNER_NAMES].sort());
});
