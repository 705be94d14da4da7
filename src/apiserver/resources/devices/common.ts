/** What classes, claims and slices of devices have in common (k8s.io/kubernetes, pkg/apis/resource/validation). */
import { addAll } from '../../../add-all.ts';
import type {
  DeviceConfiguration,
  DeviceSelector,
  DeviceToleration,
} from '../../../kubernetes/index.ts';
import { isJsonObject, labelValueProblems } from '../../../kubernetes/index.ts';
import { demanded, each, oneOf, problems, qualifiedName } from '../checks.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../field-error.ts';
import { dnsLabel, dnsSubdomain } from '../names.ts';
import { validateDriverName } from '../pods/index.ts';

export const MOST = {
  selectors: 32,
  config: 32,
  requests: 32,
  bindingConditions: 4,
} as const;
const LONGEST = { expression: 10 * 1024, parameters: 10 * 1024, id: 32, pool: 253 } as const;
const EFFECTS = ['NoExecute', 'NoSchedule', 'None'];
const OPERATORS = ['Equal', 'Exists'];
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** As `each`, of so many at most: of more, nobody looks at them. */
export const atMost = <T>(
  items: readonly T[] | null | undefined,
  most: number,
  field: string,
  check: (item: T, field: string, index: number) => readonly FieldError[],
): FieldError[] => {
  const count = (items ?? []).length;
  return count > most ? [tooMany(field, count, most)] : each(items, field, check);
};

/** As `atMost`, each of which has a key of its own. */
export function distinct<T>(
  items: readonly T[] | null | undefined,
  most: number,
  field: string,
  key: (item: T) => string,
  check: (item: T, field: string, index: number) => readonly FieldError[],
  shown: (item: T) => unknown = key,
): FieldError[] {
  const seen = new Set<string>();
  return atMost(items, most, field, (item, path, index) => {
    const own = key(item);
    const isTaken = seen.has(own);
    seen.add(own);
    return [...check(item, path, index), ...(isTaken ? [duplicate(path, shown(item))] : [])];
  });
}

export const deviceName = (field: string, name: string): FieldError[] =>
  problems(field, name, dnsLabel(name, false));

export function poolName(field: string, name: string): FieldError[] {
  if (name === '') return [required(field)];
  return [
    ...(name.length > LONGEST.pool ? [tooLong(field, LONGEST.pool)] : []),
    ...name.split('/').flatMap((part) => problems(field, part, dnsSubdomain(part, false))),
  ];
}

export const className = (field: string, name: string): FieldError[] =>
  demanded(field, name, dnsSubdomain);

/** `a.b/c`, or `c` alone; more slashes are not looked at, as upstream. */
export function attributeName(field: string, name: string): FieldError[] {
  const [first = '', second, ...more] = name.split('/');
  if (second === undefined) return identifier(field, first);
  if (more.length > 0) return [];
  return [
    ...(first === ''
      ? [invalid(field, '', 'the domain must not be empty')]
      : validateDriverName(field, first)),
    ...(second === ''
      ? [invalid(field, '', 'the name must not be empty')]
      : identifier(field, second)),
  ];
}

export const fullAttributeName = (field: string, name: string): FieldError[] => [
  ...attributeName(field, name),
  ...(name.includes('/')
    ? []
    : [
        invalid(
          field,
          name,
          'a fully qualified name must be a domain and a name separated by a slash',
        ),
      ]),
];

const identifier = (field: string, id: string): FieldError[] => [
  ...(id.length > LONGEST.id ? [tooLong(field, LONGEST.id)] : []),
  ...(IDENTIFIER.test(id)
    ? []
    : [
        invalid(
          field,
          id,
          "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')",
        ),
      ]),
];

/** Their expressions are stored and not compiled: what they select is the scheduler's to find out. */
export const validateSelectors = (
  field: string,
  selectors: readonly DeviceSelector[] | undefined,
): FieldError[] =>
  atMost(selectors, MOST.selectors, field, ({ cel }, path) => {
    if (cel === undefined) return [required(`${path}.cel`)];
    return Buffer.byteLength(cel.expression) > LONGEST.expression
      ? [tooLong(`${path}.cel.expression`, LONGEST.expression)]
      : [];
  });

export function validateConfiguration(
  field: string,
  { opaque }: DeviceConfiguration,
): FieldError[] {
  if (opaque === undefined) return [required(`${field}.opaque`)];
  return [
    ...validateDriverName(`${field}.opaque.driver`, opaque.driver),
    ...validateJson(`${field}.opaque.parameters`, opaque.parameters, LONGEST.parameters),
  ];
}

/** @param most bytes */
export function validateJson(field: string, value: unknown, most: number): FieldError[] {
  if (value === undefined || value === null) return [required(field)];
  if (Buffer.byteLength(JSON.stringify(value)) > most) return [tooLong(field, most)];
  return isJsonObject(value)
    ? []
    : [invalid(field, '<value omitted>', 'must be a valid JSON object')];
}

export function validateToleration(field: string, toleration: DeviceToleration): FieldError[] {
  const { key = '', operator = '', value = '', effect } = toleration;
  const errors = key === '' ? [] : qualifiedName(`${field}.key`, key);
  switch (operator) {
    case 'Exists':
      if (value !== '') {
        errors.push(invalid(`${field}.value`, value, 'must be empty for operator `Exists`'));
      }
      break;
    case 'Equal':
      addAll(errors, problems(`${field}.value`, value, labelValueProblems(value)));
      break;
    case '':
      errors.push(required(`${field}.operator`));
      break;
    default:
      errors.push(notSupported(`${field}.operator`, operator, OPERATORS));
  }
  return [...errors, ...oneOf(`${field}.effect`, effect, EFFECTS)];
}

export const validateEffect = (field: string, effect: string): FieldError[] =>
  effect === '' ? [required(field)] : oneOf(field, effect, EFFECTS);

/** What has to be told of a device before and instead of its being bound. */
export function validateBindingConditions(
  field: string,
  conditions: readonly string[] = [],
  failures: readonly string[] = [],
): FieldError[] {
  const lists = { bindingConditions: conditions, bindingFailureConditions: failures };
  const errors = Object.entries(lists).flatMap(([name, list]) =>
    atMost(list, MOST.bindingConditions, `${field}.${name}`, (one, path) =>
      qualifiedName(path, one),
    ),
  );
  const known = new Set(conditions);
  for (const [name, list] of Object.entries(lists)) {
    const seen = new Set<string>();
    addAll(
      errors,
      each(list, `${field}.${name}`, (one, path) => {
        const isTwice = seen.has(one);
        seen.add(one);
        return [
          ...(isTwice ? [duplicate(path, one)] : []),
          ...(list === failures && known.has(one)
            ? [
                invalid(
                  path,
                  one,
                  'bindingFailureConditions must not overlap with bindingConditions',
                ),
              ]
            : []),
        ];
      }),
    );
  }
  const lacks = (name: string, other: string): FieldError =>
    invalid(`${field}.${name}`, null, `${name} are required to use ${other}`);
  if (conditions.length === 0 && failures.length > 0) {
    errors.push(lacks('bindingConditions', 'bindingFailureConditions'));
  }
  if (failures.length === 0 && conditions.length > 0) {
    errors.push(lacks('bindingFailureConditions', 'bindingConditions'));
  }
  return errors;
}

/** Of a part of a device that several share. */
export function validateShare(field: string, id: string | undefined): FieldError[] {
  if (id === undefined || UUID.test(id)) return [];
  const why = uuidProblem(id);
  return [
    invalid(
      field,
      id,
      why === undefined
        ? 'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters'
        : `error validating uid: ${why}`,
    ),
  ];
}

/** Also in braces, as a URN and without dashes an identity is one (google/uuid, Validate). */
function uuidProblem(id: string): string | undefined {
  if (![32, 36, 38, 45].includes(id.length)) return `invalid UUID length: ${id.length}`;
  const bare = id.replace(/^urn:uuid:/i, '').replace(/^\{(.*)\}$/, '$1');
  const isOne = UUID.test(bare.toLowerCase()) || /^[0-9a-f]{32}$/i.test(bare);
  return isOne ? undefined : 'invalid UUID format';
}
