/** What is signed: dates, chains, all or nothing; and the way of an external CA, there and back. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KubepkiError } from '../../src/errors.ts';
import { findLeaf } from '../../src/pki/csr/leaves.ts';
import {
  authorityOfCluster,
  authorityOfDirectory,
  catalogueJudge,
  flagPolicy,
  judgeByPolicy,
  makeRequest,
  makeRequestInPlace,
  readAuthority,
  type SigningAuthority,
  type SigningOptions,
  signRequests,
  wantedByCluster,
  whereItLies,
} from '../../src/pki/index.ts';
import {
  type Certificate,
  createIssuer,
  encodePem,
  encodePrivateKey,
  keysMatch,
  makeName,
  type PrivateKey,
  parseCertificate,
  readCertificates,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { forge as forgeCertificate, constraints as nameConstraints } from '../x509/forge.ts';
import { keyOf } from '../x509/support.ts';
import { CA_KEY, ca, forgeDer, names, pemOf, SERVER, usages } from './csr-requests.ts';
import { later, NOW, pki } from './fixture.ts';

const LOOSE = flagPolicy({
  commonNames: [],
  organizations: [],
  dns: [],
  ip: [],
  keyAlgorithms: [],
  requestedNames: true,
});
const loose: SigningOptions['judge'] = (asked) => judgeByPolicy(asked, LOOSE, {});

const authorityOf = (
  certificate: Certificate,
  key: PrivateKey = CA_KEY,
  above: Certificate[] = [],
): SigningAuthority => ({ id: 'ca', issuer: createIssuer(certificate, key), above, chainText: '' });

const server = (dns = 'web.example.com') => ({
  name: `${dns}.csr`,
  bytes: pemOf(forgeDer({ extensions: [[names({ dns: [dns] }), usages(SERVER)]] })),
});

function signed(authority: SigningAuthority, options: Partial<SigningOptions> = {}): Certificate {
  const [one] = signRequests([server()], {
    judge: loose,
    authority: () => authority,
    now: NOW,
    ...options,
  });
  if (one === undefined) throw new TypeError('expected a certificate');
  return one.certificate;
}

function failure(run: () => unknown): KubepkiError {
  try {
    run();
  } catch (error) {
    return error as KubepkiError;
  }
  throw new Error('expected an error');
}

describe('a signed certificate', () => {
  it('begins five minutes ago, ends when the policy says, and says what was judged and nothing else', () => {
    const certificate = signed(authorityOf(ca()));
    expect(certificate.notBefore).toEqual(new Date(NOW.getTime() - 5 * 60_000));
    expect(certificate.notAfter).toEqual(later(365));
    expect(certificate.subject).toEqual(makeName({ commonName: 'web' }));
    expect(certificate.subjectAltNames).toEqual({
      dns: ['web.example.com'],
      ip: [],
      uri: [],
      email: [],
    });
    expect(certificate).toMatchObject({
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['serverAuth'],
    });
    expect(certificate.extensions).toHaveLength(5);
  });

  it('never outlives its CA, and tells so', () => {
    const [one] = signRequests([server()], {
      judge: loose,
      authority: () => authorityOf(ca({ notAfter: later(10) })),
      now: NOW,
    });
    expect(one?.certificate.notAfter).toEqual(later(10));
    expect(one?.isCutShort).toBe(true);
    expect(
      signRequests([server()], { judge: loose, authority: () => authorityOf(ca()), now: NOW })[0]
        ?.isCutShort,
    ).toBe(false);
  });
});

describe('signRequests', () => {
  it('signs nothing where one of many is refused, and names all that are', () => {
    let asked = 0;
    const authority = authorityOf(ca());
    const issuer = { ...authority.issuer, issue: () => (asked++, new Uint8Array()) };
    const bad = { name: 'bad.csr', bytes: pemOf(forgeDer({})) };
    const worse = { name: 'worse.csr', bytes: Buffer.from('nothing') };
    const error = failure(() =>
      signRequests([server('a.example.com'), bad, server('b.example.com'), worse], {
        judge: loose,
        authority: () => ({ ...authority, issuer }),
        now: NOW,
      }),
    );
    expect(error).toMatchObject({
      code: 'INVALID_VALUE',
      message: '2 of 4 requests are refused, and none is signed',
    });
    expect(error.issues.map(({ path }) => path)).toEqual(['bad.csr: usages', 'worse.csr: request']);
    expect(asked).toBe(0);
  });

  it('opens the key of no CA where a request is refused', () => {
    const authority = (): never => {
      throw new Error('opened');
    };
    const bad = { name: 'bad.csr', bytes: pemOf(forgeDer({})) };
    const run = (): unknown => signRequests([server(), bad], { judge: loose, authority, now: NOW });
    expect(run).toThrow('1 of 2 requests is refused');
  });

  it('checks the place of every certificate before the first is signed', () => {
    let asked = 0;
    const authority = authorityOf(ca());
    const issuer = { ...authority.issuer, issue: () => (asked++, new Uint8Array()) };
    const check = (given: { name: string }): void => {
      if (given.name === 'b.csr') throw new Error('taken');
    };
    const run = (): unknown =>
      signRequests(
        [
          { ...server(), name: 'a.csr' },
          { ...server(), name: 'b.csr' },
        ],
        {
          judge: loose,
          authority: () => ({ ...authority, issuer }),
          check,
          now: NOW,
        },
      );
    expect(run).toThrow('taken');
    expect(asked).toBe(0);
  });

  it('does not choose between several requests of one file', () => {
    const { bytes } = server();
    const error = failure(() =>
      signRequests(
        [{ name: 'two.csr', bytes: Buffer.concat([bytes, server('b.example.com').bytes]) }],
        {
          judge: loose,
          authority: () => authorityOf(ca()),
          now: NOW,
        },
      ),
    );
    expect(error.issues).toEqual([
      { path: 'two.csr: request', message: 'several requests in one file [always refused]' },
    ]);
  });

  it('gives out nothing that its own CA forbids: its verifiers would refuse it', () => {
    const key = keyOf('ECDSA-P256', 8);
    const confined = forgeCertificate({
      subject: 'kubernetes',
      key,
      ca: true,
      from: new Date('2026-01-01'),
      until: new Date('2036-01-01'),
      keyUsage: ['keyCertSign'],
      subjectKeyId: Buffer.alloc(20, 1),
      more: [nameConstraints([[2, 'other.org']])],
    });
    expect(() => signed(authorityOf(confined, key))).toThrow(/no component would accept it/);
  });
});

/** A directory with the files of a CA. */
function files(certificate: Certificate, key: PrivateKey, behind: readonly Certificate[] = []) {
  const directory = temporaryDirectory();
  const certificatePath = join(directory, 'ca.crt');
  const keyPath = join(directory, 'ca.key');
  const all = [certificate, ...behind].map(({ der }) => encodePem('CERTIFICATE', der));
  writeFileSync(certificatePath, all.join(''));
  writeFileSync(keyPath, encodePrivateKey(key));
  return { id: 'ca', certificatePath, keyPath } as const;
}

describe('readAuthority', () => {
  it.each([
    ['that is over', { notAfter: later(-1) }, /expired on/],
    ['that is not valid yet', { notBefore: later(1) }, /not valid before/],
  ])('refuses a CA %s', (_, changes, message) => {
    expect(() => readAuthority(files(ca(changes), CA_KEY), {}, NOW)).toThrow(message);
  });

  it('refuses what is no CA, may not sign, or has another key', () => {
    const leaf = ca({ basicConstraints: { ca: false } });
    expect(() => readAuthority(files(leaf, CA_KEY), {}, NOW)).toThrow(/is not a CA/);
    const bare = ca({ keyUsage: ['digitalSignature'] });
    expect(() => readAuthority(files(bare, CA_KEY), {}, NOW)).toThrow(/may not sign/);
    expect(() => readAuthority(files(ca(), keyOf('ECDSA-P256', 1)), {}, NOW)).toThrow(
      /is not the key of/,
    );
  });

  it('names the file that is missing, and says what an encrypted key needs', () => {
    const there = files(ca(), CA_KEY);
    const key = encodePrivateKey(CA_KEY, { passphrase: 'secret' });
    writeFileSync(there.keyPath, key);
    expect(failure(() => readAuthority(there, {}, NOW))).toMatchObject({
      code: 'PASSPHRASE_NEEDED',
      hint: expect.stringContaining('--ca-passphrase-file'),
    });
    expect(failure(() => readAuthority(there, { passphrase: Buffer.from('no') }, NOW)).code).toBe(
      'WRONG_PASSPHRASE',
    );
    expect(readAuthority(there, { passphrase: Buffer.from('secret') }, NOW).id).toBe('ca');
    rmSync(there.keyPath);
    expect(failure(() => readAuthority(there, {}, NOW))).toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('ca.key: no such file'),
    });
  });

  it('puts an intermediate CA behind what it has signed, and never the root', () => {
    const rootKey = keyOf('ECDSA-P256', 5);
    const root = ca({ subject: makeName({ commonName: 'Company Root' }) }, rootKey);
    const dates = { notBefore: new Date('2026-01-01'), notAfter: new Date('2035-01-01') };
    const middle = parseCertificate(
      createIssuer(root, rootKey).issue(
        {
          subject: makeName({ commonName: 'kubernetes' }),
          ...dates,
          basicConstraints: { ca: true },
          keyUsage: ['keyCertSign'],
          extendedKeyUsage: [],
        },
        CA_KEY.spki,
      ),
    );
    const authority = readAuthority(files(middle, CA_KEY, [root]), {}, NOW);
    const [one] = signRequests([server()], { judge: loose, authority: () => authority, now: NOW });
    const [leaf, ...behind] = readCertificates(one?.text ?? '');
    expect(leaf.der).toEqual(one?.certificate.der);
    expect(behind.map(({ der }) => der)).toEqual([middle.der]);
    const alone = readAuthority(files(root, rootKey), {}, NOW);
    const [other] = signRequests([server()], { judge: loose, authority: () => alone, now: NOW });
    expect(readCertificates(other?.text ?? '')).toHaveLength(1);
  });
});

describe('where an authority lies', () => {
  it.each(['kubeadm', 'binary'])('is known of a directory of apply, layout %s', async (layout) => {
    const fixture = pki({ layout });
    await fixture.apply();
    const place = { kind: 'directory', directory: fixture.directory } as const;
    for (const id of ['ca', 'etcd-ca', 'front-proxy-ca'] as const) {
      const found = authorityOfDirectory(fixture.directory, id);
      expect(found).toEqual(authorityOfCluster(fixture.cluster, place, id));
      expect(readAuthority(found, {}, NOW).id).toBe(id);
    }
    expect(() => authorityOfCluster(fixture.cluster, place, 'server-ca')).toThrow(
      'this cluster has no server-ca',
    );
  });

  it('is not looked for in the directory of another cluster', async () => {
    const fixture = pki();
    await fixture.apply();
    const place = { kind: 'directory', directory: fixture.directory } as const;
    const other = { ...fixture.cluster, name: 'other' };
    expect(() => authorityOfCluster(other, place, 'ca')).toThrow(/are of the cluster "test"/);
  });
});

describe('an external CA', () => {
  it('signs by the cluster file what apply has asked for, and apply takes it up', async () => {
    const fixture = pki();
    await fixture.apply();
    const offline = temporaryDirectory();
    const keys = ['ca.key', 'etcd/ca.key', 'front-proxy-ca.key'];
    for (const name of keys)
      renameSync(fixture.path(`authorities/${name}`), join(offline, name.replace('/', '-')));
    for (const name of ['hosts', 'admin']) rmSync(fixture.path(name), { recursive: true });
    const { steps } = await fixture.apply();
    const requests = steps.flatMap(({ request }) => request ?? []);
    expect(requests.length).toBeGreaterThan(10);
    const judge = catalogueJudge(fixture.cluster, 'cluster.yaml', {});
    const place = { kind: 'directory', directory: fixture.directory } as const;
    const given = requests.map((request) => ({
      ...request,
      name: request.path,
      bytes: readFileSync(request.path),
    }));
    const answers = signRequests(given, {
      judge: (asked, { path }) =>
        judge(
          asked,
          {},
          whereItLies(
            fixture.cluster,
            path,
            { path: fixture.directory, isGiven: true },
            'cluster.yaml',
          ),
        ),
      authority: (issuer = 'ca') => {
        const found = authorityOfCluster(fixture.cluster, place, issuer);
        const name =
          found.keyPath?.slice(fixture.path('authorities/').length).replace('/', '-') ?? '';
        return readAuthority({ ...found, keyPath: join(offline, name) }, {}, NOW);
      },
      now: NOW,
    });
    for (const { given: request, text } of answers) writeFileSync(request.answers[0] ?? '', text);
    const taken = await fixture.apply();
    expect(taken.counts).toMatchObject({ take: requests.length, refuse: 0, request: 0, wait: 0 });
    expect((await fixture.plan()).counts).toMatchObject({ take: 0, create: 0, refuse: 0 });
  });
});

describe('makeRequest', () => {
  const { cluster } = pki({}, '/nowhere');
  const leaf = findLeaf(cluster, 'apiserver', 'cp-1', false);
  const wanted = wantedByCluster(leaf);

  it('overwrites neither key nor request, and leaves nothing half-made', async () => {
    const directory = temporaryDirectory();
    const [keyPath, requestPath] = [join(directory, 'a.key'), join(directory, 'a.csr')];
    await makeRequest({ wanted, key: 'ECDSA-P256', keyPath, requestPath });
    const before = [readFileSync(keyPath), readFileSync(requestPath)];
    rmSync(requestPath);
    await expect(
      makeRequest({ wanted, key: 'ECDSA-P256', keyPath, requestPath }),
    ).rejects.toMatchObject({
      code: 'CONFLICT',
      hint: `for a request with that key, give --key ${keyPath}`,
    });
    expect(existsSync(requestPath)).toBe(false);
    writeFileSync(requestPath, 'mine');
    const other = join(directory, 'b.key');
    await expect(
      makeRequest({ wanted, key: 'ECDSA-P256', keyPath: other, requestPath }),
    ).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(existsSync(other)).toBe(false);
    expect(readFileSync(keyPath)).toEqual(before[0]);
  });

  it('lets one of many at the same time win, whose key and request belong together', async () => {
    const directory = temporaryDirectory();
    const [keyPath, requestPath] = [join(directory, 'a.key'), join(directory, 'a.csr')];
    const runs = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        makeRequest({ wanted, key: 'ECDSA-P256', keyPath, requestPath }),
      ),
    );
    expect(runs.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { readRequest, decodePrivateKey } = await import('../../src/x509/index.ts');
    expect(
      keysMatch(readRequest(readFileSync(requestPath)), decodePrivateKey(readFileSync(keyPath))),
    ).toBe(true);
  });

  it('puts both where apply looks for them, which knows the request for its own', async () => {
    const fixture = pki();
    await fixture.apply();
    const offline = join(temporaryDirectory(), 'ca.key');
    renameSync(fixture.path('authorities/ca.key'), offline);
    const place = { kind: 'directory', directory: fixture.directory } as const;
    const options = { wanted, key: 'ECDSA-P256' } as const;
    await expect(makeRequestInPlace(fixture.cluster, place, leaf, options)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('apiserver.crt: there already'),
    });
    for (const ending of ['crt', 'key'])
      rmSync(fixture.path(`hosts/cp-1/etc/kubernetes/pki/apiserver.${ending}`));
    const made = await makeRequestInPlace(fixture.cluster, place, leaf, options);
    expect(made.requestPath).toBe(fixture.path('hosts/cp-1/etc/kubernetes/pki/apiserver.csr'));
    const { steps } = await fixture.plan();
    expect(steps.filter(({ action }) => action !== 'keep')).toEqual([
      expect.objectContaining({ action: 'wait', credential: 'apiserver' }),
    ]);
    await expect(makeRequestInPlace(fixture.cluster, place, leaf, options)).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('leaves kubeconfigs to apply', async () => {
    const fixture = pki();
    const scheduler = findLeaf(fixture.cluster, 'scheduler', 'cp-1', true);
    const place = { kind: 'directory', directory: fixture.directory } as const;
    await expect(
      makeRequestInPlace(fixture.cluster, place, scheduler, { wanted, key: 'ECDSA-P256' }),
    ).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});
