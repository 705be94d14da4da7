import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KubepkiError } from '../../src/errors.ts';
import { DISK, type Disk } from '../../src/node/disk.ts';
import { CertificateStore } from '../../src/node/store.ts';
import {
  encodePem,
  encodePrivateKey,
  generatePrivateKey,
  type PrivateKey,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { type Authority, makeAuthority } from './fake-api.ts';

const NOW = new Date(2026, 2, 4, 5, 6, 7);
const authority = makeAuthority(NOW);

function makePair(by: Authority = authority): { pem: string; key: PrivateKey } {
  const key = generatePrivateKey('ECDSA-P256');
  const der = by.issuer.issue(
    {
      subject: [],
      notBefore: NOW,
      notAfter: new Date(NOW.getTime() + 3_600_000),
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['clientAuth'],
      subjectAltNames: { dns: ['node'] },
    },
    key.spki,
  );
  return { pem: encodePem('CERTIFICATE', der), key };
}

const open = (directory: string, options: { disk?: Disk; now?: Date } = {}): CertificateStore =>
  new CertificateStore({
    directory,
    prefix: 'kubelet-client',
    now: () => options.now ?? NOW,
    ...(options.disk === undefined ? {} : { disk: options.disk }),
  });

describe('the certificate store', () => {
  it('keeps a pair in a dated file of local time, certificates before the key, and links to it', async () => {
    const dir = join(temporaryDirectory(), 'pki');
    const { pem, key } = makePair();
    const chain = `text before\n${pem}${authority.pem}${encodePrivateKey(generatePrivateKey('ECDSA-P256'))}`;
    const stored = await open(dir).update(chain, key);
    const dated = join(dir, 'kubelet-client-2026-03-04-05-06-07.pem');
    expect(stored.file).toBe(dated);
    expect(readFileSync(dated, 'utf8')).toBe(`${pem}${authority.pem}${encodePrivateKey(key)}`);
    expect(statSync(dated).mode & 0o777).toBe(0o600);
    expect(statSync(dir).mode & 0o777).toBe(0o755);
    expect(readlinkSync(join(dir, 'kubelet-client-current.pem'))).toBe(dated);
    expect(readdirSync(dir).sort()).toEqual([
      'kubelet-client-2026-03-04-05-06-07.pem',
      'kubelet-client-current.pem',
    ]);
    expect(open(dir).current()).toMatchObject({ serial: stored.serial, keyPem: stored.keyPem });
  });

  it('never touches a file that is there, and keeps the one before', async () => {
    const dir = temporaryDirectory();
    const store = open(dir);
    const first = makePair();
    const second = makePair();
    const a = await store.update(first.pem, first.key);
    const before = readFileSync(a.file, 'utf8');
    const b = await store.update(second.pem, second.key);
    expect(b.file).toBe(join(dir, 'kubelet-client-2026-03-04-05-06-08.pem'));
    expect(readFileSync(a.file, 'utf8')).toBe(before);
    expect(store.current()?.serial).toBe(b.serial);
  });

  it('keeps the pair in use and the one before it, and nothing that it has not made', async () => {
    const dir = temporaryDirectory();
    const mine = ['kubelet-client-old.pem', 'kubelet-server-2026-03-04-05-06-07.pem', 'ca.crt'];
    for (const name of mine) writeFileSync(join(dir, name), name);
    mkdirSync(join(dir, 'kubelet-client-2020-01-01-00-00-00.pem'));
    const files: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { pem, key } = makePair();
      // The clock may go back meanwhile: order is not that of names.
      const now = new Date(NOW.getTime() - i * 3_600_000);
      files.push((await open(dir, { now }).update(pem, key)).file);
    }
    expect(files.map((file) => existsSync(file))).toEqual([false, false, true, true]);
    expect(readdirSync(dir).sort()).toEqual(
      [
        ...mine,
        'kubelet-client-2020-01-01-00-00-00.pem',
        'kubelet-client-2026-03-04-02-06-07.pem',
        'kubelet-client-2026-03-04-03-06-07.pem',
        'kubelet-client-current.pem',
      ].sort(),
    );
  });

  it('has stored a pair also where old ones cannot be deleted', async () => {
    const dir = temporaryDirectory();
    const disk: Disk = {
      ...DISK,
      remove: () => {
        throw new KubepkiError('FILE_SYSTEM', 'operation not permitted');
      },
    };
    for (let i = 0; i < 3; i++) {
      const { pem, key } = makePair();
      const { serial } = await open(dir, { disk }).update(pem, key);
      expect(open(dir).current()?.serial).toBe(serial);
    }
    expect(readdirSync(dir)).toHaveLength(4);
  });

  it('looks up the link, then the configured files, then <prefix>.crt and .key', async () => {
    const dir = temporaryDirectory();
    const plain = makePair();
    writeFileSync(join(dir, 'kubelet-client.crt'), plain.pem);
    writeFileSync(join(dir, 'kubelet-client.key'), encodePrivateKey(plain.key));
    const configured = makePair();
    const certificateFile = join(dir, 'a.crt');
    const keyFile = join(dir, 'a.key');
    writeFileSync(certificateFile, configured.pem);
    expect(open(dir).current()?.file).toBe(join(dir, 'kubelet-client.crt'));
    const store = new CertificateStore({
      directory: dir,
      prefix: 'kubelet-client',
      now: () => NOW,
      configured: { certificateFile, keyFile },
    });
    // A certificate without its key is none.
    expect(store.current()?.file).toBe(join(dir, 'kubelet-client.crt'));
    writeFileSync(keyFile, encodePrivateKey(configured.key));
    expect(store.current()?.file).toBe(certificateFile);
    const linked = makePair();
    await store.update(linked.pem, linked.key);
    expect(store.current()?.file).toBe(store.currentPath);
  });

  it('has nothing in a directory that is empty or not there', () => {
    const dir = temporaryDirectory();
    expect(open(dir).current()).toBeUndefined();
    expect(open(join(dir, 'none')).current()).toBeUndefined();
  });

  it('puts right the state between the two steps of a kubelet', async () => {
    const dir = temporaryDirectory();
    const { pem, key } = makePair();
    const stored = await open(dir).update(pem, key);
    renameSync(join(dir, 'kubelet-client-current.pem'), join(dir, 'kubelet-client-updated.pem'));
    expect(open(dir).current()?.serial).toBe(stored.serial);
    expect(lstatSync(join(dir, 'kubelet-client-current.pem')).isSymbolicLink()).toBe(true);
  });

  it('refuses a regular file where a link is expected, and leaves it alone', async () => {
    const dir = temporaryDirectory();
    const { pem, key } = makePair();
    const path = join(dir, 'kubelet-client-current.pem');
    writeFileSync(path, `${pem}${encodePrivateKey(key)}`);
    const store = open(dir);
    expect(store.current()).toBeDefined();
    await expect(store.update(pem, key)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(readdirSync(dir)).toEqual(['kubelet-client-current.pem']);
    const other = temporaryDirectory();
    writeFileSync(join(other, 'kubelet-client-updated.pem'), 'mine');
    expect(() => open(other)).toThrow('expected a symbolic link');
  });

  it.each([
    ['nothing', ''],
    ['half a pair', makePair().pem],
    ['the key of another certificate', `${makePair().pem}${encodePrivateKey(makePair().key)}`],
    ['something else', 'not PEM'],
  ])('says so where the current file holds %s', (_, content) => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, 'some.pem'), content);
    symlinkSync(join(dir, 'some.pem'), join(dir, 'kubelet-client-current.pem'));
    expect(() => open(dir).current()).toThrow(
      expect.objectContaining({
        code: 'DAMAGED_STATE',
        message: expect.stringContaining('kubelet-client-current.pem'),
      }),
    );
  });

  it('stores no certificate with the key of another', async () => {
    const dir = temporaryDirectory();
    await expect(open(dir).update(makePair().pem, makePair().key)).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(open(dir).update('garbage', makePair().key)).rejects.toMatchObject({
      code: 'MALFORMED_PEM',
    });
    expect(readdirSync(dir)).toEqual([]);
  });
});

class Killed extends Error {}

/** A disk of a process that is killed before its nth change to it; what it is told afterwards does not happen. */
function dying(after: number): { disk: Disk; changes: () => number } {
  let changes = 0;
  const change = <A extends unknown[], R>(work: (...args: A) => R) => {
    return (...args: A): R => {
      if (changes >= after) throw new Killed();
      changes++;
      return work(...args);
    };
  };
  return {
    changes: () => changes,
    disk: {
      ...DISK,
      makeDirectory: change(DISK.makeDirectory),
      create: change(async (path: string, content: string) => DISK.create(path, content)),
      link: change(DISK.link),
      rename: change(DISK.rename),
      remove: change(DISK.remove),
      sync: change(async (path: string) => DISK.sync(path)),
    },
  };
}

describe('a store whose process is killed', () => {
  it('at any step has the old pair or the new one, and takes the next', async () => {
    const { pem, key } = makePair();
    const total = dying(Infinity);
    await open(temporaryDirectory(), { disk: total.disk }).update(pem, key);
    const steps = total.changes();
    expect(steps).toBeGreaterThan(5);
    const seen = new Set<string>();
    for (let step = 0; step <= steps; step++) {
      const dir = temporaryDirectory();
      const old = makePair();
      const stored = await open(dir).update(old.pem, old.key);
      const fresh = makePair();
      const { disk } = dying(step);
      const outcome = open(dir, { disk }).update(fresh.pem, fresh.key);
      if (step < steps) await expect(outcome).rejects.toThrow(Killed);
      else await outcome;
      const after = open(dir).current();
      seen.add(after?.serial === stored.serial ? 'old' : 'new');
      expect([encodePrivateKey(old.key), encodePrivateKey(fresh.key)]).toContain(after?.keyPem);
      expect(readdirSync(dir).filter((name) => name.startsWith('.'))).toEqual([]);
      const next = makePair();
      await open(dir).update(next.pem, next.key);
      expect(open(dir).current()?.keyPem).toBe(encodePrivateKey(next.key));
      expect(readdirSync(dir)).not.toContain('kubelet-client-updated.pem');
    }
    expect(seen).toEqual(new Set(['old', 'new']));
  });

  it('at any step of the first pair has that or none, and takes the next', async () => {
    for (let step = 0; step <= 8; step++) {
      const dir = join(temporaryDirectory(), 'pki');
      const { pem, key } = makePair();
      await open(dir, { disk: dying(step).disk })
        .update(pem, key)
        .catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      const after = open(dir).current();
      expect([undefined, encodePrivateKey(key)]).toContain(after?.keyPem);
      const next = makePair();
      await open(dir).update(next.pem, next.key);
      expect(open(dir).current()?.keyPem).toBe(encodePrivateKey(next.key));
    }
  });

  it('leaves no half of a key under a name that is ever read', async () => {
    const dir = temporaryDirectory();
    mkdirSync(dir, { recursive: true });
    // What a kill in the middle of a write leaves: a part of the temporary file.
    const torn = join(dir, '.kubelet-client-2026-03-04-05-06-07.pem.kubepki-tmp');
    writeFileSync(torn, '-----BEGIN EC PRI');
    const { pem, key } = makePair();
    await open(dir).update(pem, key);
    expect(readdirSync(dir)).not.toContain('.kubelet-client-2026-03-04-05-06-07.pem.kubepki-tmp');
    expect(open(dir).current()?.keyPem).toBe(encodePrivateKey(key));
  });
});
