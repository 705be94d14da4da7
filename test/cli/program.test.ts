/** The command line as a whole: help, and what wrong usage is answered with. */
import { describe, expect, it } from 'vitest';
import { kubepki } from '../spawn.ts';

describe('kubepki help', () => {
  it.each([
    [['help'], 'Usage: kubepki [options] [command]'],
    [['help', 'up'], 'Usage: kubepki up [options]'],
    [['token', 'help', 'create'], 'Usage: kubepki token create [options] [token]'],
    [['up', '--help'], 'Usage: kubepki up [options]'],
  ])('shows help for %j', async (args, usage) => {
    const { code, stdout, stderr } = await kubepki(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toBe(usage);
  });

  it('knows no command that is not there', async () => {
    expect(await kubepki(['help', 'nope'])).toMatchObject({
      code: 64,
      stderr: "kubepki: unknown command 'nope' (kubepki --help)\n",
    });
  });
});

describe('wrong usage', () => {
  it.each([
    [['up', '--nonsense'], "unknown option '--nonsense' (kubepki up --help)"],
    [
      ['token', 'create', '--nonsense'],
      "unknown option '--nonsense' (kubepki token create --help)",
    ],
    [['node'], "required option '--kubeconfig <file>' not specified (kubepki node --help)"],
    [['token'], 'a command is missing (kubepki token --help)'],
    [['tokn'], "unknown command 'tokn' (Did you mean token?) (kubepki --help)"],
  ])('%j is answered with the help of the command that it is about', async (args, message) => {
    expect(await kubepki(args)).toMatchObject({ code: 64, stderr: `kubepki: ${message}\n` });
  });

  it.each([
    ['server', '--data-dir=x', '--etcd-servers=http://127.0.0.1:2379', 'a database in --data-dir'],
    ['server', '--data-dir=x', '--allow-privileged=true', 'pods are stored and run nowhere'],
    ['node', '--kubeconfig=x', '--config=kubelet.yaml', 'what it would hold are flags here'],
    ['node', '--kubeconfig=x', '--v=2', 'told on standard error'],
  ])('%s %s %s is answered with the reason why there is none', async (command, a, flag, why) => {
    const { code, stderr } = await kubepki([command, a, flag]);
    expect(code).toBe(64);
    expect(stderr).toContain(`unknown option '${flag}' (`);
    expect(stderr).toContain(why);
  });
});
