/** kubepki csr sign among requests and files that others have put there. */
import { linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCluster } from '../../src/cluster/index.ts';
import { clusterLeaves, findLeaf } from '../../src/pki/csr/leaves.ts';
import { wantedByCluster } from '../../src/pki/csr/new.ts';
import { createRequest, encodePem, makeName, type RequestTemplate } from '../../src/x509/index.ts';
import { clusterText } from '../cluster/cluster-text.ts';
import { keyOf } from '../x509/support.ts';
import { emptyPlace, type Workplace, workplace } from './csr-place.ts';

const SPEC = {
  hosts: [
    { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] },
    { name: 'worker-1', addresses: ['172.16.10.21'], roles: ['worker'] },
  ],
};
const FILES = { ...SPEC, kubeletCertificates: 'files' };
const KEY = keyOf('ECDSA-P256');

const pem = (template: RequestTemplate): string =>
  encodePem('CERTIFICATE REQUEST', createRequest(template, KEY));

/** The request of a credential of the cluster. */
const requestOf = (
  credential: Parameters<typeof findLeaf>[1],
  host?: string,
  spec: Record<string, unknown> = FILES,
): string =>
  pem(
    wantedByCluster(
      findLeaf(readCluster(clusterText(spec), 'cluster.yaml'), credential, host, false),
    )('ECDSA-P256'),
  );

function put({ path }: Workplace, name: string, content: string | Uint8Array): string {
  mkdirSync(dirname(path(name)), { recursive: true });
  writeFileSync(path(name), content);
  return `@${name}`;
}

const sign = ({ run }: Workplace, ...args: string[]) =>
  run('csr', 'sign', '-f', '@cluster.yaml', '-d', '@pki', ...args);

describe('the tree of a host', () => {
  it("gives nobody the administrator's certificate, whatever is asked for there", async () => {
    const place = await workplace(FILES);
    for (const name of [
      'pki/hosts/worker-1/etc/kubernetes/kubelet.conf.csr',
      'pki/hosts/worker-1/etc/kubernetes/other.csr',
      'copy/hosts/worker-1/etc/kubernetes/kubelet.conf.csr',
      'pki/hosts/worker-1/admin/super-admin.conf.csr',
      'pki/hosts/worker-1/hosts/worker-1/super-admin.conf.csr',
    ]) {
      const planted = put(place, name, requestOf('super-admin'));
      for (const flags of [[], ['--credential', 'super-admin']]) {
        const { code, stderr } = await sign(place, ...flags, planted);
        expect([code, stderr]).toEqual([1, expect.stringMatching(/worker-1.*no .*credential/)]);
      }
    }
  });

  it('is the tree of that host alone', async () => {
    const place = await workplace(FILES);
    const other = put(place, 'pki/hosts/worker-1/x.csr', requestOf('apiserver', 'cp-1'));
    expect((await sign(place, other)).stderr).toContain(
      'lies in the tree of worker-1, and no credential of worker-1 has the common name "kube-apiserver" [cluster.yaml]',
    );
    const nested = put(
      place,
      'pki/hosts/worker-1/hosts/cp-1/etc/kubernetes/pki/apiserver.csr',
      requestOf('apiserver', 'cp-1'),
    );
    expect((await sign(place, nested)).stderr).toContain(
      'place: lies in the trees of "worker-1" and "cp-1": whose is it?',
    );
    const gone = put(place, 'old/hosts/worker-9/a.csr', requestOf('apiserver', 'cp-1'));
    expect((await sign(place, gone)).stderr).toContain(
      'place: lies in the tree of the host "worker-9", which cluster.yaml does not have',
    );
    mkdirSync(place.path('pki/hosts/worker-1/d'), { recursive: true });
    symlinkSync('../../cp-1/etc', place.path('pki/hosts/worker-1/d/etc'));
    put(place, 'pki/hosts/cp-1/etc/x.csr', requestOf('apiserver', 'cp-1'));
    expect((await sign(place, '@pki/hosts/worker-1/d/etc/x.csr')).stderr).toContain('whose is it?');
    symlinkSync('pki/hosts/worker-1', place.path('w'));
    expect((await sign(place, '@w/x.csr')).stderr).toContain('lies in the tree of worker-1');
  });

  it('holds a request at the place of a credential to just that credential', async () => {
    const place = await workplace(FILES);
    const kubelet = 'pki/hosts/worker-1/etc/kubernetes/kubelet.conf.csr';
    const asServer = put(place, kubelet, requestOf('kubelet-server', 'worker-1'));
    expect((await sign(place, asServer)).stderr).toContain(
      'names: asks for the DNS name "worker-1" [cluster.yaml: kubelet-client of worker-1]',
    );
    const asProxy = put(place, kubelet, requestOf('kube-proxy', 'worker-1'));
    expect((await sign(place, asProxy)).stderr).toContain(
      'lies where the request for kubelet-client of worker-1 belongs, which alone is signed there',
    );
    const right = put(place, kubelet, requestOf('kubelet-client', 'worker-1'));
    const { code, stdout } = await sign(place, right);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^CERTIFICATE +CREDENTIAL +PLACE .*\n\S+kubelet\.conf\.crt +kubelet-client +worker-1 /,
      ),
    ]);
  });

  it('takes every request at its own place, of every layout with trees', async () => {
    for (const layout of ['kubeadm', 'binary']) {
      const spec = { ...FILES, layout };
      const place = emptyPlace(spec);
      const cluster = readCluster(clusterText(spec), 'cluster.yaml');
      const { whereItLies } = await import('../../src/pki/index.ts');
      const { pairPaths } = await import('../../src/pki/pending.ts');
      for (const leaf of clusterLeaves(cluster)) {
        const { item } = leaf;
        const request =
          item.kind === 'kubeconfig'
            ? `${item.path}.csr`
            : pairPaths(item.certificatePath, item.keyPath, () => false).request;
        const tree = leaf.place === 'admin' ? 'admin' : `hosts/${leaf.place}`;
        const lies = whereItLies(
          cluster,
          place.path(`pki/${tree}/${request}`),
          { path: place.path('pki'), isGiven: true },
          'c',
        );
        expect(lies).toMatchObject({ leaf: { place: leaf.place } });
        expect('leaf' in lies && lies.leaf?.item.credential).toBe(item.credential);
      }
    }
  });

  it('is one from within as well, where a directory has the name that -d has by default', async () => {
    const place = await workplace(FILES);
    const inTree = 'copy/hosts/cp-1/etc/kubernetes';
    put(place, `${inTree}/pki/etcd/server.csr`, requestOf('etcd-server', 'cp-1'));
    put(place, `${inTree}/pki/admin/admin.conf.csr`, requestOf('admin'));
    put(place, `${inTree}/pki/hosts/worker-1/x.csr`, requestOf('kube-proxy', 'worker-1'));
    const ca = (name: string): string => {
      const file = place.path(`pki/authorities/${name === 'ca' ? '' : 'etcd/'}ca`);
      return `--ca ${name} --ca-cert ${file}.crt --ca-key ${file}.key`;
    };
    const from = (name: string, request: string) =>
      place.shell(
        `cd ${inTree}; "$0" csr sign -f ${place.path('cluster.yaml')} ${ca(name)} ${request}`,
      );
    expect((await from('etcd-ca', 'pki/etcd/server.csr')).stdout).toMatch(
      /server\.crt +etcd-server +cp-1 /,
    );
    expect((await from('ca', 'pki/admin/admin.conf.csr')).stderr).toContain(
      'lies in the tree of cp-1, and no credential of cp-1',
    );
    expect((await from('ca', 'pki/hosts/worker-1/x.csr')).stderr).toContain('whose is it?');
    expect((await from('ca', '-d pki pki/hosts/worker-1/x.csr')).code).toBe(0);
  });

  it('names the field that leaves kubelets to the cluster', async () => {
    const place = await workplace(SPEC);
    const kubelet = put(
      place,
      'pki/hosts/worker-1/etc/kubernetes/kubelet.conf.csr',
      requestOf('kubelet-client', 'worker-1', FILES),
    );
    expect((await sign(place, kubelet)).stderr).toContain(
      'has the common name "system:node:worker-1"; kubeletCertificates: bootstrap says that kubelets ask the cluster for theirs',
    );
  });
});

describe("the administrator's certificates", () => {
  it.each(['admin', 'super-admin'] as const)(
    'are signed by name, or from the own tree: %s',
    async (credential) => {
      const place = await workplace(SPEC);
      const request = requestOf(credential);
      const loose = put(place, 'in/worker-1.csr', request);
      const { code, stderr } = await sign(place, loose);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(
          new RegExp(
            `asks to be ${credential}, in the group (system:masters|kubeadm:cluster-admins)`,
          ),
        ),
      ]);
      expect(stderr).not.toContain(`--credential ${credential}`);
      expect(await sign(place, '--credential', credential, loose)).toMatchObject({ code: 0 });
      const own = put(place, `pki/admin/${credential}.conf.csr`, request);
      expect(await sign(place, own)).toMatchObject({ code: 0 });
      const ca = [
        '--ca',
        'ca',
        '--ca-cert',
        '@pki/authorities/ca.crt',
        '--ca-key',
        '@pki/authorities/ca.key',
      ];
      expect(await sign(place, ...ca, '--force', own)).toMatchObject({ code: 0 });
      put(place, `elsewhere/admin/${credential}.conf.csr`, request);
      expect(await sign(place, `@elsewhere/admin/${credential}.conf.csr`)).toMatchObject({
        code: 1,
      });
    },
  );
});

describe('--force', () => {
  it.each([
    ['kubeadm', 'ca.csr', 'ca.crt'],
    ['binary', 'ca-key.csr', 'ca-key.pem'],
  ])('of layout %s never writes over what signs: %s', async (layout, name, target) => {
    const place = await workplace({ ...SPEC, layout });
    const request = put(
      place,
      `pki/authorities/${name}`,
      requestOf('apiserver', 'cp-1', { ...SPEC, layout }),
    );
    const before = place.read(`pki/authorities/${target}`);
    const { code, stderr } = await sign(place, '--force', request);
    expect([code, stderr]).toEqual([1, expect.stringContaining('not overwritten')]);
    expect(place.read(`pki/authorities/${target}`)).toBe(before);
  });

  it('never writes over a file of the command line, by another name of it either', async () => {
    const place = await workplace(SPEC);
    const request = put(place, 'apiserver.csr', requestOf('apiserver', 'cp-1'));
    const server = pem({
      subject: [],
      subjectAltNames: { dns: ['a.example'] },
      extendedKeyUsage: ['serverAuth'],
    });
    const plain = put(place, 'a.csr', server);
    renameSync(place.path('pki/authorities/ca.key'), place.path('ca.key'));
    renameSync(place.path('pki/authorities/ca.crt'), place.path('ca.crt'));
    linkSync(place.path('ca.key'), place.path('linked'));
    symlinkSync('ca.key', place.path('symlinked'));
    put(place, 'pass', 'x\n');
    put(
      place,
      'policy',
      'apiVersion: kubepki.dev/v1alpha1\nkind: SigningPolicy\nspec:\n  names: { dns: [a.example] }\n  usages: [serverAuth]\n  validity: 1d\n',
    );
    const ca = ['--ca-cert', '@ca.crt', '--ca-key', '@ca.key', '--ca-passphrase-file', '@pass'];
    const byFile = ['csr', 'sign', ...ca, '--force', '-f', '@cluster.yaml', '--ca', 'ca', request];
    const byPolicy = ['csr', 'sign', ...ca, '--force', '--policy', '@policy', plain];
    for (const [args, target] of [
      [byFile, 'ca.crt'],
      [byFile, 'ca.key'],
      [byFile, 'linked'],
      [byFile, 'symlinked'],
      [byFile, 'pass'],
      [byFile, 'cluster.yaml'],
      [byPolicy, 'policy'],
      [byPolicy, 'ca.key'],
    ] as const) {
      const before = place.read(target);
      const { code, stderr } = await place.run(...args, '--out', `@${target}`);
      expect([code, stderr]).toEqual([1, expect.stringContaining('what this run works with')]);
      expect(place.read(target)).toBe(before);
    }
    expect(await place.run(...byPolicy)).toMatchObject({ code: 0 });
  });

  it("replaces certificates of leaves, with their CA's behind them, and nothing else", async () => {
    const place = await workplace(SPEC);
    const request = put(place, 'apiserver.csr', requestOf('apiserver', 'cp-1'));
    expect((await sign(place, request)).code).toBe(0);
    const leaf = place.read('apiserver.crt');
    const ca = place.read('pki/authorities/etcd/ca.crt');
    const key = place.read('pki/authorities/etcd/ca.key');
    const replaced = async (content: string): Promise<string> => {
      put(place, 'out', content);
      const { code, stderr } = await sign(place, '--force', '--out', '@out', request);
      return code === 0 ? 'replaced' : stderr;
    };
    expect(await replaced(leaf)).toBe('replaced');
    expect(await replaced(leaf + ca)).toBe('replaced');
    for (const other of [ca, ca + leaf, key, leaf + key, leaf + leaf, 'a note', '']) {
      expect(await replaced(other)).toContain('not replaced');
      expect(place.read('out')).toBe(other);
    }
  });
});

describe('a file with the name of an option', () => {
  it.each([
    [['sign', '-f', '@cluster.yaml', '--policy=.pol.csr', '@a.csr'], '--policy=.pol.csr'],
    [['sign', '-f', '@cluster.yaml', '--signer-command=x.req', '@a.csr'], '--signer-command=x.req'],
    [['sign', '-f.csr', '@a.csr'], '-f.csr'],
    [['show', '--output=.csr', '@a.csr'], ''],
    [['show', '@a.csr', '-ojson.csr'], ''],
  ])('is not taken for one: %j', async (args, word) => {
    const place = emptyPlace();
    put(place, 'a.csr', requestOf('apiserver', 'cp-1'));
    const { code, stdout, stderr } = await place.run('csr', ...args);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    if (word !== '') {
      expect(stderr).toContain(`"${word}" looks like a file name (put -- before the files`);
    }
  });

  it('is a file behind --', async () => {
    const place = await workplace(SPEC);
    put(place, '--policy=.pol.csr', requestOf('apiserver', 'cp-1'));
    put(place, 'in/a.csr', requestOf('apiserver', 'cp-1'));
    expect(await place.shell('"$0" csr show -- *.csr')).toMatchObject({ code: 0 });
    expect(await place.shell('"$0" csr sign -f cluster.yaml ./*.csr')).toMatchObject({ code: 0 });
    expect(await place.shell('"$0" csr sign -f cluster.yaml *.csr')).toMatchObject({ code: 64 });
    expect(
      await place.shell('"$0" csr sign -f cluster.yaml --out in/a.crt in/a.csr'),
    ).toMatchObject({
      code: 0,
    });
  });
});

describe('a request in DER', () => {
  it('is signed as it is shown', async () => {
    const place = await workplace(SPEC);
    const leaf = findLeaf(readCluster(clusterText(SPEC), 'c'), 'apiserver', 'cp-1', false);
    const der = createRequest(wantedByCluster(leaf)('ECDSA-P256'), KEY);
    const request = put(place, 'apiserver.csr', der);
    expect(await place.run('csr', 'show', request)).toMatchObject({ code: 0 });
    expect(await sign(place, request)).toMatchObject({ code: 0 });
    const behind = put(place, 'b.csr', Buffer.concat([der, der]));
    const { code, stderr } = await sign(place, behind);
    expect([code, stderr]).toEqual([1, expect.stringContaining('cannot be read')]);
  });
});

describe('names with rights of their own', () => {
  const flags = ['--ca-cert', '@pki/authorities/ca.crt', '--ca-key', '@pki/authorities/ca.key'];

  it.each([
    'kube-apiserver-kubelet-client',
    'Front-Proxy-Client',
    'kube-apiserver-etcd-client',
    'kube-etcd-healthcheck-client',
    'kubernetes-super-admin',
  ])('are not among those that are allowed as they are asked for: %s', async (commonName) => {
    const place = await workplace(SPEC);
    const template = {
      subject: makeName({ commonName }),
      extendedKeyUsage: ['clientAuth' as const],
    };
    const request = put(place, 'a.csr', pem(template));
    const all = ['csr', 'sign', ...flags, '--allow-requested-names', request];
    const { code, stderr } = await place.run(...all);
    expect([code, stderr]).toEqual([1, expect.stringContaining('has rights in every cluster')]);
    expect(stderr).not.toContain('--allow-common-name');
    expect(await place.run(...all, '--allow-common-name', commonName)).toMatchObject({ code: 0 });
  });

  it.each([
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ])('nor those of kube-apiserver: %s', async (name) => {
    const place = await workplace(SPEC);
    const template = {
      subject: [],
      subjectAltNames: { dns: [name] },
      extendedKeyUsage: ['serverAuth' as const],
    };
    const request = put(place, 'a.csr', pem(template));
    const said = async (...args: string[]) =>
      await place.run('csr', 'sign', ...flags, ...args, '--force', request);
    for (const args of [
      ['--allow-requested-names'],
      ['--allow-dns', '.default,.svc,.cluster.local,.default.svc,.default.svc.cluster.local'],
    ]) {
      const { code, stderr } = await said(...args);
      expect([code, stderr]).toEqual([1, expect.stringContaining("is kube-apiserver's")]);
      expect(stderr).not.toContain('to allow it');
    }
    expect(await said('--allow-dns', name)).toMatchObject({ code: 0 });
  });
});
