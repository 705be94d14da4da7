/** Words for admission (k8s.io/api, admissionregistration/v1). */
import type { Described, Words } from './open-api-words.ts';

const ADMISSION = 'io.k8s.api.admissionregistration.v1';

type Fields = NonNullable<Described['fields']>;

const RULE: Fields = {
  operations: 'What is done: CREATE, UPDATE, DELETE, CONNECT, or * for all.',
  apiGroups: 'Groups of the resources; * for all.',
  apiVersions: 'Versions of the resources; * for all.',
  resources: 'Resources and subresources: pods, pods/log, */scale; * for all without subresources.',
  scope: 'Whether only those in namespaces are meant, only the others, or both.',
};

const SELECTORS: Fields = {
  namespaceSelector: 'Labels of the namespaces that are meant; all where nothing is said.',
  objectSelector: 'Labels of the objects that are meant, old or new; all where nothing is said.',
  matchPolicy: 'Whether other versions of a resource are meant, too.',
};

const WEBHOOK: Fields = {
  name: 'What it is called, with a domain.',
  clientConfig: 'Where it is reached.',
  rules: 'Which requests it is asked about.',
  failurePolicy: 'What happens if it does not answer.',
  ...SELECTORS,
  sideEffects: 'Whether asking it changes anything.',
  timeoutSeconds: 'How long it is waited for; 10 seconds where nothing is said.',
  admissionReviewVersions: 'Versions of AdmissionReview that it understands, the best first.',
  matchConditions: 'Expressions that must all be true for it to be asked.',
};

export const ADMISSION_DESCRIPTIONS: Words = {
  [`${ADMISSION}.MutatingWebhookConfiguration`]: {
    is: 'Programs that are asked about requests and may change them.',
    fields: { webhooks: 'The programs.' },
  },
  [`${ADMISSION}.ValidatingWebhookConfiguration`]: {
    is: 'Programs that are asked about requests and may refuse them.',
    fields: { webhooks: 'The programs.' },
  },
  [`${ADMISSION}.MutatingWebhook`]: {
    is: 'A program that may change requests.',
    fields: {
      ...WEBHOOK,
      reinvocationPolicy: 'Whether it is asked again when others have changed the object.',
    },
  },
  [`${ADMISSION}.ValidatingWebhook`]: {
    is: 'A program that may refuse requests.',
    fields: WEBHOOK,
  },
  [`${ADMISSION}.WebhookClientConfig`]: {
    is: 'Where a program is reached. It has a URL or is a service.',
    fields: {
      url: 'Where it is: https://HOST:PORT/PATH.',
      service: 'The service that it is.',
      caBundle: 'The authorities that its certificate must be of, in PEM.',
    },
  },
  [`${ADMISSION}.ServiceReference`]: {
    is: 'A service.',
    fields: {
      namespace: 'The namespace of the service.',
      name: 'The name of the service.',
      path: 'The path that is asked.',
      port: 'The port of the service; 443 where nothing is said.',
    },
  },
  [`${ADMISSION}.RuleWithOperations`]: { is: 'Requests, by what they do to what.', fields: RULE },
  [`${ADMISSION}.NamedRuleWithOperations`]: {
    is: 'Requests, by what they do to what.',
    fields: { resourceNames: 'Names of the objects; all where nothing is said.', ...RULE },
  },
  [`${ADMISSION}.MatchCondition`]: {
    is: 'An expression that must be true.',
    fields: { name: 'What it is called.', expression: 'The expression, in CEL.' },
  },
  [`${ADMISSION}.MatchResources`]: {
    is: 'Requests that a policy is about.',
    fields: {
      ...SELECTORS,
      resourceRules: 'What they do to what.',
      excludeResourceRules: 'Those that are not meant all the same.',
    },
  },
  [`${ADMISSION}.ValidatingAdmissionPolicy`]: {
    is: 'Expressions by which requests are refused, once a binding says for what.',
    fields: { spec: 'The expressions.', status: 'What was found when they were read.' },
  },
  [`${ADMISSION}.ValidatingAdmissionPolicySpec`]: {
    is: 'What a policy demands.',
    fields: {
      paramKind: 'The kind of objects that it takes parameters from.',
      matchConstraints: 'Requests that it is about.',
      validations: 'Expressions that must all be true, or else the request is refused.',
      failurePolicy: 'What happens if an expression cannot be evaluated.',
      auditAnnotations: 'What is written into the audit log.',
      matchConditions: 'Expressions that must all be true for it to be looked at.',
      variables: 'Values that the expressions share.',
    },
  },
  [`${ADMISSION}.ValidatingAdmissionPolicyStatus`]: {
    is: 'What was found when a policy was read.',
    fields: {
      observedGeneration: 'The generation of the policy that was read.',
      typeChecking: 'Whether its expressions fit the types that they are about.',
      conditions: 'What is known of it.',
    },
  },
  [`${ADMISSION}.TypeChecking`]: {
    is: 'Whether expressions fit the types that they are about.',
    fields: { expressionWarnings: 'What does not fit.' },
  },
  [`${ADMISSION}.ExpressionWarning`]: {
    is: 'An expression that does not fit.',
    fields: { fieldRef: 'Where it stands.', warning: 'What is wrong with it.' },
  },
  [`${ADMISSION}.Validation`]: {
    is: 'An expression that must be true.',
    fields: {
      expression: 'The expression, in CEL.',
      message: 'What is said where it is not.',
      reason: 'Why it is refused, in one word.',
      messageExpression: 'An expression for what is said.',
    },
  },
  [`${ADMISSION}.AuditAnnotation`]: {
    is: 'Something for the audit log.',
    fields: {
      key: 'What it is called.',
      valueExpression: 'An expression for its value, in CEL; null: nothing is written.',
    },
  },
  [`${ADMISSION}.Variable`]: {
    is: 'A value that expressions share: variables.NAME.',
    fields: { name: 'What it is called.', expression: 'The expression, in CEL.' },
  },
  [`${ADMISSION}.ParamKind`]: { is: 'A kind of objects that parameters are taken from.' },
  [`${ADMISSION}.ParamRef`]: {
    is: 'Objects that parameters are taken from: one by name, or some by labels.',
    fields: {
      name: 'The name of the object.',
      namespace: 'Their namespace; that of the request where nothing is said.',
      selector: 'Their labels.',
      parameterNotFoundAction: 'What happens if there are none: Allow or Deny.',
    },
  },
  [`${ADMISSION}.ValidatingAdmissionPolicyBinding`]: {
    is: 'What a policy holds for, with which parameters.',
    fields: { spec: 'The binding.' },
  },
  [`${ADMISSION}.ValidatingAdmissionPolicyBindingSpec`]: {
    is: 'What a policy holds for.',
    fields: {
      policyName: 'The policy.',
      paramRef: 'Where its parameters are.',
      matchResources: 'Requests that it holds for; those of the policy where nothing is said.',
      validationActions: 'What happens where it is not kept: Deny, Warn and Audit.',
    },
  },
};
