import { mkdirSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KubepkiError } from '../../src/errors.ts';
import { apply } from '../../src/pki/index.ts';
import { temporaryPath } from '../../src/pki/write.ts';
import { NOW, pki, snapshot } from './fixture.ts';

const HOSTS = 70;

describe('an apply that cannot go on', () => {
  it.each([0, 2])('says how many files it has made, with %i threads', async (threads) => {
    const hosts = Array.from({ length: HOSTS }, (_, i) => ({
      name: `h-${i}`,
      addresses: [`10.0.0.${i + 1}`],
      roles: i === 0 ? ['control-plane', 'etcd'] : ['worker'],
    }));
    const fixture = pki({ hosts });
    const { cluster, place, directory } = fixture;
    // A directory where a file has to be written first.
    const last = fixture.path(`hosts/h-${HOSTS - 1}/etc/kubernetes/kube-proxy.conf`);
    mkdirSync(temporaryPath(last), { recursive: true });
    const stopped: unknown = await apply({ cluster, place, now: NOW, threads }).catch(
      (error: unknown) => error,
    );
    expect(stopped).toBeInstanceOf(KubepkiError);
    const made = [...snapshot(directory).keys()].filter((name) => name !== '.kubepki.lock').length;
    expect(made).toBeGreaterThan(30);
    expect(stopped).toMatchObject({
      code: 'FILE_SYSTEM',
      message: `${last}: a directory, not a file; ${made} files were made before that`,
    });
    rmSync(temporaryPath(last), { recursive: true });
    const report = await apply({ cluster, place, now: NOW, threads });
    expect(report.counts.refuse).toBe(0);
  });
});
