/**
 * OpenAPI 2 in protobuf: a table of the messages with the numbers of their fields
 * (google/gnostic-models, openapiv2/OpenAPIv2.proto), as far as our document goes, and a writer that
 * follows it.
 */

/** A JSON value as a whole field: its tag and what follows. */
type Encode = (number: number, value: unknown) => Uint8Array;

/** By the name that a member has in JSON. */
type Members = Readonly<Record<string, readonly [number, Encode]>>;

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** What begins with `x-` goes to the field `extensions`, which is a list of NamedAny. */
function message(members: Members, extensions?: number): Encode {
  const table = new Map(Object.entries(members));
  return (number, value) =>
    delimited(
      number,
      ...entries(value).map(([name, one]) => {
        if (extensions !== undefined && name.startsWith('x-')) {
          return named(ANY)(extensions, [name, one]);
        }
        const member = table.get(name);
        if (member === undefined) throw new RangeError(`expected a known member, got ${name}`);
        const [at, encode] = member;
        return encode(at, one);
      }),
    );
}

/** A message of names and values: each a field `entry`. */
const dictionary =
  (entry: number, value: Encode): Encode =>
  (number, all) =>
    delimited(number, ...entries(all).map((one) => named(value)(entry, one)));

/** NamedAny, NamedSchema and so on, of a name and a value. */
const named =
  (value: Encode): Encode =>
  (number, pair) => {
    const [name, one]: unknown[] = Array.isArray(pair) ? pair : [];
    return delimited(number, STRING(1, name), value(2, one));
  };

/** A message with nothing but the field `inner`: a wrapper, or an alternative of a `oneof`. */
const within =
  (inner: number, encode: Encode): Encode =>
  (number, value) =>
    delimited(number, encode(inner, value));

/** A field for each element. */
const repeated =
  (encode: Encode): Encode =>
  (number, all) =>
    Buffer.concat((Array.isArray(all) ? all : [all]).map((one) => encode(number, one)));

const STRING: Encode = (number, value) => delimited(number, Buffer.from(String(value)));
const STRINGS = repeated(STRING);
const BOOL: Encode = (number, value) =>
  Buffer.concat([varint((number << 3) | VARINT), varint(value === true ? 1 : 0)]);
/** Any value goes as YAML, and JSON is YAML. */
const ANY: Encode = (number, value) => delimited(number, STRING(2, JSON.stringify(value)));

function delimited(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([varint((number << 3) | LENGTH_DELIMITED), varint(length), ...parts]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

const entries = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

const SCHEMA = message(
  {
    $ref: [1, STRING],
    format: [2, STRING],
    description: [4, STRING],
    required: [19, STRINGS],
    enum: [20, repeated(ANY)],
    additionalProperties: [21, within(1, schema)],
    type: [22, within(1, STRINGS)],
    items: [23, within(1, schema)],
    properties: [25, dictionary(1, schema)],
  },
  31,
);

/** A function, since schemas hold schemas. */
function schema(number: number, value: unknown): Uint8Array {
  return SCHEMA(number, value);
}

const BODY = message({
  name: [2, STRING],
  in: [3, STRING],
  required: [4, BOOL],
  schema: [5, schema],
});
const QUERY = message({
  in: [2, STRING],
  description: [3, STRING],
  name: [4, STRING],
  type: [6, STRING],
  uniqueItems: [20, BOOL],
});
const PATH = message({
  required: [1, BOOL],
  in: [2, STRING],
  description: [3, STRING],
  name: [4, STRING],
  type: [5, STRING],
  uniqueItems: [19, BOOL],
});

/** Parameter > BodyParameter, or NonBodyParameter > that of its place. */
const BODY_PARAMETER = within(1, BODY);
const QUERY_PARAMETER = within(2, within(3, QUERY));
const PATH_PARAMETER = within(2, within(4, PATH));
const PARAMETER: Encode = (number, value) => {
  const place = entries(value).find(([name]) => name === 'in')?.[1];
  const encode =
    place === 'body' ? BODY_PARAMETER : place === 'path' ? PATH_PARAMETER : QUERY_PARAMETER;
  return encode(number, value);
};
/** ParametersItem: a Parameter, or a JsonReference to one. */
const PARAMETER_ITEM = within(1, PARAMETER);
const REFERENCE_ITEM = within(2, message({ $ref: [1, STRING] }));
const PARAMETERS = repeated((number, value) => {
  const isReference = entries(value).some(([name]) => name === '$ref');
  return (isReference ? REFERENCE_ITEM : PARAMETER_ITEM)(number, value);
});

const RESPONSE = message({ description: [1, STRING], schema: [2, within(1, schema)] });

const OPERATION = message(
  {
    tags: [1, STRINGS],
    description: [3, STRING],
    operationId: [5, STRING],
    produces: [6, STRINGS],
    consumes: [7, STRINGS],
    parameters: [8, PARAMETERS],
    responses: [9, dictionary(1, within(1, RESPONSE))],
    schemes: [10, STRINGS],
  },
  13,
);

const PATHS = dictionary(
  2,
  message({
    get: [2, OPERATION],
    put: [3, OPERATION],
    post: [4, OPERATION],
    delete: [5, OPERATION],
    patch: [8, OPERATION],
    parameters: [9, PARAMETERS],
  }),
);

const API_KEY = message({
  type: [1, STRING],
  name: [2, STRING],
  in: [3, STRING],
  description: [4, STRING],
});

const DOCUMENT: Members = {
  swagger: [1, STRING],
  info: [2, message({ title: [1, STRING], version: [2, STRING] })],
  paths: [8, PATHS],
  definitions: [9, dictionary(1, schema)],
  parameters: [10, dictionary(1, PARAMETER)],
  security: [12, repeated(dictionary(1, within(1, STRINGS)))],
  securityDefinitions: [13, dictionary(1, within(2, API_KEY))],
};

/** @param document of `openApiV2` */
export function encodeOpenApiV2(document: object): Uint8Array {
  const table = new Map(Object.entries(DOCUMENT));
  return Buffer.concat(
    Object.entries(document).map(([name, value]) => {
      const member = table.get(name);
      if (member === undefined) throw new RangeError(`expected a known member, got ${name}`);
      return member[1](member[0], value);
    }),
  );
}
