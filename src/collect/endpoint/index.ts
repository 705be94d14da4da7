/** Endpoints: what a TLS server shows. */
import type { EndpointAddress } from './address.ts';
import type { EndpointMaterial, ProbeOptions } from './probe.ts';

export { type EndpointAddress, formatEndpoint, parseEndpoint } from './address.ts';
export type { EndpointMaterial, ProbeOptions } from './probe.ts';

/**
 * Shakes hands with an endpoint, trusting nothing, and tells what it has shown; a reason in words where
 * there is no TLS, or no answer in time. Never rejects for what the other side does, and leaves nothing
 * open.
 */
export async function probeEndpoint(
  address: EndpointAddress,
  options: ProbeOptions,
): Promise<EndpointMaterial | { readonly reason: string }> {
  // Whoever only looks at files does not load TLS.
  const { probe } = await import('./probe.ts');
  return await probe(address, options);
}
