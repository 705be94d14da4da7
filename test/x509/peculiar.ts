/** @peculiar/x509 as an oracle. It needs reflect-metadata to be there when it is loaded. */
await import('reflect-metadata');

export const peculiar = await import('@peculiar/x509');
