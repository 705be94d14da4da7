/** Resources that are answered and not stored: who am I, may I, may they. */
import type { ApiResponse, KubernetesObject, UserInfo } from '../../kubernetes/index.ts';
import { apiVersionOf, StatusError } from '../../kubernetes/index.ts';
import { managedAfterUpdate } from '../fields/index.ts';
import type { Registry } from '../registry/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import { valueAnswer, wantsPretty } from './answers.ts';
import { objectBody } from './body.ts';
import { type Exchange, header } from './exchange.ts';
import { managerOf } from './field-manager.ts';
import { negotiatePlain } from './negotiate.ts';
import { writeOptions } from './options.ts';

export interface ReviewRequest {
  readonly object: KubernetesObject;
  readonly user: UserInfo;
  /** Of the path; empty where it has none. */
  readonly namespace: string;
}

/** @throws StatusError */
export type Review = (request: ReviewRequest) => Promise<KubernetesObject>;

/** By the plural name of the resource. */
export type Reviews = ReadonlyMap<string, Review>;

export async function answerReview(
  exchange: Exchange,
  definition: ResourceDefinition,
  { registry, now }: { readonly registry: Registry; readonly now: () => Date },
  review: Review,
): Promise<ApiResponse> {
  const { request, info, user, warnings } = exchange;
  const representation = negotiatePlain(header(request, 'accept'));
  const { fieldValidation, fieldManager } = writeOptions(info.query, 'CreateOptions');
  const body = await objectBody(exchange, definition.type);
  const namespace = info.inNamespace ? info.namespace : '';
  const asked = inNamespace(
    registry.decode(definition, body, fieldValidation, warnings.add),
    namespace,
  );
  const object = withManager(definition, asked, managerOf(exchange, fieldManager), now());
  const {
    kind: _,
    apiVersion: __,
    ...answer
  } = await review({
    object,
    user,
    namespace,
  });
  const { kind } = definition.type;
  return await valueAnswer(
    201,
    { kind, apiVersion: apiVersionOf(definition.type), ...answer },
    { ...representation, pretty: representation.pretty || wantsPretty(request, info.query) },
  );
}

/** As of every object that is created, though nobody keeps it. */
function withManager(
  definition: ResourceDefinition,
  object: KubernetesObject,
  manager: string,
  now: Date,
): KubernetesObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const managed = managedAfterUpdate(definition, undefined, object, { manager, now });
  return {
    ...object,
    metadata: managed === undefined ? metadata : { ...metadata, managedFields: managed },
  };
}

/**
 * As every object that is created: without what the server sets, and in the namespace of the path.
 *
 * @param namespace empty where the resource has none
 * @throws StatusError BadRequest
 */
function inNamespace(object: KubernetesObject, namespace: string): KubernetesObject {
  const {
    namespace: own = '',
    uid: _,
    creationTimestamp: __,
    deletionTimestamp: ___,
    deletionGracePeriodSeconds: ____,
    ...metadata
  } = object.metadata;
  if (namespace === '') return { ...object, metadata };
  if (own === '' || own === namespace) return { ...object, metadata: { ...metadata, namespace } };
  throw StatusError.of(
    'BadRequest',
    'the namespace of the provided object does not match the namespace sent on the request',
  );
}
