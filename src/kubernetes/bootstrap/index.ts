/** What a cluster holds so that nodes can join it. */
export { BOOTSTRAP_BINDINGS, BOOTSTRAP_GROUP } from './rbac.ts';
