/** ResourceClaims, and templates of them (k8s.io/kubernetes, pkg/registry/resource/resourceclaim and …template). */
import {
  RESOURCE_CLAIM_TEMPLATES,
  RESOURCE_CLAIMS,
  type ResourceClaim,
} from '../../../kubernetes/index.ts';
import { IMMUTABLE, labels } from '../checks.ts';
import { AGE, column, NAME } from '../columns.ts';
import { define } from '../define.ts';
import { type FieldError, invalid } from '../field-error.ts';
import { sameJson, statusMetadata, validateAnnotations } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { ageOf } from '../times.ts';
import { checkAdminAccess } from './admin-access.ts';
import { defaultClaim, validateClaim } from './claim-spec.ts';
import { validateClaimStatus, withoutGone } from './claim-status.ts';

export const RESOURCE_CLAIM_DEFINITION = define(RESOURCE_CLAIMS, {
  strategy: {
    validateName: dnsSubdomain,
    default: (claim) => {
      const spec = defaultClaim(claim.spec);
      return spec === claim.spec ? claim : { ...claim, spec };
    },
    fillIn: async (claim, elsewhere) => {
      await checkAdminAccess(RESOURCE_CLAIMS, claim, claim.spec.devices, elsewhere);
      return claim;
    },
    prepareCreate: (claim) => ({ ...claim, status: {} }),
    validate: ({ spec }) => validateClaim('spec', spec),
    prepareUpdate: (claim, old) => ({ ...claim, status: old.status }),
    validateUpdate: ({ spec }, old) => unchanged(spec, old.spec),
    returnDeletedObject: true,
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (claim, old) => ({
        ...claim,
        metadata: statusMetadata(claim.metadata, old.metadata),
        spec: old.spec,
        status: withoutGone(claim.status, old.status),
      }),
      validateUpdate: validateClaimStatus,
    },
  },
  columns: [NAME, column('State', 'Whether it has its devices, and for whom.'), AGE],
  row: (claim, now) => [
    claim.metadata.name ?? '',
    stateOf(claim),
    ageOf(claim.metadata.creationTimestamp, now),
  ],
});

function stateOf({ metadata, status }: ResourceClaim): string {
  const isDeleted = metadata.deletionTimestamp !== undefined;
  const { allocation, reservedFor = [] } = status;
  return [
    ...(isDeleted ? ['deleted'] : []),
    ...(allocation === undefined && !isDeleted ? ['pending'] : []),
    ...(allocation === undefined ? [] : ['allocated']),
    ...(allocation !== undefined && reservedFor.length > 0 ? ['reserved'] : []),
  ].join(',');
}

export const RESOURCE_CLAIM_TEMPLATE_DEFINITION = define(RESOURCE_CLAIM_TEMPLATES, {
  strategy: {
    validateName: dnsSubdomain,
    default: (template) => {
      const spec = defaultClaim(template.spec.spec);
      return spec === template.spec.spec
        ? template
        : { ...template, spec: { ...template.spec, spec } };
    },
    fillIn: async (template, elsewhere) => {
      const { devices } = template.spec.spec;
      await checkAdminAccess(RESOURCE_CLAIM_TEMPLATES, template, devices, elsewhere);
      return template;
    },
    validate: ({ spec }) => [
      ...labels('spec.metadata.labels', spec.metadata?.labels),
      ...validateAnnotations('spec.metadata.annotations', spec.metadata?.annotations ?? {}),
      ...validateClaim('spec.spec', spec.spec),
    ],
    validateUpdate: (template, old) => [
      ...validateClaim('spec.spec', template.spec.spec),
      ...unchanged(template.spec, old.spec),
    ],
    returnDeletedObject: true,
  },
  columns: [NAME, AGE],
  row: ({ metadata }, now) => [metadata.name ?? '', ageOf(metadata.creationTimestamp, now)],
});

const unchanged = (spec: unknown, old: unknown): FieldError[] =>
  sameJson(spec, old) ? [] : [invalid('spec', spec, IMMUTABLE)];
