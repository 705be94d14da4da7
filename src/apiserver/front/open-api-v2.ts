/** The document of OpenAPI 2 (Swagger): everything that is served. */
import { hash } from 'node:crypto';
import type { OpenApiSchema, ResourceDefinition } from '../resources/index.ts';
import { producedTypes } from './negotiate.ts';
import { DELETE_OPTIONS, PATCH } from './open-api-meta.ts';
import type { DocumentPaths, Operation } from './open-api-operation.ts';
import type { Parameter } from './open-api-parameters.ts';
import { documentSchemas, GVK } from './open-api-schemas.ts';

const REFERENCE = '#/definitions/';

/**
 * @param documents the paths of each document of version 3
 * @param version of Kubernetes, as `info.version` tells it: `1.36`
 */
export function openApiV2(
  documents: Iterable<DocumentPaths>,
  served: readonly ResourceDefinition[],
  version: string,
): object {
  const all = [...documents];
  const shared = new SharedParameters();
  const paths = all.flatMap(({ tag, paths: those }) =>
    those.map(({ path, parameters, operations }) => [
      path,
      {
        ...Object.fromEntries(operations.map((one) => [one.method, operation(one, tag, shared)])),
        ...(parameters.length === 0 ? {} : { parameters: shared.all(parameters) }),
      },
    ]),
  );
  const schemas = documentSchemas(
    all.flatMap(({ paths: those }) => those),
    served,
    REFERENCE,
  );
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries(paths),
    definitions: Object.fromEntries(
      Object.entries(schemas).map(([name, schema]) => [name, lowered(schema)]),
    ),
    parameters: shared.document(),
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

function operation(one: Operation, tag: string, shared: SharedParameters): object {
  const { id, description, action, kind, parameters, body, bodyRequired, consumes } = one;
  const all = [
    ...(body === undefined ? [] : [shared.body(body, bodyRequired === true)]),
    ...shared.all(parameters),
  ];
  return {
    description,
    consumes: consumes ?? ['*/*'],
    produces: one.produces ?? producedTypes(one.streams === true),
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

/** What many operations have is written once, as upstream does (kube-openapi, pkg/builder/parameters.go). */
class SharedParameters {
  readonly #named = new Map<string, object>();
  readonly #references = new Map<Parameter, object>();

  /**
   * kubectl reads here only of kinds that version 3 has no PATCH for (reviews, and a List): does a Namespace
   * know `fieldValidation`? If so, it wants to see CustomResourceDefinitions, which are not served, and gives
   * up. If not, it checks the fields itself by the schemas (cli-runtime, query_param_verifier.go).
   */
  all(parameters: readonly Parameter[]): object[] {
    return parameters.filter(({ name }) => name !== 'fieldValidation').map((one) => this.#one(one));
  }

  body(schema: string, required: boolean): object {
    const written = {
      name: 'body',
      in: 'body',
      ...(required ? { required: true } : {}),
      schema: { $ref: `${REFERENCE}${schema}` },
    };
    return schema === DELETE_OPTIONS || schema === PATCH ? this.#refer('body', written) : written;
  }

  /** All that is referred to, by name. */
  document(): object {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #one(parameter: Parameter): object {
    const known = this.#references.get(parameter);
    if (known !== undefined) return known;
    const { name } = parameter;
    const written = parameterOf(parameter);
    // The name of an object is told of each kind. `dryRun` stands in its place for clients of before 1.26.
    if (name === 'name' || name === 'dryRun') return written;
    const reference = this.#refer(name, written);
    this.#references.set(parameter, reference);
    return reference;
  }

  #refer(name: string, written: object): object {
    const digest = hash('sha256', JSON.stringify(written), 'base64url').slice(0, 8);
    this.#named.set(`${name}-${digest}`, written);
    return { $ref: `#/parameters/${name}-${digest}` };
  }
}

const parameterOf = ({ name, in: place, description, type }: Parameter): object => ({
  uniqueItems: true,
  type,
  description,
  name,
  in: place,
  ...(place === 'path' ? { required: true } : {}),
});

/** A schema as OpenAPI 2 has it: a reference needs no wrapping, there are no alternatives, and upstream tells no defaults. */
function lowered(schema: OpenApiSchema): OpenApiSchema {
  const { allOf, oneOf, default: _, properties, items, additionalProperties, ...rest } = schema;
  const [reference] = Array.isArray(allOf) ? allOf : [];
  return {
    ...rest,
    ...(isRecord(reference) ? reference : {}),
    // Upstream, too, calls a quantity a text here.
    ...(oneOf === undefined ? {} : { type: 'string' }),
    ...(isRecord(properties) ? { properties: allLowered(properties) } : {}),
    ...(isRecord(items) ? { items: lowered(items) } : {}),
    ...(isRecord(additionalProperties)
      ? { additionalProperties: lowered(additionalProperties) }
      : {}),
  };
}

const allLowered = (properties: OpenApiSchema): OpenApiSchema =>
  Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, isRecord(one) ? lowered(one) : one]),
  );

const isRecord = (value: unknown): value is OpenApiSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
