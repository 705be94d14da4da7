/** The protobuf form of objects (`application/vnd.kubernetes.protobuf`): in bodies, lists, watches and the storage. */
export { decodeProtobuf, isProtobuf } from './decode.ts';
export { encodeMessage } from './encode.ts';
export { encodeProtobuf, envelope, envelopeList, watchFrame } from './envelope.ts';
export { WireError } from './reader.ts';
