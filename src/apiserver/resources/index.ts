/** The resources that the server serves, as one table. */
export type * from './definition.ts';
export * from './field-error.ts';
export {
  KUBERNETES_FINALIZER,
  sameJson,
  validateMetadata,
  validateMetadataUpdate,
} from './metadata.ts';
export { pathSegment } from './names.ts';
export { NAMESPACE_DEFINITION } from './namespaces.ts';
export { type OpenApiSchema, openApiSchemas } from './open-api.ts';
export {
  CLUSTER_ROLE_BINDING_DEFINITION,
  CLUSTER_ROLE_DEFINITION,
  ROLE_BINDING_DEFINITION,
  ROLE_DEFINITION,
} from './rbac.ts';
export { readObject, TypeMismatch } from './read-object.ts';
export * from './reviews.ts';
export type { ArraySchema, Schema } from './schema.ts';
export { SECRET_DEFINITION } from './secrets.ts';
export { DEFINITIONS } from './table.ts';
export { formatTime } from './times.ts';
