/** What a cluster holds so that nodes can join it. */
export { BOOTSTRAP_BINDINGS, BOOTSTRAP_GROUP, BOOTSTRAP_ROLES } from './rbac.ts';
