/** The resources that the server serves, as one table. */
export { localApiServices } from './api-services.ts';
export { SYSTEM_PRIORITY_CLASSES } from './classes.ts';
export type * from './definition.ts';
export { judgedType } from './definition.ts';
export * from './field-error.ts';
export { MANDATORY_FLOW_SCHEMAS, MANDATORY_PRIORITY_LEVELS } from './flow-control/index.ts';
export {
  FOREGROUND_FINALIZER,
  ORPHAN_FINALIZER,
  sameJson,
  validateMetadata,
  validateMetadataUpdate,
} from './metadata.ts';
export { dnsLabel, dnsSubdomain, pathSegment } from './names.ts';
export { NAMESPACE_DEFINITION } from './namespaces.ts';
export { NODE_BINDING_DEFINITION } from './node-bindings.ts';
export { type OpenApiSchema, openApiSchemas } from './open-api.ts';
export {
  CLUSTER_ROLE_BINDING_DEFINITION,
  CLUSTER_ROLE_DEFINITION,
  ROLE_BINDING_DEFINITION,
  ROLE_DEFINITION,
} from './rbac.ts';
export { readAs, readObject, TypeMismatch } from './read-object.ts';
export * from './reviews.ts';
export { REVOCATION_DEFINITION } from './revocations.ts';
export type { ArraySchema, Field, ObjectSchema, Schema } from './schema.ts';
export { SECRET_DEFINITION } from './secrets.ts';
export {
  firstServiceAddress,
  outsideRanges,
  SERVICE_DEFINITION,
  type ServiceRanges,
  serviceRanges,
} from './services/index.ts';
export { classOf, requestedStorage } from './storage/index.ts';
export { DEFINITIONS } from './table.ts';
export { formatTime } from './times.ts';
export { schemaOfType } from './type-schema.ts';
