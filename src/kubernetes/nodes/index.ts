/** What the API server and the node both have to know about nodes. */
export { isKubernetesLabel, isOwnNodeLabel, isWithinDomain, labelDomain } from './labels.ts';
export { isNodeName } from './name.ts';
