/** A document of OpenAPI 3: one group in one version, or one of the paths above them. */
import type { ResourceDefinition } from '../resources/index.ts';
import { producedTypes } from './negotiate.ts';
import type { DocumentPaths, Operation } from './open-api-operation.ts';
import type { Parameter } from './open-api-parameters.ts';
import { documentSchemas, GVK } from './open-api-schemas.ts';

const REFERENCE = '#/components/schemas/';

/**
 * @param definitions of its group and version
 * @param version of Kubernetes, as `info.version` tells it: `1.36`
 */
export function openApiV3(
  { tag, paths }: DocumentPaths,
  definitions: readonly ResourceDefinition[],
  version: string,
): object {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries(
      paths.map(({ path, parameters, operations }) => [
        path,
        {
          ...Object.fromEntries(operations.map((one) => [one.method, operation(one, tag)])),
          ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameter) }),
        },
      ]),
    ),
    components: {
      schemas: documentSchemas(paths, definitions, REFERENCE),
      securitySchemes: {
        BearerToken: {
          type: 'apiKey',
          description: 'Bearer Token authentication',
          name: 'authorization',
          in: 'header',
        },
      },
    },
  };
}

function operation(one: Operation, tag: string): object {
  const { id, description, action, kind, parameters, body, bodyRequired, consumes } = one;
  return {
    tags: [tag],
    description,
    operationId: id,
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameter) }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            content: content(body, consumes ?? ['*/*']),
            ...(bodyRequired === true ? { required: true } : {}),
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(one.answers).map(([status, [words, schema]]) => [
          status,
          {
            description: words,
            content: content(schema, one.produces ?? producedTypes(one.streams === true)),
          },
        ]),
      ),
      401: { description: 'Unauthorized' },
    },
    ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
    ...(kind === undefined ? {} : { [GVK]: kind }),
  };
}

const content = (schema: string, mediaTypes: readonly string[]): object =>
  Object.fromEntries(
    mediaTypes.map((mediaType) => [mediaType, { schema: { $ref: `${REFERENCE}${schema}` } }]),
  );

const parameter = ({ name, in: place, description, type }: Parameter): object => ({
  name,
  in: place,
  description,
  ...(place === 'path' ? { required: true } : {}),
  schema: { type, uniqueItems: true },
});
