/** What the tests of controllers share: contexts, a CA, approved requests. */
import type { ControllerContext, LogLine } from '../../src/controllers/context.ts';
import type { RootCa } from '../../src/controllers/index.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  type Condition,
  SECRETS,
  type Secret,
} from '../../src/kubernetes/index.ts';
import { encodeBootstrapTokenSecret } from '../../src/tokens/index.ts';
import {
  type Certificate,
  createIssuer,
  type Issuer,
  parseCertificate,
  readCertificates,
  selfSign,
} from '../../src/x509/index.ts';
import { ManualClock } from '../manual-clock.ts';
import { caTemplate, keyOf } from '../x509/support.ts';
import { FakeApi } from './fake-client.ts';

export const NOW = new Date('2026-06-01T12:00:00.250Z');

export const clockAtNow = (): ManualClock => new ManualClock(NOW.toISOString());

export interface Bench {
  readonly context: ControllerContext;
  readonly clock: ManualClock;
  readonly lines: LogLine[];
  readonly stop: () => void;
}

export function benchOf(api: FakeApi, clock = clockAtNow()): Bench {
  api.clock = clock;
  const ending = new AbortController();
  const lines: LogLine[] = [];
  return {
    context: {
      client: api,
      clock,
      random: () => 0,
      signal: ending.signal,
      log: (line) => lines.push(line),
    },
    clock,
    lines,
    stop: () => ending.abort(new Error('the test has ended')),
  };
}

/** The bootstrap token that the requests of these tests are made with. */
export const bootstrapTokenSecret = (expiration?: Date): Secret =>
  encodeBootstrapTokenSecret({
    id: 'abcdef',
    secret: '0123456789abcdef',
    usages: ['authentication'],
    groups: ['system:bootstrappers'],
    ...(expiration === undefined ? {} : { expiration }),
  });

export const apiWithToken = (): FakeApi => new FakeApi([SECRETS, bootstrapTokenSecret()]);

/** A CA that is valid for 2026, or to another date. */
export function issuerTo(notAfter = new Date('2036-01-01T00:00:00Z'), which = 0): Issuer {
  const key = keyOf('ECDSA-P256', 100 + which);
  return createIssuer(parseCertificate(selfSign(caTemplate({ notAfter }), key)), key);
}

export const approved = (
  csr: CertificateSigningRequest,
  ...others: Condition[]
): CertificateSigningRequest => ({
  ...csr,
  status: { conditions: [{ type: 'Approved', status: 'True' }, ...others] },
});

export const csrIn = (api: FakeApi, name: string): CertificateSigningRequest => {
  const found = api.peek(CERTIFICATE_SIGNING_REQUESTS, name);
  if (found === undefined) throw new Error(`there is no request ${name}`);
  return found;
};

/** The certificate that was issued; throws where there is none, or more than one. */
export function issuedIn(api: FakeApi, name: string): Certificate {
  const { certificate } = csrIn(api, name).status ?? {};
  const [first, ...more] = readCertificates(Buffer.from(certificate ?? '', 'base64'));
  if (more.length > 0) throw new Error('expected one certificate');
  return first;
}

/** What verifies the API server, until the test replaces it. */
export interface ReplaceableCa extends RootCa {
  readonly replace: (pem: string) => void;
}

export function replaceableCa(pem: string): ReplaceableCa {
  let current = pem;
  const listeners = new Set<() => void>();
  return {
    pem: () => current,
    onChange(listener, signal) {
      listeners.add(listener);
      signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
    },
    replace(next) {
      current = next;
      for (const listener of listeners) listener();
    },
  };
}
