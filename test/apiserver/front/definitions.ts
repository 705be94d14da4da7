/** The resources that bootstrapping needs: few enough for a test to tell everything that is said of them. */
import { DEFINITIONS } from '../../../src/apiserver/resources/index.ts';

const RESOURCES: ReadonlySet<string> = new Set([
  'namespaces',
  'secrets',
  'configmaps',
  'serviceaccounts',
  'nodes',
  'events',
  'leases',
  'certificatesigningrequests',
  'roles',
  'rolebindings',
  'clusterroles',
  'clusterrolebindings',
  'subjectaccessreviews',
  'selfsubjectaccessreviews',
  'localsubjectaccessreviews',
  'selfsubjectrulesreviews',
  'selfsubjectreviews',
  'tokenreviews',
]);

export const BOOTSTRAP_DEFINITIONS = DEFINITIONS.filter(({ type }) => RESOURCES.has(type.resource));
