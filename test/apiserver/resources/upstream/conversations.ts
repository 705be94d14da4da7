/** All cases, by the name of their file. */
import type { Case } from './case.ts';
import * as admission from './cases/admission.ts';
import * as apiServices from './cases/api-services-and-flow-control.ts';
import * as nodes from './cases/nodes-and-endpoints.ts';
import * as pods from './cases/pods.ts';
import * as services from './cases/services.ts';

export const CONVERSATIONS: Readonly<Record<string, readonly Case[]>> = {
  admission: admission.CASES,
  'api-services-and-flow-control': apiServices.CASES,
  'nodes-and-endpoints': nodes.CASES,
  pods: pods.CASES,
  services: services.CASES,
};
