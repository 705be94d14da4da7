/** What of an answer about managed fields two servers must have in common: all but what each chooses. */

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Managers, with the marks of their times, and the object's own fields; a refusal with its words. */
export function comparable({ status, body }: Answered): unknown {
  if (!isObject(body)) return { status, body };
  if (body['kind'] === 'Status') return { status, body: refusal(body) };
  const { metadata, ...rest } = body;
  const { managedFields, labels, annotations, finalizers, ownerReferences } = isObject(metadata)
    ? metadata
    : {};
  return {
    status,
    managedFields: Array.isArray(managedFields)
      ? managedFields.map(timeless).sort((a, b) => (order(a) < order(b) ? -1 : 1))
      : managedFields,
    object: chosen({ metadata: { labels, annotations, finalizers, ownerReferences }, ...rest }),
  };
}

const order = (entry: unknown): string => JSON.stringify(entry);

/** Entries of one second come in the order of their names, others in that of their times. */
const timeless = (entry: unknown): unknown =>
  isObject(entry)
    ? { ...entry, ...(entry['time'] === undefined ? {} : { time: '<time>' }) }
    : entry;

/** Causes in any order: Go tells a map as it comes. Values that are refused are shown as each likes. */
function refusal({ message, reason, details, code }: JsonObject): unknown {
  const causes = isObject(details) && Array.isArray(details['causes']) ? details['causes'] : [];
  const isConflict = reason === 'Conflict';
  const isOurWords = reason === 'Invalid' || OUR_WORDS.test(String(message));
  const shown = causes
    .filter(isObject)
    .map((cause) =>
      isConflict
        ? `${String(cause['reason'])} ${String(cause['field'])} ${String(cause['message'])}`
        : `${String(cause['reason'])} ${String(cause['field'])}`,
    );
  return {
    code,
    reason,
    message: isOurWords ? '<words>' : chosen(message),
    // Upstream finds some faults twice.
    causes: [...new Set(shown)].sort(),
  };
}

/** Of a parser of YAML, of JSON, of times: each has its own. */
const OUR_WORDS = /YAML: |to proper version: /;

/** Chosen by a server, or by the moment. */
const CHOSEN = new Set(['uid', 'clusterIP', 'clusterIPs', 'lastTransitionTime', 'lastUpdateTime']);
const UID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const PEM = /-----BEGIN CERTIFICATE-----[\s\S]*-----END CERTIFICATE-----/;

/** Without `extra` of a user, which tells how they have come. */
function chosen(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(chosen);
  if (typeof value === 'string') return value.replace(UID, '<uid>').replace(PEM, '<PEM>');
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined && key !== 'extra')
      .map((key) => [key, CHOSEN.has(key) ? '<chosen>' : chosen(value[key])]),
  );
}
