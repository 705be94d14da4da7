/**
 * The tables of the API's types and how they are read. A type is a text, one row a field, in the order in
 * which Go declares them (and its JSON has them):
 *
 *     <name in JSON> <number in protobuf> <type> <flag>…
 *
 * - The name `...` takes the fields of a struct in as if they were the type's own (Go's `json:",inline"`); in
 *   protobuf they are a message of their own.
 * - The number 0 is not in protobuf.
 * - The type is a scalar or a struct, `core/v1.Secret` or `Secret` of the same package, behind `[]` for a
 *   list, `{}` for a map from strings, `*` for a pointer: its zero is a value, and not the same as nothing.
 * - Flags: `always` (no `omitempty`), `omitzero`, `required` (OpenAPI says so), `atomic`, `set` or
 *   `map=<key>,<key>` for `x-kubernetes-list-type` and (`atomic`) `x-kubernetes-map-type`, `granular` where that is
 *   said of the field: its type may be atomic,
 *   `patch=<strategy>` and `key=<field>` for strategic merge patches, `default=<JSON>`, `enum=<name>` where only
 *   the texts of `enums` are good (`core/v1.Protocol` of another package), be it as elements or values.
 *
 * Before the fields there may be rows about the type itself: the one word `atomic` (`+structType=atomic`), and
 * `union <discriminator or -> <field>=<member>…`, of which one is to be set (`+union`).
 */

/** One package of Go. */
export interface TypeTable {
  /** What stands before its types in OpenAPI: `io.k8s.api.core.v1`. */
  readonly openApi: string;
  /** What stands before its types in rows of other packages: `core/v1`. */
  readonly alias: string;
  /** Of its kinds. */
  readonly apiVersion: string;
  readonly types: Readonly<Record<string, string>>;
  /** The good values of types that are texts, one a line. */
  readonly enums?: Readonly<Record<string, string>>;
}

const SCALARS = [
  'string',
  'bool',
  'int32',
  'int64',
  /** `[]byte`: base64 in JSON. */
  'bytes',
  /** metav1.Time and metav1.MicroTime. */
  'time',
  'microtime',
  'quantity',
  'int-or-string',
  /** A list of strings which is a message of its own in protobuf, so that maps can hold it. */
  'strings',
  /** Any JSON (RawExtension, FieldsV1): in protobuf its text. */
  'json',
] as const;

export type ScalarType = (typeof SCALARS)[number];

export type FieldType =
  | { readonly kind: ScalarType }
  /** Its name in OpenAPI, for `typeOf`. */
  | { readonly kind: 'struct'; readonly name: string }
  | { readonly kind: 'list'; readonly items: FieldType }
  | { readonly kind: 'map'; readonly values: FieldType };

export interface TypeField {
  /** In JSON; undefined where the fields of the struct take its place. */
  readonly name: string | undefined;
  /** In protobuf; 0 where it is not there. */
  readonly number: number;
  readonly type: FieldType;
  readonly pointer: boolean;
  readonly required: boolean;
  /** Without `omitempty`: in the JSON even when it is not set. */
  readonly always: boolean;
  /** A struct that is left out when nothing in it is set. */
  readonly omitZero: boolean;
  readonly listType?: 'atomic' | 'set' | 'map';
  readonly listMapKeys?: readonly string[];
  /** Server-side apply looks into it, whatever its type says. */
  readonly granular?: true;
  /** `merge`, `replace`, `retainKeys` or two of them with a comma. */
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  /** JSON of a scalar. */
  readonly default?: string;
  /** Where only some texts are good, the name of which: `io.k8s.api.core.v1.Protocol`, for `enumValues`. */
  readonly enum?: string;
}

/** Fields of which one is to be set. */
export interface Union {
  /** The field that says which. */
  readonly discriminator?: string;
  /** What it is called there, by the name of the field. */
  readonly members: Readonly<Record<string, string>>;
}

export interface ApiType {
  /** In OpenAPI: `io.k8s.api.core.v1.Secret`. */
  readonly name: string;
  /** In the order of Go, and of JSON. */
  readonly fields: readonly TypeField[];
  /** Server-side apply takes it as a whole (`x-kubernetes-map-type`). */
  readonly atomic: boolean;
  readonly union?: Union;
}

/**
 * @param packages what stands before the types of each package in OpenAPI, by its alias
 */
export function parseType(
  { openApi, types }: TypeTable,
  name: string,
  packages: ReadonlyMap<string, string>,
): ApiType {
  const rows = (types[name] ?? '').trim().split('\n');
  const atomic = rows[0] === 'atomic' && rows.shift() !== undefined;
  const union = rows[0]?.startsWith('union ') === true ? rows.shift() : undefined;
  const reference = (written: string): string => {
    const [alias, other] = written.split('.');
    return other === undefined
      ? `${openApi}.${written}`
      : `${packages.get(alias ?? '') ?? ''}.${other}`;
  };
  return {
    name: `${openApi}.${name}`,
    fields: rows.filter((row) => row !== '').map((row) => parseRow(row, reference)),
    atomic,
    ...(union === undefined ? {} : { union: parseUnion(union) }),
  };
}

function parseUnion(row: string): Union {
  const [, discriminator = '-', ...members] = row.split(' ');
  return {
    ...(discriminator === '-' ? {} : { discriminator }),
    members: Object.fromEntries(members.map((member) => member.split('=', 2))),
  };
}

function parseRow(row: string, reference: (written: string) => string): TypeField {
  const [name, number, written = '', ...flags] = row.split(' ');
  const pointer = written.startsWith('*');
  const valued = new Map(
    flags.map((flag) => {
      const equals = flag.indexOf('=');
      return equals < 0 ? [flag, ''] : [flag.slice(0, equals), flag.slice(equals + 1)];
    }),
  );
  const listType = (['atomic', 'set', 'map'] as const).find((one) => valued.has(one));
  const patchStrategy = valued.get('patch');
  const patchMergeKey = valued.get('key');
  const fallback = valued.get('default');
  const values = valued.get('enum');
  return {
    name: name === '...' ? undefined : name,
    number: Number(number),
    type: parseFieldType(pointer ? written.slice(1) : written, reference),
    pointer,
    required: valued.has('required'),
    always: valued.has('always'),
    omitZero: valued.has('omitzero'),
    ...(listType === undefined ? {} : { listType }),
    ...(listType === 'map' ? { listMapKeys: valued.get('map')?.split(',') ?? [] } : {}),
    ...(valued.has('granular') ? { granular: true } : {}),
    ...(patchStrategy === undefined ? {} : { patchStrategy }),
    ...(patchMergeKey === undefined ? {} : { patchMergeKey }),
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(values === undefined ? {} : { enum: reference(values) }),
  };
}

function parseFieldType(written: string, reference: (written: string) => string): FieldType {
  const rest = written.slice(2);
  if (written.startsWith('[]')) return { kind: 'list', items: parseFieldType(rest, reference) };
  if (written.startsWith('{}')) return { kind: 'map', values: parseFieldType(rest, reference) };
  const scalar = SCALARS.find((one) => one === written);
  return scalar === undefined ? { kind: 'struct', name: reference(written) } : { kind: scalar };
}
