/**
 * The clients that people write programs with, unmodified, on `kubepki server`: client-go in both of its
 * encodings, `@kubernetes/client-node` and Python's `kubernetes`; with a client certificate and with a token.
 * All have an informer running while the server is away and has forgotten what they could resume from.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Storage } from '../../../src/storage/index.ts';
import { peer } from '../../peers/peers.ts';
import { pythonWithClient } from '../../peers/python.ts';
import { type Program, waitFor } from '../../system/program.ts';
import { adminKubeconfig } from '../credentials.ts';
import { ADMIN } from '../topology.ts';
import { type OwnServer, startOwnServer, writeKubeconfig } from './bench.ts';

const TOKEN = '07401b.f395accd246ae52d';
const SCRIPTS = join(import.meta.dirname, 'clients');
const JSON_TYPE = 'application/json';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** What Python makes of it. */
const EXPIRED = 'Expired: too old resource version: 2';

type Credential = 'certificate' | 'token';

interface Client {
  readonly credential: Credential;
  /** The program and its arguments, for a kubeconfig and a name of its own. */
  command(kubeconfig: string, name: string): Promise<readonly [string, ...string[]]>;
}

const go = (credential: Credential, type: string): Client => ({
  credential,
  command: async (kubeconfig, name) => [await peer('library'), kubeconfig, type, name],
});
const javascript = (credential: Credential): Client => ({
  credential,
  command: async (kubeconfig, name) => [
    process.execPath,
    join(SCRIPTS, 'javascript.ts'),
    kubeconfig,
    name,
  ],
});
const python = (credential: Credential): Client => ({
  credential,
  command: async (kubeconfig, name) => [
    await pythonWithClient(),
    join(SCRIPTS, 'python.py'),
    kubeconfig,
    name,
  ],
});

const CLIENTS: Readonly<Record<string, Client>> = {
  'go-json': go('certificate', JSON_TYPE),
  'go-protobuf': go('token', PROTOBUF),
  'javascript-certificate': javascript('certificate'),
  'javascript-token': javascript('token'),
  'python-certificate': python('certificate'),
  'python-token': python('token'),
};

let own: OwnServer;
const programs = new Map<string, Program>();

/** What a program has seen, step by step. */
async function seenBy(program: Program): Promise<Record<string, unknown>> {
  const steps = (await program.log()).split('\n').flatMap((line): [string, unknown][] => {
    if (!/^\{"(step|seen)":/.test(line)) return [];
    const { step, seen }: { step: string; seen: unknown } = JSON.parse(line);
    return [[step, seen]];
  });
  return Object.fromEntries(steps);
}

const configMap = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
});

/** `after` comes and `gone` goes while nobody is told, and the history of it is forgotten. */
async function whileAway(storage: Storage): Promise<void> {
  const key = (name: string): string => `/registry/configmaps/default/${name}`;
  const gone = await storage.get(key('gone'));
  if (gone === undefined) throw new Error('there is no gone');
  await storage.delete(key('gone'), gone.revision);
  const after = Buffer.from(gone.value).toString('utf8').replace('"name":"gone"', '"name":"after"');
  await storage.create(key('after'), Buffer.from(after));
  await storage.compact(storage.revision);
}

beforeAll(async () => {
  // One built by the way must not stand in the time of the tests.
  await pythonWithClient();
  own = await startOwnServer({
    programs: ['library'],
    tokens: [`${TOKEN},robot,10001,"system:masters"`],
  });
}, 600_000);
afterAll(async () => own?.stop());

describe('unmodified clients', () => {
  it('are all started, and inform themselves', async () => {
    await own.create(configMap('stays'), configMap('gone'));
    const token = await writeKubeconfig(own, join(own.data, 'token.conf'), { token: TOKEN });
    const kubeconfigs = { token, certificate: adminKubeconfig(own.files, 'super-admin') };
    for (const [name, client] of Object.entries(CLIENTS)) {
      const [command, ...args] = await client.command(kubeconfigs[client.credential], name);
      programs.set(name, await own.network.start(ADMIN.name, command, args, { name }));
    }
    for (const program of programs.values()) {
      await waitFor(
        `${program.name} informs itself`,
        async () => ('informing' in (await seenBy(program)) ? true : undefined),
        { deadline: 60_000, programs: [program, own.server()] },
      );
    }
  });

  it('live through a restart of the server', async () => {
    await own.restart(whileAway);
    for (const program of programs.values()) {
      const { code } = await program.exited;
      expect(code, await program.log()).toBe(0);
    }
  });

  it.each(Object.keys(CLIENTS).filter((name) => name.startsWith('go-')))('%s saw', async (name) => {
    const program = programs.get(name);
    expect(program === undefined ? undefined : await seenBy(program)).toEqual({
      discovery: {
        groups: true,
        preferred: true,
        mapping: 'rolebindings namespace',
        openapi: true,
        version: '1',
      },
      dynamic: { items: 1, data: { a: '1', b: '2' } },
      metadata: { 'example.com/seen': 'yes' },
      apply: {
        data: { b: '2', c: '2' },
        extracted: { b: '2', c: '2' },
        managers: ['one Apply', 'two Apply'],
      },
      events: { old: 3, new: 'example.com/library' },
      leader: { led: ['first', 'second'], transitions: 1 },
      informing: { events: ['added gone', 'added stays'], asked: ['watch list'] },
      inform: {
        events: ['added after', 'deleted gone'],
        asked: expect.arrayContaining(['watch list']),
        cached: true,
      },
      expired: [410, 'Expired'],
    });
  });

  it.each(Object.keys(CLIENTS).filter((name) => !name.startsWith('go-')))(
    '%s saw',
    async (name) => {
      const program = programs.get(name);
      const language = name.split('-')[0];
      const seen = program === undefined ? {} : await seenBy(program);
      expect(seen).toEqual({
        objects: {
          data: [{ a: '3', b: '2' }],
          conflict: [409, 'Conflict'],
          missing: [404, 'NotFound'],
          invalid: [422, 'Invalid'],
          major: '1',
        },
        applied: [language],
        watched: ['ADDED', 'DELETED'],
        informing: { events: ['added gone', 'added stays'] },
        inform: { events: ['added after', 'deleted gone'] },
        expired: language === 'python' ? [410, EXPIRED] : ['ERROR', 410, 'Expired'],
      });
    },
  );
});
