/**
 * Which form an answer takes: the `Accept` header against what is served here (apiserver,
 * pkg/endpoints/handlers/negotiation). Where a client takes anything it gets the first that fits: JSON.
 */
import { StatusError } from '../../kubernetes/index.ts';

export type Format = 'json' | 'yaml' | 'protobuf';

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
  protobuf: 'application/vnd.kubernetes.protobuf',
};
const FORMATS: readonly Format[] = ['json', 'yaml', 'protobuf'];
/** Forms in which a watch can be: a YAML document has no end that could be told. */
export const WATCH_MEDIA_TYPES = {
  json: MEDIA_TYPES.json,
  protobuf: `${MEDIA_TYPES.protobuf};stream=watch`,
} as const;
/** The same in refusals. */
const STREAMS = [`${MEDIA_TYPES.json};stream=watch`, WATCH_MEDIA_TYPES.protobuf];

/** All that an operation can answer, as OpenAPI lists it; with those of a watch where it can be one. */
export const producedTypes = (isStream: boolean): readonly string[] => [
  ...Object.values(MEDIA_TYPES),
  ...(isStream ? STREAMS : []),
];
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
 * @param isList where a watch can be had, too: a refusal names its forms
 * @throws StatusError NotAcceptable where nothing fits
 */
export function negotiateResource(header: string | undefined, isList = false): Representation {
  return negotiate(header, FORMATS, { conversions: true, streams: isList });
}

/** For a watch: JSON in lines, or protobuf in frames. What comes first and has no such form is not passed over. */
export function negotiateWatch(header: string | undefined): Representation & {
  readonly format: keyof typeof WATCH_MEDIA_TYPES;
} {
  const { format, ...found } = negotiate(header, FORMATS, { conversions: true, streams: true });
  if (format !== 'yaml') return { ...found, format };
  throw notAcceptable(`only the following media types are accepted: ${STREAMS.join(', ')}`);
}

/** For what has no other kinds: discovery, refusals, reviews. */
export function negotiatePlain(
  header: string | undefined,
  formats: readonly Format[] = FORMATS,
): Representation {
  return negotiate(header, formats, { conversions: false, streams: false });
}

/** What the aggregated form of discovery is called: a client asks for it by these parameters, and the answer names them. */
const AGGREGATED = { g: 'apidiscovery.k8s.io', v: 'v2', as: 'APIGroupDiscoveryList' };

/** The form of aggregated discovery that a client accepts, undefined where it accepts none. */
export function negotiateAggregated(
  header: string | undefined,
): { readonly format: Format; readonly contentType: string } | undefined {
  for (const clause of clausesOf(header ?? '')) {
    const asks = Object.entries(AGGREGATED).every(
      ([name, value]) => clause.parameters.get(name) === value,
    );
    const format = asks ? FORMATS.find((one) => matches(clause, one)) : undefined;
    if (format === undefined) continue;
    const parameters = Object.entries(AGGREGATED).map(([name, value]) => `;${name}=${value}`);
    return { format, contentType: `${MEDIA_TYPES[format]}${parameters.join('')}` };
  }
  return undefined;
}

/** For a refusal: JSON, to be read by people, where the client takes nothing that we have. */
export function negotiateRefusal(header: string | undefined): Representation {
  return chosen(header, FORMATS, false) ?? { format: 'json', pretty: true };
}

function negotiate(
  header: string | undefined,
  formats: readonly Format[],
  { conversions, streams }: { readonly conversions: boolean; readonly streams: boolean },
): Representation {
  const found = chosen(header, formats, conversions);
  if (found !== undefined) return found;
  const types = formats.map((format) => MEDIA_TYPES[format]);
  const known = clausesOf(header ?? '').some((clause) =>
    formats.some((format) => matches(clause, format)),
  );
  if (known) {
    throw notAcceptable(`only the following media types are accepted: ${types.join(', ')}`);
  }
  const available = [...types, ...(streams ? STREAMS : [])].join(', ');
  throw StatusError.of(
    'NotAcceptable',
    `406: Not Acceptable\n\nAvailable representations: ${available}`,
    {},
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
  const serverVersion = parameters.get('sv') ?? '';
  if (stream !== '' && stream !== 'watch') return undefined;
  if (serverVersion !== '' && !(conversions && serverVersion === 'v1')) return undefined;
  const pretty = parameters.get('pretty') === '1';
  if (!['as', 'g', 'v'].some((name) => parameters.has(name))) return { format, pretty };
  const conversion = conversions ? conversionOf(parameters) : undefined;
  // A table has cells of any type, which protobuf cannot hold.
  if (conversion?.kind === 'Table' && format === 'protobuf') return undefined;
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
