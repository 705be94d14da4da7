/** Objects remember few who have updated them (apimachinery, util/managedfields/internal/capmanagers.go). */
import { compareText } from './element.ts';
import { unionOfAll } from './field-set.ts';
import {
  entryOf,
  identityOf,
  isManager,
  type ManagedFieldsEntry,
  type Manager,
  secondsOf,
} from './managed-fields.ts';

const MOST_UPDATERS = 10;
const ANCIENT = 'ancient-changes';

/** The oldest beyond ten become one, of each version. */
export function capManagers(entries: readonly ManagedFieldsEntry[]): readonly ManagedFieldsEntry[] {
  const updaters = entries.filter(({ operation }) => operation === 'Update');
  let surplus = updaters.length - MOST_UPDATERS;
  if (surplus <= 0) return entries;
  const buckets = new Map<string, Bucket>();
  for (const entry of updaters.toSorted(byAge)) {
    if (surplus === 0) break;
    const bucket = buckets.get(entry.apiVersion);
    if (bucket === undefined) {
      // The oldest of a version is put with others only when there is one.
      buckets.set(entry.apiVersion, new Bucket(entries, entry));
      continue;
    }
    bucket.add(entry);
    surplus -= 1;
  }
  const instead = new Map([...buckets.values()].flatMap((bucket) => bucket.changes()));
  return entries.flatMap((entry) => instead.get(entry) ?? [entry]);
}

const byAge = (a: ManagedFieldsEntry, b: ManagedFieldsEntry): number =>
  secondsOf(a) - secondsOf(b) || compareText(identityOf(a), identityOf(b));

/** What the oldest entries of one version become. It takes the place of the oldest, if it is not there yet. */
class Bucket {
  readonly #manager: Manager;
  readonly #place: ManagedFieldsEntry;
  readonly #added: ManagedFieldsEntry[] = [];

  constructor(entries: readonly ManagedFieldsEntry[], oldest: ManagedFieldsEntry) {
    const { apiVersion } = oldest;
    this.#manager = { manager: ANCIENT, operation: 'Update', apiVersion };
    this.#place = entries.find((one) => isManager(one, this.#manager)) ?? oldest;
  }

  add(entry: ManagedFieldsEntry): void {
    this.#added.push(entry);
  }

  /** What stands in the place of which entries then. */
  changes(): readonly (readonly [ManagedFieldsEntry, readonly ManagedFieldsEntry[]])[] {
    // The last is the youngest.
    const last = this.#added.at(-1);
    if (last === undefined) return [];
    const { time } = last;
    const merged = entryOf({
      ...this.#manager,
      ...(time === undefined ? {} : { time }),
      fieldsV1: unionOfAll([this.#place, ...this.#added].map(({ fieldsV1 }) => fieldsV1)),
    });
    return [...this.#added.map((entry) => [entry, []] as const), [this.#place, [merged]] as const];
  }
}
