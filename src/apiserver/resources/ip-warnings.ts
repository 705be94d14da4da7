/** Addresses that are taken and could be written better (apimachinery, util/validation/ip.go). */
import { goQuote } from '../../kubernetes/index.ts';
import { bytesToIp, ipToBytes } from '../../x509/index.ts';
import { withoutZeros } from './checks.ts';

const MAPPED = /^::ffff:/i;

interface Read {
  readonly bytes: Uint8Array;
  /** As everybody should write it. */
  readonly text: string;
  /** With leading zeros, or IPv4 in the form of IPv6: read by some only, and not by all alike. */
  readonly isOdd: boolean;
}

/** Undefined for what is no address, which others refuse. */
function read(value: string): Read | undefined {
  const plain = withoutZeros(value);
  const bytes = ipToBytes(plain);
  if (bytes === undefined) return undefined;
  return { bytes, text: bytesToIp(bytes), isOdd: plain !== value || MAPPED.test(value) };
}

export function ipWarnings(field: string, value: string): string[] {
  const ip = read(value);
  if (ip === undefined || ip.text === value) return [];
  if (ip.isOdd) {
    return [
      `${field}: non-standard IP address ${goQuote(value)} is invalid: use ${goQuote(ip.text)}`,
    ];
  }
  return [
    `${field}: IPv6 address ${goQuote(value)} should be in RFC 5952 canonical format (${goQuote(ip.text)})`,
  ];
}

export function cidrWarnings(field: string, value: string): string[] {
  const slash = value.indexOf('/');
  const length = Number(value.slice(slash + 1));
  const ip = slash < 0 ? undefined : read(value.slice(0, slash));
  if (ip === undefined || !Number.isInteger(length)) return [];
  const bits = ip.bytes.length * 8;
  const network = bytesToIp(masked(ip.bytes, length));
  const range = `${network}/${length}`;
  const warnings: string[] = [];
  if (network !== ip.text) {
    warnings.push(
      `${field}: CIDR value ${goQuote(value)} is ambiguous in this context (should be ${goQuote(range)} or ${goQuote(`${ip.text}/${bits}`)}?)`,
    );
  }
  if (ip.isOdd) {
    warnings.push(
      `${field}: non-standard CIDR value ${goQuote(value)} is invalid: use ${goQuote(range)}`,
    );
  }
  const canonical = `${ip.text}/${length}`;
  if (warnings.length === 0 && canonical !== value) {
    warnings.push(
      `${field}: IPv6 CIDR value ${goQuote(value)} should be in RFC 5952 canonical format (${goQuote(canonical)})`,
    );
  }
  return warnings;
}

/** What is behind the first bits is zero. */
const masked = (bytes: Uint8Array, length: number): Uint8Array =>
  bytes.map((byte, index) => {
    const bits = Math.min(Math.max(length - index * 8, 0), 8);
    return byte & (0xff << (8 - bits));
  });
