/**
 * A real etcd of three members on three hosts, run from nothing but what `kubepki apply` writes: they
 * find each other and serve, and whoever shows the wrong certificate is refused for the right reason.
 *
 * The messages are those of etcd v3.6 and of Go's crypto/x509, taken from its log.
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Oracle, type OracleIssue, openOracle } from '../peers/oracle.ts';
import {
  entriesOf,
  etcdctl,
  etcdFiles,
  hostPair,
  type Layout,
  type LogEntry,
  type Member,
  type Pair,
  startMember,
  waitForHealth,
} from './etcd-cluster.ts';
import { applyCluster } from './kubepki.ts';
import { createNetwork, type Network } from './network.ts';
import { type Program, waitFor } from './program.ts';
import { alertOf } from './tls-probe.ts';

const ONE = { name: 'cp-1', address: '172.16.10.11' };
const TWO = { name: 'cp-2', address: '172.16.10.12' };
const THREE = { name: 'cp-3', address: '172.16.10.13' };
const MEMBERS: readonly Member[] = [ONE, TWO, THREE];

const HOUR = 3_600_000;

const clusterYaml = (layout: Layout, keyAlgorithm: string): string => `
apiVersion: kubepki.dev/v1alpha1
kind: Cluster
metadata: { name: etcd-test }
spec:
  kubernetesVersion: "1.36"
  controlPlaneEndpoint: ${ONE.address}:6443
  keyAlgorithm: ${keyAlgorithm}
  layout: ${layout}
  hosts:
${MEMBERS.map(({ name, address }) => `    - { name: ${name}, addresses: [${address}], roles: [control-plane, etcd] }`).join('\n')}
`;

const CASES = [
  { layout: 'kubeadm', keyAlgorithm: 'ECDSA-P256', wrongKeys: 'P-256' },
  { layout: 'binary', keyAlgorithm: 'RSA-2048', wrongKeys: 'RSA-2048' },
] as const;

describe.each(CASES)('etcd on $layout files with $keyAlgorithm keys', (theCase) => {
  const { layout, keyAlgorithm, wrongKeys } = theCase;
  let folder: string;
  let pki: string;
  let network: Network;
  let oracle: Oracle;
  const running = new Map<string, Program>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubepki-etcd-'));
    oracle = await openOracle();
    pki = await applyCluster(folder, clusterYaml(layout, keyAlgorithm));
    network = await createNetwork({
      hosts: MEMBERS.map(({ name, address }) => ({ name, addresses: [address] })),
      logs: join(folder, 'logs'),
    });
    await Promise.all(MEMBERS.map(async (member) => start(member)));
    await healthy();
  });

  afterAll(async () => {
    await network?.stop();
    await oracle?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const filesOf = (host: string) => etcdFiles(pki, layout, host);

  async function start(member: Member, peerPair?: Pair): Promise<void> {
    const own = filesOf(member.name);
    const files = peerPair === undefined ? own : { ...own, peer: peerPair };
    const program = await startMember({ network, members: MEMBERS, member, files, data: folder });
    running.set(member.name, program);
  }

  function program(member: Member): Program {
    const found = running.get(member.name);
    if (found === undefined) throw new Error(`${member.name} is not running`);
    return found;
  }

  /** Asks as a probe on the member itself does, over loopback. */
  async function healthy() {
    const { ca, healthcheckClient: client } = filesOf(ONE.name);
    const asking = { host: ONE.name, ca, client, endpoint: 'https://127.0.0.1:2379' };
    return waitForHealth(network, asking, MEMBERS, [...running.values()]);
  }

  const apiserver = (host: string): Pair =>
    hostPair(pki, layout, host, 'etc/kubernetes/pki/apiserver-etcd-client');

  async function ask(from: Member, to: Member, client: Pair | undefined, ...args: string[]) {
    const endpoint = `https://${to.address}:2379`;
    return etcdctl(network, { host: from.name, ca: filesOf(from.name).ca, client, endpoint, args });
  }

  /** A certificate that differs in exactly one way from what kubepki makes. */
  async function issue(authority: 'ca' | 'etcd-ca', wrong: Partial<OracleIssue>): Promise<Pair> {
    const name = layout === 'kubeadm' ? authority.replace('etcd-ca', 'etcd/ca') : authority;
    const [crt, key] = layout === 'kubeadm' ? ['.crt', '.key'] : ['.pem', '-key.pem'];
    const base = join(pki, 'authorities', name);
    const { certificate, key: privateKey } = await oracle.get({
      op: 'issue',
      issue: {
        commonName: 'kube-apiserver-etcd-client',
        usages: ['clientAuth'],
        notBefore: rfc3339(-HOUR),
        notAfter: rfc3339(HOUR),
        keyAlgorithm: wrongKeys,
        issuer: await readFile(`${base}${crt}`, 'utf8'),
        issuerKey: await readFile(`${base}${key}`, 'utf8'),
        ...wrong,
      },
    });
    const pair = { certificate: join(folder, 'wrong.crt'), key: join(folder, 'wrong.key') };
    await writeFile(pair.certificate, certificate);
    await writeFile(pair.key, privateKey, { mode: 0o600 });
    return pair;
  }

  /** Waits for what `member` logs about turning `peer` away; `from` is a length of its log. */
  async function rejection(at: Member, peer: Member, error: RegExp, from: number) {
    return waitFor(
      `${at.name} turns ${peer.name} away with ${error}`,
      async () =>
        (await entriesOf(program(at), from)).find(
          (entry) => isFrom(entry, peer) && error.test(entry.error ?? ''),
        ),
      { programs: [program(at)] },
    );
  }

  const logLength = async (member: Member): Promise<number> => (await program(member).log()).length;

  it('becomes healthy, as the health-check client sees it', async () => {
    const health = await healthy();
    expect(health.map(({ endpoint }) => endpoint).sort()).toEqual(
      MEMBERS.map(({ address }) => `https://${address}:2379`),
    );
  });

  it('has members that verified each other in both directions', async () => {
    for (const member of MEMBERS) {
      const entries = await entriesOf(program(member));
      const active = entries.filter(({ msg }) => msg === 'peer became active');
      const peers = new Set(active.map((entry) => entry['peer-id']));
      expect(peers.size, `${member.name}: active peers`).toBe(2);
      expect(entries.filter(isTlsComplaint), `${member.name}: complaints about TLS`).toEqual([]);
    }
  });

  it('keeps what apiserver-etcd-client writes on one member and gives it out on another', async () => {
    const value = `written by ${layout}`;
    const put = await ask(ONE, TWO, apiserver(ONE.name), 'put', '/registry/test', value);
    expect(put).toMatchObject({ code: 0, stdout: 'OK\n' });
    const get = await ask(THREE, THREE, apiserver(THREE.name), 'get', '/registry/test');
    expect(get).toMatchObject({ code: 0, stdout: `/registry/test\n${value}\n` });
  });

  describe('refuses a client', () => {
    const refusals = [
      {
        who: 'without a certificate',
        make: async () => undefined,
        error: /^tls: client didn't provide a certificate$/,
        alert: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      },
      {
        who: 'with a client certificate of the cluster CA',
        make: async () =>
          hostPair(pki, layout, ONE.name, 'etc/kubernetes/pki/apiserver-kubelet-client'),
        error: /x509: certificate signed by unknown authority/,
        alert: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      },
      {
        who: 'with an expired certificate of the etcd CA',
        make: async () =>
          issue('etcd-ca', { notBefore: rfc3339(-2 * HOUR), notAfter: rfc3339(-HOUR) }),
        error: /x509: certificate has expired or is not yet valid: current time \S+ is after /,
        alert: 'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
      },
      {
        who: 'with a certificate of the etcd CA that is for servers only',
        make: async () => issue('etcd-ca', { usages: ['serverAuth'] }),
        error: /x509: certificate specifies an incompatible key usage/,
        alert: 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
      },
    ];

    it.each(refusals)('$who', async ({ make, error, alert }) => {
      const client = await make();
      const from = await logLength(TWO);
      const target = { address: TWO.address, port: 2379, ca: filesOf(ONE.name).ca };
      expect(await alertOf(network, ONE.name, { ...target, client })).toBe(alert);
      const entry = await rejection(TWO, ONE, error, from);
      expect(entry.msg).toBe('rejected connection on client endpoint');
      const put = await ask(ONE, TWO, client, '--command-timeout=1s', 'put', '/registry/no', 'no');
      expect(put.code).toBe(1);
      const get = await ask(ONE, TWO, apiserver(ONE.name), 'get', '/registry/no');
      expect(get).toMatchObject({ code: 0, stdout: '' });
    });
  });

  describe('refuses a member as a peer', () => {
    const refusals = [
      {
        who: "that presents another member's certificate",
        make: async () => filesOf(ONE.name).peer,
        error: /^tls: "172\.16\.10\.13" does not match any of DNSNames \[.*"cp-1".*\]/,
      },
      {
        who: 'that presents a certificate with its own names, but of the cluster CA',
        make: async () =>
          issue('ca', {
            commonName: THREE.name,
            usages: ['serverAuth', 'clientAuth'],
            dnsNames: [THREE.name, 'localhost'],
            ipAddresses: [THREE.address, '127.0.0.1', '::1'],
          }),
        error: /x509: certificate signed by unknown authority/,
      },
    ];

    it.each(refusals)('$who', async ({ make, error }) => {
      await program(THREE).stop();
      const from = new Map<Member, number>();
      for (const member of MEMBERS) from.set(member, await logLength(member));
      await start(THREE, await make());

      for (const other of [ONE, TWO]) {
        // Its request to the others: refused by them. Theirs to it: they send the alert, it logs it.
        const refused = await rejection(other, THREE, error, from.get(other) ?? 0);
        expect(refused.msg).toBe('rejected connection on peer endpoint');
        const alert = /^remote error: tls: bad certificate$/;
        const heard = await rejection(THREE, other, alert, from.get(THREE) ?? 0);
        expect(heard.msg).toBe('rejected connection on peer endpoint');
      }
      const { code, stderr } = await ask(THREE, THREE, apiserver(THREE.name), 'endpoint', 'health');
      expect(code, 'it must not serve').toBe(1);
      expect(stderr).toContain('is unhealthy');

      await program(THREE).stop();
      await start(THREE);
      await healthy();
    });
  });
});

const rfc3339 = (offset: number): string => new Date(Date.now() + offset).toISOString();

const isFrom = (entry: LogEntry, member: Member): boolean =>
  entry['remote-addr']?.startsWith(`${member.address}:`) === true;

const isTlsComplaint = ({ error }: LogEntry): boolean => /tls|x509|certificate/.test(error ?? '');
