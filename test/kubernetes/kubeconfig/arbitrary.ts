/** Kubeconfigs with anything in them, for property tests. */
import fc from 'fast-check';
import type {
  Cluster,
  Context,
  ExecPlugin,
  JsonObject,
  JsonValue,
  Kubeconfig,
  User,
} from '../../../src/kubernetes/kubeconfig/index.ts';

/** Text with what YAML finds special, and what it does not. */
const text = fc
  .oneof(
    fc.constantFrom(
      'a',
      'no',
      '~',
      '1',
      '0x1f',
      '1e3',
      '2001-01-01',
      '<<',
      '- a',
      'a: b',
      '#',
      "'",
      '"',
      '\\',
      '__proto__',
    ),
    fc.string({ unit: 'grapheme', maxLength: 10 }),
    fc.string({
      unit: fc.constantFrom('ab', ' ', '\n', ':', '#', "'", '\u2028', '\u0085', '\t', '\ufeff'),
      maxLength: 60,
    }),
  )
  .map((value) => value.toWellFormed());
/** Empty text is the same as none. */
const someText = text.filter((value) => value !== '');
const someData = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes));

/** Integers beyond 2^53 are bigints once they have been read. */
const numbers = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value))
  .map((value) => (Object.is(value, -0) ? 0 : value));

const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(text, fc.boolean(), fc.constant(null), fc.integer(), numbers),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }).map(nullPrototype),
  ),
})).value;

function nullPrototype(value: Record<string, JsonValue>): JsonObject {
  return Object.assign(Object.create(null) as JsonObject, value);
}

const map = <T>(value: fc.Arbitrary<T>, minimum = 0): fc.Arbitrary<Map<string, T>> =>
  fc
    .uniqueArray(fc.tuple(text, value), {
      selector: ([key]) => key,
      minLength: minimum,
      maxLength: 4,
    })
    .map((entries) => new Map(entries));

const unknown = fc
  .dictionary(
    text.map((key) => `x-${key}`),
    json,
    { minKeys: 1, maxKeys: 2 },
  )
  .map(nullPrototype);
const extensible = { extensions: map(json, 1), unknown };
const optional = { requiredKeys: [] as [] };

const cluster: fc.Arbitrary<Cluster> = fc.record(
  {
    server: text,
    tlsServerName: someText,
    insecureSkipTlsVerify: fc.constant(true),
    certificateAuthority: someText,
    certificateAuthorityData: someData,
    proxyUrl: someText,
    disableCompression: fc.constant(true),
    entryUnknown: unknown,
    ...extensible,
  },
  { requiredKeys: ['server'] },
);

const exec: fc.Arbitrary<ExecPlugin> = fc.record(
  {
    command: text,
    args: fc.option(fc.array(text)),
    env: fc.option(
      fc.array(
        fc.record({ name: text, value: text, unknown }, { requiredKeys: ['name', 'value'] }),
      ),
    ),
    apiVersion: someText,
    installHint: someText,
    provideClusterInfo: fc.boolean(),
    interactiveMode: someText,
    unknown,
  },
  { requiredKeys: ['command', 'args', 'env', 'provideClusterInfo'] },
);

const user: fc.Arbitrary<User> = fc.record(
  {
    clientCertificate: someText,
    clientCertificateData: someData,
    clientKey: someText,
    clientKeyData: someData,
    token: someText,
    tokenFile: someText,
    as: someText,
    asUid: someText,
    asGroups: fc.array(text, { minLength: 1, maxLength: 3 }),
    asUserExtra: map(fc.option(fc.array(text, { maxLength: 2 })), 1),
    username: someText,
    password: someText,
    authProvider: fc.record(
      { name: text, config: fc.option(map(text)), unknown },
      { requiredKeys: ['name', 'config'] },
    ),
    exec,
    entryUnknown: unknown,
    ...extensible,
  },
  optional,
);

const context: fc.Arbitrary<Context> = fc.record(
  { cluster: text, user: text, namespace: someText, entryUnknown: unknown, ...extensible },
  { requiredKeys: ['cluster', 'user'] },
);

export const kubeconfigs: fc.Arbitrary<Kubeconfig> = fc.record(
  {
    clusters: map(cluster),
    users: map(user),
    contexts: map(context),
    currentContext: text,
    preferences: fc
      .record({ colors: fc.constant(true), ...extensible }, optional)
      .filter((preferences) => Object.keys(preferences).length > 0),
    ...extensible,
  },
  { requiredKeys: ['clusters', 'users', 'contexts', 'currentContext'] },
);
