/** What is said about requests below the table of plan and apply. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatReport, isPending } from '../../src/cli/report.ts';
import { nextSteps } from '../../src/cli/requests.ts';
import type { Report, RequestFile, Step } from '../../src/pki/index.ts';
import { NO_STEPS } from '../pki/fixture.ts';

const HERE = process.cwd();

function step(action: Step['action'], name: string, changes: Partial<RequestFile> = {}): Step {
  const path = join(HERE, name);
  const request: RequestFile = {
    path: `${path}.csr`,
    answers: [`${path}.crt`, `${path}.pem`],
    issuer: 'ca',
    validity: 365 * 86_400,
    ...changes,
  };
  const base = {
    action,
    credential: 'apiserver' as const,
    place: 'cp-1',
    path: `${path}.crt`,
    notes: [],
  };
  return action === 'request' || action === 'wait' ? { ...base, request } : base;
}

describe('what is to be done next', () => {
  it('is nothing where nobody has to sign', () => {
    expect(nextSteps('apply', [step('create', 'a'), step('take', 'b')])).toEqual([]);
  });

  it('names the request, and a line to sign it with by kubepki and by OpenSSL', () => {
    expect(nextSteps('apply', [step('request', 'pki/apiserver')])).toEqual([
      '1 certificate has to be signed by ca, whose key is not here.',
      'The request:',
      '  pki/apiserver.csr',
      '',
      'Where the key of ca lies, with kubepki or with OpenSSL (3 or later):',
      '  kubepki csr sign -f CLUSTER.yaml -d DIR --ca ca --ca-cert CA.crt --ca-key CA.key pki/apiserver.csr',
      '  openssl x509 -req -in pki/apiserver.csr -CA CA.crt -CAkey CA.key -days 365 -copy_extensions copyall -out pki/apiserver.crt',
      'Put each certificate beside its request (apiserver.csr is answered by apiserver.crt or apiserver.pem) and run apply again.',
    ]);
  });

  it('is to run apply, as long as there are no requests', () => {
    expect(
      nextSteps('plan', [step('request', 'a'), step('request', 'b', { issuer: 'etcd-ca' })]),
    ).toEqual([
      '2 certificates have to be signed by ca, etcd-ca, whose keys are not here.',
      'apply makes the requests.',
    ]);
    expect(nextSteps('plan', [step('wait', 'a')])).toContain('  a.csr');
  });

  it('fits on a screen, however many there are', () => {
    const many = Array.from({ length: 1000 }, (_, i) => step('wait', `host-${i}`));
    const lines = nextSteps('apply', many);
    expect(lines.length).toBeLessThan(32);
    expect(lines).toContain('  and 980 more (-o json has them all)');
  });

  it('can be typed, whatever the path is called', () => {
    const [line] = nextSteps('apply', [step('wait', "it's $(here)")]).slice(6);
    expect(line).toContain(`-in 'it'\\''s $(here).csr' -CA`);
  });
});

describe('the closing line', () => {
  const report = (counts: Partial<Report['counts']>): Report => ({
    steps: [],
    counts: { ...NO_STEPS, ...counts },
  });

  it('counts what only an external CA brings about where there is any', () => {
    expect(formatReport('plan', report({ keep: 3 }), false)).toBe(
      'nothing to do: 0 to create, 3 to keep, 0 refused',
    );
    expect(formatReport('plan', report({ create: 1, request: 2, wait: 3, take: 4 }), false)).toBe(
      '1 to create, 2 to request, 3 waiting for a certificate, 4 to take up, 0 to keep, 0 refused',
    );
    expect(formatReport('apply', report({ request: 2, take: 4 }), false)).toBe(
      '0 created, 2 requested, 4 taken up, 0 kept, 0 refused',
    );
  });

  it('is pending as long as a certificate is to come', () => {
    expect(isPending(report({ wait: 1 }))).toBe(true);
    expect(isPending(report({ keep: 1, refuse: 1 }))).toBe(false);
  });
});
