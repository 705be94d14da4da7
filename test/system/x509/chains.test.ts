/** Paths through drawn hierarchies: our verdict is Go's without exception, and OpenSSL's but for a list of reasons. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Certificate,
  type ChainResult,
  encodePem,
  fingerprintHex,
  verifyChain,
} from '../../../src/x509/index.ts';
import { Random } from '../../fuzz/random.ts';
import { isRefusal, type Oracle, openOracle } from '../../peers/oracle.ts';
import { seeded } from '../../seeded.ts';
import { UNTIL } from '../../x509/forge.ts';
import { withFiles } from '../../x509/keys/openssl.ts';
import { iso } from './facts.ts';
import { drawHierarchy, type Hierarchy, type Odd } from './hierarchies.ts';

const random = new Random(seeded('chains'));
let oracle: Oracle;

beforeAll(async () => {
  oracle = await openOracle();
});
afterAll(async () => oracle?.close());

const pem = (list: readonly Certificate[]): string =>
  list.map(({ der }) => encodePem('CERTIFICATE', der)).join('');

/** Everything that is needed to look at a case again. */
const described = (drawn: Hierarchy, result: ChainResult): string =>
  JSON.stringify({
    odds: [...drawn.odds],
    at: iso(drawn.at),
    purpose: drawn.purpose,
    host: drawn.host,
    ours: result.ok ? 'ok' : result.rejections.map(({ reason }) => reason),
    leaf: pem([drawn.leaf]),
    intermediates: pem(drawn.intermediates),
    roots: pem(drawn.roots),
  });

const goVerdict = async ({ leaf, intermediates, roots, at, purpose, host }: Hierarchy) =>
  oracle.ask({
    op: 'verify',
    leaf: pem([leaf]),
    intermediates: pem(intermediates),
    roots: pem(roots),
    time: iso(at),
    usages: [purpose === 'any' ? 'anyExtendedKeyUsage' : purpose],
    ...(host === undefined ? {} : { dnsName: host }),
  });

/** Undefined where `openssl verify` accepts, else its first error. */
function opensslRefusal(drawn: Hierarchy): string | undefined {
  const { leaf, intermediates, roots, at, purpose, host } = drawn;
  return withFiles([pem([leaf]), pem(intermediates), pem(roots)], (a = '', b = '', c = '') => {
    const args = ['verify', '-x509_strict', '-no-CAfile', '-no-CApath'];
    args.push('-attime', String(at.getTime() / 1000));
    if (roots.length > 0) args.push('-CAfile', c);
    if (intermediates.length > 0) args.push('-untrusted', b);
    if (purpose !== 'any')
      args.push('-purpose', purpose === 'serverAuth' ? 'sslserver' : 'sslclient');
    if (host !== undefined)
      args.push(/^[\d.]+$|:/.test(host) ? '-verify_ip' : '-verify_hostname', host);
    const { status, stderr } = spawnSync('openssl', [...args, a], { encoding: 'utf8' });
    return status === 0 ? undefined : (/^error \d+ at .*$/m.exec(stderr)?.[0] ?? stderr);
  });
}

interface Difference {
  readonly reason: string;
  /** Whether this explains why OpenSSL says `error` (undefined: nothing) and we `ours` (likewise). */
  readonly explains: (drawn: Hierarchy, error: string, ours: string) => boolean;
}

const has = ({ odds }: Hierarchy, ...any: Odd[]): boolean => any.some((odd) => odds.has(odd));
const hasUsageAny = ({ leaf, intermediates, roots }: Hierarchy): boolean =>
  [leaf, ...intermediates, ...roots].some(
    ({ extendedKeyUsage }) => extendedKeyUsage?.includes('any') === true,
  );

/** As docs/decisions/0006-readers.md lists them. */
const OPENSSL_REFUSES: readonly Difference[] = [
  {
    reason: 'the last second of the validity belongs to it (RFC 5280, 4.1.2.5); not for OpenSSL',
    explains: ({ at }, error) => at.getTime() === UNTIL.getTime() && error.includes('has expired'),
  },
  {
    reason: 'a trusted leaf is a path of one; OpenSSL goes on to a root unless told -partial_chain',
    explains: (drawn) => has(drawn, 'leaf is trusted'),
  },
  {
    reason:
      'the signature decides and not the key identifiers; OpenSSL does not try such an issuer',
    explains: (drawn, error) =>
      has(drawn, 'identifiers that differ') && /get (local )?issuer/.test(error),
  },
  {
    reason: 'anyExtendedKeyUsage is every usage; OpenSSL wants the usage itself',
    explains: (drawn, error) => hasUsageAny(drawn) && error.includes('certificate purpose'),
  },
  {
    reason: 'a root of version 1 may issue; not with -x509_strict',
    explains: (drawn, error) => has(drawn, 'version 1') && error.includes('invalid CA certificate'),
  },
  {
    reason: 'a CA without the key usage extension may issue; not with -x509_strict',
    explains: (drawn, error) =>
      has(drawn, 'no keyCertSign') && /key usage (extension|keyCertSign)/.test(error),
  },
  {
    reason:
      'constraints are about alternative names; without DNS names OpenSSL takes the common name for one',
    explains: ({ leaf }, error) =>
      error.includes('subtree violation') && leaf.subjectAltNames?.dns.length === 0,
  },
  {
    reason:
      'a constraint on URIs covers the domains below it, as in Go; for OpenSSL the host alone',
    explains: ({ leaf }, error) =>
      error.includes('subtree violation') && (leaf.subjectAltNames?.uri.length ?? 0) > 0,
  },
  {
    reason: 'every path is tried; OpenSSL settles for the first that it can build',
    explains: (drawn) => has(drawn, 'another of the name', 'renewed', 'cross-signed'),
  },
];

const OPENSSL_ACCEPTS: readonly Difference[] = [
  {
    reason:
      'a wildcard that covers an excluded name is excluded; OpenSSL compares the two as names',
    explains: (_, __, ours) => /the DNS name "\*\.[^"]*" is excluded/.test(ours),
  },
  {
    reason:
      'a constraint on URIs covers the domains below it, as in Go; for OpenSSL the host alone',
    explains: (_, __, ours) => /the URI "[^"]*" is excluded/.test(ours),
  },
];

describe('verifyChain', () => {
  it('says what Go says, and finds one of its paths', async () => {
    const verdicts = { accepted: 0, refused: 0 };
    for (let i = 0; i < 1500; i++) {
      const drawn = drawHierarchy(random);
      const ours = verifyChain(drawn);
      const go = await goVerdict(drawn);
      if (isRefusal(go)) {
        expect(ours.ok, `Go: ${go.error}; ${described(drawn, ours)}`).toBe(false);
        verdicts.refused++;
      } else {
        expect(ours.ok, `Go accepts; ${described(drawn, ours)}`).toBe(true);
        if (!ours.ok) continue;
        expect(go.chains).toContainEqual(ours.chain.map(({ der }) => fingerprintHex(der)));
        verdicts.accepted++;
      }
    }
    // Hierarchies that are all wrong would prove nothing.
    expect(verdicts.accepted).toBeGreaterThan(300);
    expect(verdicts.refused).toBeGreaterThan(300);
  });

  it('says what OpenSSL says, but for the differences that are listed', () => {
    for (let i = 0; i < 300; i++) {
      const drawn = drawHierarchy(random);
      const ours = verifyChain(drawn);
      const error = opensslRefusal(drawn);
      if (ours.ok === (error === undefined)) continue;
      const reasons = ours.ok ? '' : ours.rejections.map(({ reason }) => reason).join('\n');
      const known = ours.ok ? OPENSSL_REFUSES : OPENSSL_ACCEPTS;
      const explained = known.some(({ explains }) => explains(drawn, error ?? '', reasons));
      expect(explained, `OpenSSL: ${error ?? 'ok'}; ${described(drawn, ours)}`).toBe(true);
    }
  });
});
