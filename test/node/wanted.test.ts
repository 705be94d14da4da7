/** Whether a certificate says what is wanted: the cases of client-go's TestCertSatisfiesTemplate and TestSetRotationDeadline. */
import { describe, expect, it } from 'vitest';
import { rotationDeadline } from '../../src/node/rotation.ts';
import { lacks, type WantedCertificate } from '../../src/node/wanted.ts';
import { generatePrivateKey, makeName, parseCertificate } from '../../src/x509/index.ts';
import { makeAuthority } from './fake-api.ts';

const NOW = new Date('2026-03-01T10:00:00Z');
const HOUR = 3_600_000;
const authority = makeAuthority(NOW);
const { spki } = generatePrivateKey('ECDSA-P256');

const WANTED: WantedCertificate = {
  kind: 'serving',
  commonName: 'system:node:w',
  organizations: ['system:nodes'],
  dns: ['w', 'w.example.com'],
  ip: ['192.0.2.1', '2001:db8::1'],
};

interface Said {
  readonly commonName?: string;
  readonly organizations?: readonly string[];
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
}

const certificate = (changes: Said = {}) => {
  const { commonName, organizations, dns, ip } = { ...WANTED, ...changes };
  return parseCertificate(
    authority.issuer.issue(
      {
        subject: makeName({ organizations, commonName }),
        notBefore: NOW,
        notAfter: new Date(NOW.getTime() + HOUR),
        basicConstraints: { ca: false },
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: ['serverAuth'],
        subjectAltNames: { dns, ip },
      },
      spki,
    ),
  );
};

describe('a certificate', () => {
  it.each<[string, Said]>([
    ['that says it all', {}],
    ['with more groups', { organizations: ['system:nodes', 'more'] }],
    ['with more names', { dns: ['w', 'w.example.com', 'x'] }],
    ['with more addresses', { ip: ['192.0.2.1', '192.0.2.2', '2001:db8::1'] }],
    ['in another order', { dns: ['w.example.com', 'w'], ip: ['2001:db8::1', '192.0.2.1'] }],
  ])('%s will do', (_, said) => {
    expect(lacks(certificate(said), WANTED)).toBeUndefined();
  });

  it.each<[string, Said, string]>([
    ['of another name', { commonName: 'system:node:x' }, 'common name is "system:node:x"'],
    ['without a name', { commonName: '' }, 'common name is ""'],
    ['without the group', { organizations: [] }, 'lacks the organization "system:nodes"'],
    ['without a DNS name', { dns: ['w'] }, 'lacks the DNS name "w.example.com"'],
    ['without an address', { ip: ['192.0.2.1'] }, 'lacks the IP address "2001:db8::1"'],
  ])('%s will not do', (_, said, words) => {
    expect(lacks(certificate(said), WANTED)).toContain(words);
  });
});

describe('the time to renew', () => {
  it.each([
    ['just issued', -1, 99, false],
    ['half way', -24, 24, false],
    ['mostly over', -69, 31, false],
    ['just about over', -91, 9, true],
    ['nearly over', -99, 1, true],
    ['over', -10, -1, true],
  ])('of one that is %s', (_, from, to, isDue) => {
    const dates = {
      notBefore: new Date(NOW.getTime() + from * HOUR),
      notAfter: new Date(NOW.getTime() + to * HOUR),
    };
    // Whatever is drawn.
    for (const random of [0, 0.5, 0.999]) {
      expect(rotationDeadline(dates, () => random) <= NOW).toBe(isDue);
    }
  });
});
