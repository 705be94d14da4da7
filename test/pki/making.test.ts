import { describe, expect, it } from 'vitest';
import { authorityItems, type CredentialId, readCluster } from '../../src/cluster/index.ts';
import type { Place } from '../../src/pki/index.ts';
import { mayMake } from '../../src/pki/making.ts';
import { clusterText } from '../cluster/cluster-text.ts';

const HOSTS = [
  { name: 'cp-1', addresses: ['10.0.0.1'], roles: ['control-plane'] },
  { name: 'cp-2', addresses: ['10.0.0.2'], roles: ['control-plane'] },
  { name: 'etcd-1', addresses: ['10.0.0.3'], roles: ['etcd'] },
];
const OFFLINE = readCluster(clusterText({ hosts: HOSTS }), 'c');
const AS_KUBEADM = readCluster(clusterText({ hosts: HOSTS, caKeys: 'controlPlane' }), 'c');

const DIRECTORY: Place = { kind: 'directory', directory: '/d' };
const on = (host: string): Place => ({ kind: 'machine', host, root: '/' });
const MOUNTED: Place = { kind: 'machine', host: 'cp-1', root: '/', directory: '/mnt' };

const COPY = { path: '/d/hosts/cp-1/ca.crt', copyOf: 'cp-1' };
const ISSUED = { path: '/d/hosts/cp-1/apiserver.crt' };

const FROM_KEY = 'its key is there, the rest is not';
const BACKUP = 'put it and its key back';

describe('mayMake', () => {
  it.each<
    [
      what: string,
      CredentialId,
      Place,
      typeof OFFLINE,
      boolean,
      typeof ISSUED | undefined,
      boolean,
      string,
    ]
  >([
    ['a first CA', 'ca', DIRECTORY, OFFLINE, false, undefined, true, 'not there'],
    ['a CA whose making was cut short', 'ca', DIRECTORY, OFFLINE, true, undefined, true, FROM_KEY],
    [
      'a lost CA',
      'ca',
      DIRECTORY,
      OFFLINE,
      false,
      COPY,
      false,
      `lost: cp-1 holds a copy (${COPY.path}); ${BACKUP} from there or`,
    ],
    [
      'a lost CA certificate',
      'ca',
      DIRECTORY,
      OFFLINE,
      true,
      COPY,
      false,
      `lost: cp-1 holds a copy (${COPY.path}); its key is still here, so copy it back`,
    ],
    [
      'a lost CA of which no copy is left',
      'ca',
      DIRECTORY,
      OFFLINE,
      false,
      ISSUED,
      false,
      `lost: ${ISSUED.path} comes from it; ${BACKUP} from a backup`,
    ],
    [
      'a lost CA certificate of which no copy is left',
      'ca',
      DIRECTORY,
      OFFLINE,
      true,
      ISSUED,
      false,
      'lost: ',
    ],
    ['a first key pair', 'sa', DIRECTORY, OFFLINE, false, undefined, true, 'not there'],
    ['a lost key pair', 'sa', DIRECTORY, OFFLINE, false, COPY, false, 'lost: '],
    ['a public key, which its key holds', 'sa', DIRECTORY, OFFLINE, true, COPY, true, FROM_KEY],
    [
      'a CA on a machine, with offline keys',
      'ca',
      on('cp-1'),
      OFFLINE,
      false,
      undefined,
      false,
      'not on this machine, and not made here (caKeys: offline)',
    ],
    [
      'a CA certificate on a machine, with offline keys',
      'ca',
      on('cp-1'),
      OFFLINE,
      true,
      undefined,
      false,
      'its key is on this machine, its certificate is not, and not made here (caKeys: offline)',
    ],
    [
      'a CA on the first control plane, as kubeadm',
      'ca',
      on('cp-1'),
      AS_KUBEADM,
      false,
      undefined,
      true,
      'not there',
    ],
    [
      'a CA that was being made there',
      'ca',
      on('cp-1'),
      AS_KUBEADM,
      true,
      undefined,
      true,
      FROM_KEY,
    ],
    ['a CA that was lost there', 'ca', on('cp-1'), AS_KUBEADM, true, ISSUED, false, 'lost: '],
    [
      'a CA on the second control plane',
      'ca',
      on('cp-2'),
      AS_KUBEADM,
      false,
      undefined,
      false,
      '(caKeys: controlPlane, made on cp-1)',
    ],
    [
      'the etcd CA on the first member',
      'etcd-ca',
      on('etcd-1'),
      AS_KUBEADM,
      false,
      undefined,
      true,
      'not there',
    ],
    [
      'the etcd CA on a control plane',
      'etcd-ca',
      on('cp-1'),
      AS_KUBEADM,
      false,
      undefined,
      false,
      '(caKeys: controlPlane, made on etcd-1)',
    ],
    ['a public key on a machine', 'sa', on('cp-2'), AS_KUBEADM, true, undefined, true, FROM_KEY],
    [
      'a CA in the directory of a machine',
      'ca',
      MOUNTED,
      AS_KUBEADM,
      false,
      undefined,
      false,
      'with --root no authorities are made',
    ],
    [
      'a CA certificate in the directory of a machine',
      'ca',
      MOUNTED,
      OFFLINE,
      true,
      undefined,
      false,
      'with --root no authorities are made',
    ],
    [
      'a public key in the directory of a machine',
      'sa',
      MOUNTED,
      OFFLINE,
      true,
      undefined,
      false,
      'with --root no authorities are made',
    ],
  ])('%s', (_what, id, place, cluster, keyIsThere, trace, make, reason) => {
    const item = authorityItems(cluster).find(({ credential }) => credential === id);
    if (item === undefined) throw new Error(`no ${id}`);
    const decision = mayMake({ item, keyIsThere, trace }, place, cluster);
    expect(decision).toEqual({ make, reason: expect.stringContaining(reason) });
  });
});
