/** The rules of certificates.k8s.io: signers, usages, what each signer signs and for how long. */
export * from './conditions.ts';
export * from './go-duration.ts';
export * from './pod-certificate.ts';
export * from './pod-key.ts';
export * from './request.ts';
export * from './signer-names.ts';
export * from './signers.ts';
export * from './source.ts';
export * from './template.ts';
export * from './usages.ts';
export * from './validity.ts';
