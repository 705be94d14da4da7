/** Devices of nodes: stored and served; who gives them to pods are scheduler and kubelet. */
export { RESOURCE_CLAIM_DEFINITION, RESOURCE_CLAIM_TEMPLATE_DEFINITION } from './claims.ts';
export { DEVICE_CLASS_DEFINITION } from './classes.ts';
export { RESOURCE_SLICE_DEFINITION } from './slices.ts';
