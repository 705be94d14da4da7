/** The document of OpenAPI 2 (Swagger): everything that is served. */
import type { OpenApiSchema, ResourceDefinition } from '../resources/index.ts';
import { producedTypes } from './negotiate.ts';
import type { Parameter } from './open-api-parameters.ts';
import { groupVersionPaths, type Operation } from './open-api-paths.ts';
import { documentSchemas, GVK } from './open-api-schemas.ts';

const REFERENCE = '#/definitions/';

/**
 * @param groups root (`/api/v1`) and definitions of each group and version
 * @param version of Kubernetes, as `info.version` tells it: `1.36`
 */
export function openApiV2(
  groups: ReadonlyMap<string, readonly ResourceDefinition[]>,
  version: string,
): object {
  const paths = [...groups].flatMap(([root, definitions]) => {
    const { tag, paths: all } = groupVersionPaths(root, definitions);
    return all.map(({ path, parameters, operations }) => [
      path,
      {
        ...Object.fromEntries(operations.map((one) => [one.method, operation(one, tag)])),
        ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameter) }),
      },
    ]);
  });
  const definitions = documentSchemas([...groups.values()].flat(), REFERENCE);
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries(paths),
    definitions: Object.fromEntries(
      Object.entries(definitions).map(([name, schema]) => [name, lowered(schema)]),
    ),
    securityDefinitions: {
      BearerToken: {
        description: 'Bearer Token authentication',
        type: 'apiKey',
        name: 'authorization',
        in: 'header',
      },
    },
    security: [{ BearerToken: [] }],
  };
}

function operation(one: Operation, tag: string): object {
  const { id, description, action, kind, parameters, body, bodyRequired, consumes } = one;
  const bodies =
    body === undefined
      ? []
      : [
          {
            name: 'body',
            in: 'body',
            ...(bodyRequired === true ? { required: true } : {}),
            schema: { $ref: `${REFERENCE}${body}` },
          },
        ];
  const all = [...bodies, ...parameters.filter(isToldOf).map(parameter)];
  return {
    description,
    consumes: consumes ?? ['*/*'],
    produces: producedTypes(one.streams === true),
    schemes: ['https'],
    tags: [tag],
    operationId: id,
    ...(all.length === 0 ? {} : { parameters: all }),
    responses: {
      ...Object.fromEntries(
        Object.entries(one.answers).map(([status, [words, schema]]) => [
          status,
          { description: words, schema: { $ref: `${REFERENCE}${schema}` } },
        ]),
      ),
      401: { description: 'Unauthorized' },
    },
    ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
    ...(kind === undefined ? {} : { [GVK]: kind }),
  };
}

/**
 * kubectl reads here only of kinds that version 3 has no PATCH for (reviews, and a List): does a Namespace
 * know `fieldValidation`? If so, it wants to see CustomResourceDefinitions, which are not served, and gives
 * up. If not, it checks the fields itself by the schemas (cli-runtime, query_param_verifier.go).
 */
const isToldOf = ({ name }: Parameter): boolean => name !== 'fieldValidation';

const parameter = ({ name, in: place, description, type }: Parameter): object => ({
  uniqueItems: true,
  type,
  description,
  name,
  in: place,
  ...(place === 'path' ? { required: true } : {}),
});

/** A schema as OpenAPI 2 has it: a reference needs no wrapping, and there are no alternatives. */
function lowered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowered);
  if (!isRecord(value)) return value;
  const { allOf, oneOf, ...rest } = value;
  const lower = Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, lowered(one)]));
  if (Array.isArray(allOf) && isRecord(allOf[0])) return { ...lower, ...allOf[0] };
  // Upstream, too, calls a quantity a text here.
  return oneOf === undefined ? lower : { ...lower, type: 'string' };
}

const isRecord = (value: unknown): value is OpenApiSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
