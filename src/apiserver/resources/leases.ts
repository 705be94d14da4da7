/** Leases (k8s.io/kubernetes, pkg/registry/coordination/lease). */
import { LEASES, type Lease } from '../../kubernetes/index.ts';
import { AGE, column, NAME } from './columns.ts';
import { define } from './define.ts';
import { type FieldError, invalid } from './field-error.ts';
import { dnsSubdomain } from './names.ts';
import { ageOf } from './times.ts';

export const LEASE_DEFINITION = define(LEASES, {
  strategy: {
    takesAnyFinalizer: true,
    validateName: dnsSubdomain,
    prepareCreate: withoutCoordination,
    prepareUpdate: withoutCoordination,
    validate,
    validateUpdate: validate,
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
  },
  columns: [NAME, column('Holder', 'Who holds the lease.'), AGE],
  row: ({ metadata, spec }, now) => [
    metadata.name ?? '',
    spec?.holderIdentity ?? '',
    ageOf(metadata.creationTimestamp, now),
  ],
});

/** What upstream drops too, since its gate CoordinatedLeaderElection is off. */
function withoutCoordination(lease: Lease): Lease {
  const spec: Lease['spec'] & { strategy?: string; preferredHolder?: string } = { ...lease.spec };
  if (spec.strategy === undefined && spec.preferredHolder === undefined) return lease;
  delete spec.strategy;
  delete spec.preferredHolder;
  return { ...lease, spec };
}

function validate({ spec }: Lease): FieldError[] {
  const errors: FieldError[] = [];
  const { leaseDurationSeconds, leaseTransitions } = spec ?? {};
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    errors.push(
      invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'),
    );
  }
  if (leaseTransitions !== undefined && leaseTransitions < 0) {
    errors.push(
      invalid('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0'),
    );
  }
  return errors;
}
