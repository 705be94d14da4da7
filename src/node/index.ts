/** The kubelet's side of TLS bootstrapping: certificates asked for, kept and renewed; the Node; the endpoint. */
export { runNodeAgent } from './agent.ts';
export { type BesideOptions, watchKubelet } from './beside.ts';
export { connectToServer } from './connect.ts';
export { describeEvent } from './describe.ts';
export { DISK, writeAtomically } from './disk.ts';
export { readMachineInfo } from './machine.ts';
export { checkLabels, nodeNameOf } from './names.ts';
export { isOfAgent } from './node-object.ts';
export { type OwnState, prepareOwnFiles } from './own-files.ts';
export { lineTeller } from './telling.ts';
export type * from './types.ts';
