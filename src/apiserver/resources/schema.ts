/**
 * The fields of an object, as a value: what is read of a body, what is unknown, how lists are merged by
 * a strategic merge patch, and what OpenAPI says of it. Those of the API's own types are made from their tables
 * (`schemaOfType`).
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
    | 'quantity'
    /** intstr.IntOrString: `80` or `"http"`. */
    | 'int-or-string';
}

export interface ObjectSchema {
  readonly kind: 'object';
  /** Its name in OpenAPI: `io.k8s.api.core.v1.Secret`. */
  readonly name: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** The same, for going through them. */
  readonly entries: readonly (readonly [string, Field])[];
  /** `x-kubernetes-map-type: atomic`: belongs to one manager of server-side apply as a whole. */
  readonly atomic?: true;
}

export interface Field {
  readonly schema: Schema;
  /** OpenAPI says that it must be there. */
  readonly required: boolean;
  /** Stands in the JSON even when it is not set, with the value that Go has then. */
  readonly always: boolean;
  /** A pointer in Go: 0, false and the empty text are values, and not the same as "not set". */
  readonly pointer: boolean;
  /** What server-side apply takes it for in the key of a list item that lacks it (`+default`). */
  readonly default?: string | number | boolean;
}

export interface MapSchema {
  readonly kind: 'map';
  readonly values: Schema;
  /** As of an object. */
  readonly atomic?: true;
}

export interface ArraySchema {
  readonly kind: 'array';
  readonly items: Schema;
  /** How a strategic merge patch treats it (tag `patchStrategy`); a list is replaced where nothing is said. */
  readonly patch?: 'merge' | 'merge,retainKeys';
  /** The field that tells items apart (tag `patchMergeKey`); absent for lists of scalars. */
  readonly mergeKey?: string;
  /** `x-kubernetes-list-type`. */
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  /** It is a message of its own in protobuf, where an empty one is kept. */
  readonly isMessage?: true;
}

export const STRING: ScalarSchema = { kind: 'string' };
export const ANY: Schema = { kind: 'any' };

export const object = (name: string, fields: Readonly<Record<string, Field>>): ObjectSchema => ({
  kind: 'object',
  name,
  fields,
  entries: Object.entries(fields),
});

export const map = (values: Schema): MapSchema => ({ kind: 'map', values });

export const list = (items: Schema): ArraySchema => ({ kind: 'array', items });
