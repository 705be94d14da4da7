/**
 * What addresses and node ports services are given from: kube-apiserver's `--service-cluster-ip-range` and
 * `--service-node-port-range` (cmd/kube-apiserver, validateClusterIPFlags; apimachinery, util/net, PortRange;
 * kubernetes, pkg/registry/core/service, calculateRangeOffset).
 */
import { parseSubnet } from '../../../cluster/index.ts';
import { KubepkiError, quoted } from '../../../errors.ts';
import { bytesToIp, ipToBytes } from '../../../x509/index.ts';
import { withoutZeros } from '../checks.ts';

export type Family = 'IPv4' | 'IPv6';

/** Addresses as numbers, of one family; all that are between two of them. */
export interface AddressRange {
  readonly family: Family;
  /** `10.0.0.0/24` */
  readonly text: string;
  /** That of the service `kubernetes`, where this range is the first. */
  readonly first: bigint;
  readonly last: bigint;
  /** What is given without a wish is from here on as long as there is any: the others are left to those who wish. */
  readonly firstDynamic: bigint;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
  readonly firstDynamic: number;
}

export interface ServiceRanges {
  /** One of a family; the first is that of services which do not say. */
  readonly addresses: readonly AddressRange[];
  readonly nodePorts: PortRange;
}

const ADDRESSES_FLAG = '--service-cluster-ip-range';
const PORTS_FLAG = '--service-node-port-range';
/** Upstream makes no allocator for a range of IPv6 that has a shorter one, and never becomes ready. */
const SHORTEST_IPV6_PREFIX = 64;
const MOST_PORT = 65_535;

/**
 * @param addresses `10.0.0.0/24`, or two with a comma between, of different families
 * @param nodePorts `30000-32767`, `30000+2767` or one port; empty as if it was not given
 * @throws KubepkiError USAGE naming the flag
 */
export function serviceRanges(addresses = '10.0.0.0/24', nodePorts = ''): ServiceRanges {
  const texts = addresses.split(',');
  if (texts.length > 2) throw refusal(ADDRESSES_FLAG, 'at most two ranges, one of each family');
  const ranges = texts.map(addressRange);
  if (new Set(ranges.map(({ family }) => family)).size < ranges.length) {
    throw refusal(ADDRESSES_FLAG, `${quoted(addresses, 100)}: two ranges are one of each family`);
  }
  const ports = nodePorts.trim();
  return { addresses: ranges, nodePorts: portRange(ports === '' ? '30000-32767' : ports) };
}

const refusal = (flag: string, problem: string): KubepkiError =>
  new KubepkiError('USAGE', `${flag}: ${problem}`);

function addressRange(text: string): AddressRange {
  const subnet = parseSubnet(text);
  if ('refused' in subnet) {
    throw refusal(ADDRESSES_FLAG, `${quoted(text, 100)}: ${subnet.refused}`);
  }
  const prefix = Number(subnet.text.split('/')[1]);
  const isIPv4 = subnet.family === 4;
  if (!isIPv4 && prefix < SHORTEST_IPV6_PREFIX) {
    throw refusal(
      ADDRESSES_FLAG,
      `${quoted(text, 100)} is too large: the prefix is ${SHORTEST_IPV6_PREFIX} bits or longer`,
    );
  }
  const first = addressNumber(subnet.firstAddress);
  const size = 1n << BigInt((isIPv4 ? 32 : 128) - prefix);
  // Without the network's own address, and of IPv4 without that of all.
  const last = first + size - (isIPv4 ? 3n : 2n);
  const kept = staticPart(size, { least: 16n, most: 256n, step: 16n });
  const family = isIPv4 ? 'IPv4' : 'IPv6';
  return { family, text: subnet.text, first, last, firstDynamic: first + kept };
}

const RANGE = /^(\d{1,9})(?:([-+])(\d{1,9}))?$/;

function portRange(text: string): PortRange {
  const [, low = '', sign, high = ''] = RANGE.exec(text) ?? [];
  if (low === '') {
    throw refusal(PORTS_FLAG, `${quoted(text, 100)} is no range such as 30000-32767 or 30000+2767`);
  }
  const first = Number(low);
  const last = sign === undefined ? first : Number(high) + (sign === '+' ? first : 0);
  if (first > MOST_PORT || last > MOST_PORT) {
    throw refusal(PORTS_FLAG, `${quoted(text, 100)}: a port is at most ${MOST_PORT}`);
  }
  if (last < first) throw refusal(PORTS_FLAG, `${quoted(text, 100)} ends before it begins`);
  const size = BigInt(last - first + 1);
  const kept = Number(staticPart(size, { least: 16n, most: 128n, step: 32n }));
  return { first, last, firstDynamic: first + kept };
}

/** How many of a range are left to those who wish: a part of it, within bounds; of a small one, none. */
function staticPart(
  size: bigint,
  { least, most, step }: { readonly least: bigint; readonly most: bigint; readonly step: bigint },
): bigint {
  if (size <= least) return 0n;
  const part = size / step;
  if (part < least) return least;
  return part > most ? most : part;
}

/** The bytes of an address, of whichever spelling, as a number. */
export function addressNumber(text: string): bigint {
  const bytes = ipToBytes(withoutZeros(text));
  return bytes === undefined ? -1n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** As upstream writes what it gives. */
export function addressText(number: bigint, family: Family): string {
  const digits = number.toString(16).padStart(family === 'IPv4' ? 8 : 32, '0');
  return bytesToIp(Buffer.from(digits, 'hex'));
}

/** The address of the service `kubernetes`. */
export function firstServiceAddress({ addresses: [range] }: ServiceRanges): string {
  if (range === undefined) throw new TypeError('expected a range of addresses');
  return addressText(range.first, range.family);
}
