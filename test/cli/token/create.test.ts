/** `kubepki token create`: what is made, what is printed, and that nothing is left half done. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { chooseKubeconfig } from '../../../src/cli/token/cluster.ts';
import { type CreateFlags, createToken } from '../../../src/cli/token/create.ts';
import { KubepkiError } from '../../../src/errors.ts';
import { parseKubeconfig } from '../../../src/kubernetes/index.ts';
import { decodeBootstrapTokenSecret, parseBootstrapToken } from '../../../src/tokens/index.ts';
import { encodePem, parseCertificate, publicKeyPin } from '../../../src/x509/index.ts';
import { temporaryDirectory } from '../../temporary.ts';
import { issuerOf, leafOf } from '../../x509/support.ts';
import { type FakeCluster, fakeCluster } from './fake-cluster.ts';

const TOKEN = 'abcdef.0123456789abcdef';
const CA = encodePem('CERTIFICATE', issuerOf('ECDSA-P256').certificate.der);
const OTHER_CA = encodePem('CERTIFICATE', leafOf('ECDSA-P256'));

let directory: string;
let cluster: FakeCluster;

beforeEach(() => {
  directory = temporaryDirectory();
  writeFileSync(join(directory, 'ca.crt'), CA + OTHER_CA);
  cluster = fakeCluster(join(directory, 'admin.conf'));
});

const create = async (token?: string, flags: Partial<CreateFlags> = {}): Promise<void> =>
  createToken(cluster, token, { ttl: '24h', ...flags });

/** The token that is stored under the id. */
function stored(id = 'abcdef') {
  const secret = cluster.secrets.get(`bootstrap-token-${id}`);
  if (secret === undefined) throw new Error('nothing stored');
  const decoded = decodeBootstrapTokenSecret(secret);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.token;
}

async function refusal(work: Promise<void>): Promise<KubepkiError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof KubepkiError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('kubepki token create', () => {
  it('makes a random token for a day, for both usages', async () => {
    await create();
    const [text = ''] = cluster.printed;
    const { id = '', secret = '' } = parseBootstrapToken(text) ?? {};
    expect(stored(id)).toEqual({
      id,
      secret,
      expiration: new Date('2026-06-02T12:00:00Z'),
      usages: ['authentication', 'signing'],
      groups: ['system:bootstrappers:kubeadm:default-node-token'],
    });
    expect(cluster.printed).toEqual([text]);
  });

  it('makes the token that is given, as the flags say', async () => {
    await create(TOKEN, {
      ttl: '1h30m',
      usages: ['authentication'],
      groups: ['system:bootstrappers:a', 'system:bootstrappers:b'],
      description: 'for worker-1',
    });
    expect(cluster.printed).toEqual([TOKEN]);
    expect(stored()).toEqual({
      id: 'abcdef',
      secret: '0123456789abcdef',
      description: 'for worker-1',
      expiration: new Date('2026-06-01T13:30:00Z'),
      usages: ['authentication'],
      groups: ['system:bootstrappers:a', 'system:bootstrappers:b'],
    });
  });

  it.each(['0', '0s'])('makes one for ever with --ttl=%s', async (ttl) => {
    await create(TOKEN, { ttl });
    expect(stored().expiration).toBeUndefined();
  });

  it('makes one without groups for signing only', async () => {
    await create(TOKEN, { usages: ['signing'], groups: [] });
    expect(stored()).toMatchObject({ usages: ['signing'], groups: [] });
    await create('fedcba.0123456789abcdef', { groups: [] });
    expect(stored('fedcba').groups).toEqual(['system:bootstrappers:kubeadm:default-node-token']);
  });

  it.each<[string, string | undefined, Partial<CreateFlags>]>([
    ['not of the form', 'hush', {}],
    ['not of the form', `${TOKEN}\n`, {}],
    ['not of the form', 'ABCDEF.0123456789abcdef', {}],
    ['is not a usage', TOKEN, { usages: ['signing', 'login'] }],
    ['unless --usages includes', TOKEN, { usages: ['signing'] }],
    ['is invalid (must match', TOKEN, { groups: ['system:masters'] }],
    ['is invalid (must match', TOKEN, { groups: ['system:bootstrappers:a', ''] }],
    ['--ttl: not a duration', TOKEN, { ttl: 'soon' }],
    ['--ttl: not a duration', TOKEN, { ttl: '1d' }],
    ['cannot be negative', TOKEN, { ttl: '-1h' }],
    ['cannot use --certificate-key', TOKEN, { certificateKey: 'x' }],
    ['cannot use --force', TOKEN, { force: true }],
    ['no file name', TOKEN, { kubeconfigOut: '' }],
  ])(
    'refuses what is %s, before anything is asked of the server',
    async (message, token, flags) => {
      const error = await refusal(create(token, flags));
      expect(error.code).toBe('USAGE');
      expect(error.message).toContain(message);
      expect(error.message).not.toMatch(/hush|0123456789abcdef/);
      expect(cluster.requests).toEqual([]);
      expect(cluster.printed).toEqual([]);
    },
  );

  it('refuses an id that is taken, and leaves that token as it is', async () => {
    await create(TOKEN, { description: 'the first' });
    const error = await refusal(create('abcdef.fedcba9876543210'));
    expect(error).toMatchObject({
      code: 'CONFLICT',
      message: 'a token with id "abcdef" already exists',
    });
    expect(stored()).toMatchObject({ secret: '0123456789abcdef', description: 'the first' });
    expect(cluster.printed).toEqual([TOKEN]);
  });
});

describe('--print-join-command', () => {
  const pins = (): string =>
    [issuerOf('ECDSA-P256').certificate.der, leafOf('ECDSA-P256')]
      .map((der) => `--discovery-token-ca-cert-hash ${publicKeyPin(parseCertificate(der).spki)}`)
      .join(' ');

  it('prints the line with a pin for each CA', async () => {
    await create(TOKEN, { printJoinCommand: true });
    expect(cluster.printed).toEqual([`kubeadm join 192.0.2.1:6443 --token ${TOKEN} ${pins()}`]);
    await create('fedcba.0123456789abcdef', { printJoinCommand: true, certificateKey: 'key' });
    expect(cluster.printed[1]).toBe(
      `kubeadm join 192.0.2.1:6443 --token fedcba.0123456789abcdef ${pins()} --control-plane --certificate-key key`,
    );
  });

  it.each<[string, string | undefined]>([
    ['has no CA', undefined],
    ['has a CA that is none', 'not PEM'],
  ])('makes no token where the kubeconfig %s', async (_, ca) => {
    const authority =
      ca === undefined ? '' : `, certificate-authority-data: ${Buffer.from(ca).toString('base64')}`;
    cluster = fakeCluster(join(directory, 'admin.conf'), {
      kubeconfig: `{clusters: [{name: c, cluster: {server: "https://x"${authority}}}]}`,
    });
    await refusal(create(TOKEN, { printJoinCommand: true }));
    expect(cluster.requests).toEqual([]);
  });
});

describe('--kubeconfig-out', () => {
  const out = (): string => join(directory, 'bootstrap.conf');

  it('writes a kubeconfig for its owner only, with the token and the CA in it', async () => {
    await create(TOKEN, { kubeconfigOut: out() });
    expect(statSync(out()).mode & 0o777).toBe(0o600);
    const config = parseKubeconfig(readFileSync(out(), 'utf8'), out());
    expect(config.currentContext).toBe('tls-bootstrap-token-user@kubernetes');
    expect(config.users.get('tls-bootstrap-token-user')).toMatchObject({ token: TOKEN });
    const entry = config.clusters.get('kubernetes');
    expect(entry).toMatchObject({ server: 'https://192.0.2.1:6443', tlsServerName: 'kubernetes' });
    expect(Buffer.from(entry?.certificateAuthorityData ?? []).toString()).toBe(CA + OTHER_CA);
    expect(cluster.printed).toEqual([TOKEN]);
    expect(readdirSync(directory).sort()).toEqual(['bootstrap.conf', 'ca.crt']);
  });

  it('takes no place that is taken, and makes no token then', async () => {
    writeFileSync(out(), 'mine');
    const error = await refusal(create(TOKEN, { kubeconfigOut: out() }));
    expect(error).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('bootstrap.conf'),
    });
    expect(readFileSync(out(), 'utf8')).toBe('mine');
    expect(cluster.requests).toEqual([]);
  });

  it('replaces with --force, and gives its own permissions', async () => {
    writeFileSync(out(), 'mine', { mode: 0o644 });
    await create(TOKEN, { kubeconfigOut: out(), force: true });
    expect(readFileSync(out(), 'utf8')).toContain(TOKEN);
    expect(statSync(out()).mode & 0o777).toBe(0o600);
  });

  it('follows no link that somebody has put there', async () => {
    const victim = join(directory, 'victim');
    symlinkSync(victim, out());
    const error = await refusal(create(TOKEN, { kubeconfigOut: out() }));
    expect(error.code).toBe('CONFLICT');
    expect(existsSync(victim)).toBe(false);
  });

  it('leaves nothing where the token cannot be made', async () => {
    await create(TOKEN);
    await refusal(create(TOKEN, { kubeconfigOut: out() }));
    expect(readdirSync(directory)).toEqual(['ca.crt']);
  });

  it('says which directory there is not, before the token is made', async () => {
    const error = await refusal(
      create(TOKEN, { kubeconfigOut: join(directory, 'gone', 'x.conf') }),
    );
    expect(error).toMatchObject({ code: 'FILE_SYSTEM', message: expect.stringContaining('gone') });
    mkdirSync(out());
    expect((await refusal(create(TOKEN, { kubeconfigOut: out() }))).code).toBe('CONFLICT');
    expect(cluster.requests).toEqual([]);
  });
});

describe('--dry-run', () => {
  it('says what it would create, and creates nothing', async () => {
    cluster = fakeCluster(join(directory, 'admin.conf'), { dryRun: true });
    await create(TOKEN, { kubeconfigOut: join(directory, 'x.conf') });
    expect(cluster.requests).toEqual([
      'GET /api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef',
    ]);
    expect(cluster.printed[0]).toMatch(
      /^\[dryrun\] Would perform action CREATE on resource "secrets"/,
    );
    expect(cluster.printed[0]).toContain('name: bootstrap-token-abcdef');
    expect(cluster.printed[1]).toBe(TOKEN);
    expect(readdirSync(directory)).toEqual(['ca.crt']);
  });
});

describe('the kubeconfig', () => {
  const choose = (flag: string | undefined, env: NodeJS.ProcessEnv, ...there: string[]): string =>
    chooseKubeconfig(flag, env, (path) => there.includes(path));

  it('is the one that is named, else the first that is there', () => {
    const env = { HOME: '/root', KUBECONFIG: '/a:/b' };
    expect(choose('/x', env)).toBe('/x');
    expect(choose(undefined, env, '/b', '/etc/kubernetes/admin.conf')).toBe('/b');
    expect(choose('', env, '/etc/kubernetes/admin.conf', '.kubepki/admin.conf')).toBe(
      '/etc/kubernetes/admin.conf',
    );
    expect(choose(undefined, { HOME: '/root' }, '/root/.kube/config')).toBe('/root/.kube/config');
    expect(choose(undefined, { HOME: '/root' }, '.kubepki/admin.conf')).toBe('.kubepki/admin.conf');
    expect(() => choose(undefined, { HOME: '/root' })).toThrow(
      'there is no kubeconfig: /root/.kube/config, /etc/kubernetes/admin.conf, .kubepki/admin.conf',
    );
  });
});

describe('a token for one node', () => {
  it.each<[string, Partial<CreateFlags>, object]>([
    ['--node', { node: 'worker-1' }, { node: 'worker-1', addresses: [], oneShot: true }],
    ['--one-shot', { oneShot: true }, { addresses: [], oneShot: true }],
    [
      '--node-address',
      { nodeAddress: ['10.0.0.7', 'fd00::/64'] },
      { addresses: ['10.0.0.7', 'fd00::/64'], oneShot: true },
    ],
  ])('is what %s makes', async (_, flags, binding) => {
    await create(TOKEN, flags);
    expect(stored().binding).toEqual(binding);
  });

  it('is not what is made without them', async () => {
    await create(TOKEN);
    expect(stored().binding).toBeUndefined();
  });

  it.each<[string, Partial<CreateFlags>]>([
    ['is not the name of a node', { node: 'Worker_1' }],
    ['is not the name of a node', { node: '' }],
    ['is not the name of a node', { node: 'a b; rm -rf /' }],
    ['neither an IP address nor a subnet', { nodeAddress: ['10.0.0.7', 'worker-1'] }],
    ['neither an IP address nor a subnet', { nodeAddress: ['10.0.0.0/33'] }],
    ['neither an IP address nor a subnet', { nodeAddress: ['010.0.0.1'] }],
    ['more than 32', { nodeAddress: Array.from({ length: 33 }, (_, i) => `10.0.0.${i}`) }],
    ['need --usages', { node: 'worker-1', usages: ['signing'], groups: [] }],
    ['only one of', { printJoinCommand: true, printNodeCommand: true }],
    ['only one of', { printJoinCommand: true, kubeconfigOut: '-' }],
  ])('%s: nothing is made', async (message, flags) => {
    const error = await refusal(create(TOKEN, flags));
    expect(error.code).toBe('USAGE');
    expect(error.message).toContain(message);
    expect(cluster.secrets.size).toBe(0);
  });

  it('is joined by kubeadm under its name', async () => {
    await create(TOKEN, { node: 'worker-1', printJoinCommand: true });
    expect(cluster.printed.join('')).toMatch(
      /^kubeadm join 192\.0\.2\.1:6443 --token .* --discovery-token-ca-cert-hash sha256:\w+ --node-name worker-1$/,
    );
  });

  it('is joined by kubepki node with a line that holds all that it needs', async () => {
    await create(TOKEN, { node: 'worker-1', printNodeCommand: true });
    const [line = ''] = cluster.printed;
    const [, base64 = '', rest] =
      /^\(umask 077; mkdir -p \/etc\/kubernetes; echo (\S+) \| base64 -d > \/etc\/kubernetes\/bootstrap-kubelet\.conf\) && (.*)$/.exec(
        line,
      ) ?? [];
    expect(rest).toBe(
      'kubepki node --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --hostname-override=worker-1',
    );
    const config = parseKubeconfig(Buffer.from(base64, 'base64').toString(), 'the line');
    expect(config.users.get('tls-bootstrap-token-user')?.token).toBe(TOKEN);
  });

  it('goes to the node through a pipe: the kubeconfig alone is printed', async () => {
    await create(TOKEN, { node: 'worker-1', kubeconfigOut: '-' });
    const config = parseKubeconfig(cluster.printed.join('\n'), 'standard output');
    expect(config.users.get('tls-bootstrap-token-user')?.token).toBe(TOKEN);
    expect(config.clusters.get('kubernetes')?.server).toBe('https://192.0.2.1:6443');
    expect(readdirSync(directory)).toEqual(['ca.crt']);
  });
});
