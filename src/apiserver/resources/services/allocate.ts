/** Addresses and node ports of services (k8s.io/kubernetes, pkg/registry/core/service/storage/alloc.go). */
import type { Service } from '../../../kubernetes/index.ts';
import type { Others } from '../definition.ts';
import { invalid } from '../field-error.ts';
import { leavesFamilies, refuseIfAny, withFamilies } from './families.ts';
import { failure, free } from './free.ts';
import { isHeadless, isNamed, withSpec } from './kinds.ts';
import { nodePortsOf, wantsNodePorts, withNodePorts } from './node-ports.ts';
import { type AddressRange, addressNumber, addressText } from './ranges.ts';

/** @throws StatusError Invalid, InternalError */
export async function allocate(
  service: Service,
  old: Service | undefined,
  source: Others<Service>,
): Promise<Service> {
  const { ranges } = source;
  const isLeft = isNamed(service) || leavesFamilies(service, old);
  const familiar = isLeft ? service : withFamilies(service, old, ranges);
  const wanting = isLeft ? [] : wantingFamilies(familiar, old);
  if (wanting.length === 0 && !wantsNodePorts(familiar)) return familiar;
  const others = (await source.list()).filter(
    ({ metadata }) => metadata.uid !== service.metadata.uid,
  );
  const random = (): number => source.random();
  const addressed =
    wanting.length === 0 ? familiar : withAddresses(familiar, wanting, { others, source });
  const taken = new Set(others.flatMap(nodePortsOf));
  return withNodePorts(addressed, old, { range: ranges.nodePorts, taken, random });
}

/** Which of its families (by their place) are to have an address: what has one keeps it. */
function wantingFamilies(service: Service, old: Service | undefined): readonly number[] {
  const { ipFamilies = [] } = service.spec;
  if (isHeadless(service)) return [];
  if (old === undefined || isNamed(old)) return [...ipFamilies.keys()];
  if (isHeadless(old)) return [];
  const { ipFamilies: before = [] } = old.spec;
  return before.length === 1 && ipFamilies.length === 2 ? [1] : [];
}

function withAddresses(
  service: Service,
  wanting: readonly number[],
  { others, source }: { readonly others: readonly Service[]; readonly source: Others<Service> },
): Service {
  const { clusterIPs = [], ipFamilies = [] } = service.spec;
  const taken = new Set(others.flatMap(({ spec }) => (spec.clusterIPs ?? []).map(keyOf)));
  const addresses = [...clusterIPs];
  for (const place of wanting) {
    const range = source.ranges.addresses.find(({ family }) => family === ipFamilies[place]);
    if (range === undefined) continue;
    const wish = addresses[place] ?? '';
    if (wish === '') addresses[place] = anyAddress(service, range, taken, source);
    else {
      const problem = problemOf(wish, range, taken);
      if (problem !== undefined) {
        const detail = `failed to allocate IP ${wish}: ${problem}`;
        refuseIfAny(service, [invalid('spec.clusterIPs', clusterIPs, detail)]);
      }
    }
  }
  return withSpec(service, { clusterIP: addresses[0], clusterIPs: addresses });
}

/** The same of all spellings of an address; families do not meet. */
const keyOf = (address: string): string =>
  `${address.includes(':') ? 6 : 4} ${addressNumber(address)}`;

function anyAddress(
  { metadata }: Service,
  range: AddressRange,
  taken: ReadonlySet<string>,
  source: Others<Service>,
): string {
  const family = range.family === 'IPv4' ? 4 : 6;
  const isFirst = range === source.ranges.addresses[0];
  const found = free(
    range,
    () => source.random(),
    // That of the service `kubernetes` is not given away while it is not there.
    (one) => (isFirst && one === range.first) || taken.has(`${family} ${one}`),
  );
  if (found !== undefined) return addressText(found, range.family);
  throw failure(`failed to allocate a serviceIP for Service "${metadata.name}": range is full`);
}

function problemOf(
  address: string,
  { first, last }: AddressRange,
  taken: ReadonlySet<string>,
): string | undefined {
  const number = addressNumber(address);
  if (number < first || number > last) {
    return 'the provided network does not match the current range';
  }
  return taken.has(keyOf(address)) ? 'provided IP is already allocated' : undefined;
}
