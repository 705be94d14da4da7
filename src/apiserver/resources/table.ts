/** The one table of what is served. */
import { CERTIFICATE_SIGNING_REQUEST_DEFINITION } from './certificate-signing-requests.ts';
import { CONFIG_MAP_DEFINITION } from './config-maps.ts';
import type { ResourceDefinition } from './definition.ts';
import { EVENT_DEFINITION } from './events.ts';
import { LEASE_DEFINITION } from './leases.ts';
import { NAMESPACE_DEFINITION } from './namespaces.ts';
import { NODE_DEFINITION } from './nodes.ts';
import {
  CLUSTER_ROLE_BINDING_DEFINITION,
  CLUSTER_ROLE_DEFINITION,
  ROLE_BINDING_DEFINITION,
  ROLE_DEFINITION,
} from './rbac.ts';
import { REVIEW_DEFINITIONS } from './reviews.ts';
import { SECRET_DEFINITION } from './secrets.ts';
import { SERVICE_ACCOUNT_DEFINITION } from './service-accounts.ts';

export const DEFINITIONS: readonly ResourceDefinition[] = [
  CONFIG_MAP_DEFINITION,
  EVENT_DEFINITION,
  NAMESPACE_DEFINITION,
  NODE_DEFINITION,
  SECRET_DEFINITION,
  SERVICE_ACCOUNT_DEFINITION,
  CERTIFICATE_SIGNING_REQUEST_DEFINITION,
  LEASE_DEFINITION,
  CLUSTER_ROLE_BINDING_DEFINITION,
  CLUSTER_ROLE_DEFINITION,
  ROLE_BINDING_DEFINITION,
  ROLE_DEFINITION,
  ...REVIEW_DEFINITIONS,
];
