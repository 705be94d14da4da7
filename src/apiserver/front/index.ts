/** The HTTP side of the API server: from a request to its answer. */
export { type AuditLog, openAuditLog } from './audit.ts';
export type { IncomingRequest } from './exchange.ts';
export { createFront } from './front.ts';
export type { HealthCheck } from './health.ts';
export type { InFlightLimits } from './in-flight.ts';
export type { Review, Reviews } from './reviews.ts';
export { type VersionInfo, versionInfo } from './version.ts';
