/**
 * Name constraints (RFC 5280, section 4.2.1.10) with the meaning that Go's crypto/x509 gives them:
 * DNS names, IP ranges, e-mail addresses and hosts of URIs. Constraints on other kinds of name
 * (directory names above all) are noticed and not evaluated. An IPv4-mapped IPv6 address counts as
 * the IPv4 address, as everywhere in kubepki; Go compares it with IPv6 ranges.
 */
import { quoted } from '../errors.ts';
import { type DerElement, DerReader, malformed } from './der/reader.ts';
import { context, contextConstructed, Tag } from './der/tag.ts';
import { bytesToIp, ipToBytes } from './ip.ts';
import type { SubjectAltNames } from './types.ts';

export const OID_NAME_CONSTRAINTS = '2.5.29.30';

/** Comparisons for one certificate; more is refused. Go's limit of the same purpose. */
const MAX_COMPARISONS = 250_000;

interface IpRange {
  readonly address: Uint8Array;
  readonly mask: Uint8Array;
}

interface Subtrees {
  readonly dns: string[];
  readonly ip: IpRange[];
  readonly email: string[];
  readonly uri: string[];
}

export interface NameConstraints {
  readonly permitted: Subtrees;
  readonly excluded: Subtrees;
  /** True where there are constraints that are not evaluated. */
  readonly incomplete: boolean;
}

/** Reads the extension's value. Throws `MALFORMED_DER`. */
export function readNameConstraints(value: Uint8Array): NameConstraints {
  const outer = DerReader.inside(DerReader.single(value, Tag.sequence, 'the name constraints'));
  const permitted = emptySubtrees();
  const excluded = emptySubtrees();
  const permittedElement = outer.optional(contextConstructed(0), 'the permitted names');
  const excludedElement = outer.optional(contextConstructed(1), 'the excluded names');
  outer.end('the name constraints');
  if (!permittedElement?.content.length && !excludedElement?.content.length) {
    throw malformed(0, 'name constraints that name nothing');
  }
  let incomplete = false;
  for (const [element, into] of [
    [permittedElement, permitted],
    [excludedElement, excluded],
  ] as const) {
    if (element === undefined) continue;
    const reader = DerReader.inside(element);
    while (!reader.done) {
      if (!readSubtree(reader.sequence('a name constraint'), into)) incomplete = true;
    }
  }
  return { permitted, excluded, incomplete };
}

/** Why `names` do not keep to `constraints`, or undefined where they do. */
export function constraintViolation(
  constraints: NameConstraints,
  names: SubjectAltNames,
): string | undefined {
  const { permitted, excluded } = constraints;
  if (sizeOf(names) * (sizeOf(permitted) + sizeOf(excluded)) > MAX_COMPARISONS) {
    return 'there are too many names and constraints to compare';
  }
  return (
    dnsViolation(constraints, names.dns) ??
    ipViolation(constraints, names.ip) ??
    emailViolation(constraints, names.email) ??
    uriViolation(constraints, names.uri)
  );
}

const sizeOf = ({ dns, ip, email, uri }: Subtrees | SubjectAltNames): number =>
  dns.length + ip.length + email.length + uri.length;

const emptySubtrees = (): Subtrees => ({ dns: [], ip: [], email: [], uri: [] });

/** Reads one GeneralSubtree; false where it is of a kind that is not evaluated. */
function readSubtree(reader: DerReader, into: Subtrees): boolean {
  const base = reader.next('a name constraint');
  // minimum and maximum: RFC 5280 allows only their absence.
  const plain = reader.done;
  switch (base.tag) {
    case context(1):
      into.email.push(constraintText(base, 'e-mail'));
      return plain;
    case context(2):
      into.dns.push(constraintText(base, 'DNS'));
      return plain;
    case context(6): {
      const host = constraintText(base, 'URI');
      if (ipToBytes(host) !== undefined)
        throw malformed(base.offset, 'a URI constraint on an address');
      into.uri.push(host);
      return plain;
    }
    case context(7):
      into.ip.push(constraintRange(base));
      return plain;
    default:
      return false;
  }
}

function constraintText(base: DerElement, kind: string): string {
  const text = Buffer.from(base.content).toString('latin1');
  const domain = text.slice(text.lastIndexOf('@') + 1);
  const mailbox = kind === 'e-mail' && text.includes('@');
  if (mailbox ? parseMailbox(text) === undefined : !isDomain(domain.replace(/^\./, ''))) {
    throw malformed(base.offset, `a ${kind} constraint that is no name`);
  }
  return text;
}

function constraintRange({ content, offset }: DerElement): IpRange {
  if (content.length !== 8 && content.length !== 32) {
    throw malformed(offset, `an IP constraint of ${content.length} bytes`);
  }
  const half = content.length / 2;
  const mask = content.subarray(half);
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  if (bits.includes('01')) throw malformed(offset, 'an IP constraint whose mask has gaps');
  return { address: content.subarray(0, half), mask };
}

/** The verdict on one name, given which of the constraints cover it. */
function judge<T>(
  shown: string,
  permitted: readonly T[],
  excluded: readonly T[],
  covers: (constraint: T, isExclusion: boolean) => boolean,
  print: (constraint: T) => string,
): string | undefined {
  if (permitted.length > 0 && !permitted.some((constraint) => covers(constraint, false))) {
    return `${shown} is not among the permitted ones`;
  }
  const hit = excluded.find((constraint) => covers(constraint, true));
  return hit === undefined ? undefined : `${shown} is excluded by ${quoted(print(hit))}`;
}

const same = (text: string): string => text;

function dnsViolation({ permitted, excluded }: NameConstraints, names: readonly string[]) {
  for (const name of names) {
    const shown = `the DNS name ${quoted(name)}`;
    if (!isDomain(name)) return `${shown} cannot be compared with constraints`;
    const lower = name.toLowerCase();
    const violation = judge(
      shown,
      permitted.dns,
      excluded.dns,
      (domain, isExclusion) => {
        if (isWithin(lower, domain)) return true;
        // *.example.com covers host.example.com, so excluding the one excludes the other.
        const dot = domain.indexOf('.');
        return isExclusion && dot > 0 && lower === `*${domain.slice(dot).toLowerCase()}`;
      },
      same,
    );
    if (violation !== undefined) return violation;
  }
  return undefined;
}

function ipViolation({ permitted, excluded }: NameConstraints, addresses: readonly string[]) {
  for (const text of addresses) {
    const address = ipToBytes(text);
    if (address === undefined) return `the address ${text} cannot be compared with constraints`;
    const violation = judge(
      `the address ${text}`,
      permitted.ip,
      excluded.ip,
      ({ address: network, mask }) =>
        network.length === address.length &&
        network.every((byte, at) => ((byte ^ (address[at] ?? 0)) & (mask[at] ?? 0)) === 0),
      ({ address: network, mask }) =>
        `${bytesToIp(network)}/${mask.reduce((sum, byte) => sum + byte.toString(2).replace(/0/g, '').length, 0)}`,
    );
    if (violation !== undefined) return violation;
  }
  return undefined;
}

function emailViolation({ permitted, excluded }: NameConstraints, addresses: readonly string[]) {
  for (const text of addresses) {
    const shown = `the e-mail address ${quoted(text)}`;
    const mailbox = parseMailbox(text);
    if (mailbox === undefined) return `${shown} cannot be compared with constraints`;
    const covers = (constraint: string): boolean => {
      if (!constraint.includes('@')) return isWithin(mailbox.domain, constraint);
      const exact = parseMailbox(constraint);
      return exact?.local === mailbox.local && exact.domain === mailbox.domain;
    };
    const violation = judge(shown, permitted.email, excluded.email, covers, same);
    if (violation !== undefined) return violation;
  }
  return undefined;
}

function uriViolation({ permitted, excluded }: NameConstraints, uris: readonly string[]) {
  for (const uri of uris) {
    const shown = `the URI ${quoted(uri)}`;
    const authority = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#]*)/i.exec(uri)?.[1] ?? '';
    const host = authority.replace(/:\d*$/, '').toLowerCase();
    if (host === '' || host.startsWith('[') || ipToBytes(host) !== undefined || !isDomain(host)) {
      return `${shown} has no host name that constraints can be compared with`;
    }
    const violation = judge(
      shown,
      permitted.uri,
      excluded.uri,
      (domain) => isWithin(host, domain),
      same,
    );
    if (violation !== undefined) return violation;
  }
  return undefined;
}

/**
 * True where `name` (lower case) is the domain of a constraint or below it. A constraint with a dot
 * in front means below it only; an empty one means every name.
 */
function isWithin(name: string, constraint: string): boolean {
  const domain = constraint.toLowerCase();
  if (domain === '') return true;
  if (!name.endsWith(domain)) return false;
  const rest = name.length - domain.length;
  return rest === 0 || domain.startsWith('.') || name[rest - 1] === '.';
}

/** Labels that are not empty, of printable ASCII without spaces; the empty name too, as Go has it. */
function isDomain(text: string): boolean {
  return text === '' || text.split('.').every((label) => /^[!-~]+$/.test(label));
}

/** `local@domain`. A quoted local part (RFC 5321) is not read: such an address cannot be compared. */
function parseMailbox(text: string): { local: string; domain: string } | undefined {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(0, at));
  const domain = text.slice(at + 1).toLowerCase();
  if (!/^[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(local)) return undefined;
  return domain === '' || !isDomain(domain) ? undefined : { local, domain };
}
