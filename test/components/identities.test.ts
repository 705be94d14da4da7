/**
 * Who somebody is and what they may do: the same requests, with the same credentials over TLS, to the
 * server of kubepki and to a real kube-apiserver.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
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
import { systemClock } from '../../src/client/index.ts';
import { createMemoryStorage } from '../../src/storage/index.ts';
import { makeName, readCertificates } from '../../src/x509/index.ts';
import { type RealApiserver, startRealApiserver } from '../client/real-apiserver.ts';
import { createAuthority, type Pem } from '../client/tls-server.ts';
import { peer } from '../peers/peers.ts';

const frontProxy = createAuthority('front-proxy');
const UID = '1.3.6.1.4.1.57683.2';
const AUDIENCE = 'https://kubernetes.default.svc';
const directory = mkdtempSync(join(tmpdir(), 'kubepki-identities-'));

let real: RealApiserver;
let ours: ApiServer;
let serving: Serving;
let credentials: Record<string, Partial<Pem> & { token?: string }>;

beforeAll(async () => {
  real = await startRealApiserver(async (file) => [
    // As our server has it: a node's rights go with what is served.
    '--feature-gates=ClusterTrustBundle=true,PodCertificateRequest=true',
    '--runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles=true,certificates.k8s.io/v1beta1/podcertificaterequests=true',
    '--authorization-mode=Node',
    `--requestheader-client-ca-file=${await file('front-proxy-ca.crt', frontProxy.ca)}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-uid-headers=X-Remote-Uid',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
  ]);
  const { authority } = real;
  const frontProxyCa = readCertificates(frontProxy.ca);
  ours = await createApiServer({
    storage: createMemoryStorage({ now: () => new Date() }),
    clientCa: authority.ca,
    requestHeader: {
      ca: () => frontProxyCa,
      allowedNames: ['front-proxy-client'],
      usernameHeaders: ['X-Remote-User'],
      uidHeaders: ['X-Remote-Uid'],
      groupHeaders: ['X-Remote-Group'],
      extraHeadersPrefix: ['X-Remote-Extra-'],
    },
    tokenFile: new Map([[real.token, { name: 'token-user', uid: '7', groups: ['token-group'] }]]),
    authorizationModes: ['RBAC', 'Node'],
    apiAudiences: [AUDIENCE],
    bootstrapTokens: false,
    anonymousAuth: true,
    version: versionInfo('0.1.0'),
    clock: systemClock,
    log: () => {},
  });
  await ours.ready();
  const { certificate, key } = authority.issue('kube-apiserver');
  serving = await serve({ server: ours, address: '127.0.0.1', port: 0, certificate, key });
  const named = (name: string, ...organizations: string[]) =>
    authority.issue(name, { subject: makeName({ commonName: name, organizations }) });
  credentials = {
    admin: real.admin,
    alice: named('alice', 'dev', 'night shift'),
    legacy: named('legacy'),
    bound: named('bound'),
    uid: authority.issue('x', {
      subject: [...makeName({ commonName: 'uid-user' }), [{ type: UID, value: 'u-1' }]],
    }),
    uids: authority.issue('x', {
      subject: [
        ...makeName({ commonName: 'uid-user' }),
        [{ type: UID, value: 'u-1' }],
        [{ type: UID, value: 'u-2' }],
      ],
    }),
    nameless: authority.issue('x', { subject: makeName({ organizations: ['dev'] }) }),
    node: named('system:node:worker-1', 'system:nodes'),
    proxy: frontProxy.issue('front-proxy-client'),
    otherProxy: frontProxy.issue('other'),
    impostor: named('front-proxy-client'),
    stranger: createAuthority('other').issue('alice'),
    token: { token: real.token },
    badToken: { token: 'bad' },
    nobody: {},
  };
  for (const [path, body] of RBAC_OBJECTS) {
    for (const base of [real.url, ourUrl()]) {
      const answer = await ask(base, 'admin', 'POST', path, {}, body);
      expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    }
  }
});
afterAll(async () => {
  await serving?.close(0);
  await ours?.close();
  await real?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const ourUrl = (): string => `https://127.0.0.1:${serving.address.port}`;

type Who = string;
type Headers = Record<string, string | string[]>;
interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

function ask(
  base: string,
  who: Who,
  method: string,
  path: string,
  headers: Headers = {},
  body?: object,
): Promise<Answer> {
  const { certificate, key, token } = credentials[who] ?? {};
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      `${base}${path}`,
      {
        method,
        agent: false,
        ca: real.authority.ca,
        ...(certificate === undefined ? {} : { cert: certificate, key }),
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Without what differs from server to server, and rules in one order. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(comparable);
    const isRules = items.some(
      (item) => typeof item === 'object' && item !== null && 'verbs' in item,
    );
    return isRules ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !['creationTimestamp', 'managedFields'].includes(key))
      .map(([key, item]) => [key, comparable(item)]),
  );
}

async function both(
  ...[who, method, path, headers, body]: [Who, string, string, Headers?, object?]
) {
  const [theirs, mine] = await Promise.all([
    ask(real.url, who, method, path, headers, body),
    ask(ourUrl(), who, method, path, headers, body),
  ]);
  return { theirs: comparable(theirs), mine: comparable(mine) };
}

async function expectSame(...request: Parameters<typeof both>): Promise<void> {
  const { theirs, mine } = await both(...request);
  expect(mine).toEqual(theirs);
}

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const role = (name: string, rules: object[]): [string, object] => [
  `${RBAC}/clusterroles`,
  { metadata: { name }, rules },
];
const bind = (name: string, kind: string, subject: string): [string, object] => [
  `${RBAC}/clusterrolebindings`,
  {
    metadata: { name },
    subjects: [{ kind, name: subject, apiGroup: 'rbac.authorization.k8s.io' }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
  },
];
const AUTHENTICATION = { apiGroups: ['authentication.k8s.io'] };
const RBAC_OBJECTS: [string, object][] = [
  role('legacy', [
    { verbs: ['impersonate'], apiGroups: [''], resources: ['users', 'serviceaccounts'] },
    { verbs: ['impersonate'], apiGroups: [''], resources: ['groups'], resourceNames: ['dev'] },
    { verbs: ['impersonate'], ...AUTHENTICATION, resources: ['uids', 'userextras/scopes'] },
  ]),
  bind('legacy', 'User', 'legacy'),
  role('bound', [
    { verbs: ['impersonate:user-info'], ...AUTHENTICATION, resources: ['users'] },
    { verbs: ['impersonate:arbitrary-node'], ...AUTHENTICATION, resources: ['nodes'] },
    { verbs: ['impersonate:serviceaccount'], ...AUTHENTICATION, resources: ['serviceaccounts'] },
    {
      verbs: ['create', 'user-info', 'arbitrary-node', 'serviceaccount'].map((mode) =>
        mode === 'create' ? mode : `impersonate-on:${mode}:create`,
      ),
      ...AUTHENTICATION,
      resources: ['selfsubjectreviews'],
    },
  ]),
  bind('bound', 'User', 'bound'),
  role('reader', [
    { verbs: ['get', 'list'], apiGroups: ['', 'apps'], resources: ['pods', 'pods/log'] },
    { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['a', 'b'] },
    { verbs: ['get'], nonResourceURLs: ['/logs/*'] },
  ]),
  bind('reader', 'Group', 'dev'),
  bind('gone', 'Group', 'night shift'),
];

const WHOAMI = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const SELF = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };

describe('who somebody is', () => {
  const forged: Headers = { 'X-Remote-User': 'root', 'X-Remote-Group': 'system:masters' };
  const spoken: Headers = {
    'X-Remote-User': 'bob',
    'X-Remote-Uid': '7',
    'X-Remote-Group': ['dev', 'a, b'],
    'X-Remote-Extra-Scopes': ['view', 'edit'],
    'X-Remote-Extra-Example.com%2fKey': 'x',
    'X-Remote-Extra-%zz': 'y',
  };

  it.each<[Who, Headers]>([
    ['alice', {}],
    ['admin', {}],
    ['uid', {}],
    ['uids', {}],
    ['nameless', {}],
    ['stranger', {}],
    ['node', {}],
    ['token', {}],
    ['badToken', {}],
    ['nobody', {}],
    ['proxy', {}],
    ['proxy', spoken],
    ['proxy', { 'X-Remote-User': '' }],
    ['proxy', { 'X-Remote-User': ['bob', 'eve'], 'X-Remote-Group': '' }],
    ['proxy', { 'X-Remote-User': 'system:anonymous', 'X-Remote-Group': 'system:unauthenticated' }],
    ['proxy', { 'X-Remote-User': 'Zo\u00c3\u00ab' }],
    ['otherProxy', spoken],
    ['impostor', spoken],
    ['stranger', forged],
    ['alice', forged],
    ['token', forged],
    ['nobody', forged],
  ])('%s with %j', async (who, headers) => {
    await expectSame(who, 'POST', WHOAMI, headers, SELF);
  });
});

describe('acting as somebody else', () => {
  const as = (name: string, more: Headers = {}): Headers => ({ 'Impersonate-User': name, ...more });

  it.each<[Who, Headers]>([
    ['admin', as('bob')],
    ['admin', as('bob', { 'Impersonate-Group': ['dev', 'a, b'], 'Impersonate-Uid': '7' })],
    ['admin', as('bob', { 'Impersonate-Extra-Example.com%2fScopes': ['a', 'b'] })],
    ['admin', as('bob', { 'Impersonate-Group': 'system:masters' })],
    ['admin', as('bob', { 'Impersonate-Group': 'system:unauthenticated' })],
    ['admin', as('bob', { 'Impersonate-Group': '' })],
    ['admin', as('system:anonymous')],
    ['admin', as('system:anonymous', { 'Impersonate-Group': 'system:authenticated' })],
    ['admin', as('system:serviceaccount:ns:sa')],
    ['admin', as('system:serviceaccount:ns:sa', { 'Impersonate-Group': 'dev' })],
    ['admin', as('system:serviceaccount:ns')],
    ['admin', as('system:node:worker-1')],
    ['admin', as('system:node:worker-1', { 'Impersonate-Group': 'x' })],
    ['admin', { 'Impersonate-Group': 'dev' }],
    ['admin', { 'Impersonate-Uid': '7' }],
    ['admin', { 'Impersonate-Extra-A': ['b', 'c'] }],
    ['admin', { 'Impersonate-User': '' }],
    ['admin', { 'Impersonate-Other': 'x' }],
    ['alice', as('bob')],
    ['alice', as('system:node:worker-1')],
    ['alice', as('system:serviceaccount:ns:sa')],
    ['alice', as('alice')],
    ['nobody', as('bob')],
    ['token', as('bob')],
    ['badToken', as('bob')],
    ['legacy', as('bob')],
    ['legacy', as('bob', { 'Impersonate-Group': 'dev' })],
    ['legacy', as('bob', { 'Impersonate-Group': ['dev', 'ops'] })],
    ['legacy', as('bob', { 'Impersonate-Uid': '7', 'Impersonate-Extra-Scopes': 'x' })],
    ['legacy', as('bob', { 'Impersonate-Extra-Other': 'x' })],
    ['legacy', as('system:serviceaccount:ns:sa')],
    ['bound', as('bob')],
    ['bound', as('bob', { 'Impersonate-Group': 'dev' })],
    ['bound', as('bob', { 'Impersonate-Group': 'system:masters' })],
    ['bound', as('bob', { 'Impersonate-Group': '' })],
    ['bound', as('bob', { 'Impersonate-Extra-': 'x' })],
    ['bound', as('system:node:worker-1')],
    ['bound', as('system:serviceaccount:ns:sa')],
    ['proxy', as('bob', { 'X-Remote-User': 'admin', 'X-Remote-Group': 'system:masters' })],
  ])('%s with %j', async (who, headers) => {
    await expectSame(who, 'POST', WHOAMI, headers, SELF);
  });

  it.each(['GET /api/v1/namespaces/default/secrets', 'GET /logs/x', 'DELETE /api/v1/nodes/a'])(
    'is judged as that one for %s',
    async (line) => {
      const [method = '', path = ''] = line.split(' ');
      for (const who of ['admin', 'legacy', 'bound', 'alice']) {
        await expectSame(who, method, path, as('bob'));
      }
    },
  );
});

describe('reviews', () => {
  const TOKENS = '/apis/authentication.k8s.io/v1/tokenreviews';
  const tokenReview = (spec: object) => ({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec,
  });

  it('of tokens', async () => {
    for (const spec of [
      { token: real.token },
      { token: 'bad' },
      { token: '' },
      { token: `${real.token} and more` },
      { token: real.token, audiences: [AUDIENCE, 'x'] },
      { token: real.token, audiences: ['x'] },
      {},
    ]) {
      await expectSame('admin', 'POST', TOKENS, {}, tokenReview(spec));
    }
    await expectSame('alice', 'POST', TOKENS, {}, tokenReview({ token: real.token }));
    // Upstream reads no token there, and finds that nobody is somebody: anonymous, authenticated.
    const { theirs, mine } = await both('admin', 'POST', TOKENS, {}, tokenReview({ token: ' x' }));
    expect(theirs).toMatchObject({
      body: { status: { authenticated: true, user: { username: 'system:anonymous' } } },
    });
    expect(mine).toMatchObject({ body: { status: { user: {} } } });
    expect(mine).not.toHaveProperty('body.status.authenticated');
  });

  const ACCESS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  const access = (spec: object, more: object = {}) => ({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec,
    ...more,
  });
  const node = { user: 'system:node:worker-1', groups: ['system:nodes'] };
  const may = (verb: string, what: string, more: object = {}) => {
    const [group = '', path = ''] = what.split(':');
    const [resource = '', subresource] = path.split('/');
    return {
      resourceAttributes: { verb, group, resource, ...(subresource && { subresource }), ...more },
    };
  };
  const onNode = (name: string) => ({ fieldSelector: { rawSelector: `spec.nodeName=${name}` } });

  it.each<object>([
    { user: 'alice', ...may('get', ':pods') },
    { user: 'x', groups: ['dev'], ...may('list', 'apps:pods/log', { namespace: 'ns' }) },
    { user: 'x', groups: ['dev'], ...may('get', ':secrets', { name: 'a' }) },
    { user: 'x', groups: ['night shift'], ...may('get', ':secrets') },
    { user: 'x', groups: ['dev'], nonResourceAttributes: { verb: 'get', path: '/logs/a' } },
    { groups: ['system:masters'], ...may('*', '*:*') },
    { ...may('get', ':pods') },
    { user: 'x' },
    { user: 'x', ...may('get', ':pods'), nonResourceAttributes: { verb: 'get', path: '/' } },
    { user: 'x', ...may('list', ':pods', { fieldSelector: {} }) },
    { user: 'x', ...may('list', ':pods', { labelSelector: {} }) },
    {
      ...may('list', ':pods', {
        fieldSelector: {
          rawSelector: 'a=b',
          requirements: [{ key: 'a', operator: 'In', values: ['b'] }],
        },
      }),
    },
    {
      user: 'x',
      ...may('list', ':pods', { labelSelector: { requirements: [{ key: 'a', operator: 'In' }] } }),
    },
    {
      user: 'x',
      ...may('list', ':pods', {
        fieldSelector: { requirements: [{ operator: 'Exists', values: ['a'] }] },
      }),
    },
    { user: 'x', ...may('list', ':pods', { fieldSelector: { rawSelector: 'a' } }) },
    { user: 'x', ...may('list', ':pods', { labelSelector: { rawSelector: 'a in (' } }) },
    { ...node, ...may('list', ':pods', onNode('worker-1')) },
    { ...node, ...may('list', ':pods', onNode('worker-2')) },
    {
      ...node,
      ...may('watch', ':pods', {
        fieldSelector: {
          requirements: [
            { key: 'spec.nodeName', operator: 'In', values: ['worker-1'] },
            { key: 'x', operator: 'New', values: ['y'] },
          ],
        },
      }),
    },
    ...[
      ['get', ':nodes', 'worker-1'],
      ['get', ':nodes', 'worker-2'],
      ['list', ':nodes', ''],
      ['delete', ':nodes', 'worker-1'],
      ['update', ':nodes/status', 'worker-1'],
      ['get', ':nodes/proxy', 'worker-1'],
      ['get', ':secrets', 'x'],
      ['list', ':secrets', ''],
      ['delete', ':secrets', 'x'],
      ['get', ':secrets/x', 'x'],
      ['get', ':configmaps', 'x'],
      ['get', ':serviceaccounts', 'x'],
      ['list', ':serviceaccounts', 'x'],
      ['create', ':serviceaccounts/token', 'x'],
      ['create', ':serviceaccounts', ''],
      ['get', ':persistentvolumeclaims', 'x'],
      ['list', ':persistentvolumeclaims', 'x'],
      ['patch', ':persistentvolumeclaims/status', 'x'],
      ['get', ':persistentvolumeclaims/status', 'x'],
      ['get', ':persistentvolumes', 'x'],
      ['get', ':pods', 'x'],
      ['get', ':pods', ''],
      ['list', ':pods', ''],
      ['create', ':pods', ''],
      ['update', ':pods', 'x'],
      ['create', ':pods/eviction', 'x'],
      ['create', ':pods/exec', 'x'],
      ['update', ':pods/status', 'x'],
      ['list', ':services', ''],
      ['create', ':events', ''],
      ['get', 'storage.k8s.io:csinodes', 'worker-1'],
      ['get', 'storage.k8s.io:csinodes', 'worker-2'],
      ['list', 'storage.k8s.io:csinodes', ''],
      ['get', 'storage.k8s.io:csinodes/status', 'worker-1'],
      ['get', 'storage.k8s.io:csidrivers', 'x'],
      ['get', 'storage.k8s.io:volumeattachments', 'x'],
      ['list', 'storage.k8s.io:volumeattachments', ''],
      ['create', 'resource.k8s.io:resourceslices', ''],
      ['get', 'resource.k8s.io:resourceslices', 'x'],
      ['list', 'resource.k8s.io:resourceslices', ''],
      ['approve', 'resource.k8s.io:resourceslices', 'x'],
      ['get', 'resource.k8s.io:resourceslices/status', 'x'],
      ['get', 'resource.k8s.io:resourceclaims', 'x'],
      ['update', 'coordination.k8s.io:leases', 'worker-1'],
      ['list', 'coordination.k8s.io:leases', ''],
      ['create', 'certificates.k8s.io:certificatesigningrequests', ''],
      ['create', 'certificates.k8s.io:podcertificaterequests', ''],
      ['list', 'certificates.k8s.io:clustertrustbundles', ''],
      ['create', 'authentication.k8s.io:tokenreviews', ''],
    ].flatMap(([verb = '', what = '', name = '']) =>
      ['', 'ns', 'kube-node-lease'].map((namespace) => ({
        ...node,
        ...may(verb, what, { namespace, name }),
      })),
    ),
  ])('of access: %j', async (spec) => {
    await expectSame('admin', 'POST', ACCESS, {}, access(spec));
  });

  it('of access, with metadata, of one namespace, of oneself', async () => {
    // Upstream shows metadata with the fields' managers that it has put there itself.
    const named = access({ user: 'x', ...may('get', ':pods') }, { metadata: { name: 'x' } });
    const { theirs, mine } = await both('admin', 'POST', ACCESS, {}, named);
    const refused = {
      status: 422,
      body: {
        reason: 'Invalid',
        details: { causes: [{ field: 'metadata', reason: 'FieldValueInvalid' }] },
      },
    };
    expect(theirs).toMatchObject(refused);
    expect(mine).toMatchObject(refused);
    const LOCAL = '/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews';
    const local = (spec: object, namespace = 'default') => ({
      ...access(spec),
      kind: 'LocalSubjectAccessReview',
      metadata: { namespace },
    });
    for (const body of [
      local({ user: 'alice', ...may('get', ':pods', { namespace: 'default' }) }),
      local({ user: 'alice', groups: ['dev'], ...may('get', ':pods', { namespace: 'default' }) }),
      local({ user: 'alice', ...may('get', ':pods', { namespace: 'other' }) }),
      local({ user: 'alice', nonResourceAttributes: { verb: 'get', path: '/' } }),
      local({}),
    ]) {
      await expectSame('admin', 'POST', LOCAL, {}, body);
    }
    const OWN = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    for (const spec of [
      may('get', ':pods'),
      may('list', ':pods', { fieldSelector: { rawSelector: 'a' } }),
      {},
    ]) {
      for (const who of ['alice', 'node', 'nobody']) {
        await expectSame(
          who,
          'POST',
          OWN,
          {},
          { ...access(spec), kind: 'SelfSubjectAccessReview' },
        );
      }
    }
  });

  it('of rules', async () => {
    const RULES = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews';
    const rules = (spec: object) => ({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      spec,
    });
    for (const who of ['alice', 'legacy', 'bound', 'token', 'node', 'admin', 'nobody']) {
      await expectSame(who, 'POST', RULES, {}, rules({ namespace: 'default' }));
      await expectSame(who, 'POST', RULES, {}, rules({}));
    }
  });
});

it('is told to other servers in the same words', async () => {
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  const { theirs, mine } = await both('admin', 'GET', path);
  const data = (answer: unknown) => (answer as Answer).body['data'];
  expect(data(mine)).toEqual(data(theirs));
  expect(Object.keys(data(mine) as object)).toContain('requestheader-uid-headers');
});

describe('kubectl', () => {
  async function kubectl(base: string, who: Who, input: string, ...args: string[]) {
    const { certificate = '', key = '', token } = credentials[who] ?? {};
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const file = join(directory, `${base === real.url ? 'real' : 'ours'}-${who}.conf`);
    const user =
      token === undefined
        ? { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) }
        : { token };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'c',
          cluster: { server: base, 'certificate-authority-data': base64(real.authority.ca) },
        },
      ],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    writeFileSync(file, JSON.stringify(config));
    const program = await peer('kubectl');
    const child = spawn(
      program,
      [`--kubeconfig=${file}`, `--cache-dir=${directory}/cache`, ...args],
      {
        env: { PATH: process.env['PATH'], HOME: directory },
        stdio: 'pipe',
      },
    );
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    }
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    return { code, lines: text.trim().split('\n') };
  }

  async function expectSameLines(who: Who, input: string, ...args: string[]): Promise<string[]> {
    const [theirs, mine] = await Promise.all([
      kubectl(real.url, who, input, ...args),
      kubectl(ourUrl(), who, input, ...args),
    ]);
    expect({ ...mine, lines: mine.lines.sort() }).toEqual({
      ...theirs,
      lines: theirs.lines.sort(),
    });
    return mine.lines;
  }

  it('auth whoami', async () => {
    for (const who of ['alice', 'uid', 'token', 'node']) {
      const lines = await expectSameLines(who, '', 'auth', 'whoami');
      if (who === 'uid') expect(lines.join('\n')).toMatch(/UID +u-1/);
    }
    const lines = await expectSameLines(
      'admin',
      '',
      'auth',
      'whoami',
      '--as=bob',
      '--as-group=a,b',
      '--as-group=c',
      '--as-uid=9',
    );
    expect(lines.join('\n')).toMatch(/Username +bob/);
    await expectSameLines('alice', '', 'auth', 'whoami', '--as=bob');
  });

  it('auth can-i', async () => {
    for (const who of ['alice', 'legacy', 'bound', 'token', 'node', 'admin']) {
      await expectSameLines(who, '', 'auth', 'can-i', '--list');
    }
    await expectSameLines('admin', '', 'auth', 'can-i', '--list', '--as=bob', '--as-group=dev');
    await expectSameLines('admin', '', 'auth', 'can-i', 'list', 'secrets', '--as=bob');
    await expectSameLines(
      'admin',
      '',
      'auth',
      'can-i',
      'get',
      '/logs/x',
      '--as=bob',
      '--as-group=dev',
    );
    await expectSameLines('alice', '', 'auth', 'can-i', 'get', 'secrets/a');
  });

  it('auth reconcile', async () => {
    const objects = (rules: string, subject: string): string => `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: reconciled, labels: { a: b } }
rules: [${rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: reconciled }
subjects: [{ kind: User, name: ${subject}, apiGroup: rbac.authorization.k8s.io }]
roleRef: { kind: ClusterRole, name: reconciled, apiGroup: rbac.authorization.k8s.io }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reconciled, namespace: default }
rules: [${rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reconciled, namespace: default }
subjects: [{ kind: Group, name: ${subject}, apiGroup: rbac.authorization.k8s.io }]
roleRef: { kind: Role, name: reconciled, apiGroup: rbac.authorization.k8s.io }
`;
    const pods = '{ verbs: [get], apiGroups: [""], resources: [pods] }';
    const nodes = '{ verbs: [list], apiGroups: [""], resources: [nodes] }';
    const steps: [string, ...string[]][] = [
      [objects(pods, 'x')],
      [objects(pods, 'x')],
      [objects(`${pods}, ${nodes}`, 'y')],
      [objects(nodes, 'z'), '--remove-extra-permissions', '--remove-extra-subjects'],
      [objects(pods, 'x'), '--dry-run=client'],
      [objects(pods, 'x'), '--dry-run=server'],
    ];
    for (const [yaml, ...flags] of steps) {
      await expectSameLines('admin', yaml, 'auth', 'reconcile', '-f', '-', ...flags);
      for (const path of [
        'clusterroles',
        'clusterrolebindings',
        'namespaces/default/roles',
        'namespaces/default/rolebindings',
      ]) {
        const { theirs, mine } = await both('admin', 'GET', `${RBAC}/${path}/reconciled`);
        const essence = (answer: unknown) => {
          const { metadata: _, ...rest } = (answer as Answer).body;
          return rest;
        };
        expect(essence(mine)).toEqual(essence(theirs));
      }
    }
    // Who does not hold the rights gives none. (kubectl 1.36 panics over the refusal, with either server.)
    await expectSame(
      'alice',
      'POST',
      `${RBAC}/clusterroles`,
      {},
      { metadata: { name: 'x' }, rules: [] },
    );
  });
});
