/** Resources that are answered and not stored: who am I, may I, may they. */
import type { ApiResponse, KubernetesObject, UserInfo } from '../../kubernetes/index.ts';
import { apiVersionOf } from '../../kubernetes/index.ts';
import type { FieldValidation, Registry } from '../registry/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import { valueAnswer, wantsPretty } from './answers.ts';
import { objectBody } from './body.ts';
import { type Exchange, header } from './exchange.ts';
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
  registry: Registry,
  review: Review,
): Promise<ApiResponse> {
  const { request, info, user, warnings } = exchange;
  const representation = negotiatePlain(header(request, 'accept'));
  const { fieldValidation }: { fieldValidation: FieldValidation } = writeOptions(
    info.query,
    'CreateOptions',
  );
  const body = await objectBody(exchange, definition.type);
  const object = registry.decode(definition, body, fieldValidation, warnings.add);
  const {
    kind: _,
    apiVersion: __,
    ...answer
  } = await review({
    object,
    user,
    namespace: info.inNamespace ? info.namespace : '',
  });
  const { kind } = definition.type;
  return await valueAnswer(
    201,
    { kind, apiVersion: apiVersionOf(definition.type), ...answer },
    { ...representation, pretty: representation.pretty || wantsPretty(request, info.query) },
  );
}
