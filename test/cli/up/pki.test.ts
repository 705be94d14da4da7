import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openClusterFile } from '../../../src/cli/up/cluster-file.ts';
import { makePki } from '../../../src/cli/up/pki.ts';
import { KubepkiError } from '../../../src/errors.ts';
import { freePort } from '../../free-port.ts';
import { temporaryDirectory } from '../../temporary.ts';

const NOW = new Date('2026-03-01T10:00:00Z');
const DAY = 86_400_000;
const later = (days: number): Date => new Date(NOW.getTime() + days * DAY);

async function arrange() {
  const directory = temporaryDirectory();
  const cluster = await openClusterFile(directory, await freePort());
  const made = await makePki(directory, cluster, NOW);
  const again = async (now = NOW) => makePki(directory, cluster, now);
  const refusal = async (now = NOW): Promise<KubepkiError> => {
    const error: unknown = await again(now).catch((reason: unknown) => reason);
    if (error instanceof KubepkiError) return error;
    throw new Error('it was not refused');
  };
  return { directory, pki: join(directory, 'pki'), made, again, refusal };
}

describe('what kubepki up says of its PKI', () => {
  it('counts what was made, and what is there', async () => {
    const { made, again } = await arrange();
    expect(made).toMatchObject({ made: 22, total: 22, notes: [] });
    expect(await again()).toMatchObject({ made: 0, total: 22, notes: [] });
  });

  it('names the first that ends, and notes those that end soon', async () => {
    const { again } = await arrange();
    const { first, notes } = await again(later(350));
    expect(first).toMatchObject({ path: expect.stringContaining('admin.conf') });
    expect(first?.notAfter.toISOString().slice(0, 10)).toBe('2027-03-01');
    expect(notes.filter(({ note }) => note.startsWith('expires in'))).toHaveLength(12);
  });

  it('notes that the key of a CA is gone, although all the rest is there', async () => {
    const { pki, again } = await arrange();
    rmSync(join(pki, 'authorities/ca.key'));
    const { made, notes } = await again();
    expect(made).toBe(0);
    expect(notes).toEqual([
      { path: join(pki, 'authorities/ca.crt'), note: expect.stringContaining('key is not here') },
    ]);
  });
});

describe('kubepki up on a PKI that it cannot use', () => {
  it("never lets a wrong clock be a reason to make it anew: what is not valid yet is the clock's", async () => {
    const { refusal } = await arrange();
    const { message, hint = '', issues } = await refusal(later(-30));
    expect(message).toMatch(/3 files are not what is wanted, and \d+ more hang on that$/);
    expect(issues).toHaveLength(3);
    expect(hint).toContain("set this machine's clock right (it says 2026-01-30");
    expect(hint).toContain('nothing has to be made anew');
    expect(hint).not.toMatch(/move|another|remove/);
  });

  it('asks for the clock first where something has expired, and then how to go on', async () => {
    const { refusal } = await arrange();
    const { hint } = await refusal(later(400));
    expect(hint).toMatch(
      /^is this machine's clock right \(it says 2027-04-05.*\)\? If it is, move/,
    );
    const ca = await refusal(later(4000));
    expect(ca.hint).toMatch(/^is this machine's clock right/);
    expect(ca.hint).not.toContain('move these files away');
  });

  it('says of a lost key that certificate and key are made anew once they are moved away', async () => {
    const { pki, refusal, again } = await arrange();
    const base = join(pki, 'hosts/server/etc/kubernetes/pki/apiserver');
    rmSync(`${base}.key`);
    const { message, issues, hint } = await refusal();
    expect(message).toContain('1 file is not what is wanted');
    expect(issues).toEqual([{ path: `${base}.crt`, message: expect.any(String) }]);
    expect(hint).toContain('move these files away');
    renameSync(`${base}.crt`, join(pki, '../away.crt'));
    expect(await again()).toMatchObject({ made: 1 });
  });

  it('folds what hangs on a damaged CA, and leads to plan', async () => {
    const { directory, pki, refusal } = await arrange();
    writeFileSync(join(pki, 'authorities/ca.crt'), 'torn');
    const { issues, hint } = await refusal();
    expect(issues.every(({ message }) => !message.endsWith('see there'))).toBe(true);
    expect(hint).toContain(`kubepki plan -f ${directory}/cluster.yaml -d ${pki}`);
  });

  it('names no flag that it does not have', async () => {
    const { pki, refusal } = await arrange();
    writeFileSync(join(pki, 'authorities/cluster-name'), 'another\n');
    const { message, hint = '' } = await refusal();
    expect(message).toContain('of the cluster "another"');
    expect(hint).toContain('--data-dir');
    expect(hint.replaceAll(/kubepki plan .*/g, '')).not.toContain(' -d');
  });

  it('does not go on without what a CA whose key is gone would have to sign', async () => {
    const { pki, refusal } = await arrange();
    rmSync(join(pki, 'authorities/ca.key'));
    const base = join(pki, 'hosts/server/etc/kubernetes/pki/apiserver');
    for (const ending of ['crt', 'key']) rmSync(`${base}.${ending}`);
    const { message } = await refusal();
    expect(message).toMatch(/not what is wanted|the key of the CA is not there/);
  });
});

describe('the cluster file of kubepki up', () => {
  it('is written for the port that the PKI beside it was made for', async () => {
    const { directory } = await arrange();
    const path = join(directory, 'cluster.yaml');
    const text = readFileSync(path, 'utf8');
    rmSync(path);
    await expect(openClusterFile(directory, 1)).rejects.toMatchObject({ code: 'USAGE' });
    await openClusterFile(directory, undefined);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('is not guessed where nothing says the port', async () => {
    const { directory, pki } = await arrange();
    rmSync(join(directory, 'cluster.yaml'));
    rmSync(join(pki, 'admin/admin.conf'));
    await expect(openClusterFile(directory, undefined)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('nothing says which port'),
    });
  });

  it('has to be of the port that the PKI was made for', async () => {
    const { directory } = await arrange();
    const path = join(directory, 'cluster.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1'));
    await expect(openClusterFile(directory, undefined)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/says port 1, but pki\/ was made for port \d+$/),
    });
  });

  it('has to have the host that up runs on', async () => {
    const { directory } = await arrange();
    const path = join(directory, 'cluster.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace('name: server', 'name: cp-1'));
    await expect(openClusterFile(directory, undefined)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('no control plane "server" on 127.0.0.1'),
    });
  });
});
