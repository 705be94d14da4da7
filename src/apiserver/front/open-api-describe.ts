/** What schemas say in words: `kubectl explain` prints it. One table, put together from those of the groups. */
import type { Described } from './open-api-words.ts';
import { ACCESS_DESCRIPTIONS } from './open-api-words-access.ts';
import { CORE_DESCRIPTIONS } from './open-api-words-core.ts';
import { META_DESCRIPTIONS } from './open-api-words-meta.ts';
import { NODE_DESCRIPTIONS } from './open-api-words-nodes.ts';
import { REVIEW_DESCRIPTIONS } from './open-api-words-reviews.ts';

const TABLE: ReadonlyMap<string, Described> = new Map(
  [
    CORE_DESCRIPTIONS,
    NODE_DESCRIPTIONS,
    ACCESS_DESCRIPTIONS,
    REVIEW_DESCRIPTIONS,
    META_DESCRIPTIONS,
  ].flatMap((words) => Object.entries(words)),
);

/** Fields that mean the same wherever they are. */
const COMMON: ReadonlyMap<string, string> = new Map([
  ['apiVersion', 'The group and version in which the object is written, such as v1.'],
  ['kind', 'What sort of object it is, in CamelCase.'],
  ['metadata', 'Name, labels and what else every object has.'],
]);

/** Undefined for a schema that nobody has described. */
export const describeSchema = (name: string): string | undefined => TABLE.get(name)?.is;

export const describeField = (schema: string, field: string): string | undefined =>
  TABLE.get(schema)?.fields?.[field] ?? COMMON.get(field);
