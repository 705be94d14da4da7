/** The API server with the real kubectl, over TLS, as people and scripts use it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ApiServer,
  createApiServer,
  type Serving,
  serve,
  versionInfo,
} from '../../src/apiserver/index.ts';
import { createClient, loopbackTransport, systemClock } from '../../src/client/index.ts';
import { runControllers } from '../../src/controllers/index.ts';
import { createMemoryStorage } from '../../src/storage/index.ts';
import { createRequest, encodePem, generatePrivateKey, makeName } from '../../src/x509/index.ts';
import { authority, type Pair, pair } from '../http/material.ts';
import { peer } from '../peers/peers.ts';

const TOKEN = '07401b.f395accd246ae52d';
const ca = authority('kubernetes');
const directory = mkdtempSync(join(tmpdir(), 'kubepki-kubectl-'));
const faults: string[] = [];

let api: ApiServer;
let serving: Serving;
let program: string;
const stop = new AbortController();
let controllers: Promise<void>;

beforeAll(async () => {
  program = await peer('kubectl');
  const storage = createMemoryStorage({ now: () => new Date() });
  api = await createApiServer({
    storage,
    clientCa: ca.pem,
    tokenFile: new Map([
      [TOKEN, { name: 'kubelet-bootstrap', uid: '10001', groups: ['system:bootstrappers'] }],
    ]),
    bootstrapTokens: true,
    anonymousAuth: true,
    version: versionInfo('0.1.0'),
    clock: systemClock,
    log: (message, error) => {
      if (error !== undefined)
        faults.push(
          `${message}: ${error instanceof Error ? error.message : JSON.stringify(error)}`,
        );
    },
  });
  await api.ready();
  const self = { name: 'system:apiserver', groups: ['system:masters'] };
  controllers = runControllers({
    client: createClient(loopbackTransport(api.loopback(self))),
    clock: systemClock,
    signal: stop.signal,
    controllers: ['namespace', 'garbagecollector'],
    namespaceDelayMs: 0,
  });
  const { certificate, key } = pair(ca, { commonName: 'kube-apiserver' }, 'serverAuth');
  serving = await serve({ server: api, address: '127.0.0.1', port: 0, certificate, key });
  const users: Record<string, object> = {
    admin: credentials(pair(ca, { commonName: 'admin', organizations: ['system:masters'] })),
    bob: credentials(pair(ca, { commonName: 'bob' })),
    bootstrap: { token: TOKEN },
    stranger: { token: 'abcdef.0123456789abcdef' },
  };
  for (const [name, user] of Object.entries(users)) writeFileSync(kubeconfig(name), config(user));
});

afterAll(async () => {
  stop.abort();
  await controllers;
  await serving?.close(0);
  await api?.close();
  rmSync(directory, { recursive: true, force: true });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const kubeconfig = (user: string): string => join(directory, `${user}.conf`);
const credentials = ({ certificate, key }: Pair): object => ({
  'client-certificate-data': base64(certificate),
  'client-key-data': base64(key),
});

const config = (user: object): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'c',
        cluster: {
          server: `https://127.0.0.1:${serving.address.port}`,
          'certificate-authority-data': base64(ca.pem),
        },
      },
    ],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(user: string, args: readonly string[], input = ''): Promise<Result> {
  const child = spawn(
    'setpriv',
    [
      '--pdeathsig',
      'KILL',
      program,
      `--kubeconfig=${kubeconfig(user)}`,
      `--cache-dir=${join(directory, user)}`,
      ...args,
    ],
    { stdio: 'pipe', env: { ...process.env, HOME: directory } },
  );
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    said.stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.stderr += String(chunk);
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...said }));
  });
}

/** What admin's kubectl prints; it must succeed. */
async function kubectl(command: string, input = ''): Promise<string> {
  const { code, stdout, stderr } = await run('admin', command.split(' '), input);
  expect({ command, code, stderr }).toMatchObject({ code: 0 });
  return stdout;
}

/** What kubectl says when it fails. */
async function refused(user: string, command: string, input = ''): Promise<string> {
  const { code, stderr } = await run(user, command.split(' '), input);
  expect({ command, code }).not.toMatchObject({ code: 0 });
  return stderr;
}

function csr(name: string, signerName = 'kubernetes.io/kube-apiserver-client'): string {
  const key = generatePrivateKey('ECDSA-P256');
  const der = createRequest({ subject: makeName({ commonName: name }) }, key);
  return JSON.stringify({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: base64(encodePem('CERTIFICATE REQUEST', der)),
      signerName,
      usages: ['digital signature', 'client auth'],
      expirationSeconds: 3600,
    },
  });
}

describe('kubectl finds out', () => {
  it('which version it speaks to', async () => {
    expect(await kubectl('version')).toMatch(/Server Version: v1\.36\.\d+\+kubepki/);
  });

  it('which resources there are', async () => {
    const text = await kubectl('api-resources');
    for (const line of [
      /^certificatesigningrequests +csr +certificates\.k8s\.io\/v1 +false +CertificateSigningRequest$/m,
      /^configmaps +cm +v1 +true +ConfigMap$/m,
      /^nodes +no +v1 +false +Node$/m,
      /^leases +coordination\.k8s\.io\/v1 +true +Lease$/m,
      /^selfsubjectaccessreviews +authorization\.k8s\.io\/v1 +false +SelfSubjectAccessReview$/m,
    ]) {
      expect(text).toMatch(line);
    }
    expect(text).not.toContain('daemonsets');
  });

  it('which versions there are', async () => {
    expect((await kubectl('api-versions')).trim().split('\n')).toEqual([
      'admissionregistration.k8s.io/v1',
      'apiregistration.k8s.io/v1',
      'apps/v1',
      'authentication.k8s.io/v1',
      'authorization.k8s.io/v1',
      'certificates.k8s.io/v1',
      'certificates.k8s.io/v1beta1',
      'coordination.k8s.io/v1',
      'discovery.k8s.io/v1',
      'events.k8s.io/v1',
      'flowcontrol.apiserver.k8s.io/v1',
      'kubepki.dev/v1',
      'node.k8s.io/v1',
      'policy/v1',
      'rbac.authorization.k8s.io/v1',
      'resource.k8s.io/v1',
      'scheduling.k8s.io/v1',
      'storage.k8s.io/v1',
      'v1',
    ]);
  });

  it('what fields an object has', async () => {
    const text = await kubectl('explain csr.spec');
    expect(text).toContain('GROUP:      certificates.k8s.io');
    expect(text).toMatch(/^ {2}signerName\t<string> -required-$/m);
    expect(await kubectl('explain csr --recursive')).toContain('lastTransitionTime');
    expect(await kubectl('explain secret --output=plaintext-openapiv2')).toContain('stringData');
  });

  it('that the server is well', async () => {
    expect(await kubectl('get --raw /readyz?verbose')).toContain('readyz check passed');
    expect(await kubectl('get --raw /metrics')).toContain('apiserver_request_total');
  });

  it('that what is not served is not there', async () => {
    expect(await refused('admin', 'get daemonsets')).toContain(
      `the server doesn't have a resource type "daemonsets"`,
    );
    expect(await refused('admin', 'get --raw /apis/apps/v1/daemonsets')).toContain('NotFound');
  });
});

describe('kubectl reads and writes', () => {
  it('objects from flags, which it sends in protobuf', async () => {
    expect(await kubectl('create namespace one')).toBe('namespace/one created\n');
    expect(await kubectl('create secret generic s -n one --from-literal=a=b')).toBe(
      'secret/s created\n',
    );
    expect(await kubectl('create configmap c -n one --from-literal=a=b')).toBe(
      'configmap/c created\n',
    );
    expect(await kubectl('create serviceaccount sa -n one')).toBe('serviceaccount/sa created\n');
    expect(await kubectl('create role r -n one --verb=get,list --resource=secrets')).toContain(
      'created',
    );
    expect(await kubectl('create rolebinding rb -n one --role=r --user=bob')).toContain('created');
    expect(await kubectl('create clusterrole cr --verb=get --non-resource-url=/x')).toContain(
      'created',
    );
    expect(await kubectl('get secret s -n one -o jsonpath={.data.a}')).toBe(base64('b'));
    expect(JSON.parse(await kubectl('get role r -n one -o json')).rules).toEqual([
      { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] },
    ]);
    // What a role gives counts at once.
    const { code, stdout } = await run('bob', ['get', 'secret', 's', '-n', 'one', '-o', 'name']);
    expect([code, stdout]).toEqual([0, 'secret/s\n']);
    expect(await refused('bob', 'get configmap c -n one')).toContain(
      'Error from server (Forbidden): configmaps "c" is forbidden: User "bob" cannot get resource "configmaps" in API group "" in the namespace "one"',
    );
  });

  it('tables', async () => {
    const [head, ...rows] = (await kubectl('get ns')).trim().split('\n');
    expect(head).toMatch(/^NAME +STATUS +AGE$/);
    expect(rows.join('\n')).toMatch(/^kube-system +Active +\d+s$/m);
    expect(await kubectl('get clusterroles')).toMatch(/^system:node-bootstrapper +\d{4}-/m);
    expect(await kubectl('get clusterrolebindings -o wide')).toContain('system:masters');
    expect(await kubectl('get secrets -A')).toMatch(/^NAMESPACE +NAME +TYPE +DATA +AGE$/m);
    expect((await run('admin', ['get', 'events', '-A'])).stderr).toContain('No resources found');
  });

  it('by apply, again and changed', async () => {
    const map = (value: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied, labels: {app: x}}\ndata: {key: ${value}}\n`;
    expect(await kubectl('apply -f -', map('one'))).toBe('configmap/applied created\n');
    expect(await kubectl('apply -f -', map('one'))).toBe('configmap/applied unchanged\n');
    expect(await kubectl('apply -f -', map('two'))).toBe('configmap/applied configured\n');
    expect(await kubectl('get cm applied -o jsonpath={.data.key}')).toBe('two');
    const { code, stdout } = await run('admin', ['diff', '-f', '-'], map('three'));
    expect([code, /^\+ {2}key: three$/m.test(stdout)]).toEqual([1, true]);
    expect(await kubectl('apply --dry-run=server -f -', map('four'))).toContain('(server dry run)');
    expect(await kubectl('get cm applied -o jsonpath={.data.key}')).toBe('two');
  });

  it('labels, annotations, patches, replacements and deletions', async () => {
    await kubectl('create configmap work --from-literal=a=b');
    expect(await kubectl('label cm work tier=web')).toBe('configmap/work labeled\n');
    expect(await kubectl('annotate cm work note=here')).toBe('configmap/work annotated\n');
    expect(await kubectl('get cm -l tier=web -o name')).toBe('configmap/work\n');
    expect(await kubectl('patch cm work -p {"data":{"c":"d"}}')).toBe('configmap/work patched\n');
    expect(await kubectl('patch cm work --type=merge -p {"data":{"a":null}}')).toContain('patched');
    expect(
      await kubectl('patch cm work --type=json -p [{"op":"add","path":"/data/e","value":"f"}]'),
    ).toContain('patched');
    const object = JSON.parse(await kubectl('get cm work -o json'));
    expect(object.data).toEqual({ c: 'd', e: 'f' });
    expect(
      await kubectl('replace -f -', JSON.stringify({ ...object, data: { g: 'h' } })),
    ).toContain('replaced');
    expect(await refused('admin', 'replace -f -', JSON.stringify(object))).toContain('(Conflict)');
    expect(await kubectl('delete cm work')).toContain('configmap "work" deleted');
    expect(await refused('admin', 'get cm work')).toContain('(NotFound)');
    await kubectl('create configmap many-1');
    await kubectl('create configmap many-2');
    expect(await kubectl('delete cm --all -n default')).toContain('configmap "many-2" deleted');
  });

  it('and watches', async () => {
    await kubectl('create namespace watched');
    const watching = run('admin', [
      'get',
      'cm',
      '-n',
      'watched',
      '-w',
      '--request-timeout=4s',
      '-o',
      'name',
    ]);
    await kubectl('create configmap seen -n watched');
    expect((await watching).stdout).toBe('configmap/seen\n');
  });

  it('and empties a namespace that it deletes', async () => {
    await kubectl('create namespace doomed');
    await kubectl('create configmap inside -n doomed');
    expect(await kubectl('delete namespace doomed')).toContain('namespace "doomed" deleted');
    expect(await refused('admin', 'get cm inside -n doomed')).toContain('(NotFound)');
  });

  it('and is told of fields that are unknown, and of what is wrong', async () => {
    const wrong = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: w}\ndatum: {a: b}\n';
    expect(await refused('admin', 'create -f -', wrong)).toContain('unknown field "datum"');
    const { code, stderr } = await run('admin', ['create', '--validate=warn', '-f', '-'], wrong);
    expect([code, stderr]).toEqual([0, 'Warning: unknown field "datum"\n']);
    expect(await refused('admin', 'create namespace Not_A_Name')).toContain('is invalid');
    expect(await refused('admin', 'create configmap w')).toContain('configmaps "w" already exists');
  });
});

describe('kubectl certificate', () => {
  it('creates, describes, approves and denies requests', async () => {
    expect(await kubectl('create -f -', csr('good'))).toContain('/good created');
    expect(await kubectl('apply -f -', csr('bad'))).toContain('/bad created');
    expect(await kubectl('get csr good')).toMatch(
      /^good +\d+s +kubernetes\.io\/kube-apiserver-client +admin +60m +Pending$/m,
    );
    const text = await kubectl('describe csr good');
    for (const line of [
      'Requesting User:     admin',
      'Status:              Pending',
      'Common Name:    good',
    ]) {
      expect(text).toContain(line);
    }
    expect(await kubectl('certificate approve good')).toContain('/good approved');
    expect(await kubectl('certificate deny bad')).toContain('/bad denied');
    expect(await kubectl('get csr')).toMatch(/^good .* Approved$/m);
    expect(await kubectl('get csr')).toMatch(/^bad .* Denied$/m);
    const [condition] = JSON.parse(await kubectl('get csr good -o json')).status.conditions;
    expect(condition).toMatchObject({ type: 'Approved', reason: 'KubectlApprove', status: 'True' });
    // What only names and dates must still be there after a protobuf round.
    expect(JSON.parse(await kubectl('get csr good -o json')).spec.expirationSeconds).toBe(3600);
  });

  it('lets nobody approve who may not', async () => {
    await kubectl('create -f -', csr('guarded'));
    expect(await refused('bob', 'certificate approve guarded')).toContain('(Forbidden)');
  });

  it('lets a bootstrap token ask once it is bound, and do nothing else', async () => {
    const request = csr('bootstrapped', 'kubernetes.io/kube-apiserver-client-kubelet');
    expect(await refused('bootstrap', 'create -f -', request)).toContain('(Forbidden)');
    expect(
      await kubectl(
        'create clusterrolebinding kubelet-bootstrap --clusterrole=system:node-bootstrapper --user=kubelet-bootstrap',
      ),
    ).toBe('clusterrolebinding.rbac.authorization.k8s.io/kubelet-bootstrap created\n');
    const { code } = await run('bootstrap', ['create', '-f', '-'], request);
    expect(code).toBe(0);
    expect(await refused('bootstrap', 'get secrets -A')).toContain('(Forbidden)');
    expect(await refused('bootstrap', 'certificate approve bootstrapped')).toContain('(Forbidden)');
  });
});

describe('kubectl auth', () => {
  it('can-i and whoami', async () => {
    expect(await kubectl('auth can-i create csr')).toBe('yes\n');
    const bob = await run('bob', ['auth', 'can-i', 'delete', 'nodes']);
    expect([bob.code, bob.stdout]).toEqual([1, 'no\n']);
    expect(await kubectl('auth can-i --list')).toMatch(/^\*\.\* /m);
    expect((await run('bob', ['auth', 'whoami'])).stdout).toMatch(/^Username +bob$/m);
    expect((await run('bootstrap', ['auth', 'whoami'])).stdout).toMatch(
      /^Username +kubelet-bootstrap$/m,
    );
  });

  it('is refused with a token that nobody knows', async () => {
    for (const command of ['get ns', 'get --raw /version']) {
      expect(await refused('stranger', command)).toMatch(
        /Unauthorized|asked for the client to provide credentials/,
      );
    }
  });
});

it('no request has made the server fail', () => {
  expect(faults).toEqual([]);
});
