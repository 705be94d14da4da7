/** What the certificates say, bit by bit: section 1.2 of kubeadm's profile, and docs/decisions/0001 where ours differs. */
import { describe, expect, it } from 'vitest';
import { parseKubeconfig } from '../../src/kubernetes/index.ts';
import {
  type Certificate,
  commonName,
  decodePrivateKey,
  formatName,
  KEY_ALGORITHMS,
  readCertificates,
} from '../../src/x509/index.ts';
import { type Fixture, NOW, pki } from './fixture.ts';

const OID = {
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  basicConstraints: '2.5.29.19',
  ski: '2.5.29.14',
  aki: '2.5.29.35',
  san: '2.5.29.17',
};

async function applied(spec: Record<string, unknown> = {}): Promise<Fixture> {
  const fixture = pki({ kubeletCertificates: 'files', ...spec });
  await fixture.apply();
  return fixture;
}

function certificate(fixture: Fixture, name: string): Certificate {
  const text = fixture.read(name);
  const pem = name.endsWith('.conf')
    ? Buffer.from([...parseKubeconfig(text, name).users.values()][0]?.clientCertificateData ?? [])
    : text;
  const [first] = readCertificates(pem);
  if (first === undefined) throw new Error(`no certificate in ${name}`);
  return first;
}

const HOST = 'hosts/cp-1/etc/kubernetes';

describe('CAs', () => {
  it.each([
    ['ca.crt', 'CN=kubernetes'],
    ['etcd/ca.crt', 'CN=etcd-ca'],
    ['front-proxy-ca.crt', 'CN=front-proxy-ca'],
  ])('%s is %s, signed by itself', async (file, subject) => {
    const ca = certificate(await applied(), `authorities/${file}`);
    expect([formatName(ca.subject), formatName(ca.issuer)]).toEqual([subject, subject]);
    expect(ca.version).toBe(3);
    expect(ca.basicConstraints).toEqual({ ca: true });
    expect(ca.keyUsage).toEqual(['digitalSignature', 'keyCertSign', 'cRLSign']);
    expect(ca.extendedKeyUsage).toBeUndefined();
    expect(ca.subjectAltNames).toBeUndefined();
    expect(ca.subjectKeyId).toHaveLength(20);
    expect(ca.authorityKeyId).toBeUndefined();
    expect(ca.extensions.map(({ oid, critical }) => [oid, critical])).toEqual([
      [OID.keyUsage, true],
      [OID.basicConstraints, true],
      [OID.ski, false],
    ]);
  });
});

describe('leaves', () => {
  it.each<[string, string, string[], string]>([
    [`${HOST}/pki/apiserver.crt`, 'CN=kube-apiserver', ['serverAuth'], 'CN=kubernetes'],
    [
      `${HOST}/pki/apiserver-kubelet-client.crt`,
      'CN=kube-apiserver-kubelet-client',
      ['clientAuth'],
      'CN=kubernetes',
    ],
    [
      `${HOST}/pki/apiserver-etcd-client.crt`,
      'CN=kube-apiserver-etcd-client',
      ['clientAuth'],
      'CN=etcd-ca',
    ],
    [
      `${HOST}/pki/front-proxy-client.crt`,
      'CN=front-proxy-client',
      ['clientAuth'],
      'CN=front-proxy-ca',
    ],
    [`${HOST}/pki/etcd/server.crt`, 'CN=cp-1', ['serverAuth', 'clientAuth'], 'CN=etcd-ca'],
    [`${HOST}/pki/etcd/peer.crt`, 'CN=cp-1', ['serverAuth', 'clientAuth'], 'CN=etcd-ca'],
    [
      `${HOST}/pki/etcd/healthcheck-client.crt`,
      'CN=kube-etcd-healthcheck-client',
      ['clientAuth'],
      'CN=etcd-ca',
    ],
    [
      `${HOST}/controller-manager.conf`,
      'CN=system:kube-controller-manager',
      ['clientAuth'],
      'CN=kubernetes',
    ],
    [`${HOST}/scheduler.conf`, 'CN=system:kube-scheduler', ['clientAuth'], 'CN=kubernetes'],
    [`${HOST}/kube-proxy.conf`, 'CN=system:kube-proxy', ['clientAuth'], 'CN=kubernetes'],
    [`${HOST}/kubelet.conf`, 'CN=system:node:cp-1,O=system:nodes', ['clientAuth'], 'CN=kubernetes'],
    [
      'hosts/worker-1/var/lib/kubelet/pki/kubelet.crt',
      'CN=system:node:worker-1,O=system:nodes',
      ['serverAuth'],
      'CN=kubernetes',
    ],
    [
      'admin/admin.conf',
      'CN=kubernetes-admin,O=kubeadm:cluster-admins',
      ['clientAuth'],
      'CN=kubernetes',
    ],
    [
      'admin/super-admin.conf',
      'CN=kubernetes-super-admin,O=system:masters',
      ['clientAuth'],
      'CN=kubernetes',
    ],
  ])('%s is %s for %j, signed by %s', async (file, subject, usages, issuer) => {
    const leaf = certificate(await applied(), file);
    expect([formatName(leaf.subject), formatName(leaf.issuer)]).toEqual([subject, issuer]);
    expect(leaf.extendedKeyUsage).toEqual(usages);
    expect(leaf.basicConstraints).toEqual({ ca: false });
    expect(leaf.keyUsage).toEqual(['digitalSignature']);
    expect(leaf.subjectKeyId).toBeUndefined();
    expect(leaf.notBefore).toEqual(new Date(NOW.getTime() - 300_000));
    expect(leaf.notAfter).toEqual(new Date(NOW.getTime() + 365 * 86_400_000));
    const names = leaf.subjectAltNames !== undefined;
    expect(names).toBe(usages.includes('serverAuth'));
    expect(leaf.extensions.map(({ oid, critical }) => [oid, critical])).toEqual([
      [OID.keyUsage, true],
      [OID.extendedKeyUsage, false],
      [OID.basicConstraints, true],
      [OID.aki, false],
      ...(names ? [[OID.san, false]] : []),
    ]);
  });

  it('carry serial numbers of 16 bytes that do not repeat', async () => {
    const fixture = await applied();
    const serials = [
      `${HOST}/pki/apiserver.crt`,
      `${HOST}/pki/etcd/server.crt`,
      `${HOST}/pki/etcd/peer.crt`,
      `${HOST}/scheduler.conf`,
    ].map((file) => Buffer.from(certificate(fixture, file).serialNumber));
    expect(new Set(serials.map((serial) => serial.toString('hex'))).size).toBe(serials.length);
    for (const serial of serials) expect(serial.length).toBeGreaterThan(14);
  });

  it('point at the key of their CA', async () => {
    const fixture = await applied();
    expect(certificate(fixture, `${HOST}/pki/apiserver.crt`).authorityKeyId).toEqual(
      certificate(fixture, 'authorities/ca.crt').subjectKeyId,
    );
  });
});

describe('keys and signatures', () => {
  it.each(KEY_ALGORITHMS)(
    'of %s',
    async (algorithm) => {
      const fixture = await applied({
        keyAlgorithm: algorithm,
        kubeletCertificates: 'bootstrap',
        hosts: [{ name: 'cp-1', addresses: ['10.0.0.1'], roles: ['control-plane', 'etcd'] }],
      });
      const leaf = certificate(fixture, `${HOST}/pki/apiserver.crt`);
      const rsa = algorithm.startsWith('RSA-');
      expect(leaf.keyType).toBe(algorithm);
      expect(leaf.keyUsage).toEqual(
        rsa ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'],
      );
      // SHA-256 with RSA and P-256, SHA-384 with P-384: what Go chooses for the CA's key.
      const expected = rsa
        ? '1.2.840.113549.1.1.11'
        : algorithm === 'ECDSA-P256'
          ? '1.2.840.10045.4.3.2'
          : '1.2.840.10045.4.3.3';
      expect(leaf.signatureAlgorithm).toBe(expected);
      for (const file of [
        'authorities/ca.key',
        'authorities/sa.key',
        `${HOST}/pki/apiserver.key`,
      ]) {
        const text = fixture.read(file);
        expect(text).toMatch(
          rsa ? /^-----BEGIN RSA PRIVATE KEY-----\n/ : /^-----BEGIN EC PRIVATE KEY-----\n/,
        );
        expect(decodePrivateKey(text).type).toBe(algorithm);
      }
      expect(fixture.read('authorities/sa.pub')).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    },
    60_000,
  );

  it('follow the CA where one leaf has another algorithm', async () => {
    const fixture = await applied({ credentials: { 'etcd-peer': { keyAlgorithm: 'RSA-2048' } } });
    const leaf = certificate(fixture, `${HOST}/pki/etcd/peer.crt`);
    expect([leaf.keyType, leaf.signatureAlgorithm]).toEqual(['RSA-2048', '1.2.840.10045.4.3.2']);
    expect(commonName(leaf.subject)).toBe('cp-1');
  });
});
