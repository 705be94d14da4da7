/**
 * What services have that is in no range any more, since the server was told another one (k8s.io/kubernetes,
 * pkg/registry/core/service/ipallocator/controller, portallocator/controller). They keep it.
 */
import type { Service } from '../../../kubernetes/index.ts';
import { isHeadless, isNamed } from './kinds.ts';
import { nodePortsOf } from './node-ports.ts';
import { addressNumber, type ServiceRanges } from './ranges.ts';

/** A sentence for each. */
export function outsideRanges(
  service: Service,
  { addresses, nodePorts: { first, last } }: ServiceRanges,
): string[] {
  const name = `${service.metadata.namespace}/${service.metadata.name}`;
  const hasAddresses = !isNamed(service) && !isHeadless(service);
  const clusterIPs = hasAddresses ? (service.spec.clusterIPs ?? []) : [];
  const strayAddresses = clusterIPs.filter((address) => {
    const family = address.includes(':') ? 'IPv6' : 'IPv4';
    const number = addressNumber(address);
    return !addresses.some(
      (range) => range.family === family && number >= range.first && number <= range.last,
    );
  });
  const strayPorts = nodePortsOf(service).filter((port) => port < first || port > last);
  return [
    ...strayAddresses.map((one) => `address ${one} of service ${name} is in no range of services`),
    ...strayPorts.map((one) => `node port ${one} of service ${name} is not in ${first}-${last}`),
  ];
}
