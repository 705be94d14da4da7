/**
 * `scale` of what has a number of replicas: read and written as a Scale of autoscaling/v1 (k8s.io/kubernetes,
 * pkg/registry/apps/…/storage: ScaleREST).
 */
import { type KubernetesObject, SCALES, type Scale } from '../../../kubernetes/index.ts';
import { nonNegative } from '../checks.ts';
import { AGE, column } from '../columns.ts';
import { define } from '../define.ts';
import type { Subresource, SubresourceForm } from '../definition.ts';
import type { FieldError } from '../field-error.ts';
import { validateMetadata } from '../metadata.ts';
import { dnsSubdomain } from '../names.ts';
import { ageOf } from '../times.ts';

const SCALE_DEFINITION = define(SCALES, {
  verbs: [],
  strategy: { validateName: dnsSubdomain },
  columns: [
    column('Name', 'The name of the object.'),
    column('Desired', 'How many pods are wanted.', { type: 'integer' }),
    column('Available', 'How many pods there are.', { type: 'integer' }),
    AGE,
  ],
  row: ({ metadata, spec, status }, now) => [
    metadata.name ?? '',
    spec.replicas ?? 0,
    status.replicas,
    ageOf(metadata.creationTimestamp, now),
  ],
});

/** What of an object a Scale shows. */
interface Replicas {
  readonly wanted: number;
  readonly there: number;
  /** The text of a label selector. */
  readonly selector: string;
}

interface Scaled<T extends KubernetesObject> {
  read(object: T): Replicas;
  /** @param replicas undefined: a field that nobody has set */
  write(object: T, replicas: number | undefined): T;
}

const scaleOf = <T extends KubernetesObject>(scaled: Scaled<T>): Subresource<T> => {
  const form: SubresourceForm<T, Scale> = {
    definition: SCALE_DEFINITION,
    read: (object) => scaleFrom(object, scaled.read(object)),
    write: (object, { spec }) => scaled.write(object, spec.replicas ?? 0),
    // In a Scale none is what stands there if nothing does.
    managed: (object, old) =>
      scaled.read(object).wanted === 0 && scaled.read(old).wanted !== 0
        ? scaled.write(object, undefined)
        : object,
    validate: (scale) => [
      ...validateMetadata(SCALE_DEFINITION, scale),
      ...nonNegative('spec.replicas', scale.spec.replicas),
    ],
  };
  return { verbs: ['get', 'patch', 'update'], form };
};

type Workload = KubernetesObject & {
  readonly spec: { readonly replicas?: number };
  readonly status: { readonly replicas: number };
};

/**
 * `scale` and `status` of what makes pods.
 *
 * @param selector as the text of a label selector
 */
export const workloadSubresources = <T extends Workload>(
  selector: (object: T) => string,
  validateStatus: (status: T['status'], old: T['status']) => FieldError[],
): { readonly scale: Subresource<T>; readonly status: Subresource<T> } => ({
  scale: scaleOf({
    read: (object) => ({
      wanted: object.spec.replicas ?? 0,
      there: object.status.replicas,
      selector: selector(object),
    }),
    write: (object, replicas) => ({ ...object, spec: withReplicas(object.spec, replicas) }),
  }),
  status: {
    verbs: ['get', 'patch', 'update'],
    prepareUpdate: (object, old) => ({ ...object, spec: old.spec }),
    validateUpdate: ({ status }, old) => validateStatus(status, old.status),
  },
});

/** The spec with so many replicas, or with nothing said of them. */
function withReplicas<S extends { readonly replicas?: number }>(
  spec: S,
  replicas: number | undefined,
): S {
  if (replicas !== undefined) return { ...spec, replicas };
  const copy = { ...spec };
  Reflect.deleteProperty(copy, 'replicas');
  return copy;
}

const SHOWN = ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp'] as const;

function scaleFrom({ metadata }: KubernetesObject, { wanted, there, selector }: Replicas): Scale {
  return {
    metadata: Object.fromEntries(
      SHOWN.flatMap((field) =>
        metadata[field] === undefined ? [] : [[field, metadata[field]] as const],
      ),
    ),
    spec: wanted === 0 ? {} : { replicas: wanted },
    status: { replicas: there, ...(selector === '' ? {} : { selector }) },
  };
}
