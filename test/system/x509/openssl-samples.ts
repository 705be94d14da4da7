/** Certificates and requests that the openssl command makes from drawn configuration files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '../../fuzz/random.ts';
import { ecKey, openssl, opensslBytes, rsaKey } from '../../x509/keys/openssl.ts';

/** One file each: openssl takes keys and configurations by name only. */
export class OpensslMaker {
  readonly #directory = mkdtempSync(join(tmpdir(), 'kubepki-openssl-'));
  readonly #keys = new Map<string, string>();

  close(): void {
    rmSync(this.#directory, { recursive: true });
  }

  /** DER of a self-signed certificate that the configuration describes. */
  certificate(config: string, key: string, options: readonly string[]): Buffer {
    return opensslBytes([...this.#request(config, key), '-x509', ...options]);
  }

  /** DER of a request. */
  request(config: string, key: string, options: readonly string[] = []): Buffer {
    return opensslBytes([...this.#request(config, key), ...options]);
  }

  #request(config: string, key: string): string[] {
    const file = join(this.#directory, 'request.cnf');
    writeFileSync(file, config);
    return ['req', '-new', '-config', file, '-key', this.#keyFile(key), '-outform', 'DER'];
  }

  /** The file of the one key of each kind. */
  #keyFile(kind: string): string {
    const known = this.#keys.get(kind);
    if (known !== undefined) return known;
    const file = join(this.#directory, `${kind}.key`);
    writeFileSync(file, keyOfKind(kind));
    this.#keys.set(kind, file);
    return file;
  }
}

/** Kinds of keys, those that clusters have more often. */
export const KEY_KINDS = [
  'prime256v1',
  'prime256v1',
  'secp384r1',
  'secp521r1',
  'rsa-2048',
  'rsa-2048',
  'ed25519',
  'secp224r1',
  'ed448',
  'rsa-pss',
] as const;

function keyOfKind(kind: string): string {
  if (kind === 'ed25519' || kind === 'ed448') return openssl(['genpkey', '-algorithm', kind]);
  if (kind === 'rsa-pss') return openssl(['genpkey', '-algorithm', kind]);
  if (kind === 'explicit') {
    const parameters = ['-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'];
    return openssl(['genpkey', '-algorithm', 'EC', ...parameters]);
  }
  return kind.startsWith('rsa-') ? rsaKey(Number(kind.slice(4))) : ecKey(kind);
}

/** The digests that a key of the kind signs with; none for those that bring their own. */
export function digestFor(kind: string, random: Random): string[] {
  if (kind.startsWith('ed')) return [];
  const choices =
    kind === 'rsa-pss' ? ['sha256', 'sha384'] : ['sha1', 'sha256', 'sha384', 'sha512'];
  return [`-${random.pick(choices)}`];
}

/** A configuration drawn at random; `forCertificate` adds what a request cannot have. */
export function drawConfig(random: Random, forCertificate: boolean): string {
  const extensions = drawExtensions(random, forCertificate);
  const names = drawNames(random);
  const mask = random.pick(['default', 'utf8only', 'pkix', 'nombstr']);
  return [
    '[req]',
    'prompt=no',
    'utf8=yes',
    `string_mask=${mask}`,
    'distinguished_name=dn',
    ...(extensions.length > 0 ? ['x509_extensions=ext', 'req_extensions=ext'] : []),
    '[dn]',
    ...drawSubject(random, mask),
    '[ext]',
    ...extensions,
    '[san]',
    ...(names.length > 0 ? names : ['DNS.1=one.example']),
    '[directory]',
    'CN=a directory name',
  ].join('\n');
}

/** Values of names. The mask decides which become T61String, BMPString or UTF8String; `nombstr` has nothing beyond Latin-1. */
const VALUES = [
  'kubernetes',
  'system:masters',
  'Zürich',
  'a, b + c = d',
  '#hash',
  '\\ "quoted" <x>;',
  '100% & more * stars',
  'a@b_c!',
  "it's (fine)",
  'ÿ÷×',
] as const;
const WIDE_VALUES = ['東京', 'Ω≈ç√', 'и', '\u{ff21}'] as const;

/** `\`, `#`, `$` and quotes mean something in a configuration. */
const escaped = (value: string): string => value.replaceAll(/[\\#$"']/g, '\\$&');

function drawSubject(random: Random, mask: string): string[] {
  const types = ['CN', 'O', 'OU', 'L', 'ST', '1.3.6.1.4.1.99999.7', 'UID', '2.5.4.42', 'title'];
  const lines = [`0.CN=${escaped(random.pick(VALUES))}`];
  for (let i = random.below(6); i > 0; i--) {
    const wide = mask !== 'nombstr' && random.oneIn(3);
    const value = escaped(random.pick(wide ? WIDE_VALUES : VALUES));
    // What stands before the first dot is passed over; `+` means the same RDN as the line before.
    lines.push(`${i}.${random.oneIn(4) ? '+' : ''}${random.pick(types)}=${value}`);
  }
  if (random.oneIn(3)) lines.push('8.C=DE', '8.DC=example', '8.emailAddress=a@b.example');
  if (random.oneIn(4)) lines.push('9.serialNumber=0815', '9.+street=x');
  return lines;
}

function drawNames(random: Random): string[] {
  const names = random.some([
    'DNS:a.example',
    'DNS:*.b.example',
    'IP:10.0.0.1',
    'IP:fd00::1',
    'IP:::ffff:10.1.2.3',
    'IP:2001:db8:0:0:1::1',
    'URI:spiffe://cluster.local/ns/x',
    'URI:https://user@host.example:8443/a%20b?c#d',
    'email:a@b.example',
    'RID:1.2.3.4',
    'dirName:directory',
    'otherName:1.2.3;UTF8:x',
  ]);
  return names.map((name, at) => {
    const colon = name.indexOf(':');
    return `${name.slice(0, colon)}.${at}=${name.slice(colon + 1)}`;
  });
}

function drawExtensions(random: Random, forCertificate: boolean): string[] {
  const critical = (): string => (random.oneIn(2) ? 'critical,' : '');
  const usages = random.some([
    'digitalSignature',
    'nonRepudiation',
    'keyEncipherment',
    'dataEncipherment',
    'keyAgreement',
    'keyCertSign',
    'cRLSign',
    'encipherOnly',
    'decipherOnly',
  ]);
  const purposes = random.some([
    'serverAuth',
    'clientAuth',
    'codeSigning',
    'emailProtection',
    'timeStamping',
    'OCSPSigning',
    'ipsecUser',
    'msSGC',
    'anyExtendedKeyUsage',
    '1.3.6.1.4.1.99999.1',
  ]);
  const constraints = random.pick([
    'CA:TRUE',
    'CA:FALSE',
    'CA:TRUE,pathlen:0',
    'CA:TRUE,pathlen:300',
  ]);
  const always = [
    `basicConstraints=${critical()}${constraints}`,
    `subjectAltName=${critical()}@san`,
    ...(usages.length > 0 ? [`keyUsage=${critical()}${usages.join()}`] : []),
    ...(purposes.length > 0 ? [`extendedKeyUsage=${critical()}${purposes.join()}`] : []),
    'certificatePolicies=1.3.6.1.4.1.99999.2,2.5.29.32.0',
    'crlDistributionPoints=URI:http://crl.example/a.crl',
    'authorityInfoAccess=OCSP;URI:http://ocsp.example,caIssuers;URI:http://ca.example/a.crt',
    'nameConstraints=critical,permitted;DNS:example,excluded;IP:10.0.0.0/255.0.0.0',
    'policyConstraints=requireExplicitPolicy:1,inhibitPolicyMapping:0',
    'inhibitAnyPolicy=2',
    'tlsfeature=status_request',
    'nsComment=made by a test',
    `1.3.6.1.4.1.99999.3=${critical()}ASN1:UTF8String:an unknown extension`,
    '1.3.6.1.4.1.99999.4=DER:0500',
  ];
  const identifiers = [
    random.pick(['subjectKeyIdentifier=hash', 'subjectKeyIdentifier=01020304']),
    random.pick(['authorityKeyIdentifier=keyid', 'authorityKeyIdentifier=keyid,issuer:always']),
  ];
  return random.some(forCertificate ? [...always, ...identifiers] : always);
}
