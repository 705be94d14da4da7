/** Which requests belong to a FlowSchema (k8s.io/kubernetes, ValidateFlowSchemaPolicyRulesWithSubjects). */
import { addAll } from '../../../add-all.ts';
import type { FlowRules, FlowSubject } from '../../../kubernetes/index.ts';
import { demanded, each, label } from '../checks.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.ts';
import { dnsSubdomain } from '../names.ts';

const SUBJECTS = ['Group', 'ServiceAccount', 'User'];
const VERBS = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'proxy',
  'update',
  'watch',
];

export function validateRules(rules: FlowRules, field: string): FieldError[] {
  const { subjects, resourceRules = [], nonResourceRules = [] } = rules;
  const errors =
    (subjects ?? []).length === 0
      ? [required(`${field}.subjects`, 'subjects must contain at least one value')]
      : each(subjects, `${field}.subjects`, validateSubject);
  if (resourceRules.length + nonResourceRules.length === 0) {
    const detail = 'at least one of resourceRules and nonResourceRules has to be non-empty';
    errors.push(required(field, detail));
  }
  return [
    ...errors,
    ...each(resourceRules, `${field}.resourceRules`, (rule, path) => [
      ...validateVerbs(`${path}.verbs`, rule.verbs ?? []),
      ...anyOr(`${path}.apiGroups`, rule.apiGroups, 'api group'),
      ...anyOr(`${path}.resources`, rule.resources, 'resource'),
      ...validateNamespaces(
        `${path}.namespaces`,
        rule.namespaces ?? [],
        rule.clusterScope === true,
      ),
    ]),
    ...each(nonResourceRules, `${field}.nonResourceRules`, (rule, path) => [
      ...validateVerbs(`${path}.verbs`, rule.verbs ?? []),
      ...validateUrls(`${path}.nonResourceURLs`, rule.nonResourceURLs ?? []),
    ]),
  ];
}

const alone = (field: string, values: readonly string[], others: string): FieldError[] =>
  values.length > 1
    ? [invalid(field, values, `if '*' is present, must not specify other ${others}`)]
    : [];

function anyOr(field: string, values: readonly string[] | null, what: string): FieldError[] {
  if ((values ?? []).length === 0) {
    return [required(field, `resource rules must supply at least one ${what}`)];
  }
  return values?.includes('*') === true ? alone(field, values, `${what}s`) : [];
}

function validateVerbs(field: string, verbs: readonly string[]): FieldError[] {
  if (verbs.length === 0) return [required(field, 'verbs must contain at least one value')];
  if (verbs.includes('*')) return alone(field, verbs, 'verbs');
  return verbs.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(field, verbs, VERBS)];
}

function validateNamespaces(
  field: string,
  namespaces: readonly string[],
  isOfCluster: boolean,
): FieldError[] {
  if (namespaces.length === 0 && !isOfCluster) {
    const detail = 'resource rules that are not cluster scoped must supply at least one namespace';
    return [required(field, detail)];
  }
  if (namespaces.includes('*')) return alone(field, namespaces, 'namespaces');
  const intro = "each member of this list must be '*' or a DNS-1123 label; ";
  return each(namespaces, field, (name, path) =>
    label(path, name).map((error) => ({
      ...error,
      message: error.message.replace(/^(Invalid value: "[^"]*": )/, `$1${intro}`),
    })),
  );
}

function validateUrls(field: string, urls: readonly string[]): FieldError[] {
  if (urls.length === 0) {
    return [required(field, 'nonResourceURLs must contain at least one value')];
  }
  if (urls.includes('*')) return alone(field, urls, 'non-resource URLs');
  return each(urls, field, (url, path) => {
    const problem = urlProblem(url);
    return problem === undefined ? [] : [invalid(path, url, problem)];
  });
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const star = url.indexOf('*');
  return star < 0 || (url.endsWith('/*') && star === url.length - 1)
    ? undefined
    : 'wildcard can only do suffix matching';
}

const KINDS = [
  ['user', 'User'],
  ['group', 'Group'],
  ['serviceAccount', 'ServiceAccount'],
] as const;

function validateSubject(subject: FlowSubject, field: string): FieldError[] {
  const [own] = KINDS.find(([, kind]) => kind === subject.kind) ?? [];
  if (own === undefined) return [notSupported(`${field}.kind`, subject.kind, SUBJECTS)];
  const errors: FieldError[] = [];
  const { user, group, serviceAccount: account } = subject;
  if (subject[own] === undefined) {
    errors.push(
      required(`${field}.${own}`, `${own} is required when subject kind is '${subject.kind}'`),
    );
  } else if (own === 'serviceAccount') {
    const at = `${field}.serviceAccount`;
    if (account?.name !== '*') addAll(errors, demanded(`${at}.name`, account?.name, dnsSubdomain));
    addAll(
      errors,
      (account?.namespace ?? '') === ''
        ? [required(`${at}.namespace`, 'must specify namespace for service account')]
        : label(`${at}.namespace`, account?.namespace ?? ''),
    );
  } else if ((own === 'user' ? user : group)?.name === '') {
    errors.push(required(`${field}.${own}.name`));
  }
  for (const [other, kind] of KINDS) {
    if (other === own || subject[other] === undefined) continue;
    const detail = `${other} is forbidden when subject kind is not '${kind}'`;
    errors.push(forbidden(`${field}.${other}`, detail));
  }
  return errors;
}
