/**
 * Where our answers are not those of kube-apiserver, each with its reason. What stands here and is no difference (any
 * more) fails the test.
 */
import { applyMergePatch } from '../../../../src/apiserver/registry/patch/merge-patch.ts';
import type { Comparable } from './comparable.ts';

/** A text that is not the same on both sides and says the same. */
interface Words {
  readonly reason: string;
  readonly theirs: RegExp;
  /** Absent where ours is what theirs becomes. */
  readonly ours?: RegExp;
  readonly becomes: string;
}

export const WORDS: readonly Words[] = [
  {
    reason: 'places in the sources of upstream are not told',
    theirs: / in scheme "pkg\/\S+\.go:\d+"/g,
    becomes: '',
  },
  {
    reason: 'bodies are not shown in refusals: they may hold secrets',
    theirs:
      /(unexpected end of JSON input|unexpected EOF|json: cannot unmarshal \w+)( into Go value of type struct \{.*\})? \(.*\)$/,
    becomes: '$1',
  },
  {
    reason:
      'what is nested more than 500 levels deep is refused: upstream has 10,000, and no use for them',
    theirs: /invalid character '\[' exceeded max depth \(.*\)$/,
    becomes: 'JSON is nested more than 500 levels deep',
  },
  {
    reason: 'what is wrong with a request or a certificate is told by our own readers',
    theirs: /(PEM block type must be CERTIFICATE REQUEST|x509: malformed \w+|asn1: .*)$/,
    ours: /(certification request: .*|DER at byte .*)$/,
    becomes: '<malformed>',
  },
  {
    reason: 'what is not JSON is not shown',
    theirs:
      /(invalid character '.' looking for beginning of value|(?<=redacted>": )json: cannot unmarshal array into Go value of type .*)$/,
    ours: /(not a JSON object|not valid JSON( at position \d+)?)$/,
    becomes: '<no JSON>',
  },
  {
    reason: 'values of a wrong type are told in the words of JSON, not of Go',
    theirs:
      /(json: cannot unmarshal \w+( \S+)? into Go struct field \S+ of type \S+|parsing time .* as .*: cannot parse .* as .*|as a \w+: illegal base64 data at input byte \d+|quantities must match the regular expression .*)$/,
    ours: /(as a \w+: json: [\w.[\]]+: illegal base64 data|(json: )?[\w.[\]]+: expected (an? |the |six |an).*|json: cannot unmarshal \w+ into Go struct field \S+ of type \S+)$/,
    becomes: '<a field of a wrong type>',
  },
  {
    reason: 'the same of patches',
    theirs: /json: cannot unmarshal (object|array) into Go value of type .*$/,
    ours: /(a JSON patch is a list|a merge patch is an object|invalid JSON document)$/,
    becomes: '<not a patch>',
  },
  {
    reason: 'objects are shown as JSON has them, not as Go does inside',
    theirs: /(Invalid|Duplicate|Unsupported) value: [{[].*[\]}](?=$|: )/,
    ours: /(Invalid|Duplicate|Unsupported) value: [{[].*[\]}…](?=$|: )/,
    becomes: '$1 value: {}',
  },
  {
    reason: 'long values are shown in part',
    theirs: /value: "(?:\\.|[^"\\]){300,}": /,
    ours: /value: "(?:\\.|[^"\\])*…": /,
    becomes: 'value: "…": ',
  },
  {
    reason: 'Go types are not converted',
    theirs: /: converting \(\S+\) to \(\S+\): unknown conversion$/,
    becomes: '',
  },
  {
    reason: 'Go types are not named',
    theirs: /\(\*\w+\.(\w+)\)$/,
    becomes: '($1)',
  },
  {
    reason: 'keys of the storage are not told',
    theirs:
      /StorageError: invalid object, Code: 4, Key: \S+, ResourceVersion: 0, AdditionalErrorMsg: /,
    becomes: '',
  },
  {
    reason: 'why a JSON patch does not fit is told',
    theirs: /^the server rejected our request due to an error in our request$/,
    ours: /^(testing value .* failed|there is nothing at .*|Unexpected kind: .*)$/,
    becomes: '<a patch that does not fit>',
  },
  {
    reason: 'maps are not shown as Go shows them',
    theirs: / in map: map\[.*\]$/,
    becomes: '',
  },
  {
    reason: 'nor are lists',
    theirs: /\[\]string\{(.*)\}$/,
    becomes: '[$1]',
  },
  {
    reason:
      'the kind is not told where a field cannot be selected by: upstream does it of one kind',
    theirs: /(?<=^field label not supported) for \S+, Kind=\w+/,
    becomes: '',
  },
  {
    reason: 'what is not the same in two pods is not shown line by line',
    theirs: /\n@@ [\s\S]*$/,
    becomes: '',
  },
];

/** An answer that is another. */
interface Difference {
  readonly reason: string;
  /** Names of conversations; absent for all that have the label. */
  readonly of?: readonly string[];
  readonly label: string;
  /** A merge patch of theirs, or what makes ours of it. */
  readonly ours: object | ((theirs: Comparable) => unknown);
}

/** The status of a request that names its resource version badly, as upstream's cache answers it. */
const UNEXPLAINED = { status: 500, body: { code: 500, reason: null } };
const EVENTS = ['events', 'events.events.k8s.io'];
const ALLOCATED =
  'upstream gives an address, and makes an object of its own for it, before the name is judged';

export const DIFFERENCES: readonly Difference[] = [
  {
    reason: 'upstream reads events past its cache, which judges versions otherwise',
    of: EVENTS,
    label: 'get: bad version',
    ours: {
      ...UNEXPLAINED,
      body: {
        ...UNEXPLAINED.body,
        message:
          'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
      },
    },
  },
  {
    reason: 'the same',
    of: EVENTS,
    label: 'get: future version',
    ours: { body: { details: { retryAfterSeconds: 1 } } },
  },
  {
    reason: 'the same',
    of: EVENTS,
    label: 'list: future version',
    ours: { body: { details: { retryAfterSeconds: 1 } } },
  },
  {
    reason: ALLOCATED,
    of: ['services'],
    label: 'create: no name',
    ours: {
      body: {
        details: {
          causes: [
            {
              field: 'metadata.name',
              message: 'Required value: name or generateName is required',
              reason: 'FieldValueRequired',
            },
          ],
        },
      },
    },
  },
  {
    reason: ALLOCATED,
    of: ['services'],
    label: 'create: name that walks',
    ours: { body: { details: { causes: [invalidLabel('name', '../up')] } } },
  },
  {
    reason: ALLOCATED,
    of: ['services'],
    label: 'create: bad generated name',
    ours: {
      body: {
        details: {
          causes: [invalidLabel('generateName', 'Bad_%'), invalidLabel('name', 'Bad_%<random>')],
        },
      },
    },
  },
  {
    reason:
      'the aggregator of upstream has tables of its own, which tell their columns with each event',
    of: ['apiservices.apiregistration.k8s.io'],
    label: 'watch: table',
    ours: ({ body, ...rest }) => {
      const [first, second] = body as readonly { readonly object: object }[];
      const object = { ...second?.object, columnDefinitions: null };
      return { ...rest, body: [first, { ...second, object }] };
    },
  },
  {
    reason: 'a list without items is none from the first: nobody manages it',
    of: ['rbac'],
    label: 'a role without rules',
    ours: { body: { metadata: { managedFields: null } } },
  },
  {
    reason: 'the same',
    of: ['rbac'],
    label: 'a role put without rules',
    ours: { body: { metadata: { managedFields: null } } },
  },
  {
    reason: 'nobody manages a default that is not there any more',
    of: ['more-services'],
    label: 'to a name outside',
    ours: withoutManaged('f:spec', 'f:internalTrafficPolicy'),
  },
  {
    reason: 'tokens of service accounts are not issued: the subresource is not there',
    of: ['core'],
    label: 'token of an account',
    ours: {
      status: 404,
      body: {
        code: 404,
        reason: 'NotFound',
        message: 'the server could not find the requested resource',
      },
    },
  },
];

/** Of the first manager, without a field. */
function withoutManaged(part: string, field: string): (theirs: Comparable) => unknown {
  return ({ body, ...rest }) => {
    const copy = structuredClone(body) as {
      metadata: { managedFields: { fieldsV1: Record<string, Record<string, unknown>> }[] };
    };
    delete copy.metadata.managedFields[0]?.fieldsV1[part]?.[field];
    return { ...rest, body: copy };
  };
}

function invalidLabel(field: string, value: string): object {
  return {
    field: `metadata.${field}`,
    message: `Invalid value: "${value}": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
    reason: 'FieldValueInvalid',
  };
}

/** With the same in place of what says the same. */
export function sameWords(
  side: 'theirs' | 'ours',
  answer: Comparable,
  used = new Set<Words>(),
): Comparable {
  const replaced = (value: unknown): unknown => {
    if (typeof value === 'string') {
      return WORDS.reduce((text, words) => {
        const { [side]: pattern, becomes } = words;
        const result = pattern === undefined ? text : text.replace(pattern, becomes);
        if (result !== text) used.add(words);
        return result;
      }, value);
    }
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one)]));
  };
  return sortedCauses(replaced(answer) as Comparable);
}

/** Two that say the same now are one. */
function sortedCauses(answer: Comparable): Comparable {
  const { details } = (answer.body ?? {}) as {
    details?: { causes?: readonly { field?: string; message?: string; reason?: string }[] };
  };
  if (!Array.isArray(details?.causes)) return answer;
  const texts = details.causes.map(({ field, message, reason }) =>
    JSON.stringify({ field, message, reason }),
  );
  const causes = [...new Set(texts)].sort();
  const sorted = { ...details, causes: causes.map((one): unknown => JSON.parse(one)) };
  return { ...answer, body: { ...(answer.body as object), details: sorted } };
}

export const differencesOf = (name: string, label: string): readonly Difference[] =>
  DIFFERENCES.filter((one) => one.label === label && (one.of?.includes(name) ?? true));

/** Their answer with our differences. */
export const withDifferences = (name: string, label: string, answer: Comparable): Comparable =>
  differencesOf(name, label).reduce(
    (before, { ours }) =>
      (typeof ours === 'function' ? ours(before) : applyMergePatch(before, ours)) as Comparable,
    answer,
  );
