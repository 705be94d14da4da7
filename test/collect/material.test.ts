/** What `identify` says of bytes of every kind. */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, holdsSomething, identify, type Material } from '../../src/collect/index.ts';
import { formatKubeconfig, makeKubeconfig } from '../../src/kubernetes/index.ts';
import {
  createRequest,
  encodePem,
  encodePrivateKey,
  encodePublicKey,
  exportPrivateKeyDer,
  makeName,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { issuerOf, keyOf, leafOf, NOT_AFTER } from '../x509/support.ts';

const KEY = keyOf('ECDSA-P256', 1);
const CERTIFICATE = encodePem('CERTIFICATE', leafOf('ECDSA-P256'));
const CA = encodePem('CERTIFICATE', issuerOf('ECDSA-P256').certificate.der);
const REQUEST = createRequest({ subject: makeName({ commonName: 'me' }) }, KEY);
const PASSPHRASE = 'a passphrase';

const text = (pem: string): Buffer => Buffer.from(pem, 'utf8');

function entriesOf(material: Material): readonly Entry[] {
  if ('entries' in material) return material.entries;
  throw new Error(`expected entries, got ${JSON.stringify(material)}`);
}

const kindsOf = (material: Material): string[] => entriesOf(material).map(({ kind }) => kind);
const reasonOf = (material: Material): string => {
  if (material.format === 'unknown') return material.reason;
  throw new Error(`expected nothing known, got ${material.format}`);
};

describe('identify, of PEM', () => {
  it('reads a mix of blocks in the order of the file, as in kubelet-client-current.pem', () => {
    const mixed = `# made by kubelet\n${CERTIFICATE}${CA}${encodePrivateKey(KEY)}`;
    const material = identify(text(mixed));
    expect(kindsOf(material)).toEqual(['certificate', 'certificate', 'privateKey']);
    expect(entriesOf(material)[0]).toMatchObject({ certificate: { notAfter: NOT_AFTER } });
  });

  it.each([
    ['SEC 1', encodePrivateKey(KEY), KEY],
    ['PKCS#8', encodePrivateKey(KEY, { form: 'pkcs8' }), KEY],
    ['PKCS#1', encodePrivateKey(keyOf('RSA-2048')), keyOf('RSA-2048')],
  ])('tells the form %s, the type and the public half of a private key', (form, pem, key) => {
    expect(entriesOf(identify(text(pem)))).toEqual([
      { kind: 'privateKey', form, encrypted: false, type: key.type, spki: key.spki },
    ]);
  });

  it('never holds secret bytes of a key', () => {
    const secret = createPrivateKey(encodePrivateKey(KEY)).export({ format: 'jwk' }).d ?? '';
    const bytes = Buffer.from(secret, 'base64url');
    expect(bytes).toHaveLength(32);
    const config = makeKubeconfig({
      cluster: 'c',
      server: 'https://c:6443',
      certificateAuthority: CA,
      user: 'u',
      clientCertificate: CERTIFICATE,
      clientKey: encodePrivateKey(KEY),
    });
    for (const content of [encodePrivateKey(KEY), formatKubeconfig(config)]) {
      const shown = inspect(identify(text(content)), {
        depth: null,
        showHidden: true,
        maxArrayLength: null,
      });
      const secretAsShown = inspect(new Uint8Array(bytes), { maxArrayLength: null })
        .replace(/^[^[]*\[\s*|\s*\]$/g, '')
        .replace(/\s+/g, ' ');
      expect(shown.replace(/\s+/g, ' ')).not.toContain(secretAsShown);
      expect(shown).not.toContain(bytes.toString('hex'));
    }
  });

  it('opens an encrypted key with its passphrase, and says so where there is none or a wrong one', () => {
    const pem = text(encodePrivateKey(KEY, { passphrase: PASSPHRASE }));
    expect(entriesOf(identify(pem, { passphrase: PASSPHRASE }))).toMatchObject([
      { kind: 'privateKey', encrypted: true, type: 'ECDSA-P256', form: 'PKCS#8' },
    ]);
    expect(entriesOf(identify(pem))).toMatchObject([
      { kind: 'lockedKey', code: 'PASSPHRASE_NEEDED' },
    ]);
    expect(entriesOf(identify(pem, { passphrase: 'another' }))).toMatchObject([
      { kind: 'lockedKey', code: 'WRONG_PASSPHRASE' },
    ]);
  });

  it('tries no more than sixteen encrypted keys of one file, which could each take seconds', () => {
    const pem = encodePem('ENCRYPTED PRIVATE KEY', new Uint8Array([0x30, 0]));
    const reasons = entriesOf(identify(text(pem.repeat(17)), { passphrase: PASSPHRASE })).map(
      (entry) => (entry.kind === 'malformed' ? entry.reason : entry.kind),
    );
    expect(reasons.slice(0, 16).join()).not.toContain('not tried');
    expect(reasons[16]).toContain('more than 16 encrypted keys');
  });

  it('reads public keys and requests, and whether a request is signed with its own key', () => {
    expect(entriesOf(identify(text(encodePublicKey(KEY))))).toEqual([
      { kind: 'publicKey', type: 'ECDSA-P256', spki: KEY.spki },
    ]);
    const forged = Buffer.from(REQUEST);
    forged.writeUInt8((forged.at(-1) ?? 0) ^ 1, forged.length - 1);
    const pem = encodePem('CERTIFICATE REQUEST', REQUEST);
    const wrong = encodePem('CERTIFICATE REQUEST', forged);
    expect(entriesOf(identify(text(pem + wrong)))).toMatchObject([
      { kind: 'request', signatureVerifies: true },
      { kind: 'request', signatureVerifies: false },
    ]);
  });

  it('names what it does not decode', () => {
    const material = identify(text(encodePem('PKCS7', new Uint8Array([0x30, 0]))));
    expect(entriesOf(material)).toEqual([{ kind: 'other', label: 'PKCS7' }]);
    expect(holdsSomething(material)).toBe(false);
  });

  it('keeps a label short, however long the file says it is', () => {
    const material = identify(text(encodePem('A'.repeat(100_000), new Uint8Array([1]))));
    expect(JSON.stringify(material).length).toBeLessThan(200);
  });

  it('says which blocks Kubernetes components pass over', () => {
    const odd = CERTIFICATE.replaceAll('CERTIFICATE', 'X509 CERTIFICATE');
    const headed = CERTIFICATE.replace('-----\n', '-----\nName: value\n\n');
    const [first, second, third] = entriesOf(identify(text(odd + headed + CERTIFICATE)));
    expect(first).toMatchObject({ passedOver: expect.stringContaining('X509 CERTIFICATE') });
    expect(second).toMatchObject({ passedOver: expect.stringContaining('headers') });
    expect(third).not.toHaveProperty('passedOver');
  });

  it.each([
    ['cut off', `${CERTIFICATE.slice(0, 300)}\n`, /cut off/],
    ['no line break', CERTIFICATE.trimEnd() + CERTIFICATE, /line break .* is missing/],
    ['another END label', CERTIFICATE.replace('END CERTIFICATE', 'END KEY'), /does not repeat/],
    ['no base64', CERTIFICATE.replace('\nM', '\n?'), /not base64/],
    ['a BEGIN line without its end', CERTIFICATE.replace('TE-----\n', 'TE\n'), /BEGIN line/],
    [
      'a certificate that ends early',
      encodePem('CERTIFICATE', leafOf('ECDSA-P256').subarray(0, 99)),
      /claims/,
    ],
    [
      'a key under another label',
      encodePrivateKey(KEY).replaceAll('EC PRIVATE', 'RSA PRIVATE'),
      /SEC 1/,
    ],
    ['a key of OpenSSH', encodePem('OPENSSH PRIVATE KEY', new Uint8Array([1])), /ssh-keygen/],
  ])('shows a damaged block with the reason: %s', (_what, pem, reason) => {
    const [first, second] = entriesOf(identify(text(pem + CA)));
    expect(first).toMatchObject({ kind: 'malformed', reason: expect.stringMatching(reason) });
    expect(second).toMatchObject({ kind: 'certificate' });
  });

  it('says where a damaged block hides others from Kubernetes components', () => {
    // Go's decoder takes an END line with a colon for a header and gives up on what follows.
    const broken = '-----BEGIN A-----\n-----END A: B-----\n';
    const entries = entriesOf(identify(text(broken + CA)));
    expect(entries.at(-1)).toMatchObject({
      reason: expect.stringContaining('read only 0 of the 1'),
    });
  });

  it('refuses more blocks than any bundle has', () => {
    const many = '-----BEGIN A-----\n'.repeat(20_001);
    expect(reasonOf(identify(text(many)))).toContain('more than 20000 PEM blocks');
  });
});

describe('identify, of DER', () => {
  it.each([
    ['a certificate', leafOf('ECDSA-P256'), { kind: 'certificate' }],
    ['a request', REQUEST, { kind: 'request', signatureVerifies: true }],
    ['a public key', KEY.spki, { kind: 'publicKey', type: 'ECDSA-P256' }],
    ['PKCS#8', exportPrivateKeyDer(KEY), { kind: 'privateKey', form: 'PKCS#8', spki: KEY.spki }],
    [
      'a certificate cut off',
      leafOf('ECDSA-P256').subarray(0, 200),
      { kind: 'malformed', label: 'DER' },
    ],
    [
      'a byte too many',
      Buffer.concat([leafOf('ECDSA-P256'), Buffer.alloc(1)]),
      { kind: 'malformed' },
    ],
  ])('reads %s', (_what, der, expected) => {
    expect(entriesOf(identify(Buffer.from(der)))).toMatchObject([expected]);
  });

  it('reads every form that OpenSSL and Node write', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const ders: [Buffer, object][] = [
      [rsa.privateKey.export({ format: 'der', type: 'pkcs1' }), { form: 'PKCS#1' }],
      [
        rsa.publicKey.export({ format: 'der', type: 'pkcs1' }),
        { kind: 'publicKey', type: 'RSA-2048' },
      ],
      [
        ec.privateKey.export({ format: 'der', type: 'sec1' }),
        { form: 'SEC 1', type: 'ECDSA-P384' },
      ],
    ];
    const encrypted = ec.privateKey.export({
      format: 'der',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: PASSPHRASE,
    });
    ders.push([encrypted, { kind: 'privateKey', encrypted: true, type: 'ECDSA-P384' }]);
    for (const [der, expected] of ders) {
      expect(entriesOf(identify(der, { passphrase: PASSPHRASE }))).toMatchObject([expected]);
    }
  });

  it('reads what openssl makes, with text before the block, and knows PKCS#7 by name', () => {
    const directory = temporaryDirectory();
    const openssl = (command: string): string =>
      execFileSync('openssl', command.split(' '), {
        cwd: directory,
        encoding: 'utf8',
        stdio: 'pipe',
      });
    openssl(
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out c.pem -subj /CN=o -days 9',
    );
    openssl('x509 -in c.pem -text -out t.pem');
    openssl('pkcs12 -export -in c.pem -inkey k.pem -out b.p12 -passout pass:x');
    openssl('crl2pkcs7 -nocrl -certfile c.pem -outform DER -out b.p7');
    openssl('ecparam -name prime256v1 -genkey -out e.pem');
    const read = (name: string): Material => identify(readFileSync(join(directory, name)));
    expect(kindsOf(read('t.pem'))).toEqual(['certificate']);
    expect(kindsOf(read('k.pem'))).toEqual(['privateKey']);
    expect(kindsOf(read('e.pem'))).toEqual(['other', 'privateKey']);
    expect(read('b.p12')).toMatchObject({
      format: 'pkcs12',
      locked: { code: 'PASSPHRASE_NEEDED' },
    });
    expect(reasonOf(read('b.p7'))).toContain('PKCS#7');
  });
});

describe('identify, of a kubeconfig', () => {
  const config = makeKubeconfig({
    cluster: 'prod',
    server: 'https://user:secret@172.16.10.138:6443',
    certificateAuthority: CA,
    user: 'admin',
    clientCertificate: CERTIFICATE,
    clientKey: encodePrivateKey(KEY),
  });

  it('reads clusters, users and contexts, and whether the key matches', () => {
    const material = identify(text(formatKubeconfig(config)));
    expect(material).toMatchObject({
      format: 'kubeconfig',
      currentContext: 'admin@prod',
      contexts: [{ name: 'admin@prod', cluster: 'prod', user: 'admin' }],
      clusters: [{ name: 'prod', certificateAuthority: [{ kind: 'certificate' }] }],
      users: [{ name: 'admin', keyMatches: true, hasToken: false, clientCertificate: [{}] }],
    });
    expect(JSON.stringify(material)).not.toContain('secret');
  });

  it('tells a key that belongs to another certificate', () => {
    const other = encodePrivateKey(keyOf('ECDSA-P256', 2));
    config.users.set('other', {
      clientCertificateData: text(CERTIFICATE),
      clientKeyData: text(other),
    });
    expect(identify(text(formatKubeconfig(config)))).toMatchObject({
      users: [{ keyMatches: true }, { name: 'other', keyMatches: false }],
    });
  });

  it('tells tokens, plug-ins and files, and none of their secrets', () => {
    const yaml = `
current-context: ""
users:
- name: kubelet
  user: {client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem, client-key: k.pem}
- name: robot
  user: {token: hunter2, tokenFile: /run/token}
- name: cloud
  user: {exec: {command: aws, args: [hunter2], apiVersion: client.authentication.k8s.io/v1}}
- name: old
  user: {username: me, password: hunter2, auth-provider: {name: oidc, config: {id-token: hunter2}}}
`;
    const material = identify(text(yaml));
    expect(material).toMatchObject({
      users: [
        {
          clientCertificateFile: '/var/lib/kubelet/pki/kubelet-client-current.pem',
          clientKeyFile: 'k.pem',
          keyMatches: undefined,
        },
        { hasToken: true, tokenFile: '/run/token' },
        { hasToken: false, execCommand: 'aws' },
        { hasPassword: true, authProvider: 'oidc' },
      ],
    });
    expect(JSON.stringify(material)).not.toContain('hunter2');
  });

  it('reads JSON', () => {
    const json = '{"kind":"Config","clusters":[{"name":"a","cluster":{"server":"https://a"}}]}';
    expect(identify(text(json))).toMatchObject({ format: 'kubeconfig', clusters: [{ name: 'a' }] });
  });

  it('shows data that is no PEM as a malformed entry', () => {
    const yaml = 'users: [{name: u, user: {client-certificate-data: aGVsbG8=}}]';
    expect(identify(text(yaml))).toMatchObject({
      users: [{ clientCertificate: [{ kind: 'malformed', reason: 'no PEM block' }] }],
    });
  });
});

describe('identify, of anything else', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 'empty'],
    ['junk', Buffer.from([0xde, 0xad, 0xbe, 0xef]), 'binary data'],
    ['zeros', Buffer.alloc(1000), 'binary data'],
    ['UTF-16', Buffer.from('\ufeff-----BEGIN CERTIFICATE-----\n', 'utf16le'), 'UTF-16'],
    ['a byte order mark', text(`\ufeff${CERTIFICATE}`), 'byte order mark'],
    ['an indented block', text(CERTIFICATE.replace(/^/gm, '  ')), 'indented'],
    ['prose', text('hello'), 'neither PEM nor a kubeconfig'],
    ['a manifest', text('apiVersion: v1\nkind: Pod\n'), 'of the kind Pod'],
    ['a broken kubeconfig', text('kind: Config\nclusters: {a: b}\n'), 'kubeconfig: line 2'],
    [
      'a huge kubeconfig',
      text(`users:\n${'- a\n'.repeat(700_000)}`),
      'more than the limit of 2097152',
    ],
    ['a kubeconfig of another kind', text('kind: Cluster\nusers: []\n'), 'expected Config'],
  ])('says why it knows nothing of %s', (_what, bytes, reason) => {
    const material = identify(bytes);
    expect(reasonOf(material)).toContain(reason);
    expect(holdsSomething(material)).toBe(false);
  });

  it('never throws, and is done in time linear to the input', () => {
    const started = performance.now();
    for (const unit of ['-----BEGIN ', '\n-----END ', '{,', ' \n', '0\x82', ',    ']) {
      identify(text(unit.repeat(500_000)));
    }
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('never throws for what damage makes of good files', () => {
    const seeds = [
      text(CERTIFICATE + encodePrivateKey(KEY)),
      Buffer.from(leafOf('ECDSA-P256')),
      Buffer.from(exportPrivateKeyDer(KEY)),
      Buffer.from(REQUEST),
      text('clusters: [{name: a, cluster: {server: "https://a"}}]'),
    ];
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), damage, fc.nat(), (seed, changes, cut) => {
        const bytes = Buffer.from(seed);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const material = identify(
          bytes.subarray(0, cut % 3 === 0 ? cut % bytes.length : undefined),
        );
        expect(['pem', 'der', 'kubeconfig', 'unknown']).toContain(material.format);
      }),
      { numRuns: 500 },
    );
  });
});
