/** The template of a StatefulSet, as its pods will be (k8s.io/kubernetes, ValidatePodTemplateSpecForStatefulSet). */
import type {
  LabelSelector,
  PodTemplate,
  StatefulSetSpec,
  Volume,
} from '../../../kubernetes/index.ts';
import { labels } from '../checks.ts';
import type { FieldError } from '../field-error.ts';
import { validateAnnotations } from '../metadata.ts';
import { validateTemplate, validateTemplateAnnotations } from '../pods/index.ts';
import { TEMPLATE, validateSelected } from './common.ts';

/** @param isWhole false: what the template says of its pods is not looked at */
export function validateStatefulTemplate(
  spec: StatefulSetSpec,
  template: PodTemplate,
  selector: LabelSelector,
  isWhole: boolean,
): FieldError[] {
  const { metadata = {} } = template;
  return [
    ...validateSelected(template, selector),
    ...(isWhole ? validateTemplate(TEMPLATE, asMade(spec, template)) : []),
    // Upstream looks at these twice.
    ...labels(`${TEMPLATE}.labels`, metadata.labels),
    ...validateAnnotations(`${TEMPLATE}.annotations`, metadata.annotations ?? {}),
    ...validateTemplateAnnotations(TEMPLATE, template),
  ];
}

/** The controller gives its pods their host names, and the volumes of their own claims. */
function asMade(
  { volumeClaimTemplates = [] }: StatefulSetSpec,
  template: PodTemplate,
): PodTemplate {
  const { hostname: _, subdomain: __, volumes, ...spec } = template.spec;
  const names = new Set(volumeClaimTemplates.map(({ metadata }) => metadata.name ?? ''));
  const made = [...names].map(
    (name): Volume => ({ name, persistentVolumeClaim: { claimName: name } }),
  );
  const own = (volumes ?? []).filter(({ name }) => !names.has(name));
  const all = names.size === 0 ? volumes : [...made, ...own];
  return { ...template, spec: all === undefined ? spec : { ...spec, volumes: all } };
}
