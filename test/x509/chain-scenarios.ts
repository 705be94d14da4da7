/**
 * Chains with the verdict that they deserve. What OpenSSL says where it differs is stated; Go's
 * crypto/x509 says what `ok` says.
 */

import type { ChainPurpose } from '../../src/x509/chain.ts';
import { nul, oid, sequence } from '../../src/x509/der/writer.ts';
import type { Certificate } from '../../src/x509/types.ts';
import {
  AT,
  constraints,
  extension,
  type Forgery,
  FROM,
  forge,
  keyId,
  P256,
  UNTIL,
} from './forge.ts';

export interface Scenario {
  readonly title: string;
  readonly ok: boolean;
  /** OpenSSL's verdict where it is another. */
  readonly openssl?: boolean;
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  readonly roots: readonly Certificate[];
  readonly at: Date;
  readonly purpose?: ChainPurpose;
  readonly host?: string;
  /** What one of the rejections says, and of which common name. */
  readonly because?: readonly [commonName: string, reason: RegExp];
}

const [K0, K1, K2, K3, K4] = [P256(10), P256(11), P256(12), P256(13), P256(14)];

const caOf = (subject: string, changes: Partial<Forgery> = {}): Certificate =>
  forge({ subject, key: K0, ca: true, ...changes });
const root = caOf('root');
const intermediate = (changes: Partial<Forgery> = {}): Certificate =>
  caOf('int', { issuer: 'root', by: K0, key: K1, ...changes });
/** A leaf of the intermediate. */
const leafOf = (changes: Partial<Forgery> = {}): Certificate =>
  forge({
    subject: 'leaf',
    issuer: 'int',
    by: K1,
    key: K2,
    names: { dns: ['host.example.com'] },
    ...changes,
  });
/** A leaf of the root. */
const direct = (changes: Partial<Forgery> = {}): Certificate =>
  leafOf({ issuer: 'root', by: K0, ...changes });
const int = intermediate();
const leaf = leafOf();

const day = (text: string): Date => new Date(`${text}T00:00:00Z`);
const ipRange = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

type Options = Partial<Omit<Scenario, 'title' | 'leaf'>>;
const passes = (title: string, certificate: Certificate, options: Options = {}): Scenario => ({
  title,
  ok: true,
  leaf: certificate,
  intermediates: [int],
  roots: [root],
  at: AT,
  ...options,
});
const fails = (
  title: string,
  certificate: Certificate,
  because: readonly [string, RegExp],
  options: Options = {},
): Scenario => ({ ...passes(title, certificate, options), ok: false, because });

/** `permitted` and `excluded` names on the intermediate, and a leaf with `names`. */
function constrained(
  permitted: Parameters<typeof constraints>[0],
  excluded: Parameters<typeof constraints>[0],
  names: NonNullable<Forgery['names']>,
): { leaf: Certificate; intermediates: Certificate[] } {
  return {
    leaf: leafOf({ names }),
    intermediates: [intermediate({ more: [constraints(permitted, excluded)] })],
  };
}

const basic: Scenario[] = [
  passes('a leaf of the root', direct()),
  passes('a leaf of an intermediate', leaf),
  passes('unrelated certificates beside', leaf, {
    intermediates: [caOf('other', { key: K3 }), int, caOf('another', { key: K4 })],
    roots: [caOf('foreign', { key: K4 }), root],
  }),
  passes('the same certificate several times', leaf, {
    intermediates: [int, int],
    roots: [root, root],
  }),
  passes('a leaf that is itself trusted', root),
  passes('the second of two roots of one name', leaf, {
    roots: [caOf('root', { key: K3 }), root],
    // Without key identifiers OpenSSL takes the first of the name, here and below.
    openssl: false,
  }),
  passes('the second of two intermediates of one name', leaf, {
    intermediates: [intermediate({ key: K3 }), int],
    openssl: false,
  }),
  fails('no root', leaf, ['int', /issuer that is not given: CN=root/], { roots: [] }),
  fails('another root', leaf, ['foreign', /not the issuer of CN=int: the name wanted is CN=root/], {
    roots: [caOf('foreign')],
  }),
  fails('no intermediate', leaf, ['leaf', /issuer that is not given: CN=int/], {
    intermediates: [],
  }),
  fails(
    'a root of the same name with another key',
    direct(),
    ['root', /does not verify the signature \(ecdsa-with-SHA256\) of CN=leaf/],
    {
      roots: [caOf('root', { key: K3 })],
    },
  ),
  fails('a self-signed leaf', forge({ subject: 'self', key: K2 }), [
    'self',
    /self-signed and not among the roots/,
  ]),
  fails(
    'a self-signed root that is not trusted',
    leaf,
    ['root', /self-signed and not among the roots/],
    {
      intermediates: [int, root],
      roots: [caOf('foreign')],
    },
  ),
  fails('a signature of another key', leafOf({ by: K3 }), ['int', /does not verify/]),
];

const dates: Scenario[] = [
  passes('the first second of the validity', leaf, { at: FROM }),
  passes('the last second of the validity', leaf, {
    at: UNTIL,
    // RFC 5280, section 4.1.2.5 includes it; OpenSSL does not.
    openssl: false,
  }),
  fails('an expired leaf', leafOf({ until: day('2026-03-01') }), [
    'leaf',
    /expired at 2026-03-01T00:00:00Z; the time is 2026-06-01T00:00:00Z/,
  ]),
  fails('a leaf of tomorrow', leafOf({ from: day('2026-07-01') }), [
    'leaf',
    /not valid before 2026-07-01T00:00:00Z; the time is 2026-06-01T00:00:00Z/,
  ]),
  fails('an expired intermediate', leaf, ['int', /expired/], {
    intermediates: [intermediate({ until: day('2026-03-01') })],
  }),
  fails('an expired root', leaf, ['root', /expired/], {
    roots: [caOf('root', { until: day('2026-03-01') })],
  }),
  fails('a second before the validity', leaf, ['leaf', /not valid before/], {
    at: new Date(FROM.getTime() - 1000),
  }),
  fails('a second after the validity', leaf, ['leaf', /expired/], {
    at: new Date(UNTIL.getTime() + 1000),
  }),
  passes('an intermediate that was renewed, the old one first', leaf, {
    intermediates: [intermediate({ until: day('2026-03-01') }), int],
  }),
];

const authorities: Scenario[] = [
  fails('an intermediate that is no CA', leaf, ['int', /not a CA/], {
    intermediates: [intermediate({ ca: false })],
  }),
  fails('an intermediate without basic constraints', leaf, ['int', /not a CA/], {
    intermediates: [intermediate({ bare: true })],
  }),
  fails('a root that is no CA', direct(), ['root', /not a CA/], {
    roots: [caOf('root', { ca: false })],
  }),
  fails(
    'an intermediate without keyCertSign',
    leaf,
    ['int', /may not sign certificates: its key usage is digitalSignature, cRLSign/],
    {
      intermediates: [intermediate({ keyUsage: ['digitalSignature', 'cRLSign'] })],
    },
  ),
  fails('a root without keyCertSign', direct(), ['root', /may not sign/], {
    roots: [caOf('root', { keyUsage: ['cRLSign'] })],
  }),
  passes('an intermediate without key usage', leaf, {
    intermediates: [intermediate({ keyUsage: [] })],
  }),
  passes('a version 1 root', direct(), { roots: [caOf('root', { version: 1 })] }),
  fails('a version 3 root without basic constraints', direct(), ['root', /not a CA/], {
    roots: [caOf('root', { bare: true })],
    // OpenSSL takes a self-signed certificate with keyCertSign and no basic constraints for a CA.
    openssl: true,
  }),
  fails('a version 1 intermediate', leaf, ['int', /not a CA/], {
    intermediates: [intermediate({ version: 1 })],
  }),
  passes('a path length that suffices', leaf, {
    intermediates: [intermediate({ pathLength: 0 })],
    roots: [caOf('root', { pathLength: 1 })],
  }),
  fails(
    'a path length of the root that does not suffice',
    leaf,
    ['root', /path length of 0, but 1 CA is below it/],
    {
      roots: [caOf('root', { pathLength: 0 })],
    },
  ),
  fails(
    'a path length of an intermediate that does not suffice',
    forge({ subject: 'leaf', issuer: 'sub', by: K3, key: K2 }),
    ['int', /path length of 0, but 1 CA is below it/],
    {
      intermediates: [
        intermediate({ pathLength: 0 }),
        caOf('sub', { issuer: 'int', by: K1, key: K3 }),
      ],
    },
  ),
  passes('a path length of zero and a leaf', direct(), {
    roots: [caOf('root', { pathLength: 0 })],
  }),
  passes('key identifiers that agree', leafOf({ authorityKeyId: keyId(K1) }), {
    intermediates: [intermediate({ subjectKeyId: keyId(K1) })],
  }),
  passes('key identifiers that differ, with the right key', leafOf({ authorityKeyId: keyId(K3) }), {
    intermediates: [intermediate({ subjectKeyId: keyId(K1) })],
    // Go looks at the signature; OpenSSL at the identifiers.
    openssl: false,
  }),
  fails(
    'key identifiers that differ, with another key',
    leafOf({ authorityKeyId: keyId(K1) }),
    [
      'int',
      /another key: its subject key identifier is [0-9a-f]{40}, the authority key identifier of CN=leaf is [0-9a-f]{40}/,
    ],
    {
      intermediates: [intermediate({ key: K3, subjectKeyId: keyId(K3) })],
    },
  ),
];

const unknown = '1.3.6.1.4.1.55555.1';
const extensions: Scenario[] = [
  fails(
    'an unknown critical extension in the leaf',
    leafOf({ more: [extension(unknown, true, nul())] }),
    ['leaf', /critical extension that is not known: 1\.3\.6\.1\.4\.1\.55555\.1/],
  ),
  fails('an unknown critical extension in the intermediate', leaf, ['int', /not known/], {
    intermediates: [intermediate({ more: [extension(unknown, true, nul())] })],
  }),
  fails('an unknown critical extension in the root', leaf, ['root', /not known/], {
    roots: [caOf('root', { more: [extension(unknown, true, nul())] })],
  }),
  passes(
    'an unknown extension that is not critical',
    leafOf({ more: [extension(unknown, false, nul())] }),
  ),
  passes(
    'critical certificate policies',
    leafOf({ more: [extension('2.5.29.32', true, sequence(sequence(oid('1.2.3'))))] }),
  ),
  fails(
    'a SHA-1 signature on the leaf',
    leafOf({ algorithm: ['1.2.840.10045.4.1', 'sha1'] }),
    ['leaf', /signed with SHA-1/],
    { openssl: true },
  ),
  fails('a SHA-1 signature on the intermediate', leaf, ['int', /signed with SHA-1/], {
    intermediates: [intermediate({ algorithm: ['1.2.840.10045.4.1', 'sha1'] })],
    openssl: true,
  }),
  passes('a SHA-1 signature on the root', direct(), {
    roots: [caOf('root', { algorithm: ['1.2.840.10045.4.1', 'sha1'] })],
  }),
];

const purposes: Scenario[] = [
  passes('no usage at all', leaf, { purpose: 'serverAuth' }),
  passes('the usage asked for', leafOf({ extendedKeyUsage: ['clientAuth'] }), {
    purpose: 'clientAuth',
  }),
  passes('one of two usages', leafOf({ extendedKeyUsage: ['serverAuth', 'clientAuth'] }), {
    purpose: 'clientAuth',
  }),
  passes('any usage for any purpose', leafOf({ extendedKeyUsage: ['codeSigning'] }), {
    purpose: 'any',
  }),
  passes('the usage any', leafOf({ extendedKeyUsage: ['any'] }), {
    purpose: 'serverAuth',
    // OpenSSL wants the usage itself in a leaf.
    openssl: false,
  }),
  fails(
    'another usage',
    leafOf({ extendedKeyUsage: ['clientAuth'] }),
    ['leaf', /not for serverAuth: its extended key usage is clientAuth/],
    { purpose: 'serverAuth' },
  ),
  fails(
    'an intermediate for another usage',
    leafOf({ extendedKeyUsage: ['serverAuth', 'clientAuth'] }),
    ['int', /permits no serverAuth below it: its extended key usage is clientAuth/],
    {
      purpose: 'serverAuth',
      intermediates: [intermediate({ extendedKeyUsage: ['clientAuth'] })],
    },
  ),
  passes('an intermediate for this usage', leafOf({ extendedKeyUsage: ['serverAuth'] }), {
    purpose: 'serverAuth',
    intermediates: [intermediate({ extendedKeyUsage: ['serverAuth', 'clientAuth'] })],
  }),
  fails('a root for another usage', direct(), ['root', /permits no serverAuth below it/], {
    purpose: 'serverAuth',
    roots: [caOf('root', { extendedKeyUsage: ['clientAuth'] })],
  }),
  passes('a second intermediate that permits the usage', leaf, {
    purpose: 'serverAuth',
    intermediates: [intermediate({ extendedKeyUsage: ['clientAuth'] }), int],
    // OpenSSL settles for the first path that it builds.
    openssl: false,
  }),
];

const named = leafOf({
  names: {
    dns: ['host.example.com', '*.apps.example.com', 'under_score.example.com'],
    ip: ['10.0.0.1', 'fd00::1'],
  },
});
const hosts: Scenario[] = [
  ...[
    'host.example.com',
    'HOST.Example.COM',
    'a.apps.example.com',
    '10.0.0.1',
    'fd00::1',
    'fd00:0:0::0001',
  ].map((host) => passes(`the host ${host}`, named, { host })),
  ...[
    'example.com',
    'apps.example.com',
    'a.b.apps.example.com',
    'xhost.example.com',
    '10.0.0.2',
    'fd00::2',
  ].map((host) =>
    fails(`the host ${host}`, named, ['leaf', /does not cover .*, only host\.example\.com, /], {
      host,
    }),
  ),
  fails(
    'a host and no names',
    leafOf({ names: { uri: ['spiffe://x/y'] } }),
    ['leaf', /does not cover leaf: it has no DNS name/],
    {
      host: 'leaf',
      // OpenSSL falls back to the common name where there is no DNS name.
      openssl: true,
    },
  ),
  fails(
    'an address that is a DNS name',
    leafOf({ names: { dns: ['10.0.0.1'] } }),
    ['leaf', /does not cover 10\.0\.0\.1/],
    { host: '10.0.0.1' },
  ),
];

/** OpenSSL compares `*.example.com` with an exclusion as if it were one name. */
const OPENSSL_TAKES = new Set(['a wildcard over an excluded name']);
const nameConstraints: Scenario[] = (
  [
    ['the DNS name itself', true, [[2, 'example.com']], [], { dns: ['example.com'] }],
    ['a DNS name below', true, [[2, 'example.com']], [], { dns: ['a.b.example.com'] }],
    ['a DNS name in capitals', true, [[2, 'Example.COM']], [], { dns: ['A.eXample.com'] }],
    ['a wildcard below', true, [[2, 'example.com']], [], { dns: ['*.example.com'] }],
    ['a DNS name beside', false, [[2, 'example.com']], [], { dns: ['badexample.com'] }],
    ['one DNS name of two', false, [[2, 'example.com']], [], { dns: ['example.com', 'other.org'] }],
    [
      'a DNS name that is excluded',
      false,
      [],
      [[2, 'bad.example.com']],
      { dns: ['x.bad.example.com'] },
    ],
    [
      'a wildcard over an excluded name',
      false,
      [],
      [[2, 'bad.example.com']],
      { dns: ['*.example.com'] },
    ],
    [
      'a DNS name both permitted and excluded',
      false,
      [[2, 'example.com']],
      [[2, 'bad.example.com']],
      { dns: ['bad.example.com'] },
    ],
    [
      'kinds that are not constrained',
      true,
      [[2, 'example.com']],
      [],
      { ip: ['10.0.0.1'], email: ['a@b.c'] },
    ],
    ['every DNS name excluded', false, [], [[2, '']], { dns: ['a.b'] }],
    [
      'an address in the range',
      true,
      [[7, ipRange(10, 0, 0, 0, 255, 0, 0, 0)]],
      [],
      { ip: ['10.1.2.3'] },
    ],
    [
      'an address outside the range',
      false,
      [[7, ipRange(10, 0, 0, 0, 255, 0, 0, 0)]],
      [],
      { ip: ['11.1.2.3'] },
    ],
    [
      'an IPv6 address where IPv4 is permitted',
      false,
      [[7, ipRange(10, 0, 0, 0, 255, 0, 0, 0)]],
      [],
      { ip: ['fd00::1'] },
    ],
    [
      'an address that is excluded',
      false,
      [],
      [[7, ipRange(10, 0, 0, 0, 255, 0, 0, 0)]],
      { ip: ['192.0.2.1', '10.9.9.9'] },
    ],
    [
      'an e-mail address of the host',
      true,
      [[1, 'example.com']],
      [],
      { email: ['ops@Example.com'] },
    ],
    [
      'an e-mail address of another host',
      false,
      [[1, 'example.com']],
      [],
      { email: ['ops@example.org'] },
    ],
    [
      'an e-mail address below a domain',
      true,
      [[1, '.example.com']],
      [],
      { email: ['ops@mail.example.com'] },
    ],
    [
      'the mailbox that is permitted',
      true,
      [[1, 'ops@example.com']],
      [],
      { email: ['ops@example.com'] },
    ],
    ['another mailbox', false, [[1, 'ops@example.com']], [], { email: ['root@example.com'] }],
    ['a URI of the host', true, [[6, 'example.com']], [], { uri: ['https://example.com:6443/x'] }],
    [
      'a URI below the domain',
      true,
      [[6, '.example.com']],
      [],
      { uri: ['spiffe://a.example.com/x'] },
    ],
    ['a URI of another host', false, [[6, 'example.com']], [], { uri: ['https://example.org/'] }],
  ] as const
).map(([title, ok, permitted, excluded, names]) => {
  const { leaf: certificate, intermediates } = constrained(permitted, excluded, names);
  const heading = `name constraints: ${title}`;
  return ok
    ? passes(heading, certificate, { intermediates })
    : fails(
        heading,
        certificate,
        ['leaf', /does not keep to the name constraints of CN=int: the /],
        OPENSSL_TAKES.has(title) ? { intermediates, openssl: true } : { intermediates },
      );
});

const moreConstraints: Scenario[] = [
  fails('name constraints of the root', leaf, ['leaf', /constraints of CN=root/], {
    roots: [caOf('root', { more: [constraints([[2, 'example.org']])] })],
  }),
  fails(
    "name constraints on an intermediate's own names",
    leaf,
    ['int', /constraints of CN=root/],
    {
      intermediates: [intermediate({ names: { dns: ['int.example.org'] } })],
      roots: [caOf('root', { more: [constraints([[2, 'example.com']])] })],
    },
  ),
  fails(
    'critical constraints on registered identifiers',
    leaf,
    ['int', /of a kind that is not evaluated/],
    {
      intermediates: [intermediate({ more: [constraints([[8, '1']])] })],
      // OpenSSL evaluates constraints on registered identifiers.
      openssl: true,
    },
  ),
  passes(
    'name constraints of a leaf on itself',
    leafOf({ more: [constraints([[2, 'example.org']])] }),
  ),
];

/** Two roots that have signed each other, and an intermediate of one that the other has signed too. */
const rootA = caOf('A', { key: K0 });
const rootB = caOf('B', { key: K3 });
const crossA = caOf('A', { key: K0, issuer: 'B', by: K3 });
const crossB = caOf('B', { key: K3, issuer: 'A', by: K0 });
const ofA = forge({ subject: 'leaf', issuer: 'A', by: K0, key: K2 });
const crossed: Scenario[] = [
  passes('a cross-signed CA, the old root trusted', ofA, {
    intermediates: [crossA, crossB],
    roots: [rootA],
  }),
  passes('a cross-signed CA, the new root trusted', ofA, {
    intermediates: [crossA, crossB],
    roots: [rootB],
  }),
  fails('a circle of cross-signed CAs and no root', ofA, ['B', /./], {
    intermediates: [crossA, crossB],
    roots: [root],
  }),
  passes('a cross-signed CA whose other signature has expired', ofA, {
    intermediates: [caOf('A', { key: K0, issuer: 'B', by: K3, until: day('2026-03-01') }), crossA],
    roots: [rootB],
  }),
];

export const SCENARIOS: readonly Scenario[] = [
  ...basic,
  ...dates,
  ...authorities,
  ...extensions,
  ...purposes,
  ...hosts,
  ...nameConstraints,
  ...moreConstraints,
  ...crossed,
];
