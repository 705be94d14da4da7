import { describe, expect, it } from 'vitest';
import { checkLabels, nodeNameOf, readMachineInfo } from '../../src/node/index.ts';
import { nodeAddresses, type Resolver } from '../../src/node/machine.ts';

describe('the name of a node', () => {
  it('is the host name, trimmed and in lower case', () => {
    expect(nodeNameOf(' Worker-1.Example.COM\n')).toBe('worker-1.example.com');
    expect(nodeNameOf('192.0.2.1')).toBe('192.0.2.1');
  });

  it.each(['', '  ', 'a_b', '-a', 'a-', 'a..b', 'a/b', 'ä', 'a'.repeat(254)])(
    'is not %j',
    (name) => {
      expect(() => nodeNameOf(name)).toThrow(
        expect.objectContaining({
          code: 'INVALID_VALUE',
          hint: expect.stringContaining('--hostname-override'),
        }),
      );
    },
  );
});

describe('labels of a node', () => {
  it.each([
    'pool',
    'example.com/pool',
    'node.kubernetes.io/anything',
    'x.node.kubernetes.io/anything',
    'kubelet.kubernetes.io/anything',
    'topology.kubernetes.io/zone',
    'kubernetes.io/hostname',
  ])('may be %s', (key) => {
    expect(() => checkLabels({ [key]: 'value_1', other: '' })).not.toThrow();
  });

  it.each([
    ['node-role.kubernetes.io/control-plane', 'v'],
    ['kubernetes.io/anything', 'v'],
    ['x.k8s.io/anything', 'v'],
    ['node-restriction.kubernetes.io/anything', 'v'],
    ['', 'v'],
    ['a b', 'v'],
    ['a/b/c', 'v'],
    ['Example.com/a', 'v'],
    ['a', 'a b'],
    ['a', 'x'.repeat(64)],
    ['__proto__', 'v'],
  ])('may not be %s=%s', (key, value) => {
    expect(() => checkLabels(Object.fromEntries([[key, value]]))).toThrow('the node label');
  });
});

describe('the addresses of a node', () => {
  const resolver = (local: readonly string[], names: readonly string[] = []): Resolver => ({
    local: () => local.map((address) => ({ address, inner: /^(127|::1|fe80)/.test(address) })),
    lookup: async () => names,
  });
  const of = async (name: string, ...args: Parameters<typeof resolver>): Promise<string[]> =>
    (await nodeAddresses(name, undefined, resolver(...args))).map(
      ({ type, address }) => `${type} ${address}`,
    );

  it('are those that are given, whatever else there is', async () => {
    const given = await nodeAddresses('w', ['127.0.0.9', '2001:db8::9'], resolver(['192.0.2.1']));
    expect(given).toEqual([
      { type: 'InternalIP', address: '127.0.0.9' },
      { type: 'InternalIP', address: '2001:db8::9' },
      { type: 'Hostname', address: 'w' },
    ]);
  });

  it('is the name where that is one', async () => {
    expect(await of('192.0.2.7', ['192.0.2.1'])).toEqual([
      'InternalIP 192.0.2.7',
      'Hostname 192.0.2.7',
    ]);
  });

  it('is one that the name resolves to, if the machine has it', async () => {
    const local = ['127.0.0.1', '192.0.2.1', '192.0.2.2'];
    expect((await of('w', local, ['192.0.2.2']))[0]).toBe('InternalIP 192.0.2.2');
    expect((await of('w', local, ['203.0.113.1', '127.0.0.1']))[0]).toBe('InternalIP 192.0.2.1');
  });

  it('is one that leads out, IPv4 first', async () => {
    const local = ['127.0.0.1', 'fe80::1', '2001:db8::1', '192.0.2.1'];
    expect((await of('w', local))[0]).toBe('InternalIP 192.0.2.1');
    expect((await of('w', ['::1', '2001:db8::1']))[0]).toBe('InternalIP 2001:db8::1');
  });

  it('are missed where there is none', async () => {
    await expect(of('w', ['127.0.0.1', 'fe80::1'])).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: 'give one with --node-ip',
    });
  });
});

describe('the machine', () => {
  it('is told of in the words of Go', () => {
    const info = readMachineInfo();
    expect(info.operatingSystem).toBe(process.platform);
    expect(['amd64', 'arm64', '386', 'arm']).toContain(info.architecture);
    expect(info.bootID).toMatch(/^[0-9a-f-]{36}$/);
    expect(info.kernelVersion).not.toBe('');
  });
});
