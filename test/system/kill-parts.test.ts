/** `kill -9` of the server, of a node, or of both, at any instant of a bootstrap: the next start completes the story. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  BOOTSTRAP_BINDINGS,
  BOOTSTRAP_GROUP,
  CERTIFICATE_SIGNING_REQUESTS,
  CLUSTER_ROLE_BINDINGS,
  formatKubeconfig,
  makeKubeconfig,
  NODES,
  SECRETS,
} from '../../src/kubernetes/index.ts';
import {
  encodeBootstrapTokenSecret,
  generateBootstrapToken,
  parseBootstrapToken,
} from '../../src/tokens/index.ts';
import {
  commonName,
  decodePrivateKey,
  keysMatch,
  readCertificates,
  readRequest,
} from '../../src/x509/index.ts';
import { seeded } from '../seeded.ts';
import { type Background, inBackground } from './background.ts';
import { localServer } from './local-server.ts';

const ROUNDS = 15;
const LONGEST_BOOTSTRAP_MS = 1500;

it('loses nothing: each node ends with its two certificates, and no bootstrap kubeconfig', async () => {
  const random = seeded('kill -9 of server and node');
  const server = await localServer();
  let program = await server.start('--allowed-cidrs=127.0.0.0/8');
  const token = generateBootstrapToken();
  const parts = parseBootstrapToken(token);
  if (parts === undefined) throw new Error('expected a token');
  await server.admin.create(
    SECRETS,
    encodeBootstrapTokenSecret({ ...parts, usages: ['authentication'], groups: [BOOTSTRAP_GROUP] }),
  );
  for (const binding of BOOTSTRAP_BINDINGS)
    await server.admin.create(CLUSTER_ROLE_BINDINGS, binding);
  const bootstrap = join(server.directory, 'bootstrap.conf');
  writeFileSync(
    bootstrap,
    formatKubeconfig(
      makeKubeconfig({
        cluster: 'c',
        server: server.url,
        certificateAuthority: server.ca,
        user: 'u',
        token,
      }),
    ),
  );

  for (let round = 0; round < ROUNDS; round++) {
    const name = `node-${round}`;
    const at = (...path: string[]): string => join(server.directory, name, ...path);
    mkdirSync(at());
    copyFileSync(bootstrap, at('bootstrap.conf'));
    const startNode = (): Background =>
      inBackground([
        'node',
        `--bootstrap-kubeconfig=${at('bootstrap.conf')}`,
        `--kubeconfig=${at('kubelet.conf')}`,
        `--cert-dir=${at('pki')}`,
        `--hostname-override=${name}`,
        `--node-ip=127.0.4.${round + 1}`,
        `--address=127.0.4.${round + 1}`,
        '--port=0',
      ]);
    let node = startNode();
    await delay(random.next() * LONGEST_BOOTSTRAP_MS);
    const both = random.next() < 0.3;
    if (both || random.next() < 0.5) {
      await program.end('SIGKILL');
      program = await server.start('--allowed-cidrs=127.0.0.0/8');
    }
    if (both || random.next() < 0.5) {
      await node.end('SIGKILL');
      node = startNode();
    }
    await node.says('serving on');
    expect(existsSync(at('bootstrap.conf'))).toBe(false);
    for (const kind of ['client', 'server']) {
      const pem = readFileSync(at(`pki/kubelet-${kind}-current.pem`));
      const [certificate] = readCertificates(pem);
      expect(commonName(certificate.subject)).toBe(`system:node:${name}`);
      expect(keysMatch(certificate, decodePrivateKey(pem))).toBe(true);
    }
    expect((await server.admin.get(NODES, { name })).metadata.name).toBe(name);
    await node.end('SIGTERM');
    // No key without its file: whatever was asked for before a kill is what is in use.
    const { items: asked } = await server.admin.list(CERTIFICATE_SIGNING_REQUESTS);
    for (const kind of ['client', 'server']) {
      const [{ subject, spki, extendedKeyUsage }] = readCertificates(
        readFileSync(at(`pki/kubelet-${kind}-current.pem`)),
      );
      const own = asked.filter(({ spec }) => {
        const request = readRequest(Buffer.from(spec.request, 'base64'));
        const usage = kind === 'client' ? 'client auth' : 'server auth';
        return commonName(request.subject) === commonName(subject) && spec.usages?.includes(usage);
      });
      expect(own, `${name}, ${String(extendedKeyUsage)}`).toHaveLength(1);
      expect(
        keysMatch(readRequest(Buffer.from(own[0]?.spec.request ?? '', 'base64')), { spki }),
      ).toBe(true);
    }
    expect(readdirSync(at('pki')).filter((file) => file.includes('pending'))).toEqual([]);
  }

  // One certificate for each request that was approved, and none without.
  const { items } = await server.admin.list(CERTIFICATE_SIGNING_REQUESTS);
  for (const { metadata, status } of items) {
    const approved = status?.conditions?.some(({ type }) => type === 'Approved') ?? false;
    expect(status?.certificate !== undefined, metadata.name ?? '').toBe(approved);
  }
});
