/** What init --from makes of a PKI of which a part is lost, or is kept elsewhere. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Hidden } from '../../src/pki/adopt/hidden.ts';
import {
  createRequest,
  encodePem,
  encodePrivateKey,
  generatePrivateKey,
  makeName,
} from '../../src/x509/index.ts';
import {
  applied,
  BOTH,
  type Made,
  planned,
  SERVER,
  SERVICE_NAMES,
  Workshop,
} from './adopt-fixture.ts';

const MASTERS = ['system:masters'];
const API = 'https://10.0.0.1:6443';

/** Without some of its files. */
function lose({ directory }: Workshop, ...paths: readonly string[]): void {
  for (const path of paths) rmSync(join(directory, path));
}

interface Lab {
  readonly shop: Workshop;
  readonly ca: Made;
  readonly etcd: Made;
}

/** Three CAs, all leaves as pairs at the top or in etcd/, clients with their kubeconfigs beside them. */
function lab(options: { readonly kubeconfigs?: boolean } = {}): Lab {
  const { kubeconfigs = true } = options;
  const shop = new Workshop();
  const ca = shop.ca('ca', 'lab-ca');
  const etcd = shop.ca('etcd/ca', 'lab-etcd-ca');
  const proxy = shop.ca('front-proxy-ca', 'lab-front-proxy-ca');
  const member = { usages: BOTH, dns: ['cp-1', 'localhost'], ip: ['10.0.0.1', '127.0.0.1', '::1'] };
  shop.leaf('etcd/server', etcd, 'cp-1', member);
  shop.leaf('etcd/peer', etcd, 'cp-1', member);
  shop.leaf('etcd/healthcheck-client', etcd, 'health');
  shop.leaf('apiserver-etcd-client', etcd, 'kube-apiserver-etcd-client');
  shop.leaf('server', ca, 'kube-apiserver', {
    usages: SERVER,
    dns: [...SERVICE_NAMES, 'cp-1'],
    ip: ['10.96.0.1', '10.0.0.1'],
  });
  shop.leaf('apiserver-kubelet-client', ca, 'kube-apiserver-kubelet-client', { org: MASTERS });
  shop.leaf('front-proxy-client', proxy, 'front-proxy-client');
  const client = (name: string, cn: string, org: readonly string[] = []): void => {
    const made = shop.leaf(name, ca, cn, { org });
    if (kubeconfigs) shop.kubeconfig(`${name}.kubeconfig`, made, ca, API);
  };
  client('admin', 'admin', MASTERS);
  client('kube-controller-manager', 'system:kube-controller-manager');
  client('kube-scheduler', 'system:kube-scheduler');
  client('worker-1', 'system:node:worker-1', ['system:nodes']);
  shop.sa('sa.pub', 'sa.key');
  return { shop, ca, etcd };
}

const request = (
  name: string,
  cn: string,
  shop: Workshop,
  key = generatePrivateKey('ECDSA-P256'),
) =>
  shop.write(
    `${name}.csr`,
    encodePem('CERTIFICATE REQUEST', createRequest({ subject: makeName({ commonName: cn }) }, key)),
  );

describe('adopting a PKI whose CA key is kept elsewhere', () => {
  it('does not take the key of a CA in another directory for it', async () => {
    const { shop } = lab();
    lose(shop, 'ca.key');
    const proposal = shop.adopt();
    expect(proposal.problems).toEqual(['ca.crt: its key is not here']);
    expect(proposal.cluster.files).toMatchObject({
      ca: { certificate: 'ca.crt', key: 'ca.key' },
      'etcd-ca': { certificate: 'etcd/ca.crt', key: 'etcd/ca.key' },
    });
    expect(await planned(proposal)).toEqual([]);
  });

  it('nor where that key is encrypted, or its certificate is lost', () => {
    const { shop, etcd } = lab();
    lose(shop, 'ca.key');
    shop.write('etcd/ca.key', encodePrivateKey(etcd.key, { passphrase: 'open sesame' }), 0o600);
    const files = { ca: { key: 'ca.key' }, 'etcd-ca': { key: 'etcd/ca.key' } };
    expect(shop.adopt().cluster.files).toMatchObject(files);
    lose(shop, 'etcd/ca.crt');
    expect(shop.adopt().cluster.files).toMatchObject(files);
  });

  it('still names a wrong key in the same directory, whosever it is, and in a directory of keys', () => {
    const { shop, etcd } = lab();
    shop.write('ca.key', encodePrivateKey(etcd.key), 0o600);
    expect(shop.adopt().problems).toContain(
      'ca.key is not the key of ca.crt, beside which it lies',
    );
    const other = new Workshop((name) => [`certs/${name}.crt`, `keys/${name}.key`]);
    other.ca('ca', 'lab-ca');
    other.write('keys/ca.key', encodePrivateKey(generatePrivateKey('ECDSA-P256')), 0o600);
    expect(other.adopt().problems.join()).toMatch(
      /^keys\/ca\.key is not the key of certs\/ca\.crt/,
    );
  });
});

describe('adopting a PKI whose CA is lost', () => {
  it("does not take etcd's for the cluster's, and lets nothing be made in its place", async () => {
    const { shop } = lab({ kubeconfigs: false });
    lose(shop, 'ca.crt', 'ca.key', 'kube-scheduler.crt', 'kube-scheduler.key');
    const proposal = shop.adopt();
    expect(proposal.cluster).toMatchObject({
      authorities: 'separate',
      files: {
        ca: { certificate: 'ca.crt', key: 'ca.key' },
        'etcd-ca': { certificate: 'etcd/ca.crt', key: 'etcd/ca.key' },
      },
      credentials: { ca: { commonName: 'lab-ca' } },
    });
    expect(proposal.missing).not.toContain('ca');
    expect(proposal.problems.join('\n')).toMatch(/^the CA CN=lab-ca is not here: 5 certificates/m);
    expect(proposal.problems.join('\n')).toMatch(
      /^the certificate of the cluster's CA is not here/m,
    );
    const steps = await planned(proposal);
    expect(steps[0]).toMatch(/^refuse ca\.crt: lost: /);
    expect(steps.filter((line) => line.startsWith('create'))).toEqual([]);
  });

  it('says which kubeconfig still has its certificate', () => {
    const { shop } = lab();
    lose(shop, 'ca.crt');
    expect(shop.adopt().problems.join('\n')).toMatch(
      /CN=lab-ca is not here: .*; admin\.kubeconfig holds its certificate/,
    );
  });

  it("lets the cluster's CA make nothing for etcd, whose own is lost", async () => {
    const { shop } = lab();
    lose(shop, 'etcd/ca.crt', 'etcd/ca.key', 'etcd/peer.crt', 'etcd/peer.key');
    const proposal = shop.adopt();
    expect(proposal.cluster).toMatchObject({
      authorities: 'separate',
      files: {
        'etcd-ca': { certificate: 'etcd/ca.crt', key: 'etcd/ca.key' },
        'etcd-peer': { certificate: 'etcd/peer.crt', key: 'etcd/peer.key' },
      },
    });
    const steps = await planned(proposal);
    expect(steps.some((line) => line.startsWith('refuse etcd/ca.crt: lost: '))).toBe(true);
    expect(steps.filter((line) => line.startsWith('create'))).toEqual([]);
  });

  it('keeps the front proxy apart from the cluster too', async () => {
    const { shop } = lab();
    lose(shop, 'front-proxy-ca.crt', 'front-proxy-ca.key');
    const proposal = shop.adopt();
    expect(proposal.cluster.files).toMatchObject({
      'front-proxy-ca': { certificate: 'front-proxy-ca.crt' },
      'front-proxy-client': { certificate: 'front-proxy-client.crt' },
    });
    expect((await planned(proposal))[0]).toMatch(/^refuse front-proxy-ca\.crt: lost: /);
  });

  it('is split where the CA of the servers is here and that of the clients is not', () => {
    const shop = new Workshop();
    const servers = shop.ca('server-ca', 'servers');
    const clients = shop.ca(undefined, 'clients');
    shop.leaf('apiserver', servers, 'kube-apiserver', {
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'cp-1'],
      ip: ['10.96.0.1', '10.0.0.1'],
    });
    shop.leaf('kube-scheduler', clients, 'system:kube-scheduler');
    const { cluster } = shop.adopt();
    expect(cluster.authorities).toBe('split');
    expect(cluster.files).toMatchObject({
      ca: { certificate: 'ca.crt' },
      'server-ca': { certificate: 'server-ca.crt' },
    });
  });

  it('takes no notice of a stray certificate of another cluster', () => {
    const { shop } = lab();
    const elsewhere = shop.ca(undefined, 'elsewhere');
    const stray = shop.leaf(undefined, elsewhere, 'other-admin', { org: MASTERS });
    shop.kubeconfig('old.kubeconfig', stray, elsewhere, 'https://192.0.2.1:6443');
    const { cluster } = shop.adopt();
    expect(cluster.files?.ca).toEqual({ certificate: 'ca.crt', key: 'ca.key' });
    expect(cluster.files?.admin).toEqual({ kubeconfig: 'admin.kubeconfig' });
  });

  it('cannot tell which of two CAs of one name counts where neither has issued anything', () => {
    const shop = new Workshop();
    shop.ca('a', 'kubernetes', { from: -1 });
    shop.ca('b', 'kubernetes', { from: -2 });
    const { problems, untold } = shop.adopt();
    expect(untold[0]).toBe(
      'which of two CAs of the name kubernetes counts, a.crt or b.crt: taken was a.crt',
    );
    expect(problems.join()).not.toMatch(/issued less/);
  });
});

describe('adopting a PKI whose nodes have lost files', () => {
  function nodes(count: number): Workshop {
    const shop = new Workshop((name) => [`${name}.pem`, `${name}-key.pem`]);
    const ca = shop.ca('ca', 'Kubernetes');
    for (let i = 1; i <= count; i++) {
      const made = shop.leaf(`worker-${i}`, ca, `system:node:worker-${i}`, {
        org: ['system:nodes'],
        usages: BOTH,
        dns: [`worker-${i}`],
        ip: [`10.0.0.2${i}`],
      });
      shop.kubeconfig(`worker-${i}.kubeconfig`, made, ca, API);
    }
    return shop;
  }
  const FILES = {
    'kubelet-client': { kubeconfig: '{host}.kubeconfig' },
    'kubelet-server': { certificate: '{host}.pem', key: '{host}-key.pem' },
  };

  it.each([
    ['a certificate', ['worker-1.pem'], 'create worker-1.pem: its key is there'],
    ['a kubeconfig', ['worker-2.kubeconfig'], 'create worker-2.kubeconfig: not there'],
    ['both', ['worker-1.pem', 'worker-2.kubeconfig'], 'create worker-1.pem: its key is there'],
  ])('loses no host where one has lost %s', async (_, paths, step) => {
    const shop = nodes(2);
    lose(shop, ...paths);
    const proposal = shop.adopt();
    expect(proposal.cluster.hosts.slice(-2)).toEqual([
      { name: 'worker-1', addresses: ['10.0.0.21'], roles: ['worker'] },
      { name: 'worker-2', addresses: ['10.0.0.22'], roles: ['worker'] },
    ]);
    expect(proposal.cluster.files).toMatchObject(FILES);
    expect((await planned(proposal)).join('\n')).toContain(step);
    expect(proposal.leftOver.files).toEqual([]);
  });

  it('has a host for each node whose files are called by no name of it', () => {
    const shop = new Workshop();
    const ca = shop.ca('ca', 'lab-ca');
    for (const i of [1, 2]) {
      const made = shop.leaf(undefined, ca, `system:node:worker-${i}`, { org: ['system:nodes'] });
      shop.kubeconfig(`kubelet${i}x.conf`, made, ca, API);
    }
    const { cluster, problems } = shop.adopt();
    expect(cluster.hosts.map(({ name }) => name)).toEqual(['cp-1', 'worker-1', 'worker-2']);
    expect(cluster.files?.['kubelet-client']).toEqual({ kubeconfig: 'kubelet-client-{host}.conf' });
    expect(problems).toContain(
      'kubelet2x.conf (kubelet-client of worker-2) is not named as the others: kubepki looks for kubelet-client-worker-2.conf',
    );
  });

  it("finds the pattern of etcd's members where all but one have lost their file", () => {
    const shop = new Workshop();
    shop.ca('ca', 'kubernetes');
    const etcd = shop.ca('etcd-ca', 'etcd-ca');
    for (const i of [1, 2, 3]) {
      const names = { usages: BOTH, dns: [`m-${i}`], ip: [`10.0.0.${i}`] };
      shop.leaf(`m-${i}-peer`, etcd, `m-${i}`, names);
      if (i === 2) shop.leaf(`m-${i}-server`, etcd, `m-${i}`, names);
    }
    const { cluster } = shop.adopt();
    expect(cluster.files).toMatchObject({
      'etcd-peer': { certificate: '{host}-peer.crt' },
      'etcd-server': { certificate: '{host}-server.crt', key: '{host}-server.key' },
    });
    expect(cluster.hosts.filter(({ roles }) => roles.includes('etcd'))).toHaveLength(3);
  });
});

describe('names of what is lost', () => {
  it("are beside the key that is there, else at the CA's own place, and in etcd/ only for etcd", async () => {
    const { shop } = lab();
    lose(
      shop,
      'apiserver-etcd-client.crt',
      'front-proxy-client.crt',
      'front-proxy-client.key',
      'etcd/peer.crt',
      'etcd/peer.key',
      'sa.pub',
      'sa.key',
    );
    const proposal = shop.adopt();
    expect(proposal.cluster.files).toMatchObject({
      'apiserver-etcd-client': {
        certificate: 'apiserver-etcd-client.crt',
        key: 'apiserver-etcd-client.key',
      },
      'front-proxy-client': {
        certificate: 'front-proxy-client.crt',
        key: 'front-proxy-client.key',
      },
      'etcd-peer': { certificate: 'etcd/peer.crt', key: 'etcd/peer.key' },
      sa: { publicKey: 'sa.pub', key: 'sa.key' },
    });
    expect(proposal.text).toContain(
      '#   kubelet-server: { certificate: "kubelet-server-{host}.crt"',
    );
    expect(proposal.leftOver.files).toEqual([]);
    expect((await applied(proposal)).counts.refuse).toBe(0);
    expect(await planned(shop.adopt())).toEqual([]);
  });

  it('are those of requests that are still there, and their keys are not left over', async () => {
    const { shop } = lab({ kubeconfigs: false });
    const key = generatePrivateKey('ECDSA-P256');
    lose(shop, 'kube-scheduler.crt', 'kube-scheduler.key', 'kube-controller-manager.crt');
    lose(shop, 'kube-controller-manager.key');
    shop.write('sched.key', encodePrivateKey(key), 0o600);
    request('sched', 'system:kube-scheduler', shop, key);
    request('kcm', 'system:kube-controller-manager', shop);
    const proposal = shop.adopt();
    expect(proposal.cluster.files).toMatchObject({
      scheduler: { certificate: 'sched.crt', key: 'sched.key' },
      'controller-manager': { certificate: 'kcm.crt', key: 'kcm.key' },
    });
    expect(proposal.leftOver.files).toEqual([
      { path: 'kcm.csr', what: 'a request whose certificate is not here' },
    ]);
    expect(await planned(proposal)).toContain(
      'create sched.crt: its key is there, the certificate is not',
    );
  });

  it('follow a CA whose key is kept elsewhere', () => {
    const shop = new Workshop();
    shop.write('pki/ca.pem', shop.ca(undefined, 'kubernetes').pem);
    expect(shop.adopt().cluster.files).toMatchObject({
      ca: { certificate: 'pki/ca.pem', key: 'pki/ca-key.pem' },
      apiserver: { certificate: 'pki/apiserver.pem', key: 'pki/apiserver-key.pem' },
    });
  });
});

describe("copies in tools' own archives", () => {
  function easyRsa(): { shop: Workshop; server: Made; scheduler: Made } {
    const shop = new Workshop((name) => [
      name === 'ca' ? 'ca.crt' : `issued/${name}.crt`,
      `private/${name}.key`,
    ]);
    shop.write('openssl-easyrsa.cnf', '');
    const ca = shop.ca('ca', 'Easy-RSA CA');
    const server = shop.leaf('server', ca, 'server', {
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'cp-1'],
      ip: ['10.96.0.1', '10.0.0.1'],
    });
    const scheduler = shop.leaf('kube-scheduler', ca, 'system:kube-scheduler');
    shop.leaf('admin', ca, 'admin', { org: MASTERS });
    shop.write('certs_by_serial/01.pem', server.pem);
    shop.write('certs_by_serial/02.pem', scheduler.pem);
    return { shop, server, scheduler };
  }

  it("are nobody's credential: what is lost is made again at its own place", async () => {
    const { shop } = easyRsa();
    lose(shop, 'issued/server.crt', 'private/server.key', 'issued/kube-scheduler.crt');
    const proposal = shop.adopt();
    expect(proposal.cluster.files).toMatchObject({
      apiserver: { certificate: 'issued/server.crt', key: 'private/server.key' },
      scheduler: { certificate: 'issued/kube-scheduler.crt', key: 'private/kube-scheduler.key' },
      sa: { publicKey: 'sa.pub', key: 'private/sa.key' },
    });
    expect(proposal.problems).toContain(
      'issued/kube-scheduler.crt is not here, a copy of it is: certs_by_serial/02.pem; put it back, or apply makes another for the same key',
    );
    expect(proposal.leftOver.files).toEqual([
      { path: 'certs_by_serial/01.pem', what: "a certificate for server, a tool's copy" },
      {
        path: 'certs_by_serial/02.pem',
        what: "a certificate for system:kube-scheduler, a tool's copy",
      },
    ]);
    expect(await planned(proposal)).toContain(
      'create issued/kube-scheduler.crt: its key is there, the certificate is not',
    );
  });

  it('of revoked certificates make no host and no name', () => {
    const { shop, scheduler } = easyRsa();
    lose(shop, 'issued/kube-scheduler.crt', 'private/kube-scheduler.key', 'certs_by_serial/02.pem');
    shop.write('revoked/certs_by_serial/02.crt', scheduler.pem);
    shop.write('revoked/private_by_serial/02.key', encodePrivateKey(scheduler.key), 0o600);
    const { cluster, leftOver, problems } = shop.adopt();
    expect(cluster.files?.scheduler).toEqual({ kubeconfig: 'scheduler.kubeconfig' });
    expect(problems.join()).not.toMatch(/put it back/);
    expect(leftOver.files).toEqual([
      {
        path: 'revoked/certs_by_serial/02.crt',
        what: 'a certificate for system:kube-scheduler, put away by the tool that made it',
      },
      {
        path: 'revoked/private_by_serial/02.key',
        what: 'key of revoked/certs_by_serial/02.crt',
      },
    ]);
  });

  it('of a CA are no CA', async () => {
    const shop = new Workshop();
    const ca = shop.ca(undefined, 'kubernetes');
    shop.write('newcerts/00.pem', ca.pem);
    shop.leaf('admin', ca, 'admin', { org: MASTERS });
    const proposal = shop.adopt();
    expect(proposal.cluster.files?.ca).toEqual({ certificate: 'ca.crt', key: 'ca.key' });
    expect(proposal.problems.join('\n')).toMatch(
      /^ca, kubernetes, is only in a tool's archive: put newcerts\/00\.pem back/m,
    );
    expect((await planned(proposal))[0]).toMatch(/^refuse ca\.crt: lost: /);
  });
});

describe('the administrator', () => {
  it('that apply makes may do everything where nobody is there to let him', async () => {
    const shop = new Workshop();
    const ca = shop.ca('ca', 'kubernetes');
    shop.leaf('server', ca, 'kube-apiserver', {
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'cp-1'],
      ip: ['10.96.0.1', '10.0.0.1'],
    });
    const proposal = shop.adopt();
    expect(proposal.cluster.credentials.admin).toEqual({ organizations: MASTERS });
    expect(proposal.text).toMatch(
      /^ {2}# No administrator is here who could bind the group kubeadm:cluster-admins/m,
    );
    expect((await applied(proposal)).counts.refuse).toBe(0);
    expect(await planned(shop.adopt())).toEqual([]);
  });

  it('that is there is listed as it is', () => {
    const shop = new Workshop();
    const ca = shop.ca('ca', 'kubernetes');
    shop.leaf('admin', ca, 'kubernetes-admin', { org: ['kubeadm:cluster-admins'] });
    const { cluster, text } = shop.adopt();
    expect(cluster.credentials.admin).toBeUndefined();
    expect(text).not.toContain('No administrator');
  });

  it('needs no such right where the one in system:masters is made as well', () => {
    const shop = new Workshop();
    shop.ca('ca', 'kubernetes');
    const { cluster } = shop.adopt();
    expect(cluster.files).toHaveProperty('super-admin');
    expect(cluster.credentials.admin).toBeUndefined();
  });
});

describe('key usages after the page of Kubernetes on openssl', () => {
  const USAGE = { keyUsage: ['keyEncipherment'] as const, algorithm: 'RSA-2048' as const };

  it('are a note of a server, and refused of a client', async () => {
    const shop = new Workshop();
    const ca = shop.ca('ca', 'kubernetes');
    shop.leaf('server', ca, 'kube-apiserver', {
      ...USAGE,
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'cp-1'],
      ip: ['10.96.0.1', '10.0.0.1'],
    });
    shop.leaf('admin', ca, 'admin', { ...USAGE, org: MASTERS });
    const lines = await planned(shop.adopt(), true);
    expect(lines.join('\n')).toMatch(
      /^keep server\.crt.*: its key usage lacks digitalSignature: clients in Go/m,
    );
    expect(lines).toContain('refuse admin.crt: its key usage lacks digitalSignature');
  });
});

describe('what this user cannot read', () => {
  const certificates = (paths: readonly string[]) => {
    const { certificate } = new Workshop().ca(undefined, 'kubernetes');
    return paths.map((path) => ({ path, certificate, chain: [] }));
  };
  const hidden = (paths: readonly string[], ...there: string[]): Hidden =>
    new Hidden({
      denied: paths.map((path) => ({ path, isDirectory: !path.includes('.') })),
      certificates: certificates(there),
    });

  it("hides etcd's where its directory is closed, and nothing else", () => {
    const one = hidden(['etcd']);
    expect(one.placeOf('etcd-ca')).toBe('etcd');
    expect(one.placeOf('etcd-peer')).toBe('etcd');
    expect(one.placeOf('sa')).toBeUndefined();
    expect(one.has('etcd/ca.key')).toBe(true);
    expect(one.has('etcd-ca.key')).toBe(false);
  });

  it('hides anything in a directory of no telling name, and keys alone in one of keys', () => {
    expect(hidden(['more']).placeOf('scheduler')).toBe('more');
    expect(hidden(['private']).placeOf('scheduler')).toBeUndefined();
    expect(hidden(['private']).placeOf('sa')).toBe('private');
  });

  it('hides what a file is named for; the key beside a certificate hides nothing', () => {
    const one = hidden(['sa.key', 'kube-scheduler.kubeconfig', 'server.key'], 'server.crt');
    expect(one.placeOf('sa')).toBe('sa.key');
    expect(one.placeOf('scheduler')).toBe('kube-scheduler.kubeconfig');
    expect(one.placeOf('controller-manager')).toBeUndefined();
    expect(one.placeOf('apiserver')).toBeUndefined();
    expect(hidden(['mine.kubeconfig']).placeOf('controller-manager')).toBe('mine.kubeconfig');
    expect(hidden(['mine.csr']).placeOf('controller-manager')).toBeUndefined();
  });
});
