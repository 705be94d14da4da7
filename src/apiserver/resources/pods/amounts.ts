/**
 * How much pods ask for: what their containers need together, and how a node treats them for it
 * (component-helpers/resource; k8s.io/kubernetes, defaultPodRequests, ComputePodQOS).
 */
import type {
  Container,
  Pod,
  PodSpec,
  ResourceList,
  ResourceRequirements,
} from '../../../kubernetes/index.ts';
import { canonicalQuantity, quantityNanos } from '../quantity.ts';

const HUGE_PAGES = 'hugepages-';
export const NANO = 10n ** 9n;

export const isHugePages = (name: string): boolean => name.startsWith(HUGE_PAGES);
/** The size of one of them. */
export const pageSize = (name: string): bigint => nanosOf(name.slice(HUGE_PAGES.length));
export const isNative = (name: string): boolean =>
  !name.includes('/') || name.includes('kubernetes.io/');
export const mayOvercommit = (name: string): boolean => isNative(name) && !isHugePages(name);
export const nanosOf = (quantity: string): bigint => quantityNanos(quantity) ?? 0n;

/** What a pod as a whole can ask for, with huge pages. */
export const OF_PODS = ['cpu', 'memory'];
export const isOfPods = (name: string): boolean => OF_PODS.includes(name) || isHugePages(name);

/** The sum as its first part is written: `1536Mi` where that is `1Gi`, `1500m` where it is `1`. */
export function quantityOf({ nanos, like }: Amount): string {
  const plain = nanos % 1_000_000n === 0n ? `${nanos / 1_000_000n}m` : `${nanos}n`;
  const decimal = canonicalQuantity(plain) ?? plain;
  if (!/[KMGTPE]i$/.test(like) || nanos % (NANO * 1024n) !== 0n) return decimal;
  return canonicalQuantity(`${nanos / NANO / 1024n}Ki`) ?? decimal;
}

/** A sum, and the first of its parts: the sum is written as that is. */
interface Amount {
  readonly nanos: bigint;
  readonly like: string;
}

type Amounts = Map<string, Amount>;

/**
 * What all containers need at the same time: those of init that stay count with the others, those that end
 * one after the other.
 */
export function aggregated(
  spec: PodSpec,
  list: 'limits' | 'requests',
): ReadonlyMap<string, Amount> {
  const total: Amounts = new Map();
  const staying: Amounts = new Map();
  const most: Amounts = new Map();
  const own = (container: Container): ResourceList => container.resources?.[list] ?? {};
  for (const container of spec.containers ?? []) add(total, own(container));
  for (const container of spec.initContainers ?? []) {
    const running = new Map(staying);
    add(running, own(container));
    if (container.restartPolicy === 'Always') {
      add(staying, own(container));
      add(total, own(container));
    }
    raise(most, running);
  }
  raise(total, most);
  return total;
}

function add(to: Amounts, resources: ResourceList): void {
  for (const [name, quantity] of Object.entries(resources)) {
    const { nanos, like } = to.get(name) ?? { nanos: 0n, like: quantity };
    to.set(name, { nanos: nanos + nanosOf(quantity), like });
  }
}

function raise(to: Amounts, others: ReadonlyMap<string, Amount>): void {
  for (const [name, amount] of others) {
    if (amount.nanos > (to.get(name)?.nanos ?? 0n)) to.set(name, amount);
  }
}

/** Requests of the pod as a whole are those of its containers, else its limits (defaultPodRequests). */
export function defaultPodResources(spec: PodSpec): PodSpec {
  const { resources } = spec;
  if (resources === undefined) return spec;
  const limits = withHugePages(spec, resources);
  if (limits === undefined || Object.keys(limits).length === 0) return spec;
  const requests: Record<string, string> = { ...resources.requests };
  for (const [name, needed] of aggregated(spec, 'requests')) {
    if (isOfPods(name) && mayOvercommit(name)) {
      requests[name] ??= quantityOf(needed);
    }
  }
  for (const [name, limit] of Object.entries(limits)) {
    if (isOfPods(name)) requests[name] ??= limit;
  }
  const isWhole =
    limits === resources.limits &&
    Object.keys(requests).length === Object.keys(resources.requests ?? {}).length;
  return isWhole ? spec : { ...spec, resources: { ...resources, limits, requests } };
}

function withHugePages(
  spec: PodSpec,
  { limits, requests }: ResourceRequirements,
): ResourceList | undefined {
  if (limits === undefined && requests === undefined) return undefined;
  const added: Record<string, string> = {};
  for (const [name, limit] of aggregated(spec, 'limits')) {
    if (!isHugePages(name) || requests?.[name] !== undefined) continue;
    if (limits?.[name] === undefined) added[name] = quantityOf(limit);
  }
  return Object.keys(added).length === 0 ? limits : { ...limits, ...added };
}

/** How the node treats the pod when it is short of something. */
export function qosClass({ spec }: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const parts: readonly (ResourceRequirements | undefined)[] =
    spec.resources === undefined
      ? [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((one) => one.resources)
      : [spec.resources];
  const requests = new Map<string, bigint>();
  const limits = new Map<string, bigint>();
  let isLimited = true;
  for (const resources of parts) {
    const limited = addPositive(limits, resources?.limits);
    addPositive(requests, resources?.requests);
    if (limited < OF_PODS.length && !(spec.resources !== undefined && limited === 0)) {
      isLimited = false;
    }
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  const isGuaranteed =
    isLimited &&
    requests.size === limits.size &&
    [...requests].every(([name, asked]) => limits.get(name) === asked);
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

/** How many of cpu and memory are there. */
function addPositive(to: Map<string, bigint>, list: ResourceList = {}): number {
  let count = 0;
  for (const name of OF_PODS) {
    const nanos = nanosOf(list[name] ?? '0');
    if (nanos <= 0n) continue;
    count += 1;
    to.set(name, (to.get(name) ?? 0n) + nanos);
  }
  return count;
}
