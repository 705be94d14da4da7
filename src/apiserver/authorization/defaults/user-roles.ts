/**
 * The rules of the ClusterRoles for users: admin, edit and view are gathered from roles that are labelled
 * for them, these among others.
 */
import { may, type RulesByRole } from './rule.ts';

export const AGGREGATED_RULES: RulesByRole = {
  admin: [
    may('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
    may(
      'create delete deletecollection get list patch update watch',
      'rbac.authorization.k8s.io',
      'rolebindings roles',
    ),
  ],
  edit: [
    may(
      'get list watch',
      '',
      'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy',
    ),
    may('impersonate', '', 'serviceaccounts'),
    may(
      'create delete deletecollection patch update',
      '',
      'pods pods/attach pods/exec pods/portforward pods/proxy',
    ),
    may('create', '', 'pods/eviction'),
    may(
      'create delete deletecollection patch update',
      '',
      'configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
    ),
    may('create', '', 'serviceaccounts/token'),
    may('create delete deletecollection patch update', 'core events.k8s.io', 'events'),
    may(
      'create delete deletecollection patch update',
      'apps',
      'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
    ),
    may('create delete deletecollection patch update', 'autoscaling', 'horizontalpodautoscalers'),
    may('create delete deletecollection patch update', 'batch', 'cronjobs jobs'),
    may(
      'create delete deletecollection patch update',
      'extensions',
      'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale',
    ),
    may('create delete deletecollection patch update', 'policy', 'poddisruptionbudgets'),
    may(
      'create delete deletecollection patch update',
      'networking.k8s.io',
      'ingresses networkpolicies',
    ),
    may(
      'create delete deletecollection get list patch update watch',
      'coordination.k8s.io',
      'leases',
    ),
    may(
      'create delete deletecollection patch update',
      'resource.k8s.io',
      'resourceclaims resourceclaimtemplates',
    ),
  ],
  view: [
    may(
      'get list watch',
      '',
      'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
    ),
    may(
      'get list watch',
      '',
      'bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
    ),
    may('get list watch', '', 'namespaces'),
    may('get list watch', 'core events.k8s.io', 'events'),
    may('get list watch', 'discovery.k8s.io', 'endpointslices'),
    may(
      'get list watch',
      'apps',
      'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
    ),
    may(
      'get list watch',
      'autoscaling',
      'horizontalpodautoscalers horizontalpodautoscalers/status',
    ),
    may('get list watch', 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
    may(
      'get list watch',
      'extensions',
      'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
    ),
    may('get list watch', 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
    may('get list watch', 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
    may(
      'get list watch',
      'resource.k8s.io',
      'resourceclaims resourceclaims/status resourceclaimtemplates',
    ),
  ],
};
