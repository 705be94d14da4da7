/** The command line of `kubepki controllers`, and the lines that it prints. */
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { hostOf } from '../../src/cli/api-server-names.ts';
import { registerControllers } from '../../src/cli/commands/controllers.ts';
import {
  type ControllersConfig,
  type ControllersFlags,
  controllersConfig,
} from '../../src/cli/controllers.ts';
import { formatLogLine } from '../../src/controllers/index.ts';
import { KubepkiError } from '../../src/errors.ts';

/** What a command line comes to, without running it. */
async function parsed(...args: readonly string[]): Promise<ControllersConfig> {
  const program = new Command();
  registerControllers(program);
  const [command] = program.commands;
  if (command === undefined) throw new Error('the command is not registered');
  let config: ControllersConfig | undefined;
  command.exitOverride().configureOutput({ writeErr: () => {} });
  command.action((flags: ControllersFlags) => {
    config = controllersConfig(flags);
  });
  await program.parseAsync(['controllers', ...args], { from: 'user' });
  if (config === undefined) throw new Error('the command was not run');
  return config;
}

async function refusal(...args: readonly string[]): Promise<string> {
  const error: unknown = await parsed(...args).catch((thrown: unknown) => thrown);
  if (!(error instanceof KubepkiError)) throw new Error(`no refusal: ${String(error)}`);
  return `${error.code} ${error.message}`;
}

const ALL = ['--cluster-signing-cert-file=ca.crt', '--cluster-signing-key-file=ca.key'];
const SERVING = [
  '--cluster-signing-kubelet-serving-cert-file=s.crt',
  '--cluster-signing-kubelet-serving-key-file=s.key',
];

describe('the command line', () => {
  it('has defaults that leave kube-controller-manager’s lease alone', async () => {
    expect(await parsed()).toEqual({
      signing: new Map(),
      duration: 31_536_000_000,
      controllers: ['*'],
      protectNodes: true,
      dryRun: false,
      lease: { name: 'kubepki-controllers', namespace: 'kube-system' },
    });
  });

  it('takes one CA for all signers', async () => {
    const { signing } = await parsed(...ALL);
    const files = { certFile: 'ca.crt', keyFile: 'ca.key' };
    expect(Object.fromEntries(signing)).toEqual({
      'kubernetes.io/kube-apiserver-client': files,
      'kubernetes.io/kube-apiserver-client-kubelet': files,
      'kubernetes.io/kube-apiserver-client-pod': files,
      'kubernetes.io/kubelet-serving': files,
      'kubernetes.io/legacy-unknown': files,
    });
  });

  it.each([
    ['kubelet-serving', 'kubernetes.io/kubelet-serving'],
    ['kubelet-client', 'kubernetes.io/kube-apiserver-client-kubelet'],
    ['kube-apiserver-client', 'kubernetes.io/kube-apiserver-client'],
    ['legacy-unknown', 'kubernetes.io/legacy-unknown'],
    ['kube-apiserver-client-pod', 'kubernetes.io/kube-apiserver-client-pod'],
  ])('takes a CA for %s alone', async (flag, signer) => {
    const { signing } = await parsed(
      `--cluster-signing-${flag}-cert-file=a.crt`,
      `--cluster-signing-${flag}-key-file`,
      'a.key',
    );
    expect([...signing]).toEqual([[signer, { certFile: 'a.crt', keyFile: 'a.key' }]]);
  });

  it('reads flags as pflag does', async () => {
    const config = await parsed(
      '--kubeconfig=',
      '--cluster-signing-duration=1h30m',
      '--controllers=*,-csrcleaner',
      '--controllers',
      '-tokencleaner',
      '--leader_elect=false',
    );
    expect(config).toEqual({
      signing: new Map(),
      duration: 5_400_000,
      controllers: ['*', '-csrcleaner', '-tokencleaner'],
      protectNodes: true,
      dryRun: false,
    });
    const lease = [
      '--leader-elect',
      '--leader-elect-resource-name=n',
      '--leader-elect-resource-namespace=s',
    ];
    expect((await parsed(...lease)).lease).toEqual({ name: 'n', namespace: 's' });
  });

  it('takes the CA that verifies the API server; an empty one is none', async () => {
    expect((await parsed('--root-ca-file=ca.crt')).rootCaFile).toBe('ca.crt');
    expect((await parsed('--root-ca-file=')).rootCaFile).toBe(undefined);
  });

  it('takes limits for serving certificates, and whether nodes are protected', async () => {
    const config = await parsed(
      '--controllers=servingapproving',
      '--allowed-cidrs=10.0.0.0/8,fd00::/8',
      '--allowed-dns-suffixes=example.com',
      '--reserved-names=10.96.0.1,api.example.com',
      '--protect-existing-nodes=false',
    );
    expect(config.serving).toEqual({
      allowedCidrs: ['10.0.0.0/8', 'fd00::/8'],
      allowedDnsSuffixes: ['example.com'],
      reserved: ['10.96.0.1', 'api.example.com'],
    });
    expect(config.protectNodes).toBe(false);
    expect((await parsed('--controllers=*,-servingapproving')).serving).toBe(undefined);
  });

  it('tries serving certificates alone, and leaves the lease to those who work', async () => {
    const config = await parsed('--dry-run', '--allowed-cidrs=10.0.0.0/8');
    expect(config).toMatchObject({ dryRun: true, controllers: ['servingapproving'] });
    expect(config.lease).toBe(undefined);
    const named = ['--controllers=kubeletserving-approving-controller', '--allowed-cidrs=::/0'];
    expect((await parsed('--dry-run', ...named)).dryRun).toBe(true);
  });

  it.each([
    ['127.0.0.1:8085', { host: '127.0.0.1', port: 8085 }],
    ['[::1]:8085', { host: '::1', port: 8085 }],
    [':8085', { host: '::', port: 8085 }],
    ['0', undefined],
    ['', undefined],
  ])('shows metrics at %j', async (text, address) => {
    expect((await parsed(`--metrics-bind-address=${text}`)).metricsAddress).toEqual(address);
  });

  it.each(['localhost:8085', '127.0.0.1', '127.0.0.1:0', '1:65536', '::1:80', '[10.0.0.1:80', 'a'])(
    'shows no metrics at %j',
    async (text) => {
      expect(await refusal(`--metrics-bind-address=${text}`)).toContain('is no address');
    },
  );

  it.each([
    ['https://api.example.com:6443', 'api.example.com'],
    ['https://10.0.0.1:6443/path', '10.0.0.1'],
    ['https://[fd00::1]:6443', 'fd00::1'],
  ])('reserves the host of %s', (server, host) => {
    expect(hostOf(server)).toBe(host);
  });

  it.each<[string, readonly string[]]>([
    [
      'USAGE --controllers=servingapproving needs --allowed-cidrs',
      ['--controllers=servingapproving', '--allowed-dns-suffixes=example.com'],
    ],
    [
      'USAGE --controllers=servingapproving needs --allowed-cidrs',
      ['--controllers=*,kubeletserving-approving-controller'],
    ],
    [
      'USAGE --dry-run is for servingapproving alone, not csrapproving',
      ['--dry-run', '--controllers=servingapproving,csrapproving', '--allowed-cidrs=10.0.0.0/8'],
    ],
    ['USAGE --dry-run is for servingapproving alone', ['--dry-run', '--controllers=*']],
    ['USAGE --dry-run needs --allowed-cidrs', ['--dry-run']],
    ['USAGE --cluster-signing-cert-file is for all signers', [...ALL, ...SERVING]],
    [
      'USAGE --cluster-signing-cert-file needs --cluster-signing-key-file',
      ['--cluster-signing-cert-file=a'],
    ],
    [
      'USAGE --cluster-signing-key-file needs --cluster-signing-cert-file',
      ['--cluster-signing-key-file=a'],
    ],
    [
      'USAGE --cluster-signing-kubelet-client-key-file needs',
      ['--cluster-signing-kubelet-client-key-file=a'],
    ],
    [
      'USAGE --cluster-signing-kubelet-serving-cert-file needs',
      ['--cluster-signing-kubelet-serving-cert-file=a', ...ALL],
    ],
    ['INVALID_VALUE not a duration: "365d"', ['--cluster-signing-duration=365d']],
    ['USAGE --cluster-signing-duration: "0" is not above 0', ['--cluster-signing-duration=0']],
    ['USAGE --cluster-signing-duration: "-1h" is not above 0', ['--cluster-signing-duration=-1h']],
    ['INVALID_VALUE there is no controller "nodeipam"', ['--controllers=*,nodeipam']],
    ['USAGE --controllers=csrsigning has no CA', ['--controllers=csrsigning']],
    [
      'USAGE --leader-elect-resource-lock: "configmaps" is not leases',
      ['--leader-elect-resource-lock=configmaps'],
    ],
    ['USAGE --leader-elect-resource-name is empty', ['--leader-elect-resource-name=']],
    ['USAGE --leader-elect: expected true or false', ['--leader-elect=maybe']],
  ])('is refused: %s', async (message, args) => {
    expect(await refusal(...args)).toContain(message);
  });
});

describe('a line of the log', () => {
  it('says who did what to what', () => {
    const line = {
      controller: 'csrsigning',
      level: 'info',
      message: 'signed',
      csr: 'a',
      n: 3,
    } as const;
    expect(formatLogLine(line)).toBe('csrsigning: signed csr="a" n="3"');
    expect(formatLogLine({ ...line, level: 'warn', csr: undefined })).toBe(
      'warn: csrsigning: signed n="3"',
    );
    expect(formatLogLine({ level: 'error', message: 'leader', list: ['a'] })).toBe(
      'error: leader list="[\\"a\\"]"',
    );
  });

  it('stays one line, whatever the API says', () => {
    const line = formatLogLine({
      level: 'info',
      message: 'signed',
      csr: 'a\nkubepki: csrsigning: signed csr="b"\u001b[2J\u202e',
    });
    expect(line).toBe(
      'signed csr="a\\nkubepki: csrsigning: signed csr=\\"b\\"\\u001b[2J\\u{202e}"',
    );
  });
});
