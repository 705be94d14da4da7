/**
 * The options of writes, from the query and of DELETE also from the body (apimachinery,
 * apis/meta/v1/validation/validation.go).
 */

import { addAll } from '../../add-all.ts';
import { KubepkiError } from '../../errors.ts';
import {
  isJsonObject,
  type JsonDocument,
  parseJsonDocument,
  type ResourceType,
  StatusError,
} from '../../kubernetes/index.ts';
import { managerErrors } from '../fields/index.ts';
import type { DeleteOptions, FieldValidation } from '../registry/index.ts';
import {
  type FieldError,
  invalid,
  invalidObject,
  notSupported,
  required,
} from '../resources/index.ts';
import { objectBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import type { Query } from './query.ts';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Who sets the fields; empty where nothing is said. */
  readonly fieldManager: string;
  /** Of server-side apply: takes fields from others. */
  readonly force: boolean;
}

type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions';

const DELETE_OPTIONS = { group: 'meta.k8s.io', version: 'v1', kind: 'DeleteOptions' };
const POLICIES = ['Foreground', 'Background', 'Orphan'];

/**
 * @param isApply of a patch: it is one of server-side apply
 * @throws StatusError Invalid; BadRequest for what is no boolean
 */
export function writeOptions(query: Query, kind: OptionsKind, isApply = false): WriteOptions {
  const dryRun = query.all('dryRun').filter((value) => value !== '');
  const fieldValidation = query.get('fieldValidation') ?? '';
  const fieldManager = query.get('fieldManager') ?? '';
  const force = kind === 'PatchOptions' ? query.flag('force') : undefined;
  const errors: FieldError[] = [];
  if (isApply && fieldManager === '') {
    errors.push(required('fieldManager', 'is required for apply patch'));
  }
  if (!isApply && force !== undefined) {
    errors.push({
      reason: 'FieldValueForbidden',
      field: 'force',
      message: 'Forbidden: may not be specified for non-apply patch',
    });
  }
  addAll(errors, managerErrors('fieldManager', fieldManager), dryRunErrors(dryRun));
  const validation = fieldValidationOf(fieldValidation);
  if (validation === undefined) {
    errors.push(notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  refuseOptions(kind, errors);
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: validation ?? 'Warn',
    fieldManager,
    force: force ?? false,
  };
}

function fieldValidationOf(text: string): FieldValidation | undefined {
  switch (text) {
    case '':
    case 'Warn':
      return 'Warn';
    case 'Ignore':
    case 'Strict':
      return text;
    default:
      return undefined;
  }
}

export interface DeleteRequest {
  readonly options: DeleteOptions;
  readonly dryRun: boolean;
}

/**
 * A body wins over the query, as upstream.
 *
 * @throws StatusError BadRequest for a body that is no DeleteOptions; Invalid
 */
export async function deleteRequest(exchange: Exchange): Promise<DeleteRequest> {
  const body = await objectBody(exchange, DELETE_OPTIONS);
  const isEmpty = body instanceof Uint8Array && body.length === 0;
  const fields = isEmpty ? fromQuery(exchange.info.query) : fromBody(body);
  const { propagationPolicy, orphanDependents, dryRun } = fields;
  const errors: FieldError[] = [];
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    errors.push(
      invalid(
        'propagationPolicy',
        propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    );
  }
  if (propagationPolicy !== undefined && !POLICIES.includes(propagationPolicy)) {
    errors.push({
      reason: 'FieldValueNotSupported',
      field: 'propagationPolicy',
      message: `Unsupported value: ${JSON.stringify(propagationPolicy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
    });
  }
  refuseOptions('DeleteOptions', [...errors, ...dryRunErrors(dryRun)]);
  const { dryRun: _, ...options } = fields;
  return { options, dryRun: dryRun.length > 0 };
}

type DeleteFields = DeleteOptions & { readonly dryRun: readonly string[] };

function fromQuery(query: Query): DeleteFields {
  const gracePeriodSeconds = query.integer('gracePeriodSeconds');
  const orphanDependents = query.flag('orphanDependents');
  const propagationPolicy = query.get('propagationPolicy');
  return {
    dryRun: query.all('dryRun').filter((value) => value !== ''),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
  };
}

function fromBody(body: Uint8Array | JsonDocument): DeleteFields {
  const value = parsedBody(body);
  const { kind, apiVersion } = value;
  if (kind !== undefined && kind !== '' && kind !== 'DeleteOptions') {
    const version = JSON.stringify(typeof apiVersion === 'string' ? apiVersion : '');
    throw badRequest(`no kind ${JSON.stringify(kind)} is registered for version ${version}`);
  }
  const preconditions = value['preconditions'] ?? undefined;
  const gracePeriodSeconds = field(value, 'gracePeriodSeconds', 'number', 'int64');
  const orphanDependents = field(value, 'orphanDependents', 'boolean', 'bool');
  const propagationPolicy = field(value, 'propagationPolicy', 'string', 'string');
  // Read and passed over, as with AllowUnsafeMalformedObjectDeletion switched off, which it is upstream.
  field(value, 'ignoreStoreReadErrorWithClusterBreakingPotential', 'boolean', 'bool');
  return {
    dryRun: textList(value['dryRun'] ?? []),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions: preconditionsOf(preconditions) }),
  };
}

type JsonObject = Readonly<Record<string, unknown>>;

function parsedBody(body: Uint8Array | JsonDocument): JsonObject {
  try {
    const { value } = body instanceof Uint8Array ? parseJsonDocument(body) : body;
    if (isJsonObject(value)) return value;
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    throw badRequest(`couldn't get version/kind; json parse error: ${error.message}`);
  }
  throw badRequest("couldn't get version/kind; json parse error: the body is not an object");
}

function preconditionsOf(value: unknown): NonNullable<DeleteOptions['preconditions']> {
  if (!isJsonObject(value)) throw wrongType('preconditions', value, 'v1.Preconditions');
  const uid = field(value, 'uid', 'string', 'types.UID');
  const resourceVersion = field(value, 'resourceVersion', 'string', 'string');
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

interface Types {
  string: string;
  number: number;
  boolean: boolean;
}

/** A field of a type, or nothing where it is absent or null. */
function field<T extends keyof Types>(
  object: JsonObject,
  name: string,
  type: T,
  goType: string,
): Types[T] | undefined {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (isOf(value, type)) return value;
  throw wrongType(name, value, goType);
}

const isOf = <T extends keyof Types>(value: unknown, type: T): value is Types[T] =>
  typeof value === type;

function textList(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw wrongType('dryRun', value, '[]string');
}

const wrongType = (name: string, value: unknown, goType: string): StatusError =>
  badRequest(
    `json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go struct field DeleteOptions.${name} of type ${goType}`,
  );

const badRequest = (message: string): StatusError => StatusError.of('BadRequest', message);

const dryRunErrors = (values: readonly string[]): FieldError[] =>
  values.every((value) => value === 'All') ? [] : [notSupported('dryRun', values, ['All'])];

/** @throws StatusError Invalid where there is an error */
export function refuseOptions(kind: string, errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const type: ResourceType = {
    group: 'meta.k8s.io',
    version: 'v1',
    resource: '',
    kind,
    namespaced: false,
  };
  throw invalidObject(type, '', errors);
}
