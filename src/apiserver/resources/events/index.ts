/** Events, in two forms: those of core/v1, which are stored, and those of events.k8s.io/v1. */
export { EVENT_DEFINITION } from './core.ts';
export { NEW_EVENT_DEFINITION } from './new.ts';
