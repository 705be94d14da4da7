/** Ways around a signing policy, each of them closed. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readAsked } from '../../src/pki/csr/asked.ts';
import {
  flagPolicy,
  judgeByPolicy,
  readPolicy,
  type SigningPolicy,
  signRequests,
  type Wishes,
} from '../../src/pki/csr/index.ts';
import { contextConstructed } from '../../src/x509/der/tag.ts';
import { element } from '../../src/x509/der/writer.ts';
import {
  type CertificationRequest,
  createIssuer,
  decodePrivateKey,
  makeName,
  parseCertificate,
} from '../../src/x509/index.ts';
import { keyOf } from '../x509/support.ts';
import {
  attribute,
  CA_KEY,
  CLIENT,
  ca,
  constraints,
  type Forged,
  forge,
  forgeDer,
  names,
  octetString,
  oid,
  pemOf,
  raw,
  rawNames,
  SERVER,
  sequence,
  usages,
} from './csr-requests.ts';
import { NOW } from './fixture.ts';

const POLICY = readPolicy(
  `apiVersion: kubepki.dev/v1alpha1
kind: SigningPolicy
spec:
  subject:
    commonNames: [web, jane]
    organizations: [dev]
  names:
    dns: [api.example.com, .nodes.example.com, "*.apps.example.com"]
    ip: [10.0.0.0/8, "fd00::/8"]
  usages: [serverAuth]
  validity: 90d
`,
  'policy.yaml',
);

/** Everything that is refused, a line each: `names: DNS name "x" is not allowed`. */
function refusals(
  request: CertificationRequest,
  policy: SigningPolicy = POLICY,
  wishes: Wishes = {},
): string[] {
  const { asked, refusals: always } = readAsked(request);
  const judged = judgeByPolicy(asked, policy, wishes);
  return [...always, ...('refusals' in judged ? judged.refusals : [])].map(
    ({ part, reason }) => `${part}: ${reason}`,
  );
}

const refused = (forged: Forged, policy?: SigningPolicy, wishes?: Wishes): string[] =>
  refusals(forge(forged), policy, wishes);

/** With a usage, so that nothing else is wrong. */
const asking = (...extensions: readonly Uint8Array[]): Forged => ({
  extensions: [[...extensions, usages(SERVER)]],
});

const subject = (...attributes: readonly (readonly [type: string, value: string])[]): Forged => ({
  ...asking(),
  subject: attributes.map(([type, value]) => [{ type, value }]),
});

const CN = '2.5.4.3';
const O = '2.5.4.10';

/** Allows every name that is asked for. */
const LOOSE = flagPolicy({
  commonNames: [],
  organizations: [],
  dns: [],
  ip: [],
  keyAlgorithms: [],
  requestedNames: true,
});

describe('what the policy allows', () => {
  it('is granted', () => {
    const request = asking(
      names({
        dns: [
          'api.example.com',
          'a.nodes.example.com',
          'a.b.nodes.example.com',
          '*.apps.example.com',
        ],
        ip: ['10.1.2.3', 'fd00::1'],
      }),
    );
    expect(refused(request)).toEqual([]);
    expect(refused(subject([O, 'dev'], [CN, 'jane']))).toEqual([]);
  });

  it('may be a common name that is one of the names of a server, never one of a client', () => {
    const forged = {
      ...asking(names({ dns: ['n1.nodes.example.com'] })),
      subject: makeName({ commonName: 'n1.nodes.example.com' }),
    };
    expect(refused(forged)).toEqual([]);
    const client = { ...POLICY, usages: ['serverAuth', 'clientAuth'] as const };
    expect(refused(forged, client, { usages: ['serverAuth', 'clientAuth'] })).toEqual([
      'subject: common name "n1.nodes.example.com" is not allowed',
    ]);
    expect(
      refused({ ...asking(), subject: makeName({ commonName: 'n1.nodes.example.com' }) }),
    ).toEqual(['subject: common name "n1.nodes.example.com" is not allowed']);
  });
});

describe('DNS names', () => {
  it.each([
    ['a suffix without its dot', 'evilnodes.example.com'],
    ['the suffix itself', 'nodes.example.com'],
    ['a name above', 'example.com'],
    ['an allowed name with another behind it', 'api.example.com.evil.com'],
    ['a wildcard under a suffix', '*.nodes.example.com'],
    ['a wildcard above', '*.example.com'],
    ['a name below an allowed wildcard', 'x.apps.example.com'],
    ['an A-label that is not listed', 'xn--pi-7ia.example.com'],
  ])('%s is not allowed', (_, name) => {
    expect(refused(asking(names({ dns: [name] })))).toEqual([
      `names: DNS name "${name}" is not allowed`,
    ]);
  });

  it.each([
    ['the wildcard of everything', '*'],
    ['a wildcard of a dot', '*.'],
    ['a wildcard inside a label', 'a*.nodes.example.com'],
    ['a wildcard in the middle', 'x.*.nodes.example.com'],
    ['two wildcards', '*.*.nodes.example.com'],
    ['a dot at the end', 'api.example.com.'],
    ['a dot at the beginning', '.nodes.example.com'],
    ['an empty label', 'a..nodes.example.com'],
    ['an underscore', 'a_b.nodes.example.com'],
    ['an address', '10.0.0.1'],
    ['an IPv6 address', 'fd00::1'],
    ['a URL', 'https://a.nodes.example.com'],
    ['a port', 'a.nodes.example.com:443'],
    ['a label of 64 characters', `${'a'.repeat(64)}.nodes.example.com`],
    ['254 characters', `${'a.'.repeat(120)}nodes.example.com`],
  ])('%s is refused under every policy', (_, name) => {
    for (const policy of [POLICY, LOOSE]) {
      expect(refused(asking(names({ dns: [name] })), policy)).toContainEqual(
        `names: ${JSON.stringify(name)} is not a DNS name that a component would match`,
      );
    }
  });

  it('NUL, a blank and a line feed inside a name are refused', () => {
    for (const text of [
      'api.example.com\0.evil.com',
      'api.example.com ',
      'api.example.com\nevil.com',
    ]) {
      expect(refused(asking(rawNames([2, text])), LOOSE)).toContainEqual(
        expect.stringContaining('is not a DNS name'),
      );
    }
  });

  it('letters that are not ASCII do not get as far as the policy', () => {
    expect(() => forge(asking(rawNames([2, 'аpi.example.com'])))).toThrow(/not ASCII/);
  });

  it('upper case is the same name, judged and granted in lower case', () => {
    const request = forge(asking(names({ dns: ['API.example.com', 'api.EXAMPLE.com'] })));
    expect(refusals(request)).toEqual([]);
    expect(readAsked(request).asked.dns).toEqual(['api.example.com']);
    expect(refused(asking(names({ dns: ['EVIL.example.com'] })))).toEqual([
      'names: DNS name "evil.example.com" is not allowed',
    ]);
  });

  it('a wildcard has to be allowed by name, also where all other names are', () => {
    expect(refused(asking(names({ dns: ['*.example.com', 'any.example.org'] })), LOOSE)).toEqual([
      'names: DNS name "*.example.com" is not allowed',
    ]);
  });

  it("kube-apiserver's are allowed by no other name, and no line to copy allows them: a wildcard above them neither", () => {
    const { asked } = readAsked(
      forge(asking(names({ dns: ['*.default.svc', '*.default.svc.cluster.local', '*.svc'] }))),
    );
    const judged = judgeByPolicy(asked, LOOSE, {});
    const remedies = 'refusals' in judged ? judged.refusals.map(({ remedy }) => remedy) : [];
    expect(remedies).toEqual([undefined, undefined, "--allow-dns '*.svc'"]);
  });

  // Without a DNS name among the others OpenSSL, Node and curl match the host with the common name.
  it.each([
    'kubernetes',
    'kubernetes.default.svc',
    'KUBERNETES.default.svc.cluster.local',
    'kubernetes.default.svc.',
    '*.example.com',
    'kub*.default.svc',
    '*.default.svc',
  ])('in the place of the common name are no way around: %s', (name) => {
    for (const one of [asking(), asking(names({ ip: ['10.96.0.1'] }))]) {
      const forged = { ...one, subject: makeName({ commonName: name }) };
      expect(refused(forged, LOOSE)).toEqual([
        expect.stringMatching(
          /^subject: common name ".*" (?:is kube-apiserver's and )?(?:is )?not allowed/,
        ),
      ]);
    }
    const listed = flagPolicy({
      commonNames: [name],
      organizations: [],
      dns: [],
      ip: [],
      keyAlgorithms: [],
      requestedNames: true,
    });
    expect(refused({ ...asking(), subject: makeName({ commonName: name }) }, listed)).toEqual([]);
  });
});

describe('IP addresses', () => {
  it.each(['11.0.0.1', '192.168.0.1', '::1', 'fe80::1', '0.0.0.0', '::'])(
    '%s is outside',
    (address) => {
      expect(refused(asking(names({ ip: [address] })))).toEqual([
        `names: IP address ${address} is not allowed`,
      ]);
    },
  );

  it('an IPv4-mapped IPv6 address is judged, and signed, as the IPv4 address that it is', () => {
    const mapped = (last: number): Uint8Array =>
      rawNames([7, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 11, 0, 0, last)]);
    expect(refused(asking(mapped(1)))).toEqual(['names: IP address 11.0.0.1 is not allowed']);
    const everyV6 = { ...POLICY, ip: readPolicyRanges('["::/0"]') };
    expect(refused(asking(mapped(1)), everyV6)).toEqual([
      'names: IP address 11.0.0.1 is not allowed',
    ]);
    expect(refused(asking(names({ ip: ['10.0.0.1'] })), everyV6)).toEqual([
      'names: IP address 10.0.0.1 is not allowed',
    ]);
  });

  it('an address of another length, with a mask for example, is no request', () => {
    expect(() => forge(asking(rawNames([7, Uint8Array.of(10, 0, 0, 1, 255, 0, 0, 0)])))).toThrow(
      /an IP address of 8 bytes/,
    );
  });
});

function readPolicyRanges(list: string): SigningPolicy['ip'] {
  return readPolicy(
    `{"apiVersion":"kubepki.dev/v1alpha1","kind":"SigningPolicy","spec":{"usages":["serverAuth"],"validity":"1d","names":{"ip":${list}}}}`,
    'p',
  ).ip;
}

describe('other kinds of names', () => {
  const upn = sequence(
    oid('1.3.6.1.4.1.311.20.2.3'),
    element(contextConstructed(0), octetString(Buffer.from('root'))),
  );
  it.each([
    ['otherName', [0, upn.subarray(2)]],
    ['e-mail address', [1, 'root@example.com']],
    ['directoryName', [4, sequence()]],
    ['URI', [6, 'spiffe://cluster.local/admin']],
    ['registeredID', [8, Uint8Array.of(42, 3)]],
  ] as const)('%s is refused, also among names that are allowed', (kind, name) => {
    for (const policy of [POLICY, LOOSE]) {
      const said = refused(asking(rawNames([2, 'api.example.com'], name)), policy);
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(
        new RegExp(`^names: ${kind}.*only DNS names and IP addresses are signed$`),
      );
    }
  });
});

describe('the subject', () => {
  it.each([
    'system:masters',
    'system:nodes',
    'kubeadm:cluster-admins',
    ' system:masters',
    'System:Masters',
    'ｓystem:masters',
  ])('the group %s has to be allowed by name, also where all other names are', (group) => {
    const said = refused(
      { ...asking(), subject: makeName({ commonName: 'web', organizations: [group] }) },
      LOOSE,
    );
    expect(said).toEqual([
      `subject: organization ${JSON.stringify(group)} has rights in every cluster and is not allowed by name`,
    ]);
    const byName = { ...LOOSE, organizations: [group] };
    expect(
      refused(
        { ...asking(), subject: makeName({ commonName: 'web', organizations: [group] }) },
        byName,
      ),
    ).toEqual([]);
  });

  it.each(['system:kube-controller-manager', 'system:node:cp-1', 'system:admin'])(
    'so has the user %s',
    (user) => {
      expect(refused({ ...asking(), subject: makeName({ commonName: user }) }, LOOSE)).toEqual([
        `subject: common name ${JSON.stringify(user)} has rights in every cluster and is not allowed by name`,
      ]);
    },
  );

  it('several common names, of which each reader takes another, are refused in every arrangement', () => {
    const apart = subject([CN, 'web'], [CN, 'system:admin']);
    const together = {
      ...asking(),
      subject: [
        [
          { type: CN, value: 'system:admin' },
          { type: CN, value: 'web' },
        ],
      ],
    };
    for (const forged of [apart, together]) {
      expect(refused(forged, LOOSE)).toContainEqual(
        expect.stringContaining('several common names, of which each reader takes another'),
      );
    }
  });

  it('an organization in the RDN of the common name is judged as well', () => {
    const forged = {
      ...asking(),
      subject: [
        [
          { type: CN, value: 'web' },
          { type: O, value: 'system:masters' },
        ],
      ],
    };
    expect(refused(forged)).toEqual([
      'subject: organization "system:masters" has rights in every cluster and is not allowed by name',
    ]);
  });

  it.each([
    ['NUL', 'web\0.evil'],
    ['a line feed', 'web\nO=x'],
    ['a right-to-left override', 'web\u202e'],
    ['a zero-width joiner', 'we\u200db'],
    ['nothing', ''],
  ])('a value with %s is refused under every policy', (_, value) => {
    for (const type of [CN, O]) {
      expect(refused(subject([CN, 'jane'], [type, value]), LOOSE)).toContainEqual(
        expect.stringMatching(/^subject: (CN|O) with (invisible characters|an empty value)/),
      );
    }
  });

  it('the same letters of another alphabet are another name', () => {
    expect(refused(subject([CN, 'wеb']))).toEqual(['subject: common name "wеb" is not allowed']);
  });

  it('the same text in another string type is the same name', () => {
    const bmp = Buffer.from('web', 'utf16le').swap16();
    const cn = (tag: number, bytes: Uint8Array): Uint8Array =>
      sequence(element(0x31, sequence(oid(CN), element(tag, bytes))));
    expect(refused({ ...asking(), subjectDer: cn(0x1e, bmp) })).toEqual([]);
    expect(
      refused({ ...asking(), subjectDer: cn(0x14, Buffer.from('web\0')) }, LOOSE),
    ).toContainEqual(expect.stringContaining('CN with invisible characters'));
  });

  it.each([
    ['the UID of a Kubernetes user', '1.3.6.1.4.1.57683.2', 'for kube-apiserver'],
    ['a serial number', '2.5.4.5', 'SERIALNUMBER'],
    ['an e-mail address', '1.2.840.113549.1.9.1', 'emailAddress'],
    ['unstructuredName', '1.2.840.113549.1.9.2', '1.2.840.113549.1.9.2'],
    ['a domain component', '0.9.2342.19200300.100.1.25', 'DC'],
  ])('%s is refused under every policy', (_, type, shown) => {
    const said = refused(subject([CN, 'web'], [type, 'x']), LOOSE);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^subject: attribute /);
    expect(said[0]).toContain(shown);
  });

  it('other attributes have to be allowed with their values', () => {
    const forged = subject([CN, 'web'], ['2.5.4.11', 'shop']);
    expect(refused(forged)).toEqual(['subject: OU "shop" is not allowed']);
    expect(refused(forged, { ...POLICY, attributes: { OU: ['shop'] } })).toEqual([]);
    expect(refused(forged, { ...POLICY, attributes: { L: ['shop'] } })).toHaveLength(1);
  });

  it('a client without a common name is nobody', () => {
    const policy = { ...LOOSE };
    expect(refused({ subject: [], extensions: [[usages(CLIENT)]] }, policy)).toEqual([
      'subject: no common name: a client is known by it',
    ]);
  });
});

describe('extensions', () => {
  it('a CA certificate is never signed, in whatever words it is asked for', () => {
    for (const extensions of [
      [constraints(true)],
      [raw('2.5.29.19', sequence(Uint8Array.of(1, 1, 255), Uint8Array.of(2, 1, 0)))],
      [raw('2.5.29.19', sequence(Uint8Array.of(1, 1, 255)), false)],
    ]) {
      expect(refused(asking(...extensions), LOOSE)).toContain(
        'extensions: asks for a CA certificate (CA:TRUE)',
      );
    }
    const keyCertSign = raw('2.5.29.15', Uint8Array.of(3, 2, 2, 4), true);
    expect(refused(asking(keyCertSign), LOOSE)).toEqual([
      'usages: key usage keyCertSign: not one of digitalSignature, keyEncipherment',
    ]);
    expect(refused(asking(raw('2.5.29.19', sequence(Uint8Array.of(2, 1, 0)))), LOOSE)).toEqual([
      'extensions: asks for a path length, which only a CA has',
    ]);
  });

  it('CA:FALSE, in DER and as old tools write it, is what is signed anyway', () => {
    expect(refused(asking(constraints(false)))).toEqual([]);
    expect(refused(asking(raw('2.5.29.19', sequence(Uint8Array.of(1, 1, 0)))))).toEqual([]);
  });

  it('one that occurs twice is no request: in one attribute, and in two', () => {
    const [one, other] = [names({ dns: ['api.example.com'] }), names({ dns: ['evil.com'] })];
    expect(() => forge({ extensions: [[one, other]] })).toThrow(/occurs twice/);
    expect(() => forge({ extensions: [[one], [other]] })).toThrow(/occurs twice/);
  });

  it('what two attributes ask for is judged together', () => {
    expect(refused({ extensions: [[usages(SERVER)], [names({ dns: ['evil.com'] })]] })).toEqual([
      'names: DNS name "evil.com" is not allowed',
    ]);
  });

  it('an attribute with two values, or none, is no request', () => {
    const list = sequence(names({ dns: ['api.example.com'] }));
    const more = sequence(names({ dns: ['evil.com'] }));
    for (const values of [[list, more], []]) {
      expect(() =>
        forge({ attributes: [attribute('1.2.840.113549.1.9.14', ...values)] }),
      ).toThrow();
    }
  });

  it.each([
    ['nameConstraints', '2.5.29.30', true],
    ['authorityKeyIdentifier', '2.5.29.35', false],
    ['certificatePolicies', '2.5.29.32', false],
    ['an unknown one', '1.2.3.4', false],
    ['an unknown critical one', '1.2.3.4', true],
    ['nsCertType', '2.16.840.1.113730.1.1', false],
  ])('%s is refused under every policy', (_, dotted, critical) => {
    const said = refused(asking(raw(dotted, sequence(), critical)), LOOSE);
    expect(said).toEqual([
      expect.stringMatching(/^extensions: extension .*: not one that is signed$/),
    ]);
    expect(said[0]).toContain(dotted);
    expect(said[0]?.includes(', critical')).toBe(critical);
  });

  it('criticality changes nothing: a critical list of names is judged, FALSE spelled out is read', () => {
    expect(refused(asking(names({ dns: ['evil.com'] }, true)))).toEqual([
      'names: DNS name "evil.com" is not allowed',
    ]);
    const spelled = sequence(
      oid('2.5.29.17'),
      Uint8Array.of(1, 1, 0),
      octetString(sequence(element(0x82, Buffer.from('evil.com')))),
    );
    expect(refused(asking(spelled))).toEqual(['names: DNS name "evil.com" is not allowed']);
    const odd = sequence(
      oid('2.5.29.17'),
      Uint8Array.of(1, 1, 1),
      octetString(sequence(element(0x82, Buffer.from('evil.com')))),
    );
    expect(() => forge(asking(odd))).toThrow();
  });

  it.each([
    ['client', CLIENT, 'clientAuth'],
    ['any', '2.5.29.37.0', 'any'],
    ['code signing', '1.3.6.1.5.5.7.3.3', 'codeSigning'],
    ['an unknown one', '1.2.3.4', '1.2.3.4'],
  ])('a usage that the policy does not name is refused: %s', (_, dotted, shown) => {
    expect(refused({ extensions: [[usages(SERVER, dotted)]] })).toEqual([
      `usages: usage ${shown} is not allowed`,
    ]);
  });

  it('no usage is not every usage', () => {
    const said = 'usages: asks for no usage, and a certificate without one is good for any';
    expect(refused({})).toEqual([said]);
    expect(refused({ extensions: [[usages()]] })).toEqual([said]);
    expect(refused({}, POLICY, { usages: ['serverAuth'] })).toEqual([]);
    expect(refused({}, POLICY, { usages: ['clientAuth'] })).toEqual([
      'usages: usage clientAuth is not allowed',
    ]);
  });
});

describe('attributes that are no extensions', () => {
  const text = (value: string): Uint8Array => element(0x0c, Buffer.from(value));

  it('a challenge password and an unstructured name change nothing and get into no certificate', () => {
    const attributes = [
      attribute('1.2.840.113549.1.9.7', text('swordfish-challenge')),
      attribute('1.2.840.113549.1.9.2', text('system:masters')),
    ];
    const der = forgeDer({ ...asking(), attributes });
    expect(refusals(forge({ ...asking(), attributes }))).toEqual([]);
    const { certificate } = signOne(der);
    const bytes = Buffer.from(certificate.der).toString('latin1');
    expect(bytes).not.toMatch(/swordfish|masters/);
  });

  it("extensions in Microsoft's attribute are not seen, and not signed", () => {
    const attributes = [
      attribute(
        '1.3.6.1.4.1.311.2.1.14',
        sequence(names({ dns: ['evil.com'] }), constraints(true)),
      ),
    ];
    const { certificate } = signOne(forgeDer({ ...asking(), attributes }));
    expect(certificate.subjectAltNames).toBeUndefined();
    expect(certificate.basicConstraints).toEqual({ ca: false });
  });
});

function signOne(der: Uint8Array) {
  const certificate = ca();
  const authority = {
    id: 'ca',
    issuer: createIssuer(certificate, CA_KEY),
    above: [],
    chainText: '',
  } as const;
  const [signed] = signRequests([{ name: 'x.csr', bytes: pemOf(der) }], {
    judge: (asked) => judgeByPolicy(asked, POLICY, {}),
    authority: () => authority,
    now: NOW,
  });
  if (signed === undefined) throw new TypeError('expected a certificate');
  return { ...signed, certificate: parseCertificate(signed.certificate.der) };
}

describe('numbers', () => {
  it('a version that is negative, huge or another one is no request', () => {
    for (const version of [
      Uint8Array.of(2, 1, 0xff),
      Uint8Array.of(2, 1, 1),
      Uint8Array.of(2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0),
    ]) {
      expect(() => forge({ version })).toThrow();
    }
  });

  it('the serial number of a certificate is ours: positive, 16 random bytes', () => {
    const serials = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const { serialNumber } = signOne(forgeDer(asking())).certificate;
      expect(serialNumber.length).toBeLessThanOrEqual(17);
      expect((serialNumber[0] ?? 0) & 0x80).toBe(0);
      serials.add(Buffer.from(serialNumber).toString('hex'));
    }
    expect(serials.size).toBe(20);
  });
});

describe('the key', () => {
  it('whose request somebody else has signed is not proven', () => {
    expect(refused({ ...asking(), signedBy: keyOf('ECDSA-P256', 9) })).toEqual([
      expect.stringContaining('signature: ecdsa-with-SHA256: does not verify'),
    ]);
  });

  it('that was exchanged behind the signature is not proven', () => {
    const der = Buffer.from(forgeDer(asking()));
    const at = der.indexOf(Buffer.from(keyOf('ECDSA-P256', 7).spki));
    Buffer.from(keyOf('ECDSA-P256', 9).spki).copy(der, at);
    expect(() => signOne(der)).toThrow(/the request is refused/);
  });

  const rsa = (modulusLength: number, publicExponent = 65537) =>
    decodePrivateKey(
      generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey.export({
        type: 'pkcs8',
        format: 'pem',
      }),
    );

  it('of RSA has 2048 bits or more, or what the policy says', () => {
    expect(refused({ ...asking(), key: rsa(1024) }, LOOSE)).toEqual([
      'key: RSA-1024: an RSA key has 2048 bits or more',
    ]);
    const key = keyOf('RSA-2048');
    expect(refused({ ...asking(), key }, LOOSE)).toEqual([]);
    expect(refused({ ...asking(), key }, { ...POLICY, minimumRsaBits: 3072 })).toEqual([
      'key: RSA-2048: fewer than 3072 bits',
    ]);
  });

  it('of RSA with an exponent that no component takes is refused', () => {
    const sound = forge({ ...asking(), key: keyOf('RSA-2048') });
    // 65537 becomes 1: whatever is encrypted or signed with it is there for all to read and forge.
    const spki = Buffer.from(sound.spki);
    const at = spki.lastIndexOf(Buffer.of(2, 3, 1, 0, 1));
    for (const [bytes, text] of [
      [[0, 0, 1], 'MALFORMED'],
      [[1, 0, 0], 'exponent'],
    ] as const) {
      const weak = Buffer.from(spki);
      weak.set(bytes, at + 2);
      const said = refusals({ ...sound, spki: weak }, LOOSE).join('\n');
      expect(said, text).toContain('an RSA key whose exponent no component takes');
    }
  });

  it.each(['ECDSA-P521', 'Ed25519'])('%s has to be allowed by name', (type) => {
    const key = keyOf(type);
    expect(refused({ ...asking(), key })).toEqual([
      `key: ${type}: not one of RSA, ECDSA-P256, ECDSA-P384`,
    ]);
    expect(
      refused({ ...asking(), key }, { ...POLICY, keyAlgorithms: ['Ed25519', 'ECDSA-P521'] }),
    ).toEqual([]);
  });

  it.each([
    ['secp256k1', 'secp256k1'],
    ['brainpool', 'brainpoolP256r1'],
  ])('on a curve that no component reads is refused: %s', (_, namedCurve) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const key = { type: 'ECDSA-P256', spki, object: privateKey };
    expect(refused({ ...asking(), key }, LOOSE)[0]).toMatch(/^(signature|key): /);
    expect(refused({ ...asking(), key }, LOOSE).join()).toContain(
      'of an algorithm that no component reads',
    );
  });

  it('is not that of the CA itself', () => {
    expect(() => signOne(forgeDer({ ...asking(), key: CA_KEY }))).toThrow(/the request is refused/);
  });
});

describe('the lifetime', () => {
  it('is at most what the policy says', () => {
    const day = 24 * 3600;
    expect(refused(asking(), POLICY, { validity: 90 * day })).toEqual([]);
    expect(refused(asking(), POLICY, { validity: 91 * day })).toEqual([
      'validity: 91d is longer than 90d',
    ]);
  });
});

describe('a refusal', () => {
  it('names every rule that is broken, and where the rule stands', () => {
    const { asked, refusals: always } = readAsked(
      forge({
        subject: makeName({ commonName: 'root', organizations: ['system:masters'] }),
        key: keyOf('Ed25519'),
        extensions: [
          [
            names({ dns: ['evil.com'], ip: ['1.1.1.1'], uri: ['spiffe://a/b'] }),
            constraints(true),
            usages(CLIENT),
          ],
        ],
      }),
    );
    const judged = judgeByPolicy(asked, POLICY, { validity: 1e9 });
    const said = [...always, ...('refusals' in judged ? judged.refusals : [])].map(
      ({ part, origin }) => `${part} ${origin}`,
    );
    expect(said).toEqual([
      'names always refused',
      'extensions always refused',
      'key policy.yaml: spec.keys.algorithms (default)',
      'subject policy.yaml: spec.subject.commonNames (line 5)',
      'subject policy.yaml: spec.subject.organizations (line 6)',
      'names policy.yaml: spec.names.dns (line 8)',
      'names policy.yaml: spec.names.ip (line 9)',
      'usages policy.yaml: spec.usages (line 10)',
      'validity policy.yaml: spec.validity (line 11)',
    ]);
  });
});
