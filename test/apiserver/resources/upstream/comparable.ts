/** What of an answer two servers must have in common: all but what each chooses, or the moment. */

export interface Answered {
  readonly status: number;
  /** The media type. */
  readonly type: string;
  readonly warnings: readonly string[];
  readonly body: unknown;
}

export interface Comparable {
  readonly status: number;
  /** Absent for JSON. */
  readonly type?: string;
  readonly warnings?: readonly string[];
  readonly body: unknown;
}

/** Chosen by a server, or by the moment. */
const CHOSEN = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'lastTransitionTime',
  'lastPhaseTransitionTime',
  'lastUpdateTime',
  'clusterIP',
  'clusterIPs',
  'nodePort',
  'healthCheckNodePort',
  'continue',
]);
/** Of the columns of a table: ours are in our own words. */
const OWN_WORDS = 'description';

export function comparable({ status, type, warnings, body }: Answered): Comparable {
  const plain = stripped(body);
  return {
    status,
    ...(type === 'application/json' ? {} : { type }),
    ...(warnings.length === 0 ? {} : { warnings: warnings.map(chosenText).sort() }),
    body: isRecord(plain) && plain['status'] === 'Failure' ? refusal(plain) : plain,
  };
}

type JsonRecord = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A refusal with its causes in any order, each once: those of a map are told in Go as it comes, and those of metadata
 * twice by resources that look at it themselves. The message tells them again.
 */
function refusal(status: JsonRecord): JsonRecord {
  const { details, message } = status;
  if (!isRecord(details) || !Array.isArray(details['causes'])) return status;
  const causes = [...new Set(details['causes'].map((one) => JSON.stringify(one)))].sort();
  const [first = ''] = String(message).split(/ is invalid: /);
  return {
    ...status,
    message: status['reason'] === 'Invalid' ? first : message,
    details: { ...details, causes: causes.map((one): unknown => JSON.parse(one)) },
  };
}

function stripped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripped);
  if (typeof value === 'string') return chosenText(value);
  if (!isRecord(value)) return value;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    if (key === OWN_WORDS) continue;
    if (key === 'cells' && Array.isArray(value[key])) {
      result[key] = value[key].map(cell);
      continue;
    }
    // Rules come in Go's order of a map.
    if (/^(non)?resourceRules$/i.test(key)) {
      result[key] = inOrder(stripped(value[key]));
      continue;
    }
    if (key === 'managedFields') {
      result[key] = managers(value[key]);
      continue;
    }
    const chosen = CHOSEN.has(key) && value[key] !== '' && value[key] !== null;
    result[key] = chosen ? '<chosen>' : stripped(value[key]);
  }
  return result;
}

const inOrder = (items: unknown): unknown =>
  Array.isArray(items)
    ? items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    : items;

/** Without their times. */
const managers = (entries: unknown): unknown =>
  Array.isArray(entries)
    ? entries.map((one) => {
        const { time: _, ...rest } = isRecord(one) ? one : {};
        return stripped(rest);
      })
    : entries;

/** Of a table: an age, a time, an address of a service, its ports. */
function cell(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (/^(\d+[smhd]){1,2}$/.test(value)) return '<age>';
  if (/^\d{4}-\d\d-\d\dT[\d:]+Z$/.test(value)) return '<time>';
  return chosenText(
    value.replace(/^10\.0\.0\.\d+$/, '<address>').replace(/:3[0-2]\d{3}\//g, ':<port>/'),
  );
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Versions, identities and random names in texts. */
const chosenText = (text: string): string =>
  text
    // What a patch has made of it, as a text: not recorded, and ours not shown.
    .replace(/Invalid value: "\{(?:\\.|[^"\\])*\}": /, 'Invalid value: "<patched object>": ')
    .replace(UUID, '<uid>')
    .replace(/^X509SHA256=[0-9a-f]{64}$/, '<credential>')
    .replace(/(generated-|Bad_%|example\.com:s:)[a-z0-9]{5}(?![a-z0-9])/g, '$1<random>')
    .replace(/(current: |in record \(|in precondition \(|in object meta: )\d+/g, '$1<version>')
    .replace(/(IPAddress\.networking\.k8s\.io \\?")10\.0\.0\.\d+/g, '$1<address>');
