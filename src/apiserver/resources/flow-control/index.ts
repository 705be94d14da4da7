/**
 * FlowSchemas and PriorityLevelConfigurations (k8s.io/kubernetes, pkg/apis/flowcontrol). Stored and served; this
 * server shares itself out by limits of its own. Of upstream's own objects the mandatory ones are there.
 */
export { MANDATORY_PRIORITY_LEVELS, PRIORITY_LEVEL_DEFINITION } from './levels.ts';
export { FLOW_SCHEMA_DEFINITION, MANDATORY_FLOW_SCHEMAS } from './schemas.ts';
