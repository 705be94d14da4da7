/** What makes pods: stored and served; who makes them are the controllers of kube-controller-manager. */
export { REPLICA_SET_DEFINITION } from './replica-sets.ts';
export { REPLICATION_CONTROLLER_DEFINITION } from './replication-controllers.ts';
export { STATEFUL_SET_DEFINITION } from './stateful-sets.ts';
