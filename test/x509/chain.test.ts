import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseCertificate } from '../../src/x509/certificate.ts';
import {
  type ChainResult,
  hostMatches,
  MAX_PATH_CERTIFICATES,
  verifyChain,
} from '../../src/x509/chain.ts';
import { element, nul, sequence } from '../../src/x509/der/writer.ts';
import { createIssuer, selfSign } from '../../src/x509/issue.ts';
import { commonName, makeName } from '../../src/x509/name.ts';
import { encodePem } from '../../src/x509/pem.ts';
import type { Certificate } from '../../src/x509/types.ts';
import { SCENARIOS, type Scenario } from './chain-scenarios.ts';
import { AT, constraints, extension, forge, P256 } from './forge.ts';
import { withFiles } from './keys/openssl.ts';
import { caTemplate, keyOf, leafTemplate } from './support.ts';

const titled = SCENARIOS.map((scenario) => [scenario.title, scenario] as const);

const pem = (list: readonly Certificate[]): string =>
  list.map(({ der }) => encodePem('CERTIFICATE', der)).join('');

/** What `openssl verify` says. */
function opensslAccepts({ leaf, intermediates, roots, at, purpose, host }: Scenario): boolean {
  return withFiles([pem([leaf]), pem(intermediates), pem(roots)], (a = '', b = '', c = '') => {
    const args = ['verify', '-attime', String(at.getTime() / 1000), '-no-CAfile', '-no-CApath'];
    if (roots.length > 0) args.push('-CAfile', c);
    if (intermediates.length > 0) args.push('-untrusted', b);
    if (purpose === 'serverAuth') args.push('-purpose', 'sslserver');
    if (purpose === 'clientAuth') args.push('-purpose', 'sslclient');
    if (host !== undefined) {
      args.push(/^[\d.]+$|:/.test(host) ? '-verify_ip' : '-verify_hostname', host);
    }
    return spawnSync('openssl', [...args, a], { encoding: 'utf8' }).status === 0;
  });
}

function reasons(result: ChainResult): string[] {
  if (result.ok) return [];
  return result.rejections.map(
    ({ certificate, reason }) => `${commonName(certificate.subject)} ${reason}`,
  );
}

describe('verifyChain', () => {
  it.each(titled)('%s', (_, scenario) => {
    const result = verifyChain(scenario);
    expect(reasons(result).join('\n')).toMatch(scenario.ok ? /^$/ : /./);
    expect(result.ok).toBe(scenario.ok);
    if (result.ok) {
      expect(result.chain[0]).toBe(scenario.leaf);
      const last = result.chain.at(-1);
      expect(scenario.roots.some((root) => root === last || root.der === last?.der)).toBe(true);
    } else if (scenario.because !== undefined) {
      const [name, reason] = scenario.because;
      const said = result.rejections
        .filter(({ certificate }) => commonName(certificate.subject) === name)
        .map((rejection) => rejection.reason);
      expect(said.join('\n')).toMatch(reason);
    }
  });

  it.each(titled)('agrees with openssl or says why not: %s', (_, scenario) => {
    expect(opensslAccepts(scenario)).toBe(scenario.openssl ?? scenario.ok);
  });
});

describe('verifyChain of what kubepki issues', () => {
  it.each(['ECDSA-P256', 'ECDSA-P384', 'RSA-2048', 'Ed25519'])('accepts chains of %s', (type) => {
    const rootKey = keyOf(type, 1);
    const intKey = keyOf(type, 2);
    const root = parseCertificate(selfSign(caTemplate(), rootKey));
    const template = caTemplate({
      subject: makeName({ commonName: 'kubernetes-intermediate' }),
      basicConstraints: { ca: true, pathLength: 0 },
    });
    const int = parseCertificate(createIssuer(root, rootKey).issue(template, intKey.spki));
    const der = createIssuer(int, intKey).issue(leafTemplate(), keyOf(type, 3).spki);
    const request = {
      title: '',
      ok: true,
      leaf: parseCertificate(der),
      intermediates: [int],
      roots: [root],
      at: AT,
      purpose: 'serverAuth',
      host: 'worker-1',
    } as const;
    expect(verifyChain(request)).toEqual({ ok: true, chain: [request.leaf, int, root] });
    expect(verifyChain({ ...request, intermediates: [] }).ok).toBe(false);
    expect(opensslAccepts(request)).toBe(true);
  });
});

/** `levels` CAs above each other, the first one self-signed, and a leaf. */
function tower(levels: number): {
  leaf: Certificate;
  roots: Certificate[];
  between: Certificate[];
} {
  const cas = Array.from({ length: levels }, (_, level) =>
    forge({
      subject: `ca-${level}`,
      issuer: `ca-${Math.max(0, level - 1)}`,
      key: P256(20),
      ca: true,
    }),
  );
  const leaf = forge({
    subject: 'leaf',
    issuer: `ca-${levels - 1}`,
    key: P256(21),
    by: P256(20),
  });
  return { leaf, roots: cas.slice(0, 1), between: cas.slice(1) };
}

const many = (prefix: string): string[] =>
  Array.from({ length: 600 }, (_, i) => `${prefix}${i}.org`);

describe('verifyChain is bounded', () => {
  it('to paths of 10 certificates', () => {
    const just = tower(MAX_PATH_CERTIFICATES - 1);
    const found = verifyChain({ ...just, intermediates: just.between, at: AT });
    expect(found.ok && found.chain.length).toBe(MAX_PATH_CERTIFICATES);
    const above = tower(MAX_PATH_CERTIFICATES);
    const refused = verifyChain({ ...above, intermediates: above.between, at: AT });
    expect(reasons(refused).join('\n')).toContain('more than 10 certificates away');
  });

  it('to 100 signature checks, in a mesh where every CA has signed every other', () => {
    const size = 12;
    const mesh: Certificate[] = [];
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++) {
        if (a === b) continue;
        mesh.push(
          forge({
            subject: `ca-${a}`,
            issuer: `ca-${b}`,
            key: P256(30 + a),
            by: P256(30 + b),
            ca: true,
          }),
        );
      }
    }
    const leaf = forge({ subject: 'leaf', issuer: 'ca-0', key: P256(21), by: P256(30) });
    const start = performance.now();
    const result = verifyChain({ leaf, intermediates: mesh, roots: [], at: AT });
    expect(performance.now() - start).toBeLessThan(5000);
    expect(reasons(result).join('\n')).toContain('given up: 100 signature checks');
    expect(reasons(result).length).toBeLessThanOrEqual(100);
  });

  it('to 100 rejections, whatever the number of candidates', () => {
    const others = Array.from({ length: 300 }, (_, i) =>
      forge({ subject: `other-${i}`, ca: true }),
    );
    const leaf = forge({ subject: 'leaf', issuer: 'missing' });
    const result = verifyChain({ leaf, intermediates: others, roots: others, at: AT });
    expect(reasons(result)).toHaveLength(100);
    expect(reasons(result)[0]).toContain('an issuer that is not given: CN=missing');
  });

  it('to a quarter of a million name comparisons', () => {
    const root = forge({
      subject: 'root',
      ca: true,
      more: [constraints(many('a').map((name) => [2, name] as const))],
    });
    const leaf = forge({
      subject: 'leaf',
      issuer: 'root',
      key: P256(1),
      by: P256(0),
      names: { dns: many('x') },
    });
    const result = verifyChain({ leaf, intermediates: [], roots: [root], at: AT });
    expect(reasons(result)).toEqual([
      'leaf does not keep to the name constraints of CN=root: there are too many names and constraints to compare',
    ]);
  });
});

const issued = (...more: Uint8Array[]): Certificate =>
  forge({ subject: 'leaf', issuer: 'root', key: P256(1), by: P256(0), more });

const subtree = (tag: number, content: Uint8Array): Uint8Array =>
  sequence(element(0xa0, sequence(element(tag, content))));

describe('verifyChain where Go refuses already to parse', () => {
  const root = forge({ subject: 'root', ca: true });
  const verdict = (leaf: Certificate): string =>
    reasons(verifyChain({ leaf, intermediates: [], roots: [root], at: AT })).join('\n');

  it('refuses policy constraints, critical or not', () => {
    for (const critical of [true, false]) {
      const value = sequence(element(0x80, Uint8Array.of(0)));
      expect(verdict(issued(extension('2.5.29.36', critical, value)))).toContain(
        'policy constraints',
      );
    }
  });

  it.each<[string, Uint8Array]>([
    ['empty', sequence()],
    ['of empty lists', sequence(element(0xa0), element(0xa1))],
    ['that are no SEQUENCE', nul()],
    ['with something after them', sequence(element(0xa0, sequence(element(0x82))), nul())],
    ['with an IP range of 5 bytes', subtree(0x87, new Uint8Array(5))],
    ['with a mask that has gaps', subtree(0x87, Uint8Array.of(10, 0, 0, 0, 255, 0, 255, 0))],
    ['with a DNS name that is none', subtree(0x82, Buffer.from('a..b'))],
    ['with a DNS name with a space', subtree(0x82, Buffer.from('a b'))],
    ['with a DNS name not in ASCII', subtree(0x82, Buffer.from('ä.org'))],
    ['with a mailbox that is none', subtree(0x81, Buffer.from('@example.com'))],
    ['with a URI constraint on an address', subtree(0x86, Buffer.from('10.0.0.1'))],
  ])('refuses name constraints %s', (_, value) => {
    expect(verdict(issued(extension('2.5.29.30', true, value)))).toContain(
      'has name constraints that cannot be read',
    );
  });

  it('refuses a critical alternative name of unknown kinds only', () => {
    const other = sequence(element(0x88, Uint8Array.of(42, 3)));
    expect(verdict(issued(extension('2.5.29.17', true, other)))).toContain(
      'none is of a known kind',
    );
  });
});

describe('verifyChain of wrong arguments', () => {
  it('refuses an invalid date', () => {
    const leaf = forge({ subject: 'leaf' });
    const request = { leaf, intermediates: [], roots: [leaf] };
    expect(() => verifyChain({ ...request, at: new Date('never') })).toThrow(RangeError);
    expect(verifyChain({ ...request, at: AT }).ok).toBe(true);
  });
});

const certificate = (dns: string[], ip: string[] = []): Pick<Certificate, 'subjectAltNames'> => ({
  subjectAltNames: { dns, ip, uri: [], email: [] },
});

describe('hostMatches', () => {
  it.each<[string, string, boolean]>([
    ['example.com', 'example.com', true],
    ['example.com', 'EXAMPLE.com', true],
    ['EXAMPLE.com', 'example.com', true],
    ['example.com', 'example.com.', true],
    ['example.com.', 'example.com', false],
    ['*.example.com', 'a.example.com', true],
    ['*.example.com', 'a.example.com.', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'a.b.example.com', false],
    ['*.example.com', '.example.com', false],
    ['a.*.com', 'a.b.com', false],
    ['a*.example.com', 'ab.example.com', false],
    ['*', 'example', false],
    ['*', '*', true],
    ['*.example.com', '*.example.com', true],
    ['a_b.example.com', 'a_b.example.com', true],
    ['-a.example.com', '-a.example.com', true],
    ['exämple.com', 'exämple.com', true],
    ['\u212aubernetes', 'kubernetes', false],
    ['kubernetes', '\u212aubernetes', false],
    ['', '', false],
    ['.', '.', false],
    ['kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', false],
  ])('with the DNS name %j and the host %j is %s', (name, host, expected) => {
    expect(hostMatches(certificate([name]), host)).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '[10.0.0.1]', true],
    ['10.0.0.1', '::ffff:10.0.0.1', true],
    ['10.0.0.1', '10.0.0.01', false],
    ['10.0.0.1', '10.0.0.10', false],
    ['fd00::1', 'FD00:0:0:0:0:0:0:1', true],
    ['fd00::1', '[fd00::1]', true],
    ['fd00::1', '[fd00::1', false],
    ['fd00::1', 'fd00::1%eth0', false],
  ])('with the address %s and the host %j is %s', (address, host, expected) => {
    expect(hostMatches(certificate([], [address]), host)).toBe(expected);
  });

  it('never looks for an address among the DNS names, nor for a name among the addresses', () => {
    expect(hostMatches(certificate(['10.0.0.1']), '10.0.0.1')).toBe(false);
    expect(hostMatches(certificate(['fd00::1']), '[fd00::1]')).toBe(false);
    expect(hostMatches(certificate([], ['10.0.0.1']), 'example.com')).toBe(false);
  });

  it('never looks at the common name', () => {
    expect(hostMatches(forge({ subject: 'example.com' }), 'example.com')).toBe(false);
  });
});
