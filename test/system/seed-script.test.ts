/**
 * The script of the article that kubepki grew from, line by line: a `token.csv`, a bootstrap kubeconfig
 * made by `kubectl config`, a role binding, and a node that asks for its certificate.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commonName, readCertificates } from '../../src/x509/index.ts';
import { freePort } from '../free-port.ts';
import { peer } from '../peers/peers.ts';
import { command, kubepki } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';
import { eventually, inBackground } from './background.ts';

/** As the article has it. */
const TOKEN_CSV =
  '93fb4dd1629fbceaa0953d7d6051bfa7,kubelet-bootstrap,10001,"system:kubelet-bootstrap"\n';

const clusterFile = (port: number): string => `apiVersion: kubepki.dev/v1alpha1
kind: Cluster
metadata: { name: kubernetes }
spec:
  controlPlaneEndpoint: 127.0.0.1:${port}
  layout: binary
  hosts:
    - { name: master1, addresses: [127.0.0.1], roles: [control-plane, etcd] }
`;

/** The PKI, the server with the token file, and `kubectl` as the administrator. */
async function prepare() {
  const directory = temporaryDirectory();
  const port = await freePort();
  const at = (...path: string[]): string => join(directory, ...path);
  writeFileSync(at('cluster.yaml'), clusterFile(port));
  const made = await kubepki(['apply', '-f', at('cluster.yaml'), '-d', at('pki')]);
  expect(made.code).toBe(0);
  const pki = (file: string): string => at('pki/hosts/master1/etc/kubernetes/pki', file);
  writeFileSync(at('token.csv'), TOKEN_CSV, { mode: 0o600 });
  const server = inBackground([
    'server',
    `--data-dir=${at('data')}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${pki('apiserver.pem')}`,
    `--tls-private-key-file=${pki('apiserver-key.pem')}`,
    `--client-ca-file=${pki('ca.pem')}`,
    `--token-auth-file=${at('token.csv')}`,
    `--cluster-signing-cert-file=${pki('ca.pem')}`,
    `--cluster-signing-key-file=${pki('ca-key.pem')}`,
  ]);
  await server.says('serving on');
  copyFileSync(pki('ca.pem'), at('ca.pem'));
  const kubectl = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await command(
      await peer('kubectl'),
      [`--cache-dir=${at('cache')}`, ...args],
      {
        cwd: directory,
        env: { ...process.env, KUBECONFIG: at('pki/admin/super-admin.kubeconfig') },
      },
    );
    expect(code, `kubectl ${args.join(' ')}: ${stderr}`).toBe(0);
    return stdout;
  };
  return { at, port, kubectl };
}

it('waits for an administrator, and for none once the nodeclient role is bound', async () => {
  const { at, port, kubectl } = await prepare();

  // BOOTSTRAP_TOKEN=$(awk -F "," '{print $1}' /etc/kubernetes/token.csv)
  const awk = await command('awk', ['-F', ',', '{print $1}', at('token.csv')]);
  const token = awk.stdout.trim();
  const file = '--kubeconfig=kubelet-bootstrap.kubeconfig';
  const server = `--server=https://127.0.0.1:${port}`;
  await kubectl(
    'config',
    'set-cluster',
    'kubernetes',
    '--certificate-authority=ca.pem',
    '--embed-certs=true',
    server,
    file,
  );
  await kubectl('config', 'set-credentials', 'kubelet-bootstrap', `--token=${token}`, file);
  await kubectl(
    'config',
    'set-context',
    'default',
    '--cluster=kubernetes',
    '--user=kubelet-bootstrap',
    file,
  );
  await kubectl('config', 'use-context', 'default', file);
  await kubectl(
    'create',
    'clusterrolebinding',
    'kubelet-bootstrap',
    '--clusterrole=system:node-bootstrapper',
    '--user=kubelet-bootstrap',
  );

  const startNode = (name: string, address: string) => {
    mkdirSync(at(name));
    copyFileSync(at('kubelet-bootstrap.kubeconfig'), at(name, 'bootstrap.kubeconfig'));
    return inBackground([
      'node',
      `--bootstrap-kubeconfig=${at(name, 'bootstrap.kubeconfig')}`,
      `--kubeconfig=${at(name, 'kubelet.kubeconfig')}`,
      `--cert-dir=${at(name, 'pki')}`,
      `--hostname-override=${name}`,
      `--node-ip=${address}`,
      `--address=${address}`,
      '--port=0',
    ]);
  };
  const certificateOf = (name: string) =>
    readCertificates(readFileSync(at(name, 'pki/kubelet-client-current.pem')))[0];
  const requests = () => kubectl('get', 'csr', '--no-headers');

  // Nobody has given the node's user the right to be approved: its request waits.
  const first = startNode('node1', '127.0.3.1');
  await first.says(/CertificateSigningRequest csr-\w+/);
  await first.says('kubectl certificate approve');
  const pending = await requests();
  expect(pending).toMatch(
    /^csr-\w+ .*kubernetes.io\/kube-apiserver-client-kubelet +kubelet-bootstrap +<none> +Pending\n$/,
  );
  expect(existsSync(at('node1/pki/kubelet-client-current.pem'))).toBe(false);

  // kubectl certificate approve
  const name = pending.split(' ')[0] ?? '';
  expect(await kubectl('certificate', 'approve', name)).toContain(`${name} approved`);
  await first.says('registered Node node1');
  expect(commonName(certificateOf('node1').subject)).toBe('system:node:node1');
  await eventually(
    async () => existsSync(at('node1/bootstrap.kubeconfig')),
    (there) => !there,
  );

  // The role of the article's group, bound: the next node waits for nobody.
  await kubectl(
    'create',
    'clusterrolebinding',
    'node-client-auto-approve-csr',
    '--clusterrole=system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    '--user=kubelet-bootstrap',
  );
  const second = startNode('node2', '127.0.3.2');
  await second.says('registered Node node2');
  expect(second.said()).not.toContain('kubectl certificate approve');
  expect(commonName(certificateOf('node2').subject)).toBe('system:node:node2');
  expect(await kubectl('get', 'nodes', '-o', 'name')).toBe('node/node1\nnode/node2\n');
});
