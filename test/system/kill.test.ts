/** `kill -9` at any instant of `apply`: nothing that was there is lost, nothing mismatches, the next run converges. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Kubeconfig, parseKubeconfig } from '../../src/kubernetes/index.ts';
import {
  decodePrivateKey,
  decodePublicKey,
  keysMatch,
  readCertificates,
} from '../../src/x509/index.ts';
import { seeded } from '../seeded.ts';
import { KUBEPKI, kubepki, outcome } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';

const KILLS = 200;
const HOSTS = 60;

function clusterFile(directory: string): string {
  const hosts = [{ name: 'cp-1', addresses: ['10.0.0.1'], roles: ['control-plane', 'etcd'] }];
  for (let i = 1; i < HOSTS; i++)
    hosts.push({ name: `worker-${i}`, addresses: [`10.0.1.${i}`], roles: ['worker'] });
  const file = join(directory, 'cluster.json');
  const document = {
    apiVersion: 'kubepki.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'kill' },
    spec: { kubeletCertificates: 'files', hosts },
  };
  writeFileSync(file, JSON.stringify(document));
  return file;
}

/** Every finished file below the directory; throws where one is not whole or does not fit its partner. */
function consistentFiles(directory: string): Map<string, string> {
  const files = new Map<string, string>();
  if (!existsSync(directory)) return files;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !entry.name.startsWith('.'))
      files.set(relative(directory, path), readFileSync(path, 'utf8'));
  }
  for (const [name, content] of files) checkFile(name, content, files);
  return files;
}

function checkFile(name: string, content: string, files: ReadonlyMap<string, string>): void {
  // Workers hold the CA's certificate without its key; of everything else the key comes first.
  const keyOf = (ending: RegExp): string | undefined => files.get(name.replace(ending, '.key'));
  if (name.endsWith('.key')) decodePrivateKey(content, { where: name });
  if (name.endsWith('.pub')) matches(name, keyOf(/\.pub$/), decodePublicKey(content));
  if (name.endsWith('.crt')) {
    const [certificate] = readCertificates(content);
    const key = keyOf(/\.crt$/);
    if (certificate !== undefined && (key !== undefined || !name.endsWith('ca.crt')))
      matches(name, key, certificate);
  }
  if (name.endsWith('.conf')) {
    for (const user of parseKubeconfig(content, name).users.values()) checkUser(name, user);
  }
}

function checkUser(
  name: string,
  user: Kubeconfig['users'] extends Map<string, infer User> ? User : never,
): void {
  const { clientCertificateData, clientKeyData } = user;
  const [certificate] = readCertificates(Buffer.from(clientCertificateData ?? []));
  if (certificate !== undefined)
    matches(name, Buffer.from(clientKeyData ?? []).toString(), certificate);
}

function matches(name: string, key: string | undefined, other: { spki: Uint8Array }): void {
  if (key === undefined) throw new Error(`${name} lies there without its key`);
  if (!keysMatch(decodePrivateKey(key, { where: name }), other))
    throw new Error(`${name} lies beside the key of another`);
}

/** How long a whole run takes, and when in it the first file appears. */
async function measure(file: string, directory: string): Promise<{ first: number; end: number }> {
  const started = performance.now();
  const child = spawn(KUBEPKI, ['apply', '-f', file, '-d', directory], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = outcome(child);
  while (!existsSync(join(directory, 'authorities')) && child.exitCode === null) await delay(1);
  const first = performance.now() - started;
  const { code, stderr } = await ended;
  expect([code, stderr]).toEqual([0, '']);
  return { first, end: performance.now() - started };
}

it(`loses and mismatches nothing in ${KILLS} kills, and converges`, async () => {
  const random = seeded('kill -9');
  const directory = temporaryDirectory();
  const file = clusterFile(directory);
  const pki = join(directory, 'pki');
  const measured = await measure(file, pki);
  const writing = measured.end - measured.first;
  let { first } = measured;
  const complete = consistentFiles(pki).size;
  rmSync(pki, { recursive: true });

  let kills = 0;
  let partial = 0;
  let before = new Map<string, string>();
  while (kills < KILLS) {
    const child = spawn(KUBEPKI, ['apply', '-f', file, '-d', pki], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = outcome(child);
    // In an empty directory, from the first file on; else from just before a run writes its first.
    const started = performance.now();
    while (before.size === 0 && !existsSync(join(pki, 'authorities')) && child.exitCode === null) {
      await delay(1);
    }
    // How long a start takes now, not when this test began: the machine may be busier since.
    if (before.size === 0) first = performance.now() - started;
    const wait = (before.size === 0 ? first : first * 0.9) + random.next() * writing;
    const timer = setTimeout(() => child.kill('SIGKILL'), started + wait - performance.now());
    const { signal, code, stderr } = await ended;
    clearTimeout(timer);
    if (signal === 'SIGKILL') kills++;
    else expect([code, stderr]).toEqual([0, '']);

    const after = consistentFiles(pki);
    for (const [name, content] of before) expect([name, after.get(name)]).toEqual([name, content]);
    if (after.size > before.size && after.size < complete) partial++;
    before = after;
    if (code === 0) {
      const plan = await kubepki(['plan', '-f', file, '-d', pki, '--detailed-exitcode']);
      expect([plan.code, plan.stderr]).toEqual([0, '']);
      expect(after.size).toBe(complete);
      rmSync(pki, { recursive: true });
      before = new Map();
    }
  }
  console.log(`kill -9: ${kills} kills, ${partial} of them in the midst of writing`);
  // On a machine whose speed changes many kills come too early or too late; some have to hit.
  expect(partial).toBeGreaterThanOrEqual(5);
}, 400_000);
