/** What schemas say in words: `kubectl explain` prints it. One table, put together from those of the groups. */
import type { Described } from './open-api-words.ts';
import { ACCESS_DESCRIPTIONS } from './open-api-words-access.ts';
import { ADMISSION_DESCRIPTIONS } from './open-api-words-admission.ts';
import { BINDING_DESCRIPTIONS } from './open-api-words-binding.ts';
import { CERTIFICATE_DESCRIPTIONS } from './open-api-words-certificates.ts';
import { CLASS_DESCRIPTIONS } from './open-api-words-classes.ts';
import { CLOUD_DESCRIPTIONS } from './open-api-words-clouds.ts';
import { CONTAINER_DESCRIPTIONS } from './open-api-words-containers.ts';
import { CORE_DESCRIPTIONS } from './open-api-words-core.ts';
import { DEVICE_DESCRIPTIONS } from './open-api-words-devices.ts';
import { FLOW_DESCRIPTIONS } from './open-api-words-flow.ts';
import { META_DESCRIPTIONS } from './open-api-words-meta.ts';
import { NODE_DESCRIPTIONS } from './open-api-words-nodes.ts';
import { POD_DESCRIPTIONS } from './open-api-words-pods.ts';
import { POLICY_DESCRIPTIONS } from './open-api-words-policy.ts';
import { REVIEW_DESCRIPTIONS } from './open-api-words-reviews.ts';
import { REVOCATION_DESCRIPTIONS } from './open-api-words-revocation.ts';
import { SECURITY_DESCRIPTIONS } from './open-api-words-security.ts';
import { SERVICE_DESCRIPTIONS } from './open-api-words-services.ts';
import { STORAGE_DESCRIPTIONS } from './open-api-words-storage.ts';
import { VOLUME_DESCRIPTIONS } from './open-api-words-volumes.ts';
import { WORKLOAD_DESCRIPTIONS } from './open-api-words-workloads.ts';

/** By the name of the schema. */
export const DESCRIPTIONS: ReadonlyMap<string, Described> = new Map(
  [
    ACCESS_DESCRIPTIONS,
    ADMISSION_DESCRIPTIONS,
    BINDING_DESCRIPTIONS,
    CERTIFICATE_DESCRIPTIONS,
    CLASS_DESCRIPTIONS,
    CLOUD_DESCRIPTIONS,
    CONTAINER_DESCRIPTIONS,
    CORE_DESCRIPTIONS,
    DEVICE_DESCRIPTIONS,
    FLOW_DESCRIPTIONS,
    META_DESCRIPTIONS,
    NODE_DESCRIPTIONS,
    POD_DESCRIPTIONS,
    POLICY_DESCRIPTIONS,
    REVIEW_DESCRIPTIONS,
    REVOCATION_DESCRIPTIONS,
    SECURITY_DESCRIPTIONS,
    SERVICE_DESCRIPTIONS,
    STORAGE_DESCRIPTIONS,
    VOLUME_DESCRIPTIONS,
    WORKLOAD_DESCRIPTIONS,
  ].flatMap((words) => Object.entries(words)),
);

/** Fields that mean the same wherever they are. */
const COMMON: ReadonlyMap<string, string> = new Map([
  ['apiVersion', 'The group and version in which the object is written, such as v1.'],
  ['kind', 'What sort of object it is, in CamelCase.'],
  ['metadata', 'Name, labels and what else every object has.'],
]);

/** Undefined for a schema that nobody has described. */
export const describeSchema = (name: string): string | undefined =>
  DESCRIPTIONS.get(name)?.is ?? listOf(name);

export const describeField = (schema: string, field: string): string | undefined =>
  DESCRIPTIONS.get(schema)?.fields?.[field] ??
  COMMON.get(field) ??
  (field === 'items' && listOf(schema) !== undefined ? 'The objects.' : undefined);

/** Lists are alike. */
const listOf = (name: string): string | undefined => {
  const [, kind] = /\.(\w+)List$/.exec(name) ?? [];
  return kind === undefined ? undefined : `A list of objects of the kind ${kind}.`;
};
