/** OpenSSL, at its strictest, accepts every leaf of every example for its purpose: both layouts, all five algorithms. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  administratorItems,
  type Cluster,
  filePath,
  type HostItem,
  hostItems,
  readCluster,
} from '../../src/cluster/index.ts';
import { parseKubeconfig } from '../../src/kubernetes/index.ts';
import { KEY_ALGORITHMS, readCertificates } from '../../src/x509/index.ts';
import { command, kubepki } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';

/** Those with a layout that gives each host its own files: the others name theirs themselves. */
const EXAMPLES = readdirSync('examples').filter(
  (name) =>
    name.endsWith('.yaml') &&
    !/^ {2}layout: (?:custom|k3s)\b/m.test(readFileSync(join('examples', name), 'utf8')),
);
const LAYOUTS = ['kubeadm', 'binary'] as const;

interface Leaf {
  readonly file: string;
  readonly ca: string;
  readonly purposes: readonly string[];
}

/** An example with another layout and algorithm, applied. */
async function applyVariant(
  example: string,
  layout: string,
  algorithm: string,
  directory: string,
): Promise<Cluster> {
  const text = readFileSync(join('examples', example), 'utf8')
    .replace(/^ {2}(layout|keyAlgorithm): .*\n/gm, '')
    .replace('\nspec:\n', `\nspec:\n  layout: ${layout}\n  keyAlgorithm: ${algorithm}\n`);
  const file = join(directory, 'cluster.yaml');
  writeFileSync(file, text);
  const { code, stderr } = await kubepki(['apply', '-f', file, '-d', join(directory, 'pki')]);
  // On stderr there may be progress: RSA-4096 takes its time.
  expect([code, stderr.match(/^kubepki: (?!\d+ of \d+ hosts)/m)]).toEqual([0, null]);
  return readCluster(text, file);
}

/** Every leaf on disk, those inside kubeconfigs taken out into files of their own. */
function leaves(cluster: Cluster, directory: string): Leaf[] {
  const places = [
    ...cluster.hosts.map((host) => ({
      root: join(directory, 'pki/hosts', host.name),
      items: hostItems(cluster, host),
    })),
    { root: join(directory, 'pki/admin'), items: administratorItems(cluster) },
  ];
  return places.flatMap(({ root, items }) =>
    items.flatMap((item) => leafOf(cluster, directory, root, item)),
  );
}

let extracted = 0;

function leafOf(cluster: Cluster, directory: string, root: string, item: HostItem): Leaf[] {
  if (item.kind === 'copy') return [];
  const authority = filePath(cluster.layout, item.profile.issuer, 'certificate').replace(
    /^etc\/(kubernetes\/pki|etcd\/ssl)\//,
    '',
  );
  const purposes = item.profile.usages.map((usage) =>
    usage === 'serverAuth' ? 'sslserver' : 'sslclient',
  );
  let file = join(root, item.kind === 'pair' ? item.certificatePath : item.path);
  if (item.kind === 'kubeconfig') {
    const [user] = parseKubeconfig(readFileSync(file, 'utf8'), file).users.values();
    file = join(directory, `embedded-${extracted++}.pem`);
    writeFileSync(file, user?.clientCertificateData ?? '');
  }
  return [{ file, ca: join(directory, 'pki/authorities', authority), purposes }];
}

describe.each(KEY_ALGORITHMS)('%s', (algorithm) => {
  it.each(EXAMPLES.flatMap((example) => LAYOUTS.map((layout) => [example, layout] as const)))(
    '%s, layout %s',
    async (example, layout) => {
      const directory = temporaryDirectory();
      const cluster = await applyVariant(example, layout, algorithm, directory);
      const found = leaves(cluster, directory);
      expect(found.length).toBeGreaterThan(10);
      const groups = new Map<string, string[]>();
      for (const { file, ca, purposes } of found) {
        expect(readCertificates(readFileSync(file))[0]?.keyType).toBe(algorithm);
        for (const purpose of purposes) {
          const key = `${ca}\n${purpose}`;
          groups.set(key, [...(groups.get(key) ?? []), file]);
        }
      }
      for (const [key, files] of groups) {
        const [ca = '', purpose = ''] = key.split('\n');
        const { stdout, stderr } = await command('openssl', [
          'verify',
          '-x509_strict',
          '-purpose',
          purpose,
          '-CAfile',
          ca,
          ...files,
        ]);
        expect(stderr).toBe('');
        expect(stdout.trim().split('\n')).toEqual(files.map((file) => `${file}: OK`));
      }
    },
  );
});
