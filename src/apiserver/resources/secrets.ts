/** Secrets (k8s.io/kubernetes, pkg/registry/core/secret, ValidateSecret). */
import { addAll } from '../../add-all.ts';
import { isJsonObject, parseJson, SECRETS, type Secret } from '../../kubernetes/index.ts';
import { AGE, column, NAME } from './columns.ts';
import { base64Bytes, MOST_DATA_BYTES } from './data.ts';
import { define } from './define.ts';
import { type FieldError, forbidden, invalid, required, tooLong } from './field-error.ts';
import { sameJson } from './metadata.ts';
import { configKeyProblems, dnsSubdomain } from './names.ts';
import { ageOf } from './times.ts';
import { tlsPairProblem } from './tls-pair.ts';

const IMMUTABLE = 'field is immutable when `immutable` is set';
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';

/** Keys of `data` that a type demands. */
const DEMANDED: ReadonlyMap<string, readonly string[]> = new Map([
  ['kubernetes.io/dockercfg', ['.dockercfg']],
  ['kubernetes.io/dockerconfigjson', ['.dockerconfigjson']],
  ['kubernetes.io/ssh-auth', ['ssh-privatekey']],
  ['kubernetes.io/tls', ['tls.crt', 'tls.key']],
]);

export const SECRET_DEFINITION = define(SECRETS, {
  strategy: {
    validateName: dnsSubdomain,
    default: readable,
    validate,
    validateUpdate,
    warnings: ({ type, data }) => {
      if (type !== 'kubernetes.io/tls') return [];
      const problem = tlsPairProblem(data?.['tls.crt'] ?? '', data?.['tls.key'] ?? '');
      return problem === undefined ? [] : [problem];
    },
  },
  selectableFields: { type: ({ type }) => type ?? '' },
  columns: [
    NAME,
    column('Type', 'What kind of data the secret holds.'),
    column('Data', 'How many keys the secret has.'),
    AGE,
  ],
  row: ({ metadata, type, data }, now) => [
    metadata.name ?? '',
    type ?? '',
    Object.keys(data ?? {}).length,
    ageOf(metadata.creationTimestamp, now),
  ],
});

/** `stringData` is for writing only and goes over `data`; a type is always there. */
function readable(secret: Secret): Secret {
  if (secret.stringData === undefined && secret.type !== undefined) return secret;
  const { stringData, data, type = 'Opaque', ...rest } = secret;
  const added = Object.entries(stringData ?? {}).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64'),
  ]);
  const whole: Record<string, string> = Object.fromEntries([
    ...Object.entries(data ?? {}),
    ...added,
  ]);
  return { ...rest, ...(Object.keys(whole).length === 0 ? {} : { data: whole }), type };
}

function validate(secret: Secret): FieldError[] {
  const data = secret.data ?? {};
  const errors = Object.keys(data).flatMap((key) =>
    configKeyProblems(key).map((problem) => invalid(`data[${key}]`, key, problem)),
  );
  const bytes = Object.values(data).reduce((sum, value) => sum + base64Bytes(value), 0);
  if (bytes > MOST_DATA_BYTES) errors.push(tooLong('data', MOST_DATA_BYTES));
  addAll(errors, validateType(secret, data));
  return errors;
}

function validateType(
  { type = '', metadata }: Secret,
  data: Readonly<Record<string, string>>,
): FieldError[] {
  switch (type) {
    case 'kubernetes.io/service-account-token':
      return (metadata.annotations?.[SERVICE_ACCOUNT_NAME] ?? '') === ''
        ? [required(`metadata.annotations[${SERVICE_ACCOUNT_NAME}]`)]
        : [];
    case 'kubernetes.io/basic-auth': {
      const keys = ['username', 'password'];
      return keys.some((key) => Object.hasOwn(data, key))
        ? []
        : keys.map((key) => required(`data[${key}]`));
    }
    case 'kubernetes.io/dockercfg':
    case 'kubernetes.io/dockerconfigjson': {
      const missing = missingKeys(type, data);
      if (missing.length > 0) return missing;
      return (DEMANDED.get(type) ?? [])
        .filter((key) => !isJson(data[key] ?? ''))
        .map((key) => invalid(`data[${key}]`, '<secret contents redacted>', 'not a JSON object'));
    }
    case 'kubernetes.io/ssh-auth':
      return (data['ssh-privatekey'] ?? '') === '' ? [required('data[ssh-privatekey]')] : [];
    default:
      return missingKeys(type, data);
  }
}

const missingKeys = (type: string, data: Readonly<Record<string, string>>): FieldError[] =>
  (DEMANDED.get(type) ?? [])
    .filter((key) => !Object.hasOwn(data, key))
    .map((key) => required(`data[${key}]`));

function isJson(base64: string): boolean {
  try {
    return isJsonObject(parseJson(Buffer.from(base64, 'base64')));
  } catch {
    return false;
  }
}

function validateUpdate(secret: Secret, old: Secret): FieldError[] {
  const errors: FieldError[] = [];
  if (secret.type !== old.type)
    errors.push(invalid('type', secret.type ?? '', 'field is immutable'));
  if (old.immutable === true) {
    if (secret.immutable !== true) errors.push(forbidden('immutable', IMMUTABLE));
    if (!sameJson(secret.data, old.data)) errors.push(forbidden('data', IMMUTABLE));
  }
  return [...errors, ...validate(secret)];
}
