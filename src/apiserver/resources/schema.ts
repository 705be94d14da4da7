/**
 * The fields of an object, as a value: what is read of a body, what is unknown, how lists are merged by
 * a strategic merge patch, and what OpenAPI says of it. Follows the Go types of k8s.io/api and their tags.
 */

export type Schema =
  | ScalarSchema
  | ObjectSchema
  | MapSchema
  | ArraySchema
  /** Any JSON, untouched. */
  | { readonly kind: 'any' };

export interface ScalarSchema {
  readonly kind:
    | 'string'
    | 'boolean'
    | 'int32'
    | 'int64'
    /** `[]byte`: base64 in JSON. */
    | 'bytes'
    /** metav1.Time: RFC 3339 in whole seconds, UTC. */
    | 'time'
    /** metav1.MicroTime: six digits of a second. */
    | 'microtime'
    /** resource.Quantity: a string or a number, kept in its canonical form. */
    | 'quantity';
}

export interface ObjectSchema {
  readonly kind: 'object';
  /** Its name in OpenAPI: `io.k8s.api.core.v1.Secret`. */
  readonly name: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** The same, for going through them. */
  readonly entries: readonly (readonly [string, Field])[];
}

export interface Field {
  readonly schema: Schema;
  /** OpenAPI says that it must be there. */
  readonly required: boolean;
  /** Stands in the JSON even when it is not set, with the value that Go has then. */
  readonly always: boolean;
  /** A pointer in Go: 0, false and the empty text are values, and not the same as "not set". */
  readonly pointer: boolean;
}

export interface MapSchema {
  readonly kind: 'map';
  readonly values: Schema;
}

export interface ArraySchema {
  readonly kind: 'array';
  readonly items: Schema;
  /** How a strategic merge patch treats it (tag `patchStrategy`); a list is replaced where nothing is said. */
  readonly patch?: 'merge';
  /** The field that tells items apart (tag `patchMergeKey`); absent for lists of scalars. */
  readonly mergeKey?: string;
  /** `x-kubernetes-list-type`. */
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
}

export const STRING: ScalarSchema = { kind: 'string' };
export const BOOLEAN: ScalarSchema = { kind: 'boolean' };
export const INT32: ScalarSchema = { kind: 'int32' };
export const INT64: ScalarSchema = { kind: 'int64' };
export const BYTES: ScalarSchema = { kind: 'bytes' };
export const TIME: ScalarSchema = { kind: 'time' };
export const MICRO_TIME: ScalarSchema = { kind: 'microtime' };
export const QUANTITY: ScalarSchema = { kind: 'quantity' };
export const ANY: Schema = { kind: 'any' };

export const object = (name: string, fields: Readonly<Record<string, Field>>): ObjectSchema => ({
  kind: 'object',
  name,
  fields,
  entries: Object.entries(fields),
});

export const map = (values: Schema): MapSchema => ({ kind: 'map', values });

export const list = (
  items: Schema,
  options: Omit<ArraySchema, 'kind' | 'items'> = {},
): ArraySchema => ({
  kind: 'array',
  items,
  ...options,
});

/** A list that a strategic merge patch merges by a field of its items. */
export const mergedBy = (mergeKey: string, items: Schema): ArraySchema =>
  list(items, { patch: 'merge', mergeKey, listType: 'map', listMapKeys: [mergeKey] });

/** `json:"x,omitempty"` of a plain type. */
export const optional = (schema: Schema): Field => ({
  schema,
  required: false,
  always: false,
  pointer: false,
});

/** `json:"x,omitempty"` of a pointer to a scalar. */
export const pointer = (schema: Schema): Field => ({ ...optional(schema), pointer: true });

/** `json:"x"`. */
export const required = (schema: Schema): Field => ({
  schema,
  required: true,
  always: true,
  pointer: false,
});

/** `json:"x,omitempty"` of a struct, which Go writes all the same. */
export const struct = (schema: Schema): Field => ({ ...required(schema), required: false });
