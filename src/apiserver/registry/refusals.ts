/** The refusals of the registry, worded as upstream's apimachinery api/errors words them. */
import { quoted } from '../../errors.ts';
import { type ResourceType, StatusError } from '../../kubernetes/index.ts';

/** `secrets`, `leases.coordination.k8s.io`. */
const resourceName = ({ resource, group }: ResourceType): string =>
  group === '' ? resource : `${resource}.${group}`;

const details = (type: ResourceType, name: string): Record<'name' | 'kind', string> => ({
  name,
  ...(type.group === '' ? {} : { group: type.group }),
  kind: type.resource,
});

export const named = (type: ResourceType, name: string): string =>
  `${resourceName(type)} ${quoted(name)}`;

export const notFound = (type: ResourceType, name: string): StatusError =>
  StatusError.of('NotFound', `${named(type, name)} not found`, details(type, name));

export const alreadyExists = (type: ResourceType, name: string): StatusError =>
  StatusError.of('AlreadyExists', `${named(type, name)} already exists`, details(type, name));

export const noUniqueName = (type: ResourceType, name: string): StatusError =>
  StatusError.of(
    'AlreadyExists',
    `${named(type, name)} already exists, the server was not able to generate a unique name for the object`,
    { ...details(type, name), retryAfterSeconds: 1 },
  );

export const conflict = (type: ResourceType, name: string, why: string): StatusError =>
  StatusError.of(
    'Conflict',
    `Operation cannot be fulfilled on ${named(type, name)}: ${why}`,
    details(type, name),
  );

/** As upstream says it of custom resources (apimachinery, pkg/runtime/serializer/protobuf). */
export const withoutProtobuf = (): StatusError =>
  StatusError.of(
    'NotAcceptable',
    'object *unstructured.Unstructured does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message',
  );

export const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

export const forbidden = (type: ResourceType, name: string, why: string): StatusError =>
  StatusError.of('Forbidden', `${named(type, name)} is forbidden: ${why}`, details(type, name));

export const badRequest = (message: string): StatusError => StatusError.of('BadRequest', message);

export const expired = (message: string): StatusError => StatusError.of('Expired', message);

/** Asked for what is not written yet. Upstream waits three seconds for it; nothing here lags behind. */
export const tooLargeVersion = (asked: number, current: number): StatusError =>
  StatusError.of('Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
