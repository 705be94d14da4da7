/** What a CertificateSigningRequest may be (k8s.io/kubernetes, pkg/apis/certificates/validation). */
import { addAll } from '../../add-all.ts';
import { KubepkiError } from '../../errors.ts';
import {
  type CertificateSigningRequest,
  type Condition,
  decodeBase64,
  LEGACY_UNKNOWN_SIGNER,
  REQUEST_USAGES,
  readSpecRequest,
} from '../../kubernetes/index.ts';
import { decodePem, parseCertificate, verifyRequest } from '../../x509/index.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from './field-error.ts';
import { sameJson } from './metadata.ts';
import { validateSignerName } from './signer-name.ts';

const USAGES = REQUEST_USAGES.toSorted();
const USAGE_SET: ReadonlySet<string> = new Set(USAGES);

/** Conditions that can only be true, and that never go away. */
const DECISIONS = ['Approved', 'Denied'] as const;
const LASTING = [...DECISIONS, 'Failed'] as const;

/** The least that can be asked for (10 minutes). */
const SHORTEST_SECONDS = 600;

/** Problems that an update may have because the stored object has them already. */
interface Tolerated {
  readonly bothDecisions?: boolean;
  readonly legacySigner?: boolean;
  readonly duplicateConditions?: boolean;
  readonly emptyConditions?: boolean;
  readonly anyCertificate?: boolean;
  readonly duplicateUsages?: boolean;
  readonly unknownUsages?: boolean;
  /** The stored request is the same and was checked when it came. */
  readonly sameRequest?: boolean;
}

/**
 * The most bytes that a request has as JSON. Upstream has no bound but that of etcd's values, 1.5 MiB for
 * every kind of object: but requests come from whoever has a bootstrap token, and stay for an hour or more.
 */
const MOST_REQUEST_BYTES = 256 * 1024;

/** What is too large is not looked at further. */
export function validateCreate(csr: CertificateSigningRequest): FieldError[] {
  const large = sizeErrors(csr);
  return large.length > 0 ? large : validate(csr, {});
}

function sizeErrors(csr: CertificateSigningRequest): FieldError[] {
  if (sizeOf(csr) <= MOST_REQUEST_BYTES) return [];
  const error = tooLong('metadata', MOST_REQUEST_BYTES);
  return [{ ...error, message: `${error.message} as JSON, together with spec and status` }];
}

const sizeOf = (csr: CertificateSigningRequest): number => Buffer.byteLength(JSON.stringify(csr));

/** One that was stored larger can still become smaller. */
const growthErrors = (
  csr: CertificateSigningRequest,
  old: CertificateSigningRequest,
): FieldError[] => {
  const errors = sizeErrors(csr);
  return errors.length > 0 && sizeOf(csr) > sizeOf(old) ? errors : [];
};

/** @param part which subresource is written to */
export function validateUpdate(
  csr: CertificateSigningRequest,
  old: CertificateSigningRequest,
  part: 'main' | 'approval' | 'status',
): FieldError[] {
  // A decision and a certificate, which others give, may go beyond.
  const errors = part === 'main' ? growthErrors(csr, old) : [];
  addAll(errors, validate(csr, tolerated(csr, old)));
  const field = 'status.conditions';
  for (const type of LASTING) {
    if (of(csr, type).length < of(old, type).length) {
      errors.push(forbidden(field, `updates may not remove a condition of type "${type}"`));
    }
  }
  for (const type of part === 'approval' ? [] : DECISIONS) {
    const [after, before] = [of(csr, type), of(old, type)];
    if (after.length > before.length) {
      errors.push(forbidden(field, `updates may not add a condition of type "${type}"`));
    } else if (after.length === before.length && !sameJson(after, before)) {
      errors.push(forbidden(field, `updates may not modify a condition of type "${type}"`));
    }
  }
  const [certificate, stored] = [csr.status?.certificate ?? '', old.status?.certificate ?? ''];
  if (certificate !== stored) {
    if (part !== 'status') {
      errors.push(forbidden('status.certificate', 'updates may not set certificate content'));
    } else if (stored !== '') {
      errors.push(
        forbidden('status.certificate', 'updates may not modify existing certificate content'),
      );
    }
  }
  return errors;
}

function validate(csr: CertificateSigningRequest, allowed: Tolerated): FieldError[] {
  const { spec, status } = csr;
  const errors: FieldError[] = [];
  if (allowed.sameRequest !== true) {
    const problem = requestProblem(spec.request);
    if (problem !== undefined) errors.push(invalid('spec.request', spec.request, problem));
  }
  addAll(errors, validateUsages(spec.usages ?? [], allowed));
  addAll(errors, validateSigner(spec.signerName, allowed));
  const { expirationSeconds } = spec;
  if (expirationSeconds !== undefined && expirationSeconds < SHORTEST_SECONDS) {
    errors.push(
      invalid(
        'spec.expirationSeconds',
        expirationSeconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    );
  }
  addAll(errors, validateConditions(status?.conditions ?? [], allowed));
  if (allowed.anyCertificate !== true) {
    const problem = certificateProblem(status?.certificate ?? '');
    if (problem !== undefined) {
      errors.push(invalid('status.certificate', '<certificate data>', problem));
    }
  }
  return errors;
}

function requestProblem(request: string): string | undefined {
  try {
    return verifyRequest(readSpecRequest(request))
      ? undefined
      : 'the signature does not verify with the key of the request';
  } catch (error) {
    return problemOf(error);
  }
}

function problemOf(error: unknown): string {
  if (error instanceof KubepkiError) return error.message;
  throw error;
}

function validateUsages(usages: readonly string[], allowed: Tolerated): FieldError[] {
  if (usages.length === 0) return [required('spec.usages')];
  const errors: FieldError[] = [];
  if (allowed.unknownUsages !== true) {
    usages.forEach((usage, index) => {
      if (!USAGE_SET.has(usage)) errors.push(notSupported(`spec.usages[${index}]`, usage, USAGES));
    });
  }
  if (allowed.duplicateUsages !== true) {
    usages.forEach((usage, index) => {
      if (usages.indexOf(usage) < index) errors.push(duplicate(`spec.usages[${index}]`, usage));
    });
  }
  return errors;
}

function validateSigner(signerName: string, allowed: Tolerated): FieldError[] {
  const field = 'spec.signerName';
  if (signerName === LEGACY_UNKNOWN_SIGNER && allowed.legacySigner !== true) {
    return [
      invalid(field, signerName, 'the legacy signerName is not allowed via this API version'),
    ];
  }
  return validateSignerName(field, signerName);
}

function validateConditions(conditions: readonly Condition[], allowed: Tolerated): FieldError[] {
  const field = 'status.conditions';
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  conditions.forEach(({ type, status }, index) => {
    if (type === '' && allowed.emptyConditions !== true) {
      errors.push(required(`${field}[${index}].type`));
    }
    const lasting = (LASTING as readonly string[]).includes(type);
    const statuses = lasting ? ['True'] : ['False', 'True', 'Unknown'];
    if (status === '') errors.push(required(`${field}[${index}].status`));
    else if (!statuses.includes(status)) {
      errors.push(notSupported(`${field}[${index}].status`, status, statuses));
    }
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (other !== undefined && seen.has(other) && allowed.bothDecisions !== true) {
      errors.push(invalid(field, type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (seen.has(type) && allowed.duplicateConditions !== true) {
      errors.push(duplicate(`${field}[${index}].type`, type));
    }
    seen.add(type);
  });
  return errors;
}

/** Text outside of blocks is passed over; every block must be one certificate or more. */
function certificateProblem(certificate: string): string | undefined {
  if (certificate === '') return undefined;
  try {
    const blocks = decodePem(decodeBase64(certificate, 'status.certificate'));
    if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
    for (const { label, headers, bytes } of blocks) {
      if (label !== 'CERTIFICATE') {
        return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(label)}`;
      }
      if (headers.size > 0) return 'no PEM block headers are permitted';
      if (bytes.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
      parseCertificate(bytes);
    }
    return undefined;
  } catch (error) {
    return problemOf(error);
  }
}

function tolerated(csr: CertificateSigningRequest, old: CertificateSigningRequest): Tolerated {
  const conditions = old.status?.conditions ?? [];
  const types = conditions.map(({ type }) => type);
  const usages = old.spec.usages ?? [];
  const certificate = old.status?.certificate ?? '';
  return {
    bothDecisions: types.includes('Approved') && types.includes('Denied'),
    legacySigner: old.spec.signerName === LEGACY_UNKNOWN_SIGNER,
    duplicateConditions: new Set(types).size < types.length,
    emptyConditions: types.includes(''),
    anyCertificate:
      (csr.status?.certificate ?? '') === certificate ||
      certificateProblem(certificate) !== undefined,
    duplicateUsages: new Set(usages).size < usages.length,
    unknownUsages: usages.some((usage) => !USAGE_SET.has(usage)),
    sameRequest: csr.spec.request === old.spec.request,
  };
}

const of = (csr: CertificateSigningRequest, wanted: string): readonly Condition[] =>
  (csr.status?.conditions ?? []).filter(({ type }) => type === wanted);
