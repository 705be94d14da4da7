/**
 * Side by side with kubeadm: the same cluster made by both, field by field; kubeadm at work on
 * kubepki's files; kubepki at work on kubeadm's.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Oracle, openOracle } from '../peers/oracle.ts';
import { DIFFERENCES } from './kubeadm/differences.ts';
import { compareFacts, type Found, factsOf } from './kubeadm/facts.ts';
import { AUTHORITIES, filesOf, LEAVES, type Snapshot, snapshot } from './kubeadm/files.ts';
import {
  applyByKubepki,
  applyToDirectory,
  initByKubeadm,
  kubeadm,
  type Made,
  onMachine,
  plantAuthorities,
  prepareRoot,
} from './kubeadm/run.ts';
import { HIGHLY_AVAILABLE, offline, SCENARIOS, type Scenario, SINGLE } from './kubeadm/scenario.ts';

let base: string;
let oracle: Oracle;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'kubepki-kubeadm-'));
  oracle = await openOracle();
});

afterAll(async () => {
  await oracle?.close();
  await rm(base, { recursive: true, force: true });
});

let count = 0;

/** A root of its own, with kubeadm's configuration in it. */
async function newRoot(scenario: Scenario): Promise<string> {
  const root = join(base, `root-${++count}`);
  await prepareRoot(root, scenario);
  return root;
}

interface Both {
  readonly kubeadm: Made;
  readonly kubepki: Made;
}

/** What both make of a scenario, each in a root of its own. */
async function makeBoth(scenario: Scenario): Promise<Both> {
  const [theirs, ours] = [await newRoot(scenario), await newRoot(scenario)];
  return {
    kubeadm: await initByKubeadm(theirs),
    kubepki: await applyByKubepki(ours, scenario),
  };
}

/** The same on authorities that lie there already and have half a year left of their ten. */
async function makeBothLate(scenario: Scenario): Promise<Both> {
  const [theirs, ours] = [await newRoot(scenario), await newRoot(scenario)];
  const past = new Date(Date.now() - 9.5 * 365 * 86_400_000);
  await plantAuthorities(join(base, 'authorities'), scenario, past, [theirs, ours]);
  return {
    kubeadm: await initByKubeadm(theirs),
    kubepki: await applyByKubepki(ours, scenario),
  };
}

interface Case {
  readonly name: string;
  readonly scenario: Scenario;
  readonly make: (scenario: Scenario) => Promise<Both>;
}

const CASES: readonly Case[] = [
  ...SCENARIOS.map((scenario) => ({ name: scenario.name, scenario, make: makeBoth })),
  { name: 'authorities near their end', scenario: HIGHLY_AVAILABLE, make: makeBothLate },
];

const compared = new Map<string, Promise<Found[]>>();

/** What differs; each case is made once. */
function differencesOf({ name, scenario, make }: Case): Promise<Found[]> {
  const known = compared.get(name);
  if (known !== undefined) return known;
  const comparing = make(scenario).then(async ({ kubeadm, kubepki }) =>
    compareFacts(
      await factsOf(oracle, kubeadm, scenario),
      await factsOf(oracle, kubepki, scenario),
    ),
  );
  compared.set(name, comparing);
  return comparing;
}

/** The lines of the list that cover a difference, by what they are about. */
const linesFor = (found: Found, scenario: Scenario): string[] =>
  DIFFERENCES.filter(({ covers }) => covers(found, scenario)).map(({ what }) => what);

describe('the same cluster by kubeadm and by kubepki', () => {
  it.each(CASES)('differs only as the list says: $name', async (one) => {
    const found = await differencesOf(one);
    expect(found.filter((difference) => linesFor(difference, one.scenario).length !== 1)).toEqual(
      [],
    );
  });

  it('differs in everything that the list says', async () => {
    const seen = new Set<string>();
    for (const one of CASES) {
      for (const found of await differencesOf(one)) {
        for (const line of linesFor(found, one.scenario)) seen.add(line);
      }
    }
    expect(DIFFERENCES.map(({ what }) => what).filter((line) => !seen.has(line))).toEqual([]);
  });
});

interface Expiration {
  readonly name: string;
  readonly missing?: boolean;
  readonly expirationDate: string;
  readonly externallyManaged: boolean;
}

async function checkExpiration(root: string): Promise<{
  certificates: Expiration[];
  certificateAuthorities: Expiration[];
}> {
  return JSON.parse(await kubeadm(root, ['certs', 'check-expiration', '-o', 'json'])) as Awaited<
    ReturnType<typeof checkExpiration>
  >;
}

/** The files with another content; there may be none more or less, and modes must be the same. */
function changedPaths(before: Snapshot, after: Snapshot): string[] {
  const modes = (files: Snapshot): [string, number][] =>
    Array.from(files, ([path, { mode }]) => [path, mode]);
  expect(modes(after)).toEqual(modes(before));
  const same = (path: string, content: Buffer | null): boolean =>
    content === null || before.get(path)?.content?.equals(content) === true;
  return [...after].filter(([path, { content }]) => !same(path, content)).map(([path]) => path);
}

/** kubepki's files for the scenario's host, ready for kubeadm to work on. */
async function ourFiles(scenario: Scenario): Promise<string> {
  const directory = join(base, `directory-${++count}`);
  await mkdir(directory);
  const root = await applyToDirectory(directory, scenario);
  await prepareRoot(root, scenario);
  return root;
}

describe.each(SCENARIOS)("kubeadm on kubepki's files: $name", (scenario) => {
  it('reads every certificate, with its end', async () => {
    const from = Date.now();
    const root = await ourFiles(scenario);
    const to = Date.now();
    const { certificates, certificateAuthorities } = await checkExpiration(root);
    expect(certificates.map(({ name }) => name)).toEqual(LEAVES);
    expect(certificateAuthorities.map(({ name }) => name)).toEqual(AUTHORITIES);
    const all = [
      ...certificates.map((one) => ({ ...one, days: scenario.validity.leaf })),
      ...certificateAuthorities.map((one) => ({ ...one, days: scenario.validity.ca })),
    ];
    for (const { name, missing, externallyManaged, expirationDate, days } of all) {
      expect({ name, missing, externallyManaged }).toEqual({
        name,
        missing: false,
        externallyManaged: false,
      });
      const made = Date.parse(expirationDate) - days * 86_400_000;
      expect(made, name).toBeGreaterThan(from - 1000);
      expect(made, name).toBeLessThanOrEqual(to);
    }
  });

  it('keeps every file where it would make its own', async () => {
    const root = await ourFiles(scenario);
    const before = await snapshot(root);
    await initByKubeadm(root);
    expect(await snapshot(root)).toEqual(before);
  });

  it('renews them, and kubepki keeps the result', async () => {
    const root = await ourFiles(scenario);
    const before = await snapshot(root);
    await kubeadm(root, ['certs', 'renew', 'all']);
    const after = await snapshot(root);
    expect(changedPaths(before, after)).toEqual(filesOf(LEAVES));
    const { code, steps } = await onMachine('plan', root, scenario);
    expect(code).toBe(0);
    expect(steps.filter(({ action, notes }) => action !== 'keep' || notes.length > 0)).toEqual([]);
  });
});

describe("kubeadm on kubepki's files with caKeys: offline", () => {
  // The cluster CA's key is on control planes even so, because kube-controller-manager signs with it.
  const external = (name: string): boolean => /etcd|front-proxy/.test(name);

  it('calls externally managed what hangs on a key that is elsewhere', async () => {
    const root = await ourFiles(offline(HIGHLY_AVAILABLE));
    const { certificates, certificateAuthorities } = await checkExpiration(root);
    const view = (list: readonly Expiration[]): Pick<Expiration, 'name' | 'externallyManaged'>[] =>
      list
        .filter(({ missing }) => missing !== true)
        .map(({ name, externallyManaged }) => ({ name, externallyManaged }));
    const expected = (names: readonly string[]): ReturnType<typeof view> =>
      names.map((name) => ({ name, externallyManaged: external(name) }));
    // The administrators' kubeconfigs are with them.
    const here = LEAVES.filter((name) => !name.endsWith('admin.conf'));
    expect(view(certificates)).toEqual(expected(here));
    expect(view(certificateAuthorities)).toEqual(expected(AUTHORITIES));
  });

  it('keeps every certificate, and renews those of the cluster CA only', async () => {
    const root = await ourFiles(offline(HIGHLY_AVAILABLE));
    const before = await snapshot(root);
    await kubeadm(root, ['init', 'phase', 'certs', 'all']);
    expect(await snapshot(root)).toEqual(before);
    await kubeadm(root, ['certs', 'renew', 'all']);
    const here = LEAVES.filter((name) => !external(name) && !name.endsWith('admin.conf'));
    expect(changedPaths(before, await snapshot(root))).toEqual(filesOf(here));
  });

  it("makes the administrators' kubeconfigs on the control plane when told to make all", async () => {
    const root = await ourFiles(offline(HIGHLY_AVAILABLE));
    const before = await snapshot(root);
    await kubeadm(root, ['init', 'phase', 'kubeconfig', 'all']);
    const added = filesOf(LEAVES.filter((name) => name.endsWith('admin.conf')));
    const after = await snapshot(root);
    expect([...after.keys()].filter((path) => !before.has(path))).toEqual(added);
    for (const path of added) after.delete(path);
    expect(after).toEqual(before);
  });
});

describe("kubepki on kubeadm's files", () => {
  /** What plan says of kubeadm's files, and apply does then: what is there stays as it is. */
  const planned = async (scenario: Scenario): Promise<{ code: number | null; lines: string[] }> => {
    const root = await newRoot(scenario);
    await initByKubeadm(root);
    const before = await snapshot(root);
    const { code, steps } = await onMachine('plan', root, scenario);
    expect(await snapshot(root)).toEqual(before);
    await onMachine('apply', root, scenario);
    const after = await snapshot(root);
    expect(new Map([...after].filter(([path]) => before.has(path)))).toEqual(before);
    const lines = steps.map(({ action, path, reason, notes }) =>
      [`${action} ${relative(root, path)}`, reason, ...notes]
        .filter((text) => text !== undefined)
        .join('; '),
    );
    return { code, lines };
  };

  it('keeps all of them, and would make what kubeadm does not make', async () => {
    expect(await planned(SINGLE)).toEqual({
      code: 0,
      lines: [
        'keep etc/kubernetes/pki/ca.crt',
        'keep etc/kubernetes/pki/etcd/ca.crt',
        'keep etc/kubernetes/pki/front-proxy-ca.crt',
        'keep etc/kubernetes/pki/sa.pub',
        'keep etc/kubernetes/pki/etcd/peer.crt',
        'keep etc/kubernetes/pki/etcd/server.crt',
        'keep etc/kubernetes/pki/etcd/healthcheck-client.crt',
        'keep etc/kubernetes/pki/apiserver-etcd-client.crt',
        'keep etc/kubernetes/pki/apiserver.crt',
        'keep etc/kubernetes/controller-manager.conf',
        'keep etc/kubernetes/scheduler.conf',
        'create etc/kubernetes/kube-proxy.conf; not there',
        'keep etc/kubernetes/kubelet.conf',
        'keep etc/kubernetes/admin.conf',
        'keep etc/kubernetes/super-admin.conf',
        'create var/lib/kubelet/pki/kubelet.crt; not there',
        'keep etc/kubernetes/pki/apiserver-kubelet-client.crt',
        'keep etc/kubernetes/pki/front-proxy-client.crt',
      ],
    });
  });

  it('refuses with two address families what covers one, and nothing else', async () => {
    const { code, lines } = await planned(HIGHLY_AVAILABLE);
    expect(code).toBe(1);
    expect(lines.filter((line) => !/^keep [^;]*$/.test(line))).toEqual([
      'refuse etc/kubernetes/pki/etcd/peer.crt; does not cover fd00:10::11',
      'refuse etc/kubernetes/pki/etcd/server.crt; does not cover fd00:10::11',
      'refuse etc/kubernetes/pki/apiserver.crt; does not cover fd00:10:96::1, fd00:10::11',
      'create etc/kubernetes/kube-proxy.conf; not there',
      `keep etc/kubernetes/kubelet.conf; its server is ${HIGHLY_AVAILABLE.endpoints.local}, the cluster file says ${HIGHLY_AVAILABLE.endpoints.shared}`,
      'create var/lib/kubelet/pki/kubelet.crt; not there',
    ]);
  });
});
