/** Which objects a request means: selectors by label and by field. */
export {
  exactField,
  type FieldRequirement,
  type FieldSelector,
  fieldMatcher,
  formatFieldSelector,
  parseFieldSelector,
} from './fields.ts';
export { labelKeyProblems, labelValueProblems } from './label-names.ts';
export {
  EVERYTHING,
  formatLabelSelector,
  type LabelOperator,
  type LabelRequirement,
  type LabelSelector,
  type Labels,
  labelSelector,
  parseLabelSelector,
} from './labels.ts';
