import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { emitYaml, type Tree } from '../../../src/kubernetes/kubeconfig/emit.ts';
import {
  emptyKubeconfig,
  formatKubeconfig,
  formatKubeconfigJson,
  type Kubeconfig,
  makeKubeconfig,
  parseKubeconfig,
} from '../../../src/kubernetes/kubeconfig/index.ts';
import { compareKeys } from '../../../src/kubernetes/kubeconfig/key-order.ts';
import { kubeconfigs } from './arbitrary.ts';

const line = (value: Tree): string => emitYaml(new Map([['k', value]]));

describe('formatKubeconfig', () => {
  it('writes an empty kubeconfig as kubectl does', () => {
    expect(formatKubeconfig(emptyKubeconfig())).toBe(
      'apiVersion: v1\nclusters: null\ncontexts: null\ncurrent-context: ""\nkind: Config\nusers: null\n',
    );
  });

  it('writes the shape of kubeadm', () => {
    const config = makeKubeconfig({
      cluster: 'kubernetes',
      server: 'https://10.0.0.1:6443',
      certificateAuthority: 'CA',
      user: 'kubernetes-admin',
      clientCertificate: 'CERT',
      clientKey: Buffer.from('KEY'),
    });
    expect(formatKubeconfig(config)).toBe(`apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://10.0.0.1:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: kubernetes-admin
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
kind: Config
users:
- name: kubernetes-admin
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
`);
  });

  it('sorts entries by the bytes of their names', () => {
    const config = emptyKubeconfig();
    for (const name of ['b', '\u{1f600}', '\uffee', 'B', 'a'])
      config.clusters.set(name, { server: '' });
    const names = parseKubeconfig(formatKubeconfig(config), 'x').clusters.keys();
    expect([...names]).toEqual(['B', 'a', 'b', '\uffee', '\u{1f600}']);
  });

  it('is read back as it was', () => {
    fc.assert(
      fc.property(kubeconfigs, (config) => {
        expect(parseKubeconfig(formatKubeconfig(config), 'x')).toEqual(config);
      }),
    );
  });

  it('is read by another YAML library as what the JSON says', () => {
    fc.assert(
      fc.property(kubeconfigs, (config) => {
        const plain = parse(formatKubeconfig(config), {
          merge: false,
          uniqueKeys: false,
        });
        // Not JSON.parse: V8 13.6 takes a key "x\\"" for "x\\\\" once it has seen the latter at the same place.
        expect(plain).toEqual(parse(formatKubeconfigJson(config), { uniqueKeys: false }));
      }),
    );
  });

  it('does not depend on the order of entries', () => {
    fc.assert(
      fc.property(kubeconfigs, (config) => {
        const turned: Kubeconfig = { ...config, clusters: new Map([...config.clusters].reverse()) };
        expect(formatKubeconfig(turned)).toBe(formatKubeconfig(config));
      }),
    );
  });
});

describe('formatKubeconfigJson', () => {
  it('has the order, indentation and escapes of Go', () => {
    const config = emptyKubeconfig();
    config.contexts.set('<a>', { cluster: '&', user: '\u2028' });
    config.extensions = new Map([['x', [1.5, 1e21, {}, []]]]);
    expect(formatKubeconfigJson(config)).toBe(`{
    "kind": "Config",
    "apiVersion": "v1",
    "clusters": null,
    "users": null,
    "contexts": [
        {
            "name": "\\u003ca\\u003e",
            "context": {
                "cluster": "\\u0026",
                "user": "\\u2028"
            }
        }
    ],
    "current-context": "",
    "extensions": [
        {
            "name": "x",
            "extension": [
                1.5,
                1e+21,
                {},
                []
            ]
        }
    ]
}
`);
  });
});

describe('emitYaml', () => {
  it.each([
    ['https://a:6443', 'k: https://a:6443\n'],
    ['', 'k: ""\n'],
    ['yes', 'k: "yes"\n'],
    ['0x1f', 'k: "0x1f"\n'],
    ['a: b', "k: 'a: b'\n"],
    ["'", `k: ''''\n`],
    ['- a', "k: '- a'\n"],
    ['-a', 'k: -a\n'],
    ['tab\t', 'k: "tab\\t"\n'],
    ['\u{1f600}', 'k: "\\U0001F600"\n'],
    ['\u2028', 'k: "\\L"\n'],
    ['\ufeffa', 'k: "\\uFEFF\\x61"\n'],
    ['a\nb', 'k: |-\n  a\n  b\n'],
    ['a\n', 'k: |\n  a\n'],
    ['\n', 'k: |2+\n\n'],
    [' a\nb \n', 'k: " a\\nb \\n"\n'],
    [`${'x'.repeat(80)} y z`, `k: ${'x'.repeat(80)}\n  y z\n`],
    [12345678.5, 'k: 1.23456785e+07\n'],
    [0.00001, 'k: 1e-05\n'],
    [100000.5, 'k: 100000.5\n'],
    [2n ** 64n - 1n, 'k: 18446744073709551615\n'],
    [null, 'k: null\n'],
    [[], 'k: []\n'],
    [new Map(), 'k: {}\n'],
    [[['a', []], new Map([['b', 'c']])], 'k:\n- - a\n  - []\n- b: c\n'],
  ] satisfies [Tree, string][])('writes %o as goyaml does', (value, text) => {
    expect(line(value)).toBe(text);
  });

  it('quotes the key that would merge', () => {
    expect(emitYaml(new Map([['<<', '<<']]))).toBe('"<<": <<\n');
  });

  it('writes long keys and their values behind marks', () => {
    const key = 'x'.repeat(129);
    expect(emitYaml(new Map([[key, new Map([['a', ['b']]])]]))).toBe(`? ${key}\n: a:\n  - b\n`);
  });
});

describe('compareKeys', () => {
  it('orders numbers by size and letters last', () => {
    const keys = ['a10', 'a2', 'a02', 'A', '_', 'é', 'b', '10', '9', 'a'];
    const sorted = ['_', '9', '10', 'A', 'a', 'a2', 'a02', 'a10', 'b', 'é'];
    expect(keys.sort(compareKeys)).toEqual(sorted);
  });
});
