/**
 * What may become of a PodCertificateRequest: once issued, denied or failed it stays so
 * (k8s.io/kubernetes, pkg/apis/certificates/validation: ValidatePodCertificateRequestStatusUpdate).
 */
import { KubepkiError } from '../../../errors.ts';
import type { PodCertificateRequest } from '../../../kubernetes/index.ts';
import { type Certificate, decodePem, parseCertificate } from '../../../x509/index.ts';
import { each } from '../checks.ts';
import { validateConditions } from '../conditions.ts';
import {
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
  wrong,
} from '../field-error.ts';
import { sameJson } from '../metadata.ts';
import { requestedKey } from './keys.ts';

const ENDS = ['Issued', 'Denied', 'Failed'];
const MOST_CHAIN_BYTES = 100 * 1024;
const MINUTE_MS = 60_000;
const SKEW_MS = 5 * MINUTE_MS;
const REFRESH_MARGIN_MS = 10 * MINUTE_MS;
const SHORTEST_MS = 60 * MINUTE_MS;

const CHAIN = 'status.certificateChain';

type Status = NonNullable<PodCertificateRequest['status']>;

/** @param now of the server, for a certificate must be fresh */
export function validateStatusUpdate(
  request: PodCertificateRequest,
  old: PodCertificateRequest,
  now: Date,
): FieldError[] {
  const [status, before] = [request.status ?? {}, old.status ?? {}];
  const errors = [
    ...validateEnds(status),
    ...validateConditions('status.conditions', status.conditions),
  ];
  if (errors.length > 0) return errors;
  if (ENDS.some((end) => has(before, end))) {
    return same(
      status,
      before,
      'immutable after PodCertificateRequest is issued, denied, or failed',
    );
  }
  if (has(status, 'Denied') || has(status, 'Failed')) {
    const { conditions } = status;
    return same(
      status,
      conditions === undefined ? {} : { conditions },
      'non-condition status fields must be empty when denying or failing the PodCertificateRequest',
    );
  }
  if (has(status, 'Issued')) return validateIssued(request, status, now);
  return same(
    status,
    before,
    'status is immutable unless transitioning to "Issued", "Denied", or "Failed"',
  );
}

const has = ({ conditions = [] }: Status, wanted: string): boolean =>
  conditions.some(({ type, status }) => type === wanted && status === 'True');

const same = (status: Status, wanted: Status, detail: string): FieldError[] =>
  sameJson(status, wanted) ? [] : [wrong('status', detail)];

/** One end at most, and it is true. */
function validateEnds({ conditions }: Status): FieldError[] {
  let ends = 0;
  return each(conditions, 'status.conditions', ({ type, status }, path) => {
    const at = path.replace('[', '.[');
    if (!ENDS.includes(type)) return [notSupported(`${at}.type`, type, ENDS)];
    ends += 1;
    const several = 'There may be at most one condition with type "Issued", "Denied", or "Failed"';
    return [
      ...(ends > 1 ? [invalid(`${at}.type`, type, several)] : []),
      ...(status === 'True' ? [] : [notSupported(`${at}.status`, status, ['True'])]),
    ];
  });
}

function validateIssued(request: PodCertificateRequest, status: Status, now: Date): FieldError[] {
  const { certificateChain = '' } = status;
  if (Buffer.byteLength(certificateChain) > MOST_CHAIN_BYTES) {
    return [tooLong(CHAIN, MOST_CHAIN_BYTES)];
  }
  const [first, ...rest] = decodePem(certificateChain);
  const chainError = (detail: string): FieldError[] => [invalid(CHAIN, certificateChain, detail)];
  if (first === undefined) {
    return chainError('issued certificate chain must contain at least one certificate');
  }
  const foreign = 'issued certificate chain must consist entirely of CERTIFICATE PEM blocks';
  if (first.label !== 'CERTIFICATE') return chainError(foreign);
  const leaf = certificateOf(first.bytes);
  if (leaf === undefined) return chainError('leaf certificate does not parse as valid X.509');
  const errors = [...validateNames(leaf), ...validateLeaf(request, status, leaf, chainError, now)];
  if (errors.length > 0) return errors;
  for (const { label, bytes } of rest) {
    if (label !== 'CERTIFICATE') return chainError(foreign);
    if (certificateOf(bytes) === undefined) {
      return chainError('intermediate certificate does not parse as valid X.509');
    }
  }
  return [];
}

function certificateOf(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof KubepkiError) return undefined;
    throw error;
  }
}

function validateNames({ subjectAltNames }: Certificate): FieldError[] {
  const { dns, email } = subjectAltNames ?? { dns: [], email: [] };
  return [
    ...dns.flatMap((name) => dnsProblems(name).map((problem) => invalid(CHAIN, name, problem))),
    ...email
      .filter((address) => !ADDRESS.test(address))
      .map((address) =>
        invalid(CHAIN, address, 'leaf certificate should not contain invalid EmailAddress'),
      ),
  ];
}

/** RFC 5322, section 3.4.1, without its comments and quoted strings: what is stricter than Go here nobody uses. */
const ADDRESS = /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()\\,;:"]+$/;

function dnsProblems(name: string): string[] {
  const problems: string[] = [];
  if (name === '') problems.push('leaf certificate should not contain empty DNSName');
  if (name.includes('..')) problems.push("leaf certificate's DNSName should not contain '..'");
  if (name.startsWith('.') || name.endsWith('.')) {
    problems.push("leaf certificate's DNSName should not start or end with '.'");
  }
  return problems;
}

/** The first of what is wrong with the certificate for the key, and with what the status tells of it. */
function validateLeaf(
  { spec }: PodCertificateRequest,
  status: Status,
  leaf: Certificate,
  chainError: (detail: string) => FieldError[],
  now: Date,
): FieldError[] {
  const key = requestedKey(spec.stubPKCS10Request ?? '', spec.pkixPublicKey ?? '');
  if (key === undefined || Buffer.compare(key, leaf.spki) !== 0) {
    return chainError('leaf certificate was not issued to the requested public key');
  }
  const { notBefore, notAfter, beginRefreshAt } = status;
  if (notBefore === undefined || notAfter === undefined || beginRefreshAt === undefined) {
    return missingTimes(status);
  }
  return (
    timeErrors({ notBefore, notAfter, beginRefreshAt }, leaf, now) ??
    lifetimeErrors(leaf, spec.maxExpirationSeconds ?? 0) ??
    refreshErrors({ notBefore, notAfter, beginRefreshAt })
  );
}

const consistent = 'must be present and consistent with the issued certificate';
const missingTimes = ({ notBefore, notAfter, beginRefreshAt }: Status): FieldError[] => [
  ...(notBefore === undefined ? [required('status.notBefore', consistent)] : []),
  ...(notAfter === undefined ? [required('status.notAfter', consistent)] : []),
  ...(beginRefreshAt === undefined
    ? [
        required(
          'status.beginRefreshAt',
          'must be present and in the range [notbefore+10min, notafter-10min]',
        ),
      ]
    : []),
];

interface Times {
  readonly notBefore: string;
  readonly notAfter: string;
  readonly beginRefreshAt: string;
}

function timeErrors(times: Times, leaf: Certificate, now: Date): FieldError[] | undefined {
  for (const [name, title] of [
    ['notBefore', 'NotBefore'],
    ['notAfter', 'NotAfter'],
  ] as const) {
    if (Date.parse(times[name]) !== leaf[name].getTime()) {
      const detail = `must be set to the ${title} time encoded in the leaf certificate`;
      return [invalid(`status.${name}`, times[name], detail)];
    }
    if (name === 'notBefore' && Math.abs(leaf.notBefore.getTime() - now.getTime()) >= SKEW_MS) {
      const detail = "must be set to within 5 minutes of kube-apiserver's current time";
      return [invalid('status.notBefore', times.notBefore, detail)];
    }
  }
  return undefined;
}

function lifetimeErrors(leaf: Certificate, mostSeconds: number): FieldError[] | undefined {
  const lifetime = leaf.notAfter.getTime() - leaf.notBefore.getTime();
  // A Go duration as JSON: nanoseconds.
  const shown = lifetime * 1_000_000;
  if (lifetime < SHORTEST_MS) {
    return [invalid(CHAIN, shown, 'leaf certificate lifetime must be >= 1 hour')];
  }
  if (lifetime > mostSeconds * 1000) {
    const detail = `leaf certificate lifetime must be <= spec.maxExpirationSeconds (${mostSeconds})`;
    return [invalid(CHAIN, shown, detail)];
  }
  return undefined;
}

function refreshErrors({ notBefore, notAfter, beginRefreshAt }: Times): FieldError[] {
  const at = Date.parse(beginRefreshAt);
  const refuse = (detail: string): FieldError[] => [
    invalid('status.beginRefreshAt', beginRefreshAt, detail),
  ];
  if (at < Date.parse(notBefore) + REFRESH_MARGIN_MS) {
    return refuse('must be at least 10 minutes after status.notBefore');
  }
  return at > Date.parse(notAfter) - REFRESH_MARGIN_MS
    ? refuse('must be at least 10 minutes before status.notAfter')
    : [];
}
