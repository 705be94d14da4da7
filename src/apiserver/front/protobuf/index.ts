/** The protobuf form of request bodies: kubectl's typed commands and the kubelet send no other. */
export { decodeProtobuf } from './decode.ts';
export { WireError } from './wire.ts';
