/** What `kubepki csr new` does: flags become a key and a request for it. */
import type { Cluster } from '../../cluster/index.ts';
import { KubepkiError, quoted } from '../../errors.ts';
import {
  findLeaf,
  isDnsName,
  type MadeRequest,
  makeRequest,
  makeRequestInPlace,
  type WantedRequest,
  wantedByCluster,
  wantedByFlags,
} from '../../pki/index.ts';
import {
  decodePrivateKey,
  formatName,
  ipToBytes,
  isKeyAlgorithm,
  KEY_ALGORITHMS,
  type KeyAlgorithm,
  makeName,
  type Name,
  type PrivateKey,
  parseName,
  readRequest,
} from '../../x509/index.ts';
import { print, printData, visible } from '../output.ts';
import { credentialOf, refuseWith, usagesOf } from './flags.ts';
import { readInput } from './input.ts';
import type { TextFormat } from './options.ts';

export interface NewOptions {
  readonly filename?: string;
  readonly credential?: string;
  readonly host?: string;
  readonly directory?: string;
  readonly subject?: string;
  readonly commonName?: string;
  readonly organization?: readonly string[];
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  readonly usage?: readonly string[];
  readonly keyAlgorithm?: string;
  readonly key?: string;
  readonly passphraseFile?: string;
  readonly out?: string;
  readonly outKey?: string;
  readonly output: TextFormat;
}

const DEFAULT_ALGORITHM: KeyAlgorithm = 'ECDSA-P256';

export async function newRequest(options: NewOptions): Promise<void> {
  checkFlags(options);
  const { filename } = options;
  await (filename === undefined ? newByFlags(options) : newByCluster(filename, options));
}

/** What does not depend on any file. */
function checkFlags(options: NewOptions): void {
  const { subject, commonName, organization, dns, ip, usage, keyAlgorithm } = options;
  const { credential, host, directory, key, passphraseFile, out, outKey, output } = options;
  if (options.filename === undefined) {
    refuseWith('a request without -f', {
      '--credential': credential,
      '--host': host,
      '--directory': directory,
    });
  } else {
    refuseWith('-f: the cluster file says what is asked for', {
      '--subject': subject,
      '--common-name': commonName,
      '--organization': organization,
      '--dns': dns,
      '--ip': ip,
      '--usage': usage,
      '--key-algorithm': keyAlgorithm,
    });
    if (credential === undefined) {
      throw new KubepkiError('USAGE', '-f needs --credential', {
        hint: 'such as --credential apiserver --host cp-1',
      });
    }
  }
  if (subject !== undefined) {
    refuseWith('--subject', { '--common-name': commonName, '--organization': organization });
  }
  if (key === undefined) refuseWith('a new key', { '--passphrase-file': passphraseFile });
  else
    refuseWith('--key', {
      '--key-algorithm': keyAlgorithm,
      '--out-key': outKey,
      '--directory': directory,
    });
  if (directory !== undefined) refuseWith('-d', { '--out': out, '--out-key': outKey });
  if (out === '-' && output !== 'text') {
    throw new KubepkiError('USAGE', `-o ${output} does not go with --out -`);
  }
}

async function newByCluster(filename: string, options: NewOptions): Promise<void> {
  const { host, directory } = options;
  const credential = credentialOf(options.credential ?? '');
  const { loadCluster } = await import('../cluster-file.ts');
  const cluster: Cluster = await loadCluster(filename);
  const leaf = findLeaf(cluster, credential, host, directory !== undefined);
  const { profile } = leaf.item;
  const wanted = wantedByCluster(leaf);
  const key = (await readKey(options)) ?? profile.keyAlgorithm;
  if (typeof key !== 'string' && key.type !== profile.keyAlgorithm) {
    process.stderr.write(
      `kubepki: the key is ${key.type}, the cluster file says ${profile.keyAlgorithm} for ${credential}\n`,
    );
  }
  const issuer = profile.issuer;
  if (directory !== undefined) {
    const place = { kind: 'directory', directory } as const;
    const made = await makeRequestInPlace(cluster, place, leaf, { wanted, key });
    await report(made, made.requestPath, options, issuer);
    return;
  }
  const base = host === undefined ? credential : `${host}-${credential}`;
  await makeAndReport(options, base, wanted, key, issuer);
}

async function newByFlags(options: NewOptions): Promise<void> {
  const subject = subjectOf(options);
  const { dns = [], ip = [], usage = [], keyAlgorithm = DEFAULT_ALGORITHM } = options;
  if (subject.length === 0 && dns.length === 0 && ip.length === 0) {
    throw new KubepkiError('USAGE', 'a request for nobody', {
      hint: 'give a subject (--common-name, --subject), names (--dns, --ip), or -f with --credential',
    });
  }
  for (const name of dns)
    if (!isDnsName(name)) throw notA('--dns', name, 'a DNS name in lower case');
  for (const address of ip) {
    if (ipToBytes(address) === undefined) throw notA('--ip', address, 'an IP address');
  }
  if (!isKeyAlgorithm(keyAlgorithm)) {
    throw new KubepkiError('USAGE', `--key-algorithm ${quoted(keyAlgorithm, 80)} is not known`, {
      hint: `one of ${KEY_ALGORITHMS.join(', ')}`,
    });
  }
  const wanted = wantedByFlags({ subject, names: { dns, ip }, usages: usagesOf(usage) });
  const key = (await readKey(options)) ?? keyAlgorithm;
  await makeAndReport(options, undefined, wanted, key, undefined);
}

const notA = (flag: string, value: string, what: string): KubepkiError =>
  new KubepkiError('USAGE', `${flag} ${quoted(value, 80)} is not ${what}`);

function subjectOf({ subject, commonName, organization }: NewOptions): Name {
  if (subject === undefined) return makeName({ commonName, organizations: organization });
  try {
    return parseName(subject);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    throw new KubepkiError('USAGE', `--subject: ${error.message}`, {
      hint: 'as in RFC 4514, the common name first: CN=jane,O=dev',
    });
  }
}

async function readKey({ key, passphraseFile }: NewOptions): Promise<PrivateKey | undefined> {
  if (key === undefined) return undefined;
  const passphrase =
    passphraseFile === undefined
      ? undefined
      : (await import('../passphrase.ts')).readPassphraseFile(passphraseFile);
  const bytes = await readInput(key);
  try {
    return decodePrivateKey(bytes, {
      where: key,
      ...(passphrase === undefined ? {} : { passphrase }),
    });
  } catch (error) {
    if (!(error instanceof KubepkiError) || error.code !== 'PASSPHRASE_NEEDED') throw error;
    throw new KubepkiError(error.code, error.message, {
      hint: 'give its passphrase with --passphrase-file FILE',
    });
  }
}

async function makeAndReport(
  options: NewOptions,
  base: string | undefined,
  wanted: WantedRequest,
  key: PrivateKey | KeyAlgorithm,
  issuer: string | undefined,
): Promise<void> {
  const { out = base === undefined ? undefined : `${base}.csr` } = options;
  if (out === undefined) {
    throw new KubepkiError('USAGE', '--out is missing', {
      hint: 'where the request goes: --out jane.csr; its key goes to jane.key, or to --out-key',
    });
  }
  const isNew = typeof key === 'string';
  if (out === '-' && isNew && options.outKey === undefined) {
    throw new KubepkiError(
      'USAGE',
      '--out - needs --out-key FILE, or --key FILE for a key that is there',
    );
  }
  const keyPath = options.outKey ?? `${out.replace(/\.(?:csr|req)$/, '')}.key`;
  if (keyPath === out) throw new KubepkiError('USAGE', '--out and --out-key are the same file');
  const requestPath = out === '-' ? undefined : out;
  await report(
    await makeRequest({ wanted, key, keyPath, requestPath }),
    requestPath,
    options,
    issuer,
  );
}

async function report(
  made: MadeRequest,
  requestPath: string | undefined,
  { output }: NewOptions,
  issuer: string | undefined,
): Promise<void> {
  const { text, keyPath, keyType } = made;
  const { subject, subjectAltNames: names } = readRequest(text);
  if (output !== 'text') {
    await printData(output, {
      apiVersion: 'kubepki.dev/v1alpha1',
      kind: 'NewRequest',
      request: requestPath,
      key: keyPath,
      keyType,
      subject: formatName(subject),
      dnsNames: names?.dns ?? [],
      ipAddresses: names?.ip ?? [],
      issuer,
    });
    return;
  }
  if (requestPath === undefined) {
    print(text);
    return;
  }
  const lines = [
    ...(keyPath === undefined
      ? []
      : [`${visible(keyPath)}: the key (${keyType}, mode 0600), which stays here`]),
    `${visible(requestPath)}: the request, to be signed by ${issuer ?? 'a CA'}`,
    '',
    `kubepki csr show ${visible(requestPath)} shows what it asks for.`,
  ];
  print(lines.join('\n'));
}
