/** FlowSchemas (k8s.io/kubernetes, ValidateFlowSchema). */
import { addAll } from '../../../add-all.ts';
import { FLOW_SCHEMAS, type FlowRules, type FlowSchema } from '../../../kubernetes/index.ts';
import { each, subdomain } from '../checks.ts';
import { AGE, column, NAME } from '../columns.ts';
import { define } from '../define.ts';
import { type FieldError, invalid, notSupported, required } from '../field-error.ts';
import { firstGeneration, nextGeneration } from '../generation.ts';
import { sameJson } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { ageOf } from '../times.ts';
import { CATCH_ALL, EXEMPT, ofUpstream, statusOf, validateStatus } from './common.ts';
import { validateRules } from './rules.ts';

const LAST_PRECEDENCE = 10_000;
const METHODS = ['ByNamespace', 'ByUser'];
const groups = (...names: readonly string[]): FlowRules => ({
  subjects: names.map((name) => ({ kind: 'Group', group: { name } })),
  resourceRules: [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] },
  ],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
});

/** Nobody can give them another spec. */
const FIXED_SCHEMAS: ReadonlyMap<string, FlowSchema['spec']> = new Map([
  [
    EXEMPT,
    {
      priorityLevelConfiguration: { name: EXEMPT },
      matchingPrecedence: 1,
      rules: [groups('system:masters')],
    },
  ],
  [
    CATCH_ALL,
    {
      priorityLevelConfiguration: { name: CATCH_ALL },
      matchingPrecedence: LAST_PRECEDENCE,
      distinguisherMethod: { type: 'ByUser' },
      rules: [groups('system:unauthenticated', 'system:authenticated')],
    },
  ],
]);
export const MANDATORY_FLOW_SCHEMAS: readonly FlowSchema[] = [...FIXED_SCHEMAS].map(
  ([name, spec]) => ({ metadata: ofUpstream(name), spec }),
);
export const FLOW_SCHEMA_DEFINITION = define<FlowSchema>(FLOW_SCHEMAS, {
  strategy: {
    validateName: dnsSubdomain,
    default: (schema) =>
      schema.spec.matchingPrecedence === 0
        ? { ...schema, spec: { ...schema.spec, matchingPrecedence: 1000 } }
        : schema,
    prepareCreate: (schema) => firstGeneration({ ...schema, status: {} }),
    prepareUpdate: (schema, old) =>
      nextGeneration({ ...schema, ...statusOf(old) }, schema.spec, old.spec),
    validate: validateSchema,
    validateUpdate: validateSchema,
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (schema, old) => ({ ...old, ...statusOf(schema) }),
      validateUpdate: validateStatus,
    },
  },
  columns: [
    NAME,
    column('PriorityLevel', 'The level of the requests.'),
    column('MatchingPrecedence', 'The lower it is, the earlier it is asked.'),
    column('DistinguisherMethod', 'What makes flows of the requests.'),
    AGE,
    column('MissingPL', 'Whether the level is not there.'),
  ],
  row: ({ metadata, spec, status }, now) => [
    metadata.name ?? '',
    spec.priorityLevelConfiguration.name,
    spec.matchingPrecedence,
    spec.distinguisherMethod?.type ?? '<none>',
    ageOf(metadata.creationTimestamp, now),
    status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
  ],
});

function validateSchema(schema: FlowSchema): FieldError[] {
  const { spec, metadata } = schema;
  const { name = '' } = metadata;
  const { matchingPrecedence: precedence, distinguisherMethod } = spec;
  const errors: FieldError[] = [];
  const wrong = (detail: string): void => {
    errors.push(invalid('spec.matchingPrecedence', precedence, detail));
  };
  if (precedence <= 0) wrong('must be a positive value');
  if (precedence > LAST_PRECEDENCE) wrong(`must not be greater than ${LAST_PRECEDENCE}`);
  if (precedence === 1 && name !== EXEMPT) {
    wrong("only the schema named 'exempt' may have matchingPrecedence 1");
  }
  if (distinguisherMethod !== undefined && !METHODS.includes(distinguisherMethod.type)) {
    errors.push(notSupported('spec.distinguisherMethod.type', distinguisherMethod, METHODS));
  }
  const level = 'spec.priorityLevelConfiguration.name';
  addAll(
    errors,
    spec.priorityLevelConfiguration.name === ''
      ? [required(level, 'must reference a priority level')]
      : subdomain(level, spec.priorityLevelConfiguration.name),
    each(spec.rules, 'spec.rules', validateRules),
  );
  const fixed = FIXED_SCHEMAS.get(name);
  if (fixed !== undefined && !sameJson(spec, fixed)) {
    errors.push(invalid('spec', spec, `spec of '${name}' must equal the fixed value`));
  }
  return [...errors, ...validateStatus(schema)];
}
