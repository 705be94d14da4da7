/** Templates of pods: the rules of pods, under another path (k8s.io/kubernetes, ValidatePodTemplateSpec). */
import type { Pod, PodTemplate } from '../../../kubernetes/index.ts';
import { labels } from '../checks.ts';
import { type FieldError, forbidden } from '../field-error.ts';
import { validateAnnotations } from '../metadata.ts';
import { withoutDisabled } from './disabled.ts';
import { validateProfileAnnotations } from './security.ts';
import { validateAnnotations as validatePodAnnotations, validateSpec } from './spec.ts';

const asPod = ({ metadata = {}, spec }: PodTemplate): Pod => ({ metadata, spec });

/** Upstream's path of annotations of a template leaves out the metadata. */
const METADATA = 'metadata.annotations';

/** @param field of the template: `spec.template` */
export function validateTemplate(field: string, template: PodTemplate): FieldError[] {
  const { metadata = {}, spec } = template;
  const { name: _, ...unnamed } = metadata;
  const pod = { metadata: unnamed, spec };
  const inside = [...validateSpec(pod), ...validateProfileAnnotations(pod)];
  return [
    ...labels(`${field}.labels`, metadata.labels),
    ...validateAnnotations(`${field}.annotations`, metadata.annotations ?? {}),
    ...validateTemplateAnnotations(field, template),
    ...inside.map((error) => ({ ...error, field: `${field}.${error.field}` })),
    ...((spec.ephemeralContainers ?? []).length === 0
      ? []
      : [
          forbidden(
            `${field}.spec.ephemeralContainers`,
            'ephemeral containers not allowed in pod template',
          ),
        ]),
  ];
}

/** Of annotations what they say of a pod (ValidatePodSpecificAnnotations). */
export const validateTemplateAnnotations = (field: string, template: PodTemplate): FieldError[] =>
  validatePodAnnotations(asPod(template)).map((error) => ({
    ...error,
    field: `${field}.annotations${error.field.slice(METADATA.length)}`,
  }));

/** Without what is behind gates that are off. */
export const enabledTemplate = (template: PodTemplate): PodTemplate => ({
  ...template,
  spec: withoutDisabled(asPod(template)).spec,
});
