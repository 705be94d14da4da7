/** `kubepki token list` and `delete`: as kubeadm shows and says it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { deleteTokens, tokenIds } from '../../../src/cli/token/delete.ts';
import { listFormat, listTokens, shortDuration } from '../../../src/cli/token/list.ts';
import {
  type BootstrapToken,
  encodeBootstrapTokenSecret,
  withClaim,
  withGrant,
} from '../../../src/tokens/index.ts';
import { type FakeCluster, fakeCluster, NOW } from './fake-cluster.ts';

const GROUP = 'system:bootstrappers:kubeadm:default-node-token';
let cluster: FakeCluster;

function keep(token: Partial<BootstrapToken> & Pick<BootstrapToken, 'id'>): void {
  const secret = encodeBootstrapTokenSecret({
    secret: '0123456789abcdef',
    usages: ['signing', 'authentication'],
    groups: [GROUP],
    ...token,
  });
  cluster.secrets.set(secret.metadata.name ?? '', secret);
}

beforeEach(() => {
  cluster = fakeCluster('admin.conf');
  keep({ id: 'aaaaaa', expiration: new Date('2026-06-02T11:59:30Z') });
  keep({
    id: 'fedcba',
    description: 'a very long description that is wider than fifty-six characters, I think',
  });
  keep({ id: 'zzzzzz', usages: [], groups: [], expiration: new Date('2026-05-01T00:00:00Z') });
});

describe('kubepki token list', () => {
  it('prints what kubeadm v1.36.3 prints', async () => {
    await listTokens(cluster, 'text');
    expect(cluster.printed.join('')).toBe(
      [
        'TOKEN                     TTL         EXPIRES                USAGES                   DESCRIPTION                                                EXTRA GROUPS',
        `aaaaaa.0123456789abcdef   23h         2026-06-02T11:59:30Z   authentication,signing   <none>                                                     ${GROUP}`,
        `fedcba.0123456789abcdef   <forever>   <never>   authentication,signing   a very long description that is wider than fifty-six characters, I think   ${GROUP}`,
        'zzzzzz.0123456789abcdef   <invalid>   2026-05-01T00:00:00Z   <none>                   <none>                                                     <none>',
        '',
      ].join('\n'),
    );
    expect(cluster.requests).toEqual([
      'GET /api/v1/namespaces/kube-system/secrets?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken',
    ]);
  });

  it('shows of each token whose it is, where one is bound to a node', async () => {
    cluster.secrets.clear();
    keep({ id: 'aaaaaa', description: 'plain' });
    keep({ id: 'bbbbbb', binding: { node: 'worker-1', addresses: ['10.0.0.7'], oneShot: true } });
    keep({ id: 'cccccc', binding: { addresses: [], oneShot: true } });
    const claimant = { node: 'worker-2', key: 'sha256:aa' };
    const one = cluster.secrets.get('bootstrap-token-cccccc');
    if (one === undefined) throw new Error('it was not kept');
    cluster.secrets.set('bootstrap-token-cccccc', withClaim(one, claimant, NOW));
    cluster.secrets.set('bootstrap-token-dddddd', {
      ...withGrant({ ...one, metadata: { name: 'bootstrap-token-dddddd' } }, claimant, NOW),
      data: {
        ...withGrant(one, claimant, NOW).data,
        'token-id': Buffer.from('dddddd').toString('base64'),
      },
    });
    await listTokens(cluster, 'text');
    const lines = cluster.printed.join('').trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/).slice(-3))).toEqual([
      ['NODE', 'ADDRESSES', 'ONE-SHOT'],
      ['<none>', '<none>', '<none>'],
      ['worker-1', '10.0.0.7', 'unused'],
      ['worker-2', '<none>', 'claimed'],
      ['worker-2', '<none>', 'used'],
    ]);
    expect(
      new Set(lines.map((line) => line.search(/(NODE|<none>|worker-\d) +(ADDR|<none>|10)/))).size,
    ).toBe(1);
    cluster.printed.length = 0;
    await listTokens(cluster, 'yaml');
    const documents = parseAllDocuments(cluster.printed.join('')).map((one) => one.toJS());
    expect(documents.map(({ nodeBinding }) => nodeBinding)).toEqual([
      undefined,
      { node: 'worker-1', addresses: ['10.0.0.7'], state: 'unused' },
      { claimedFor: 'worker-2', claimedAt: '2026-06-01T12:00:00Z', state: 'claimed' },
      { claimedFor: 'worker-2', claimedAt: '2026-06-01T12:00:00Z', state: 'used' },
    ]);
  });

  it('prints a document for each token', async () => {
    await listTokens(cluster, 'json');
    expect(cluster.printed.join('')).toContain(`{
    "kind": "BootstrapToken",
    "apiVersion": "output.kubeadm.k8s.io/v1alpha3",
    "token": "aaaaaa.0123456789abcdef",
    "expires": "2026-06-02T11:59:30Z",
    "usages": [
        "authentication",
        "signing"
    ],
    "groups": [
        "${GROUP}"
    ]
}
{
`);
    cluster.printed.length = 0;
    await listTokens(cluster, 'yaml');
    const documents = parseAllDocuments(cluster.printed.join('')).map((one): unknown => one.toJS());
    expect(documents).toHaveLength(3);
    expect(documents[2]).toEqual({
      apiVersion: 'output.kubeadm.k8s.io/v1alpha3',
      kind: 'BootstrapToken',
      token: 'zzzzzz.0123456789abcdef',
      expires: '2026-05-01T00:00:00Z',
    });
  });

  it('passes over what is no token, and says so', async () => {
    cluster.secrets.set('x', { metadata: { name: 'bootstrap-token-yyyyyy' }, data: {} });
    await listTokens(cluster, 'text');
    expect(cluster.warned).toEqual(['Secret "bootstrap-token-yyyyyy" has no token-id']);
    expect(cluster.printed.join('')).not.toContain('yyyyyy');
  });

  it('prints nothing where there are none', async () => {
    cluster.secrets.clear();
    await listTokens(cluster, 'text');
    expect(cluster.printed).toEqual([]);
  });

  it('obeys no control characters, and knows far-off years', async () => {
    cluster.secrets.clear();
    keep({ id: 'aaaaaa', description: '\u001b[2J\nforged' });
    const secret = encodeBootstrapTokenSecret({
      id: 'bbbbbb',
      secret: '0123456789abcdef',
      usages: [],
      groups: [],
    });
    const expiration = Buffer.from('9999-12-31T23:59:59-01:00').toString('base64');
    cluster.secrets.set('b', { ...secret, data: { ...secret.data, expiration } });
    for (const format of ['text', 'json', 'yaml'] as const) await listTokens(cluster, format);
    expect(cluster.printed.join('')).not.toContain('\u001b');
    expect(cluster.printed[0]?.split('\n')).toHaveLength(4);
  });

  it('has three formats', () => {
    expect(listFormat('json')).toBe('json');
    expect(() => listFormat('wide')).toThrow('not an output format');
  });

  it.each([
    [-2000, '<invalid>'],
    [-1500, '0s'],
    [0, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [3_599_000, '59m'],
    [3_600_000, '1h'],
    [86_399_000, '23h'],
    [86_400_000, '1d'],
    [365 * 86_400_000 - 1, '364d'],
    [365 * 86_400_000, '1y'],
  ])('shows %d ms as %s', (ms, text) => {
    expect(shortDuration(new Date(NOW.getTime() + ms), NOW)).toBe(text);
  });
});

describe('kubepki token delete', () => {
  it('takes ids and whole tokens', async () => {
    await deleteTokens(cluster, tokenIds(['aaaaaa', 'fedcba.0123456789abcdef']));
    expect(cluster.printed).toEqual([
      'bootstrap token "aaaaaa" deleted',
      'bootstrap token "fedcba" deleted',
    ]);
    expect([...cluster.secrets.keys()]).toEqual(['bootstrap-token-zzzzzz']);
  });

  it('says which is not there, and ends with it', async () => {
    await expect(deleteTokens(cluster, ['aaaaaa', 'bbbbbb', 'fedcba'])).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message:
        'failed to delete bootstrap token "bbbbbb": secrets "bootstrap-token-bbbbbb" not found',
    });
    expect(cluster.printed).toEqual(['bootstrap token "aaaaaa" deleted']);
    expect(cluster.secrets.has('bootstrap-token-fedcba')).toBe(true);
  });

  it.each([[[]], [['hush']], [['aaaaaa', 'hushed.0123456789ABCDEF']], [['../../x']], [['']]])(
    'refuses %j without showing it, and before anything is deleted',
    (tokens) => {
      expect(() => tokenIds(tokens)).toThrow(/token of form|didn't match pattern/);
      expect(() => tokenIds(tokens)).not.toThrow(/hush|\.\.\/x/);
    },
  );

  it('does nothing with --dry-run', async () => {
    cluster = fakeCluster('admin.conf', { dryRun: true });
    await deleteTokens(cluster, ['aaaaaa']);
    expect(cluster.requests).toEqual([]);
    expect(cluster.printed[0]).toContain(
      '[dryrun] Would perform action DELETE on resource "secrets" in API group "core/v1"\n[dryrun] Resource name "bootstrap-token-aaaaaa", namespace "kube-system"',
    );
  });
});
