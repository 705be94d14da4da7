import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changedFiles,
  defaultFile,
  emptyKubeconfig,
  type Kubeconfig,
  type KubeconfigFile,
  mergeKubeconfigs,
  parseKubeconfig,
  resolvePaths,
  setContext,
  useContext,
} from '../../../src/kubernetes/kubeconfig/index.ts';
import { kubeconfigs } from './arbitrary.ts';

const file = (path: string, text: string): KubeconfigFile => ({
  path,
  config: parseKubeconfig(text, path),
});

const A = file(
  '/etc/a',
  'clusters: [{name: x, cluster: {server: a}}]\nusers: [{name: u, user: {client-key: u.key}}]',
);
const B = file(
  'b/config',
  'current-context: b\nclusters: [{name: x, cluster: {server: b, proxy-url: p}}, {name: z, cluster: {server: b, certificate-authority: ca.crt}}]\ncontexts: [{name: b, context: {cluster: z}}]\nextensions: [{name: e, extension: 1}]',
);
const C = file(
  '/c',
  'current-context: c\ncontexts: [{name: c, context: {}}]\nextensions: [{name: e, extension: 2}, {name: f, extension: 3}]',
);
const missing: KubeconfigFile = { path: '/none' };

describe('mergeKubeconfigs', () => {
  it('takes the first entry of a name as a whole, with its origin', () => {
    const { clusters } = mergeKubeconfigs([A, B]);
    expect(clusters.get('x')).toEqual({ server: 'a', origin: '/etc/a' });
    expect(clusters.get('z')?.origin).toBe('b/config');
  });

  it('takes the first current context that is set, and the first extension of a name', () => {
    const merged = mergeKubeconfigs([missing, A, B, C]);
    expect(merged.currentContext).toBe('b');
    expect(merged.extensions).toEqual(
      new Map([
        ['e', 1],
        ['f', 3],
      ]),
    );
  });

  it('leaves the files as they are', () => {
    mergeKubeconfigs([A, B]);
    expect(A.config?.clusters.get('x')?.origin).toBeUndefined();
    expect(A.config?.clusters.size).toBe(1);
  });

  it('gives a single file back, but for origins', () => {
    fc.assert(
      fc.property(kubeconfigs, (config) => {
        const merged = mergeKubeconfigs([{ path: 'f', config }]);
        expect(withoutOrigins(merged)).toEqual(config);
      }),
    );
  });

  it('does not depend on where parentheses are set', () => {
    fc.assert(
      fc.property(kubeconfigs, kubeconfigs, kubeconfigs, (a, b, c) => {
        const files = [a, b, c].map((config, i) => ({ path: String(i), config }));
        const left = mergeKubeconfigs([
          { path: 'x', config: withoutOrigins(mergeKubeconfigs(files.slice(0, 2))) },
          { path: 'y', config: c },
        ]);
        expect(withoutOrigins(left)).toEqual(withoutOrigins(mergeKubeconfigs(files)));
      }),
    );
  });
});

function withoutOrigins(config: Kubeconfig): Kubeconfig {
  const strip = <T extends { origin?: string }>(map: Map<string, T>): Map<string, T> => {
    const result = new Map<string, T>();
    for (const [name, entry] of map) {
      const copy = { ...entry };
      delete copy.origin;
      result.set(name, copy);
    }
    return result;
  };
  return {
    ...config,
    clusters: strip(config.clusters),
    users: strip(config.users),
    contexts: strip(config.contexts),
  };
}

describe('resolvePaths', () => {
  it("resolves against each file's directory", () => {
    const config = resolvePaths(mergeKubeconfigs([A, B]), '/home/me');
    expect(config.users.get('u')?.clientKey).toBe('/etc/u.key');
    expect(config.clusters.get('z')?.certificateAuthority).toBe('/home/me/b/ca.crt');
  });

  it('leaves absolute paths, and commands to be found in PATH', () => {
    const exec = (command: string) =>
      `users: [{name: u, user: {tokenFile: /t, exec: {command: ${command}}}}]`;
    const resolved = (command: string) =>
      resolvePaths(mergeKubeconfigs([file('/d/f', exec(command))]), '/').users.get('u');
    expect(resolved('login')?.exec?.command).toBe('login');
    expect(resolved('./login')?.exec?.command).toBe('/d/login');
    expect(resolved('login')?.tokenFile).toBe('/t');
  });
});

describe('defaultFile', () => {
  it('is the first that exists, else the last', () => {
    expect(defaultFile({ files: [missing, B, C] })).toBe('b/config');
    expect(defaultFile({ files: [missing, { path: '/last' }] })).toBe('/last');
  });
});

describe('changedFiles', () => {
  const sources = (...files: KubeconfigFile[]) => ({
    files,
    explicit: false,
    workingDirectory: '/home/me',
  });
  const change = (files: KubeconfigFile[], edit: (config: Kubeconfig) => Kubeconfig) =>
    changedFiles(sources(...files), edit(mergeKubeconfigs(files)));

  it('is empty where nothing changes', () => {
    expect(change([A, B], (config) => config).size).toBe(0);
    expect(change([A, B], (config) => useContext(config, 'b')).size).toBe(0);
  });

  it('changes an entry in the file that it came from', () => {
    const changed = change([A, B], (config) => setContext(config, 'b', { namespace: 'n' }).config);
    expect([...changed.keys()]).toEqual(['b/config']);
    expect(changed.get('b/config')?.contexts.get('b')?.namespace).toBe('n');
  });

  it('writes new entries and the current context to the first file that exists', () => {
    const changed = change([missing, A, B, C], (config) =>
      useContext(setContext(config, 'n', {}).config, 'n'),
    );
    expect([...changed.keys()]).toEqual(['/etc/a']);
    expect(changed.get('/etc/a')?.currentContext).toBe('n');
    expect(changed.get('/etc/a')?.contexts.has('n')).toBe(true);
  });

  it('clears the current context where it is set', () => {
    const changed = change([A, B, C], (config) => ({ ...config, currentContext: '' }));
    expect([...changed.keys()]).toEqual(['b/config']);
  });

  it('removes an entry from the file that it came from', () => {
    const changed = change([A, B], (config) => ({
      ...config,
      clusters: new Map([...config.clusters].slice(0, 1)),
    }));
    expect([...(changed.get('b/config')?.clusters.keys() ?? [])]).toEqual(['x']);
  });

  it('makes paths of a changed entry relative where they lie below its file', () => {
    const set = (path: string) =>
      change([A, B], (config) => {
        const old = config.clusters.get('z');
        const clusters = new Map(config.clusters).set('z', {
          server: '',
          ...old,
          certificateAuthority: path,
        });
        return { ...config, clusters };
      })
        .get('b/config')
        ?.clusters.get('z')?.certificateAuthority;
    expect(set('/home/me/b/pki/ca.crt')).toBe('pki/ca.crt');
    expect(set('/home/me/ca.crt')).toBe('/home/me/ca.crt');
    expect(set('/home/me/b')).toBe('.');
  });

  it('starts from nothing', () => {
    const files = [{ path: '/new' }];
    const changed = change(files, () => setContext(emptyKubeconfig(), 'a', {}).config);
    expect([...changed.keys()]).toEqual(['/new']);
  });
});
