/** What of an answer two servers must have in common. */
import type { Case } from './case.ts';

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** Chosen by a server, or by the moment. */
const CHOSEN = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'lastTransitionTime',
  'clusterIP',
  'clusterIPs',
  'nodePort',
  'healthCheckNodePort',
  'managedFields',
]);
/** Of the columns of a table: ours are in our own words. */
const OWN_WORDS = 'description';

export function comparable({ status, body }: Answered): unknown {
  const refused = causesOf(body);
  return refused === undefined ? { status, body: stripped(body) } : { status, ...refused };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of a refusal why and for which fields, in any order; its words are not compared. */
function causesOf(body: unknown): { reason: unknown; causes: readonly string[] } | undefined {
  if (!isRecord(body) || body['kind'] !== 'Status' || body['status'] !== 'Failure')
    return undefined;
  const details = isRecord(body['details']) ? body['details'] : {};
  const causes = Array.isArray(details['causes']) ? details['causes'] : [];
  return {
    reason: body['reason'],
    causes: causes
      .filter(isRecord)
      .map((cause) => `${String(cause['reason'])} ${String(cause['field'])}`)
      .sort(),
  };
}

function stripped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripped);
  if (typeof value === 'string') return chosenText(value);
  if (!isRecord(value)) return value;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    if (key === 'managedFields' || key === OWN_WORDS) continue;
    result[key] = CHOSEN.has(key) ? '<chosen>' : stripped(value[key]);
  }
  return result;
}

/** Cells of tables: an age, an address of a service, its port. */
const chosenText = (text: string): string =>
  /^(\d+[smhd]){1,2}$/.test(text)
    ? '<age>'
    : text.replace(/^10\.0\.0\.\d+$/, '<address>').replace(/:3[0-2]\d{3}\//g, ':<port>/');

/** For the name of a test. */
export const nameOf = ({ method, path, body }: Case, index: number): string =>
  `${index + 1}. ${method} ${path} ${JSON.stringify(body ?? '').slice(0, 80)}`;
