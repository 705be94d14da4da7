/** All conversations, by the names of the files of their answers. */
import { DEFINITIONS, type ResourceDefinition } from '../../../../src/apiserver/resources/index.ts';
import type { Words } from './answers.ts';
import type { Case } from './case.ts';
import * as admission from './cases/admission.ts';
import * as apiServices from './cases/api-services-and-flow-control.ts';
import * as certificates from './cases/certificates.ts';
import * as core from './cases/core.ts';
import * as deletion from './cases/deletion.ts';
import * as devices from './cases/devices.ts';
import * as events from './cases/events.ts';
import * as nodes from './cases/nodes-and-endpoints.ts';
import * as pods from './cases/pods.ts';
import * as policy from './cases/policy.ts';
import * as rbac from './cases/rbac.ts';
import * as reviews from './cases/reviews.ts';
import * as services from './cases/services.ts';
import * as storage from './cases/storage.ts';
import * as warnings from './cases/warnings.ts';
import * as workloads from './cases/workloads.ts';
import { EXAMPLES } from './examples.ts';
import { commonOf, conversationOf, wordsOf } from './template.ts';

export interface Conversation {
  readonly name: string;
  readonly cases: readonly Case[];
  /** The file of common answers, and the words in place of its placeholders; absent where none is common. */
  readonly common?: { readonly file: string; readonly words: Words };
}

/** `secrets`, `leases.coordination.k8s.io`. */
export const qualified = ({ type }: ResourceDefinition): string =>
  type.group === '' ? type.resource : `${type.resource}.${type.group}`;

const ofResource = (definition: ResourceDefinition): readonly Conversation[] => {
  const example = EXAMPLES[qualified(definition)];
  if (example === undefined) return [];
  return [
    {
      name: qualified(definition),
      cases: conversationOf(definition, example),
      common: { file: commonOf(definition), words: wordsOf(definition) },
    },
  ];
};

const PARTICULAR: Readonly<Record<string, readonly Case[]>> = {
  admission: admission.CASES,
  'api-services-and-flow-control': apiServices.CASES,
  deletion: deletion.CASES,
  'more-events': events.CASES,
  certificates: certificates.CASES,
  core: core.CASES,
  devices: devices.CASES,
  'nodes-and-endpoints': nodes.CASES,
  policy: policy.CASES,
  rbac: rbac.CASES,
  reviews: reviews.CASES,
  storage: storage.CASES,
  warnings: warnings.CASES,
  workloads: workloads.CASES,
  'more-pods': pods.CASES,
  'more-services': services.CASES,
};

export const CONVERSATIONS: readonly Conversation[] = [
  ...DEFINITIONS.flatMap(ofResource),
  ...Object.entries(PARTICULAR).map(([name, cases]) => ({ name, cases })),
];
