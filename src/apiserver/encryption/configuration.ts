/**
 * Reads an `EncryptionConfiguration` (apiserver.config.k8s.io/v1), strictly: unknown fields and those that stand
 * twice are refused, as kube-apiserver does. What is said of it holds nothing of its keys.
 */
import { type Issue, KubepkiError } from '../../errors.ts';
import { type GoYamlNode, readGoYaml } from '../../kubernetes/index.ts';

/** As it stands in the file; what the fields mean is not checked yet. */
export interface EncryptionConfiguration {
  readonly resources: readonly ResourceConfiguration[];
}

export interface ResourceConfiguration {
  /** `secrets`, `deployments.apps`, `*.apps`, `*.`, `*.*`. */
  readonly resources: readonly string[];
  readonly providers: readonly ProviderConfiguration[];
}

export interface ProviderConfiguration {
  readonly aescbc?: KeysConfiguration;
  readonly aesgcm?: KeysConfiguration;
  readonly secretbox?: KeysConfiguration;
  readonly identity?: true;
  readonly kms?: true;
}

export interface KeysConfiguration {
  readonly keys: readonly KeyConfiguration[];
}

export interface KeyConfiguration {
  readonly name: string;
  /** Base64. */
  readonly secret: string;
}

/** Bytes; a configuration with a hundred keys has a tenth of it. */
export const MOST_CONFIGURATION_BYTES = 256 * 1024;

const KIND = 'an encryption configuration';
const MAX_ISSUES = 20;

/**
 * @param where the file, for messages
 * @throws KubepkiError `MALFORMED_DOCUMENT`, `INVALID_VALUE` with each place
 */
export function readEncryptionConfiguration(text: string, where: string): EncryptionConfiguration {
  if (text.length > MOST_CONFIGURATION_BYTES) {
    throw new KubepkiError(
      'MALFORMED_DOCUMENT',
      `${where}: larger than ${MOST_CONFIGURATION_BYTES} bytes, which ${KIND} never is`,
    );
  }
  const top = readTree(text, where);
  if (top === undefined || isNull(top)) {
    throw new KubepkiError('MALFORMED_DOCUMENT', `${where}: empty, where ${KIND} is expected`);
  }
  const reader = new Reader();
  const configuration = reader.configuration(top);
  refuse(where, reader.issues);
  return configuration;
}

/** What does not look like a field may be a key that has slipped in. */
const looksLikeField = (name: string): boolean => /^[A-Za-z]{1,12}$/.test(name);

function readTree(text: string, where: string): GoYamlNode | undefined {
  try {
    return readGoYaml(text, where, KIND);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const [whole, name = ''] = / "(.*)" twice in one mapping$/.exec(error.message) ?? [];
    if (whole === undefined || looksLikeField(name)) throw error;
    const message = error.message.replace(whole, ' twice in one mapping');
    throw new KubepkiError(error.code, message);
  }
}

/** @throws KubepkiError `INVALID_VALUE` where there are issues */
export function refuse(where: string, issues: readonly Issue[]): void {
  const [first] = issues;
  if (first === undefined) return;
  throw new KubepkiError('INVALID_VALUE', `${where}: not ${KIND} that can be used`, {
    issues: issues.slice(0, MAX_ISSUES),
  });
}

const isNull = (node: GoYamlNode): boolean => node.type === 'scalar' && node.scalar.kind === 'null';

type Fields = ReadonlyMap<string, GoYamlNode>;

/** Goes on where something is wrong, so that all of it is told at once. */
class Reader {
  readonly issues: Issue[] = [];

  configuration(top: GoYamlNode): EncryptionConfiguration {
    const fields = this.#fields(top, '(top)', '', ['apiVersion', 'kind', 'resources']);
    this.#checkType(fields);
    return {
      resources: this.#list(fields.get('resources'), 'resources', (node, path) =>
        this.#resource(node, path),
      ),
    };
  }

  /** The second is what Kubernetes 1.7 to 1.12 knew; kube-apiserver still reads it (pkg/apis/apiserver/v1/register.go). */
  #checkType(fields: Fields): void {
    const apiVersion = this.#text(fields.get('apiVersion'), 'apiVersion');
    const kind = this.#text(fields.get('kind'), 'kind');
    if (apiVersion === 'apiserver.config.k8s.io/v1' && kind === 'EncryptionConfiguration') return;
    if (apiVersion === 'v1' && kind === 'EncryptionConfig') return;
    const isType = /^[a-z0-9./]{1,60} [A-Za-z]{1,30}$/.test(`${apiVersion} ${kind}`);
    const got = isType ? `, got ${apiVersion} ${kind}` : '';
    const message = `expected apiserver.config.k8s.io/v1 EncryptionConfiguration${got}`;
    this.issues.push({ path: 'kind', message });
  }

  #resource(node: GoYamlNode, path: string): ResourceConfiguration {
    const fields = this.#fields(node, path, `${path}.`, ['resources', 'providers']);
    return {
      resources: this.#list(fields.get('resources'), `${path}.resources`, (one, at) =>
        this.#text(one, at),
      ),
      providers: this.#list(fields.get('providers'), `${path}.providers`, (one, at) =>
        this.#provider(one, at),
      ),
    };
  }

  #provider(node: GoYamlNode, path: string): ProviderConfiguration {
    const names = ['aescbc', 'aesgcm', 'secretbox', 'identity', 'kms'] as const;
    const fields = this.#fields(node, path, `${path}.`, names);
    const given = (name: (typeof names)[number]): GoYamlNode | undefined => {
      const field = fields.get(name);
      return field === undefined || isNull(field) ? undefined : field;
    };
    const keys = (name: 'aescbc' | 'aesgcm' | 'secretbox') => {
      const field = given(name);
      return field === undefined ? {} : { [name]: this.#keys(field, `${path}.${name}`) };
    };
    const identity = given('identity');
    if (identity !== undefined) this.#fields(identity, `${path}.identity`, `${path}.identity.`, []);
    return {
      ...keys('aescbc'),
      ...keys('aesgcm'),
      ...keys('secretbox'),
      ...(identity === undefined ? {} : { identity: true }),
      // Refused later, whatever stands in it.
      ...(given('kms') === undefined ? {} : { kms: true }),
    };
  }

  #keys(node: GoYamlNode, path: string): KeysConfiguration {
    const fields = this.#fields(node, path, `${path}.`, ['keys']);
    return {
      keys: this.#list(fields.get('keys'), `${path}.keys`, (one, at) => {
        const key = this.#fields(one, at, `${at}.`, ['name', 'secret']);
        return {
          name: this.#text(key.get('name'), `${at}.name`),
          secret: this.#text(key.get('secret'), `${at}.secret`),
        };
      }),
    };
  }

  #fields(node: GoYamlNode, path: string, before: string, known: readonly string[]): Fields {
    if (isNull(node)) return new Map();
    if (node.type !== 'map') {
      this.issues.push({ path, message: `expected a mapping, line ${node.line}` });
      return new Map();
    }
    for (const [name, { line }] of node.entries) {
      if (known.includes(name)) continue;
      this.issues.push(
        looksLikeField(name)
          ? { path: `${before}${name}`, message: `unknown field, line ${line}` }
          : { path, message: `an unknown field, line ${line}` },
      );
    }
    return node.entries;
  }

  #list<T>(
    node: GoYamlNode | undefined,
    path: string,
    read: (node: GoYamlNode, path: string) => T,
  ): readonly T[] {
    if (node === undefined || isNull(node)) return [];
    if (node.type === 'list') return node.items.map((one, at) => read(one, `${path}[${at}]`));
    this.issues.push({ path, message: `expected a list, line ${node.line}` });
    return [];
  }

  /** Empty where there is none. */
  #text(node: GoYamlNode | undefined, path: string): string {
    if (node === undefined || isNull(node)) return '';
    if (node.type === 'scalar' && typeof node.scalar.value === 'string') return node.scalar.value;
    this.issues.push({
      path,
      message: `expected a text (in quotes, if need be), line ${node.line}`,
    });
    return '';
  }
}
