/** The API server, put together. */
export { type AuthorizationMode, authorizationModes } from './authorization/index.ts';
export { Encryption, MOST_CONFIGURATION_BYTES } from './encryption/index.ts';
export {
  type InFlightLimits,
  openAuditLog,
  versionInfo,
} from './front/index.ts';
export { type ServiceRanges, serviceRanges } from './resources/index.ts';
export { type Serving, serve } from './serve.ts';
export { type ApiServer, type ApiServerOptions, createApiServer } from './server.ts';
