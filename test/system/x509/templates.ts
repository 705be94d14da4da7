/** Templates of certificates and requests, drawn at random from everything that kubepki can issue. */
import {
  ATTRIBUTE_TYPES,
  bytesToIp,
  type CertificateTemplate,
  EXTENDED_KEY_USAGES,
  type ExtendedKeyUsage,
  KEY_USAGES,
  makeName,
  type Name,
  type NameParts,
  type SubjectAltNames,
} from '../../../src/x509/index.ts';
import type { Random } from '../../fuzz/random.ts';

/** First and last code point of what values of names are drawn from. */
const RANGES = [
  [0x20, 0x7e],
  [0x20, 0x7e],
  [0x20, 0x7e],
  [0xa0, 0xff],
  [0x100, 0x24f],
  [0x300, 0x36f],
  [0x370, 0x6ff],
  [0x2000, 0x27ff],
  [0x3040, 0x9fff],
  [0xe000, 0xf8ff],
  [0xff01, 0xffee],
  [0x1f300, 0x1f6ff],
  [0x20000, 0x2a6df],
  [0x10fff0, 0x10fffd],
] as const;
/** What RFC 4514 escapes, and what a printer could get wrong. */
const SPECIAL = [' ', '#', '"', '+', ',', ';', '<', '>', '\\', '=', '/', '*', '&', '@', '_', '\t'];

/** From 1 to `most` characters. */
export function drawText(random: Random, most = 20): string {
  const characters = Array.from({ length: random.between(1, most) }, () => {
    if (random.oneIn(4)) return random.pick(SPECIAL);
    const [first, last] = random.pick(RANGES);
    return String.fromCodePoint(random.between(first, last));
  });
  const text = characters.join('');
  // OpenSSL (3.0 to 3.5 at least) prints this one value unescaped, as the start of hex.
  return text === '#' ? '##' : text;
}

/** Every printable ASCII character. */
export const PRINTABLE = Array.from({ length: 0x7f - 0x20 }, (_, i) =>
  String.fromCharCode(0x20 + i),
).join('');

/** A name of the shape that Go's pkix.Name has. */
export function drawParts(random: Random): NameParts {
  const maybe = (): string | undefined => (random.oneIn(4) ? drawText(random) : undefined);
  return {
    commonName: random.oneIn(10) ? undefined : drawText(random, 64),
    organizations: random.upTo(4, () => drawText(random)),
    organizationalUnits: random.upTo(1, () => drawText(random)),
    country: random.oneIn(4) ? 'DE' : undefined,
    province: maybe(),
    locality: maybe(),
    streetAddress: maybe(),
    postalCode: maybe(),
    serialNumber: maybe(),
  };
}

/** A name of any shape: RDNs of several attributes, types that have no short name. */
export function drawName(random: Random): Name {
  const types = [...Object.values(ATTRIBUTE_TYPES), '1.3.6.1.4.1.99999.7', '2.5.4.42'];
  return random.upTo(5, () =>
    Array.from({ length: random.oneIn(4) ? random.between(2, 3) : 1 }, () => ({
      type: random.pick(types),
      value: drawText(random),
    })),
  );
}

const LABEL = 'abcdefghijklmnopqrstuvwxyz0123456789-_ABC'.split('');
const drawLabel = (random: Random): string =>
  Array.from({ length: random.between(1, 12) }, () => random.pick(LABEL)).join('');
const drawDomain = (random: Random): string =>
  Array.from({ length: random.between(1, 4) }, () => drawLabel(random)).join('.');

export function drawNames(random: Random): SubjectAltNames {
  return {
    dns: random.upTo(5, () => `${random.oneIn(5) ? '*.' : ''}${drawDomain(random)}`),
    ip: random.upTo(4, () => drawIp(random)),
    uri: random.upTo(1, () => `spiffe://${drawLabel(random)}.example/ns/${drawLabel(random)}`),
    email: random.upTo(1, () => `${drawLabel(random)}@${drawDomain(random)}`),
  };
}

function drawIp(random: Random): string {
  const bytes = random.bytes(random.pick([4, 16]));
  // Zeros, so that IPv6 is shortened in every way that RFC 5952 has.
  for (let i = 0; i < bytes.length; i++) if (random.oneIn(2)) bytes[i] = 0;
  return bytesToIp(bytes);
}

/** Dates around the turn from UTCTime to GeneralizedTime (RFC 5280, section 4.1.2.5), and the ends of both. */
const DATES = [
  '1950-01-01T00:00:00Z',
  '1999-12-31T23:59:59Z',
  '2000-02-29T00:00:00Z',
  '2026-11-24T06:07:08Z',
  '2049-12-31T23:59:59Z',
  '2050-01-01T00:00:00Z',
  '2100-03-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
].map((text) => new Date(text));

function drawValidity(random: Random): { notBefore: Date; notAfter: Date } {
  const [a, b] = [random.pick(DATES), random.pick(DATES)];
  return a < b ? { notBefore: a, notAfter: b } : { notBefore: b, notAfter: a };
}

const isUsage = (name: string): name is ExtendedKeyUsage =>
  Object.hasOwn(EXTENDED_KEY_USAGES, name);

export function drawTemplate(random: Random): CertificateTemplate {
  const ca = random.oneIn(4);
  const pathLength =
    ca && random.oneIn(2) ? { pathLength: random.pick([0, 1, 127, 128, 999]) } : {};
  return {
    subject: random.oneIn(2) ? makeName(drawParts(random)) : drawName(random),
    ...drawValidity(random),
    ...(random.oneIn(2) ? { serialNumber: drawSerial(random) } : {}),
    basicConstraints: { ca, ...pathLength },
    keyUsage: random.some(KEY_USAGES),
    extendedKeyUsage: random.some(Object.keys(EXTENDED_KEY_USAGES).filter(isUsage)),
    ...(random.oneIn(6) ? {} : { subjectAltNames: drawNames(random) }),
  };
}

/** Positive and of at most 20 bytes as encoded. */
function drawSerial(random: Random): Uint8Array {
  const serial = random.bytes(random.between(1, 20));
  serial[0] = (serial[0] ?? 0) & 0x7f;
  serial[serial.length - 1] = (serial.at(-1) ?? 0) | 1;
  return serial;
}
