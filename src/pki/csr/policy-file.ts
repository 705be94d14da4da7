/** Reads a signing policy: a strict document of the kind `SigningPolicy`, with the path and line of whatever is wrong. */
import { isNode, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { formatDuration, parseDuration } from '../../cluster/index.ts';
import { type Issue, KubepkiError, quotable, quoted } from '../../errors.ts';
import { hasInvisible, type IpRange, isDnsEntry, parseIpRange } from './names.ts';
import {
  LEAST_RSA_BITS,
  MOST_RSA_BITS,
  POLICY_KEY_ALGORITHMS,
  POLICY_USAGES,
  type PolicyRule,
  type SigningPolicy,
  SUBJECT_ATTRIBUTES,
  USUAL_KEY_ALGORITHMS,
} from './policy.ts';

/** A policy that lists ten thousand names one by one has a quarter of this. */
const MAX_CHARACTERS = 1024 * 1024;
const MAX_ISSUES = 20;
/** Upstream's signer gives no certificate for less than this. */
const SHORTEST = 10 * 60;
const LONGEST = 100 * 365 * 24 * 3600;

/** What was refused by a check of our own, in its words. */
function checked<T>(read: (text: string) => T | undefined, expected: string) {
  return z.string().transform((text, context): T => {
    const value = read(text);
    if (value !== undefined) return value;
    context.addIssue(`${quoted(text)}: expected ${expected}`);
    return z.NEVER;
  });
}

const list = <T extends z.ZodType>(item: T) => z.array(item).max(100_000).default([]);

const identity = checked(
  (text) => (text === '' || hasInvisible(text) ? undefined : text),
  'a text without invisible characters',
);

const dnsEntry = checked(
  (text) => (isDnsEntry(text) ? text : undefined),
  'a DNS name in lower case, .example.com for every name below it, or *.example.com for just that wildcard',
);

const ipRange = checked<IpRange>(
  parseIpRange,
  'an address, or a subnet such as 10.0.0.0/8 without host bits',
);

const lifetime = checked(
  (text) => {
    try {
      const seconds = parseDuration(text);
      return seconds >= SHORTEST && seconds <= LONGEST ? seconds : undefined;
    } catch (error) {
      if (error instanceof KubepkiError) return undefined;
      throw error;
    }
  },
  `a length of time from ${formatDuration(SHORTEST)} to ${formatDuration(LONGEST)}, such as 90d or 1y`,
);

const schema = z.strictObject({
  apiVersion: z.literal('kubepki.dev/v1alpha1'),
  kind: z.literal('SigningPolicy'),
  metadata: z.strictObject({ name: z.string() }).optional(),
  spec: z.strictObject({
    subject: z
      .strictObject({
        commonNames: list(identity),
        organizations: list(identity),
        attributes: z
          .partialRecord(z.enum(SUBJECT_ATTRIBUTES), z.array(identity).min(1))
          .default({}),
      })
      .prefault({}),
    names: z.strictObject({ dns: list(dnsEntry), ip: list(ipRange) }).prefault({}),
    usages: z.array(z.enum(POLICY_USAGES)).min(1),
    keys: z
      .strictObject({
        algorithms: z
          .array(z.enum(POLICY_KEY_ALGORITHMS))
          .min(1)
          .default([...USUAL_KEY_ALGORITHMS]),
        minimumRsaBits: z.int().min(LEAST_RSA_BITS).max(MOST_RSA_BITS).default(LEAST_RSA_BITS),
      })
      .prefault({}),
    validity: lifetime,
  }),
});

const RULES: Readonly<Record<PolicyRule, readonly string[]>> = {
  commonNames: ['spec', 'subject', 'commonNames'],
  organizations: ['spec', 'subject', 'organizations'],
  attributes: ['spec', 'subject', 'attributes'],
  dns: ['spec', 'names', 'dns'],
  ip: ['spec', 'names', 'ip'],
  usages: ['spec', 'usages'],
  keyAlgorithms: ['spec', 'keys', 'algorithms'],
  minimumRsaBits: ['spec', 'keys', 'minimumRsaBits'],
  validity: ['spec', 'validity'],
};

type Path = readonly PropertyKey[];
/** The line of a path or, unless it is to be just that one, of as much of it as there is. */
type Locate = (path: Path, exactly?: boolean) => number | undefined;

/**
 * Reads a policy.
 *
 * @param where the file's name, for messages
 * @throws KubepkiError `MALFORMED_DOCUMENT` where the text is no YAML, `INVALID_VALUE` with every issue otherwise
 */
export function readPolicy(text: string, where: string): SigningPolicy {
  const { value, locate } = parse(text, where);
  const parsed = schema.safeParse(value, { error: explain });
  if (!parsed.success) throw invalid(where, parsed.error.issues, locate);
  const { subject, names, usages, keys, validity } = parsed.data.spec;
  return {
    ...subject,
    ...names,
    namesAsAsked: false,
    usages,
    keyAlgorithms: keys.algorithms,
    minimumRsaBits: keys.minimumRsaBits,
    validity,
    origin: (rule) => {
      const line = locate(RULES[rule], true);
      return `${where}: ${RULES[rule].join('.')} (${line === undefined ? 'default' : `line ${line}`})`;
    },
  };
}

function parse(text: string, where: string): { readonly value: unknown; readonly locate: Locate } {
  const malformed = (at: string, message: string, cause?: unknown): KubepkiError =>
    new KubepkiError('MALFORMED_DOCUMENT', `${at}: ${quotable(message)}`, { cause });
  if (text.length > MAX_CHARACTERS) {
    throw malformed(where, `larger than ${MAX_CHARACTERS} characters`);
  }
  const lineCounter = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' });
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      throw malformed(`${where}:${line}:${col}`, error.message);
    }
    const locate: Locate = (path, exactly = false) => {
      for (let length = path.length; length > (exactly ? path.length - 1 : 0); length--) {
        const node: unknown = document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return lineCounter.linePos(node.range[0]).line;
      }
      return undefined;
    };
    return { value: document.toJS({ maxAliasCount: 100 }), locate };
  } catch (cause) {
    if (cause instanceof KubepkiError) throw cause;
    // Nested tens of thousands deep, or aliases of aliases.
    throw malformed(where, 'nested too deeply, or too many aliases', cause);
  }
}

/** Our words where the schema gives none of its own. */
function explain(issue: z.core.$ZodRawIssue): string {
  const { code, input } = issue;
  if (input === undefined) return 'missing';
  if (code === 'invalid_value') return `expected ${issue.values.map(String).join(' or ')}`;
  if (code === 'invalid_type') {
    const got = input === null ? 'nothing' : Array.isArray(input) ? 'a list' : typeof input;
    return `expected ${issue.expected}, got ${got}`;
  }
  if (code === 'too_small') return `at least ${issue.minimum}`;
  if (code === 'too_big') return `at most ${issue.maximum}`;
  return 'not valid';
}

function invalid(
  where: string,
  problems: readonly z.core.$ZodIssue[],
  locate: Locate,
): KubepkiError {
  const all = problems.flatMap((problem): Issue[] => {
    const { code, path, message } = problem;
    const known = code === 'unrecognized_keys' ? problem.keys : [undefined];
    return known.map((key) =>
      key === undefined
        ? issueAt(path, message, locate)
        : issueAt([...path, key], 'unknown key', locate),
    );
  });
  const issues = all.slice(0, MAX_ISSUES);
  if (all.length > issues.length) {
    issues.push({ path: '…', message: `and ${all.length - issues.length} more` });
  }
  const count = `${all.length} problem${all.length === 1 ? '' : 's'}`;
  return new KubepkiError('INVALID_VALUE', `${where}: ${count}`, { issues });
}

function issueAt(path: Path, message: string, locate: Locate): Issue {
  const line = locate(path);
  const text = path
    .map((step, i) =>
      typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${String(step)}`,
    )
    .join('');
  const shown = text === '' ? '(top)' : quotable(text);
  return { path: line === undefined ? shown : `${shown} (line ${line})`, message };
}
