import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { registerNode } from '../../src/cli/commands/node.ts';
import { type NodeFlags, nodeOptions } from '../../src/cli/node.ts';
import { VERSION } from '../../src/cli/version.ts';
import type { NodeAgentOptions } from '../../src/node/index.ts';

/** The options that a command line comes to; nothing is run. */
function optionsOf(...args: string[]): NodeAgentOptions {
  const program = new Command('kubepki')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  registerNode(program);
  const [command] = program.commands;
  let options: NodeAgentOptions | undefined;
  command?.action((flags: NodeFlags) => {
    options = nodeOptions(flags);
  });
  program.parse(['node', '--kubeconfig=/k.conf', '--hostname-override=w', ...args], {
    from: 'user',
  });
  if (options === undefined) throw new Error('the command was not called');
  return options;
}

describe('kubepki node', () => {
  it("has the kubelet's defaults, but renews", () => {
    expect(optionsOf()).toEqual({
      nodeName: 'w',
      kubeconfig: '/k.conf',
      certDir: '/var/lib/kubelet/pki',
      address: '0.0.0.0',
      port: 10250,
      registerNode: true,
      rotateCertificates: true,
      rotateServerCertificates: true,
      keepBootstrapKubeconfig: false,
      exitAfterBootstrap: false,
      version: VERSION,
    });
  });

  it("reads the kubelet's flags as the kubelet does", () => {
    const options = optionsOf(
      '--bootstrap-kubeconfig',
      'b.conf',
      '--cert_dir=pki',
      '--client-ca-file=ca.crt',
      '--register-node=false',
      '--exit-after-bootstrap',
      '--node-ip=192.0.2.1, 2001:db8::1',
      '--node-labels=a=b,c=,a=d=e',
      '--port=0',
      '--address=::',
    );
    expect(options).toMatchObject({
      bootstrapKubeconfig: join(process.cwd(), 'b.conf'),
      certDir: join(process.cwd(), 'pki'),
      clientCaFile: join(process.cwd(), 'ca.crt'),
      registerNode: false,
      exitAfterBootstrap: true,
      nodeIps: ['192.0.2.1', '2001:db8::1'],
      nodeLabels: { a: 'd=e', c: '' },
      port: 0,
      address: '::',
    });
  });

  it.each([
    ['--port=65536', '--port'],
    ['--port=-1', '--port'],
    ['--address=localhost', '--address'],
    ['--node-ip=worker', '--node-ip'],
    ['--node-ip=192.0.2.1,192.0.2.2', '--node-ip'],
    ['--node-labels=a', '--node-labels'],
    ['--register-node=maybe', '--register-node'],
    ['--cert-dir=', '--cert-dir'],
  ])('refuses %s', (flag, words) => {
    expect(() => optionsOf(flag)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(words) }),
    );
  });
});
