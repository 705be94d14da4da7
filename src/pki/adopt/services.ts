/** The network of Services, whose first address kube-apiserver's certificates cover. */
import { isIP } from 'node:net';
import { bytesToIp, ipToBytes } from '../../x509/index.ts';
import type { Assigned } from './assigned.ts';
import { serviceLikelihood, subnetOf } from './names.ts';
import type { Remarks } from './remarks.ts';

export interface Services {
  /** At most one of each family; empty where nothing tells. */
  readonly subnets: readonly string[];
  readonly addresses: ReadonlySet<string>;
}

export interface ServiceSources {
  readonly assigned: readonly Assigned[];
  /** Subnets by the operator, or by kube-apiserver's own flags. */
  readonly ranges: readonly string[];
  readonly areGiven: boolean;
  /** Addresses that are of something else: endpoints, members of etcd. */
  readonly others: ReadonlySet<string>;
}

export function findServices(sources: ServiceSources, remarks: Remarks): Services {
  const covered = coveredByAll(sources.assigned.filter(({ id }) => id === 'apiserver'));
  const told = sources.ranges.flatMap((range) => {
    const first = firstAddress(range);
    return first === undefined ? [] : [{ range, first }];
  });
  if (told.length > 0) {
    const kept = sources.areGiven
      ? told
      : told.filter(({ first }) => covered === undefined || covered.includes(first));
    const left = told.filter((one) => !kept.includes(one));
    if (left.length > 0) {
      const ranges = left.map(({ range }) => range).join(', ');
      remarks.warn(
        `kube-apiserver has ${ranges} too, whose first address its certificate does not cover: left out of serviceSubnets`,
      );
    }
    if (kept.length > 0) {
      return {
        subnets: kept.map(({ range }) => range),
        addresses: new Set(kept.map(({ first }) => first)),
      };
    }
  }
  return guess(covered ?? [], sources.others, remarks);
}

/** The addresses that every one of these certificates covers; undefined without any. */
function coveredByAll(apiservers: readonly Assigned[]): string[] | undefined {
  const [first, ...others] = apiservers.map(
    ({ certificate }) => certificate?.subjectAltNames?.ip ?? [],
  );
  return first?.filter((address) => others.every((list) => list.includes(address)));
}

function guess(
  covered: readonly string[],
  others: ReadonlySet<string>,
  remarks: Remarks,
): Services {
  const found: { address: string; subnet: string }[] = [];
  for (const family of [4, 6]) {
    const [best] = covered
      .filter(
        (address) =>
          isIP(address) === family && !others.has(address) && serviceLikelihood(address) > 0,
      )
      .sort((a, b) => serviceLikelihood(b) - serviceLikelihood(a));
    const subnet = best === undefined ? undefined : subnetOf(best);
    if (best !== undefined && subnet !== undefined) found.push({ address: best, subnet });
  }
  if (found.length === 0) {
    remarks.tell(
      'the subnet of Services: no certificate covers its first address; written was the default',
    );
  } else {
    const addresses = found.map(({ address }) => address).join(' and ');
    const masks = found.map(({ subnet }) => subnet.slice(subnet.indexOf('/'))).join(' and ');
    remarks.tell(
      `the size of the subnet of Services: its first address is ${addresses}, ${masks} is what is usual (kube-apiserver --service-cluster-ip-range)`,
    );
  }
  return {
    subnets: found.map(({ subnet }) => subnet),
    addresses: new Set(found.map(({ address }) => address)),
  };
}

/** The first usable address of a subnet, which the Service `kubernetes` gets. */
export function firstAddress(range: string): string | undefined {
  const [, text = '', length = ''] = /^([^/]+)\/(\d{1,3})$/.exec(range) ?? [];
  const bytes = isIP(text) === 0 ? undefined : ipToBytes(text);
  if (bytes === undefined || Number(length) > bytes.length * 8 - 3) return undefined;
  const first = bytes.map(
    (byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, Number(length) - i * 8))),
  );
  first[first.length - 1] = (first[first.length - 1] ?? 0) + 1;
  return bytesToIp(first);
}
