/** Whether a certificate covers a host: the rules of Go's VerifyHostname, which every Kubernetes component applies. */
import { ipToBytes } from './ip.ts';
import type { Certificate } from './types.ts';

/**
 * True where the subject alternative names cover `host`: a DNS name, or an IP address with or
 * without square brackets. The common name is never looked at.
 *
 * An IP address is compared by its bytes with the IP names only, an IPv4-mapped IPv6 address being
 * the IPv4 address. A DNS name is compared without regard to case and to one dot at its end; `*`
 * stands for one whole left-most label. Names that are not valid host names only match exactly.
 */
export function hostMatches(
  certificate: Pick<Certificate, 'subjectAltNames'>,
  host: string,
): boolean {
  const names = certificate.subjectAltNames;
  if (names === undefined) return false;
  const address = ipToBytes(host.length >= 3 && /^\[.*\]$/s.test(host) ? host.slice(1, -1) : host);
  if (address !== undefined) {
    return names.ip.some((name) => {
      const other = ipToBytes(name);
      return other !== undefined && Buffer.compare(other, address) === 0;
    });
  }
  const wanted = lower(host);
  const valid = isHostName(wanted.endsWith('.') ? wanted.slice(0, -1) : wanted, false);
  return names.dns.some((name) => {
    const pattern = lower(name);
    if (valid && isHostName(pattern, true)) return matchesPattern(pattern, wanted);
    return pattern !== '' && pattern !== '.' && pattern === wanted;
  });
}

function matchesPattern(pattern: string, host: string): boolean {
  const patternLabels = pattern.split('.');
  const hostLabels = (host.endsWith('.') ? host.slice(0, -1) : host).split('.');
  return (
    patternLabels.length === hostLabels.length &&
    patternLabels.every((label, at) => (at === 0 && label === '*') || label === hostLabels[at])
  );
}

/** Letters, digits, inner hyphens, and underscores; a pattern's first label may be `*`, but not its only one. */
function isHostName(text: string, pattern: boolean): boolean {
  if (text === '*') return false;
  return text
    .split('.')
    .every(
      (label, at) => (pattern && at === 0 && label === '*') || /^[a-z0-9_][a-z0-9_-]*$/.test(label),
    );
}

/** ASCII only (RFC 6125, section 6.4.1): toLowerCase would also fold the Kelvin sign into k. */
const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
