/** POST, PUT, PATCH and DELETE of resources. */
import { type ApiResponse, type KubernetesObject, StatusError } from '../../kubernetes/index.ts';
import { forbidden } from '../authorization/index.ts';
import {
  APPLY_PATCH,
  PATCH_MEDIA_TYPES,
  type Registry,
  type WriteContext,
} from '../registry/index.ts';

import type { Admission, Authorizer, ResourceRequest } from '../types.ts';
import { valueAnswer } from './answers.ts';
import { applyBody } from './apply-body.ts';
import { mediaTypeOf, objectBody, rawBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import { managerOf } from './field-manager.ts';
import { deleteRequest, type WriteOptions, writeOptions } from './options.ts';
import { listAnswer, listRequest, objectAnswer, objectKey, representationOf } from './reads.ts';
import { type Route, shownAs } from './routes.ts';

export interface WriteParts {
  readonly registry: Registry;
  readonly admission: Admission;
  readonly authorizer: Authorizer;
  readonly now: () => Date;
}

export async function createObject(
  parts: WriteParts,
  exchange: Exchange,
  route: Route,
): Promise<ApiResponse> {
  const { definition, subresource } = route;
  const representation = representationOf(exchange);
  const options = writeOptions(exchange.info.query, 'CreateOptions');
  const object = await readBody(parts, exchange, route, options);
  if (subresource !== undefined) {
    const key = objectKey(definition, exchange);
    const context = writeContext(parts, exchange, options);
    await parts.registry.post(definition, key, subresource, object, context);
    return await valueAnswer(201, POSTED, representation);
  }
  const { inNamespace, namespace } = exchange.info;
  const served = await parts.registry.create(
    definition,
    inNamespace ? namespace : undefined,
    object,
    writeContext(parts, exchange, options),
  );
  return await objectAnswer(201, definition, served, exchange, representation, parts.now);
}

/** Of what is posted and not stored. */
const POSTED = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

async function readBody(
  { registry }: WriteParts,
  exchange: Exchange,
  route: Route,
  { fieldValidation }: Pick<WriteOptions, 'fieldValidation'>,
): Promise<KubernetesObject> {
  const kind = shownAs(route);
  const body = await objectBody(exchange, kind.type);
  return registry.decode(kind, body, fieldValidation, exchange.warnings.add);
}

export async function updateObject(
  parts: WriteParts,
  exchange: Exchange,
  route: Route,
): Promise<ApiResponse> {
  const { definition, subresource } = route;
  const representation = representationOf(exchange);
  const options = writeOptions(exchange.info.query, 'UpdateOptions');
  const object = await readBody(parts, exchange, route, options);
  if ((object.metadata.name ?? '') === '') throw nameless(exchange.info.name);
  const { served, created } = await parts.registry.update(
    definition,
    objectKey(definition, exchange),
    subresource,
    object,
    writeContext(parts, exchange, options),
  );
  const status = created ? 201 : 200;
  return await objectAnswer(status, shownAs(route), served, exchange, representation, parts.now);
}

const nameless = (name: string): StatusError =>
  StatusError.of(
    'BadRequest',
    `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
  );

export async function patchObject(
  parts: WriteParts,
  exchange: Exchange,
  route: Route,
): Promise<ApiResponse> {
  const { definition, subresource } = route;
  const representation = representationOf(exchange);
  const mediaType = mediaTypeOf(exchange.request);
  if (!PATCH_MEDIA_TYPES.some((type) => type === mediaType)) {
    throw StatusError.of('UnsupportedMediaType', '415: Unsupported Media Type', {});
  }
  const isApply = mediaType === APPLY_PATCH;
  const options = writeOptions(exchange.info.query, 'PatchOptions', isApply);
  const raw = await rawBody(exchange);
  const body = isApply ? await applyBody(raw) : raw;
  const { served, created } = await parts.registry.patch(
    definition,
    objectKey(definition, exchange),
    subresource,
    { mediaType, body, force: options.force },
    writeContext(parts, exchange, options),
  );
  const status = created ? 201 : 200;
  return await objectAnswer(status, shownAs(route), served, exchange, representation, parts.now);
}

export async function deleteObject(
  parts: WriteParts,
  exchange: Exchange,
  { definition }: Route,
): Promise<ApiResponse> {
  const representation = representationOf(exchange);
  const { options, dryRun } = await deleteRequest(exchange);
  const deleted = await parts.registry.delete(
    definition,
    objectKey(definition, exchange),
    options,
    writeContext(parts, exchange, { dryRun }),
  );
  if ('status' in deleted) return await valueAnswer(200, deleted.status, representation);
  const status = !deleted.gone && options.orphanDependents === false ? 202 : 200;
  return await objectAnswer(
    status,
    definition,
    deleted.served,
    exchange,
    representation,
    parts.now,
  );
}

export async function deleteCollection(
  parts: WriteParts,
  exchange: Exchange,
  { definition }: Route,
): Promise<ApiResponse> {
  const representation = representationOf(exchange);
  const request = listRequest(exchange);
  const { options, dryRun } = await deleteRequest(exchange);
  const list = await parts.registry.deleteCollection(
    definition,
    request,
    options,
    writeContext(parts, exchange, { dryRun }),
  );
  return await listAnswer(definition, list, exchange, representation, parts.now);
}

function writeContext(
  { admission, authorizer }: WriteParts,
  exchange: Exchange,
  {
    dryRun,
    fieldValidation,
    fieldManager = '',
  }: Pick<WriteOptions, 'dryRun'> & Partial<WriteOptions>,
): WriteContext {
  const attributes = resourceAttributes(exchange);
  return {
    attributes,
    dryRun,
    admit: admission,
    fieldManager: managerOf(exchange, fieldManager),
    ...(fieldValidation === undefined ? {} : { fieldValidation }),
    authorizeCreate: async () => {
      const asked: ResourceRequest = { ...attributes, verb: 'create' };
      const { allowed, reason } = await authorizer.authorize(asked);
      if (!allowed) throw forbidden(asked, reason);
    },
    warn: exchange.warnings.add,
  };
}

function resourceAttributes({ attributes }: Exchange): ResourceRequest {
  if (attributes.kind === 'resource') return attributes;
  throw new TypeError('expected a request for a resource, got one for a path');
}
