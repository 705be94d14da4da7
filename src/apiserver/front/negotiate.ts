/**
 * Which form an answer takes: the `Accept` header against what is served here (apiserver,
 * pkg/endpoints/handlers/negotiation). JSON and YAML; protobuf is read but not yet written, which its
 * clients allow for.
 */
import { StatusError } from '../../kubernetes/index.ts';

export type Format = 'json' | 'yaml';

/** Another kind of object in place of the resource's own: a Table, or only the metadata. */
export interface Conversion {
  readonly kind: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** `meta.k8s.io/v1` or `/v1beta1`. */
  readonly apiVersion: string;
}

export interface Representation {
  readonly format: Format;
  readonly conversion?: Conversion;
  readonly pretty: boolean;
}

interface Clause {
  readonly mediaType: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
};
const FORMATS: readonly Format[] = ['json', 'yaml'];
const CONVERSIONS: readonly Conversion['kind'][] = [
  'Table',
  'PartialObjectMetadata',
  'PartialObjectMetadataList',
];
const META_VERSIONS = new Set(['v1', 'v1beta1']);
const JSON_ONLY: Representation = { format: 'json', pretty: false };

/** Headers of clients differ little: each is taken apart once, but for long ones, which anybody could fill memory with. */
const parsed = new Map<string, readonly Clause[]>();
const MOST_PARSED = 256;
const LONGEST_PARSED = 512;
/** A header beyond this is of no client that means well. */
const LONGEST_HEADER = 8192;
const MOST_CLAUSES = 64;

/**
 * For a resource: conversions are allowed.
 *
 * @throws StatusError NotAcceptable where nothing fits
 */
export function negotiateResource(header: string | undefined): Representation {
  return negotiate(header, FORMATS, true);
}

/** For a watch, which is JSON in lines and nothing else. */
export function negotiateWatch(header: string | undefined): Representation {
  const found = chosen(header, ['json'], true);
  if (found !== undefined) return found;
  throw notAcceptable('only the following media types are accepted: application/json;stream=watch');
}

/** For what has no other kinds: discovery, refusals, reviews. */
export function negotiatePlain(
  header: string | undefined,
  formats: readonly Format[] = FORMATS,
): Representation {
  return negotiate(header, formats, false);
}

/** For a refusal: JSON, to be read by people, where the client takes nothing that we have. */
export function negotiateRefusal(header: string | undefined): Representation {
  return chosen(header, FORMATS, false) ?? { format: 'json', pretty: true };
}

function negotiate(
  header: string | undefined,
  formats: readonly Format[],
  conversions: boolean,
): Representation {
  const found = chosen(header, formats, conversions);
  if (found !== undefined) return found;
  const types = formats.map((format) => MEDIA_TYPES[format]).join(', ');
  const known = clausesOf(header ?? '').some((clause) =>
    formats.some((format) => matches(clause, format)),
  );
  throw notAcceptable(
    known
      ? `only the following media types are accepted: ${types}`
      : `406: Not Acceptable\n\nAvailable representations: ${types}`,
  );
}

const notAcceptable = (message: string): StatusError => StatusError.of('NotAcceptable', message);

function chosen(
  header: string | undefined,
  formats: readonly Format[],
  conversions: boolean,
): Representation | undefined {
  if (header === undefined || header === '' || header === 'application/json') return JSON_ONLY;
  for (const clause of clausesOf(header)) {
    for (const format of formats) {
      const found = matches(clause, format)
        ? representation(clause, format, conversions)
        : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const matches = ({ mediaType }: Clause, format: Format): boolean =>
  mediaType === MEDIA_TYPES[format] || mediaType === 'application/*' || mediaType === '*/*';

/** Undefined where the clause asks for what this endpoint has not. */
function representation(
  { parameters }: Clause,
  format: Format,
  conversions: boolean,
): Representation | undefined {
  const stream = parameters.get('stream') ?? '';
  if ((stream !== '' && stream !== 'watch') || (parameters.get('sv') ?? '') !== '') {
    return undefined;
  }
  const pretty = parameters.get('pretty') === '1';
  if (!['as', 'g', 'v'].some((name) => parameters.has(name))) return { format, pretty };
  const conversion = conversions ? conversionOf(parameters) : undefined;
  return conversion === undefined ? undefined : { format, conversion, pretty };
}

function conversionOf(parameters: ReadonlyMap<string, string>): Conversion | undefined {
  const kind = CONVERSIONS.find((one) => one === parameters.get('as'));
  const version = parameters.get('v') ?? '';
  if (kind === undefined || parameters.get('g') !== 'meta.k8s.io' || !META_VERSIONS.has(version)) {
    return undefined;
  }
  return { kind, apiVersion: `meta.k8s.io/${version}` };
}

function clausesOf(header: string): readonly Clause[] {
  const known = parsed.get(header);
  if (known !== undefined) return known;
  if (header.length > LONGEST_HEADER) return [];
  const clauses = header
    .split(',', MOST_CLAUSES)
    .map(clause)
    .filter(({ mediaType }) => mediaType !== '')
    .sort((one, other) => other.quality - one.quality);
  if (header.length > LONGEST_PARSED) return clauses;
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(header, clauses);
  return clauses;
}

function clause(text: string): Clause {
  const [mediaType = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (equals > 0) parameters.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  const quality = Number(parameters.get('q') ?? 1);
  return { mediaType, parameters, quality: Number.isFinite(quality) ? quality : 1 };
}
