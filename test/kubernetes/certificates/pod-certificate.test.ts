/** What the certificate of a pod says, and for how long. */
import { describe, expect, it } from 'vitest';
import {
  type PodCertificateRequest,
  podCertificateTemplate,
  podCertificateTimes,
} from '../../../src/kubernetes/index.ts';
import { commonName, formatName, organizations } from '../../../src/x509/index.ts';
import { errorOf } from '../../x509/support.ts';

const NOW = new Date('2026-06-01T12:00:00.750Z');
const HOUR = 3_600_000;
const YEAR = 8760 * HOUR;
const FAR = new Date('2036-01-01T00:00:00Z');

const shown = (maxExpirationSeconds: number, longest = YEAR, end = FAR): readonly string[] => {
  const times = podCertificateTimes(NOW, maxExpirationSeconds, longest, end);
  return [times.notBefore, times.beginRefreshAt, times.notAfter].map((time) =>
    time.toISOString().replace('.000Z', 'Z'),
  );
};

describe('the life of a pod’s certificate', () => {
  it('begins two minutes ago, in whole seconds, and is to be renewed after half of it', () => {
    expect(shown(86_400)).toEqual([
      '2026-06-01T11:58:00Z',
      '2026-06-01T23:58:00Z',
      '2026-06-02T11:58:00Z',
    ]);
  });

  it.each<[string, number, number, Date, number]>([
    ['what is asked for', 7200, YEAR, FAR, 7200],
    ['an hour, the least that can be asked for', 3600, YEAR, FAR, 3600],
    ['a day where more is asked for', 7_862_400, YEAR, FAR, 86_400],
    ['what the signer issues at most', 86_400, 2 * HOUR, FAR, 7200],
    ['an hour where the signer issues less', 86_400, HOUR / 12, FAR, 3600],
    ['what is left of the CA', 86_400, YEAR, new Date('2026-06-01T18:58:00Z'), 7 * 3600],
    ['just an hour of the CA', 86_400, YEAR, new Date('2026-06-01T12:58:00Z'), 3600],
  ])('is %s', (_what, asked, longest, end, seconds) => {
    const { notBefore, notAfter } = podCertificateTimes(NOW, asked, longest, end);
    expect((notAfter.getTime() - notBefore.getTime()) / 1000).toBe(seconds);
  });

  it('is none where the CA has less than an hour', () => {
    const end = new Date('2026-06-01T12:57:59Z');
    const error = errorOf(() => podCertificateTimes(NOW, 86_400, YEAR, end));
    expect(error.code).toBe('INVALID_VALUE');
    expect(error.message).toContain('ends at 2026-06-01T12:57:59.000Z');
  });
});

it('the certificate says what x509 authentication takes for the service account', () => {
  const request: PodCertificateRequest = {
    metadata: { namespace: 'team', name: 'r' },
    spec: {
      signerName: 'kubernetes.io/kube-apiserver-client-pod',
      podName: 'web-0',
      podUID: 'uid-of-pod',
      serviceAccountName: 'web',
      serviceAccountUID: 'uid-of-account',
      nodeName: 'worker-1',
      nodeUID: 'uid-of-node',
      pkixPublicKey: null,
      proofOfPossession: null,
      stubPKCS10Request: null,
    },
  };
  const { subject, ...others } = podCertificateTemplate(request);
  expect(commonName(subject)).toBe('system:serviceaccount:team:web');
  expect(organizations(subject)).toEqual(['system:serviceaccounts', 'system:serviceaccounts:team']);
  expect(formatName(subject)).toContain('1.3.6.1.4.1.57683.2');
  expect(subject.flat().at(-1)).toEqual({
    type: '1.3.6.1.4.1.57683.2',
    value: 'uid-of-account',
  });
  expect(others).toEqual({
    basicConstraints: { ca: false },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['clientAuth'],
  });
});
