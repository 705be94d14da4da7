/** What a cluster holds so that nodes can join it. */
export {
  BOOTSTRAP_BINDINGS,
  BOOTSTRAP_GROUP,
  CLUSTER_INFO_BINDING,
  CLUSTER_INFO_ROLE,
  JOIN_BINDING,
  JOIN_READERS,
  JOIN_ROLE,
} from './rbac.ts';
