/** Certificates and requests that @peculiar/x509 makes with WebCrypto's keys. */
import { webcrypto } from 'node:crypto';
import type { Random } from '../../fuzz/random.ts';
import { peculiar } from '../../x509/peculiar.ts';

peculiar.cryptoProvider.set(
  webcrypto as unknown as Parameters<typeof peculiar.cryptoProvider.set>[0],
);

const ALGORITHMS = [
  { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: 'SHA-256',
  },
] as const;
type Algorithm = (typeof ALGORITHMS)[number];

const made = new Map<Algorithm, Promise<webcrypto.CryptoKeyPair>>();

/** One pair for each algorithm. */
function keysOf(algorithm: Algorithm): Promise<webcrypto.CryptoKeyPair> {
  const known = made.get(algorithm);
  if (known !== undefined) return known;
  const keys = webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  made.set(algorithm, keys);
  return keys;
}

const VALUES = ['kubernetes', 'a, b', 'x + y', 'Zürich', '東京', '😀', 'x#', '"', '\\'];

function drawName(random: Random): { [type: string]: string[] }[] {
  const types = ['CN', 'O', 'OU', 'C', 'L', 'E', 'DC', '1.3.6.1.4.1.99999.7'];
  return random.upTo(4, () => {
    const type = random.pick(types);
    const ascii = type === 'C' || type === 'E' || type === 'DC';
    return { [type]: [ascii ? random.pick(['DE', 'x']) : random.pick(VALUES)] };
  });
}

function drawUsages(random: Random) {
  const { digitalSignature, keyEncipherment, keyCertSign, cRLSign, decipherOnly } =
    peculiar.KeyUsageFlags;
  return random
    .some([keyEncipherment, keyCertSign, cRLSign, decipherOnly])
    .reduce((all, one) => all | one, digitalSignature);
}

function drawExtensions(random: Random) {
  const names = random.some([
    { type: 'dns' as const, value: 'a.example' },
    { type: 'dns' as const, value: '*.b.example' },
    { type: 'ip' as const, value: '10.0.0.1' },
    { type: 'ip' as const, value: 'fd00::1' },
    { type: 'url' as const, value: 'spiffe://cluster.local/x' },
    { type: 'email' as const, value: 'a@b.example' },
  ]);
  const ca = random.oneIn(2);
  return random.some([
    new peculiar.BasicConstraintsExtension(ca, ca ? random.below(4) : undefined, random.oneIn(2)),
    new peculiar.KeyUsagesExtension(drawUsages(random), random.oneIn(2)),
    new peculiar.ExtendedKeyUsageExtension(
      [peculiar.ExtendedKeyUsage.serverAuth, peculiar.ExtendedKeyUsage.clientAuth, '1.2.3'],
      random.oneIn(2),
    ),
    new peculiar.SubjectAlternativeNameExtension(names, random.oneIn(2)),
    new peculiar.Extension('1.3.6.1.4.1.99999.9', random.oneIn(2), random.bytes(random.below(40))),
  ]);
}

export async function peculiarCertificate(random: Random): Promise<Uint8Array> {
  const algorithm = random.pick(ALGORITHMS);
  const keys = await keysOf(algorithm);
  const end = random.pick(['2027-01-01', '2049-12-31', '2050-01-01', '9999-12-31']);
  const certificate = await peculiar.X509CertificateGenerator.createSelfSigned({
    serialNumber: `0${Buffer.from(random.bytes(random.between(1, 18))).toString('hex')}1`,
    name: drawName(random),
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date(`${end}T00:00:00Z`),
    signingAlgorithm: algorithm,
    keys,
    extensions: drawExtensions(random),
  });
  return new Uint8Array(certificate.rawData);
}

export async function peculiarRequest(random: Random): Promise<Uint8Array> {
  const algorithm = random.pick(ALGORITHMS);
  const request = await peculiar.Pkcs10CertificateRequestGenerator.create({
    name: drawName(random),
    keys: await keysOf(algorithm),
    signingAlgorithm: algorithm,
    extensions: drawExtensions(random),
    attributes: random.oneIn(2) ? [new peculiar.ChallengePasswordAttribute('secret')] : [],
  });
  return new Uint8Array(request.rawData);
}
