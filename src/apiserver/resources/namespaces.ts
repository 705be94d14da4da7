/** Namespaces (k8s.io/kubernetes, pkg/registry/core/namespace). */
import {
  labelKeyProblems,
  labelValueProblems,
  NAMESPACES,
  type Namespace,
} from '../../kubernetes/index.ts';
import { AGE, column, NAME } from './columns.ts';
import { define } from './define.ts';
import { type FieldError, invalid } from './field-error.ts';
import { isKnownFinalizer, KUBERNETES_FINALIZER, unknownFinalizer } from './metadata.ts';
import { dnsLabel } from './names.ts';
import { ageOf } from './times.ts';

const NAME_LABEL = 'kubernetes.io/metadata.name';

/** With its own name as a label, so that selectors can name it. */
const labelled = (namespace: Namespace): Namespace => {
  const { metadata } = namespace;
  const name = metadata.name ?? '';
  if (metadata.labels?.[NAME_LABEL] === name) return namespace;
  return {
    ...namespace,
    metadata: { ...metadata, labels: { ...metadata.labels, [NAME_LABEL]: name } },
  };
};

const withPhase = (namespace: Namespace): Namespace =>
  namespace.status?.phase === undefined
    ? { ...namespace, status: { phase: 'Active', ...namespace.status } }
    : namespace;

export const NAMESPACE_DEFINITION = define(NAMESPACES, {
  shortNames: ['ns'],
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  strategy: {
    validateName: dnsLabel,
    default: (namespace) =>
      withPhase(namespace.metadata.name === undefined ? namespace : labelled(namespace)),
    returnDeletedObject: true,
    beginDelete: (namespace) => ({
      ...namespace,
      status: { ...namespace.status, phase: 'Terminating' },
    }),
    isFinalized: ({ spec }) => (spec?.finalizers ?? []).length === 0,
    prepareCreate(namespace) {
      const finalizers = namespace.spec?.finalizers ?? [];
      const whole: Namespace = {
        ...namespace,
        spec: {
          finalizers: finalizers.includes(KUBERNETES_FINALIZER)
            ? finalizers
            : [...finalizers, KUBERNETES_FINALIZER],
        },
        status: { phase: 'Active' },
      };
      // Of a name that has been generated, which may be none.
      return labelValueProblems(namespace.metadata.name ?? '').length > 0 ? whole : labelled(whole);
    },
    validate: (namespace) => validateFinalizers(namespace, () => ''),
    prepareUpdate: (namespace, old) =>
      labelled({ ...namespace, spec: { ...old.spec }, status: { ...old.status } }),
  },
  subresources: {
    status: {
      verbs: ['get', 'patch', 'update'],
      prepareUpdate: (namespace, old) => labelled({ ...namespace, spec: { ...old.spec } }),
      validateUpdate({ metadata, status }) {
        const phase = status?.phase ?? '';
        const expected = metadata.deletionTimestamp === undefined ? 'Active' : 'Terminating';
        if (phase === expected) return [];
        const is = expected === 'Active' ? 'is empty' : 'is not empty';
        return [
          invalid(
            'status.Phase',
            phase,
            `may only be '${expected}' if \`deletionTimestamp\` ${is}`,
          ),
        ];
      },
    },
    finalize: {
      verbs: ['update'],
      prepareUpdate: (namespace, old) => labelled({ ...namespace, status: { ...old.status } }),
      validateUpdate: (namespace) => validateFinalizers(namespace, (index) => `[${index}]`),
    },
  },
  selectableFields: {
    'status.phase': ({ status }) => status?.phase ?? '',
  },
  columns: [NAME, column('Status', 'The phase of the namespace.'), AGE],
  row: ({ metadata, status }, now) => [
    metadata.name ?? '',
    status?.phase ?? '',
    ageOf(metadata.creationTimestamp, now),
  ],
});

/** @param place what comes behind the path of the list, for one of its items */
function validateFinalizers(
  { spec }: Namespace,
  place: (index: number) => string,
): readonly FieldError[] {
  return (spec?.finalizers ?? []).flatMap((finalizer, index) => {
    const field = `spec.finalizers${place(index)}`;
    const errors = labelKeyProblems(finalizer).map((problem) => invalid(field, finalizer, problem));
    return isKnownFinalizer(finalizer) ? errors : [...errors, unknownFinalizer(field, finalizer)];
  });
}
