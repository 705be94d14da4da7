/** Keys of two credentials that are one file: whoever has one of the hosts is the other as well. */
import { copyFileSync, linkSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bundle } from '../../src/pki/index.ts';
import { type Fixture, NOW, pki } from './fixture.ts';

const key = (host: string): string => `hosts/${host}/var/lib/kubelet/pki/kubelet.key`;
const certificate = (host: string): string => `hosts/${host}/var/lib/kubelet/pki/kubelet.crt`;

const HOSTS = [
  { name: 'cp-1', addresses: ['10.0.0.1'], roles: ['control-plane', 'etcd'] },
  { name: 'w-1', addresses: ['10.0.0.2'], roles: ['worker'] },
  { name: 'w-2', addresses: ['10.0.0.3'], roles: ['worker'] },
];

/** The key of w-2 is that of w-1, and its certificate was made for it. */
async function linked(link = linkSync): Promise<Fixture> {
  const fixture = pki({ hosts: HOSTS, kubeletCertificates: 'files' });
  await fixture.apply();
  rmSync(fixture.path(certificate('w-2')));
  rmSync(fixture.path(key('w-2')));
  link(fixture.path(key('w-1')), fixture.path(key('w-2')));
  await fixture.apply();
  return fixture;
}

const notesOf = async (fixture: Fixture, host: string): Promise<readonly string[] | undefined> =>
  (await fixture.plan()).steps.find(({ path }) => path === fixture.path(certificate(host)))?.notes;

const NOTE = 'the key is a hard link: the same file has another name elsewhere';

describe('a key that is a hard link', () => {
  it('to the key of another host is named with that', async () => {
    const fixture = await linked();
    const [one, two] = ['w-1', 'w-2'].map((host) => fixture.path(certificate(host)));
    expect(await notesOf(fixture, 'w-1')).toEqual([`${NOTE}, and is that of ${two}`]);
    expect(await notesOf(fixture, 'w-2')).toEqual([`${NOTE}, and is that of ${one}`]);
  });

  it('to a place that the cluster does not have is noted', async () => {
    const fixture = await linked();
    rmSync(fixture.path(key('w-1')));
    rmSync(fixture.path(certificate('w-1')));
    linkSync(fixture.path(key('w-2')), fixture.path('elsewhere'));
    expect(await notesOf(fixture, 'w-2')).toEqual([NOTE]);
  });

  it('is told by bundle, too', async () => {
    const fixture = await linked();
    const packed = bundle({
      cluster: fixture.cluster,
      place: { kind: 'directory', directory: fixture.directory },
      host: 'w-2',
      partial: false,
      mtime: 0,
      now: NOW,
    });
    expect(packed.noted).toEqual([{ path: fixture.path(certificate('w-2')), note: NOTE }]);
  });

  it('is not what a copy is', async () => {
    expect(await notesOf(await linked(copyFileSync), 'w-2')).toEqual([]);
  });
});
