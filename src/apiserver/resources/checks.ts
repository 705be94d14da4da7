/** Small rules that the validation of many fields is made of (apimachinery, util/validation). */

import { isIP } from 'node:net';
import { addAll } from '../../add-all.ts';
import {
  isLongerThan,
  labelKeyProblems,
  labelValueProblems,
  longerThan,
  ruleText,
} from '../../kubernetes/index.ts';
import { ipToBytes } from '../../x509/index.ts';
import { type FieldError, invalid, MOST_ERRORS, notSupported, required } from './field-error.ts';
import { dnsLabel, dnsSubdomain, type NameRule } from './names.ts';

/** What is wrong with each of a list, by its path; beyond `MOST_ERRORS` nobody looks. */
export const each = <T>(
  items: readonly T[] | null | undefined,
  field: string,
  check: (item: T, field: string, index: number) => readonly FieldError[],
): FieldError[] => {
  const errors: FieldError[] = [];
  for (const [index, item] of (items ?? []).entries()) {
    addAll(errors, check(item, `${field}[${index}]`, index));
    if (errors.length >= MOST_ERRORS) break;
  }
  return errors;
};

/** One error for each sentence. */
export const problems = (
  field: string,
  value: unknown,
  sentences: readonly string[],
): FieldError[] => sentences.map((sentence) => invalid(field, value, sentence));

export const named = (field: string, name: string, rule: NameRule): FieldError[] =>
  problems(field, name, rule(name, false));

/** As `named`, of what must be there. */
export const demanded = (field: string, name: string | undefined, rule: NameRule): FieldError[] =>
  name === undefined || name === '' ? [required(field)] : named(field, name, rule);

export const label = (field: string, value: string): FieldError[] => named(field, value, dnsLabel);
export const subdomain = (field: string, value: string): FieldError[] =>
  named(field, value, dnsSubdomain);
export const qualifiedName = (field: string, value: string): FieldError[] =>
  problems(field, value, labelKeyProblems(value));

export function labels(
  field: string,
  given: Readonly<Record<string, string>> | undefined,
): FieldError[] {
  return Object.entries(given ?? {}).flatMap(([key, value]) => [
    ...problems(field, key, labelKeyProblems(key)),
    ...problems(field, value, labelValueProblems(value)),
  ]);
}

/** Absent is good. */
export const oneOf = (
  field: string,
  value: string | undefined,
  supported: readonly string[],
): FieldError[] =>
  value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];

/** Absent is not good. */
export const oneOfDemanded = (
  field: string,
  value: string | undefined,
  supported: readonly string[],
): FieldError[] => ((value ?? '') === '' ? [required(field)] : oneOf(field, value, supported));

export const NEGATIVE = 'must be greater than or equal to 0';
export const NOT_POSITIVE = 'must be greater than zero';

export const nonNegative = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(field, value, NEGATIVE)] : [];

export const positive = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && value <= 0 ? [invalid(field, value, NOT_POSITIVE)] : [];

export const within = (
  field: string,
  value: number | undefined,
  least: number,
  most: number,
): FieldError[] =>
  value === undefined || (value >= least && value <= most)
    ? []
    : [invalid(field, value, `must be between ${least} and ${most}, inclusive`)];

export const MOST_INT32 = 2 ** 31 - 1;
/** Of users and groups. */
export const id = (field: string, value: number | undefined): FieldError[] =>
  within(field, value, 0, MOST_INT32);
export const port = (field: string, value: number): FieldError[] => within(field, value, 1, 65_535);

/** Of a file: permission bits. */
export const mode = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && (value < 0 || value > 0o777)
    ? [invalid(field, value, 'must be a number between 0 and 0777 (octal), both inclusive')]
    : [];

export function portName(field: string, name: string): FieldError[] {
  const sentences: string[] = [];
  if (name.length > 15) sentences.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(name)) {
    sentences.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(name)) sentences.push('must contain at least one letter (a-z)');
  if (name.includes('--')) sentences.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) {
    sentences.push('must not begin or end with a hyphen');
  }
  return problems(field, name, sentences);
}

export const portNumberOrName = (field: string, value: number | string): FieldError[] =>
  typeof value === 'number' ? port(field, value) : portName(field, value);

/** With leading zeros, as old fields have it. */
const SLOPPY = /^\d{1,3}(\.\d{1,3}){3}$/;
/** An address as everybody reads it. */
export const withoutZeros = (text: string): string =>
  SLOPPY.test(text) ? text.split('.').map(Number).join('.') : text;

const MAPPED = /^::ffff:\d+\.\d+\.\d+\.\d+$/i;

/** 4 or 6 for an address, 0 for what is none. */
export const ipFamily = (text: string): number =>
  isIP(text.includes('%') ? '' : withoutZeros(text));

/** @param old values that stand there already are good, whatever they are */
export function ip(field: string, value: string, old: readonly string[] = []): FieldError[] {
  if (old.includes(value)) return [];
  if (ipFamily(value) === 0) {
    const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
    return [invalid(field, value, detail)];
  }
  if (isIP(value) === 0) return [invalid(field, value, 'must not have leading 0s')];
  return MAPPED.test(value)
    ? [invalid(field, value, 'must not be an IPv4-mapped IPv6 address')]
    : [];
}

/** @param old as of `ip` */
export function cidr(field: string, value: string, old: readonly string[] = []): FieldError[] {
  if (old.includes(value)) return [];
  const [address = '', length = '', ...more] = value.split('/');
  const bits = ipFamily(address) === 4 ? 32 : 128;
  if (
    ipFamily(address) === 0 ||
    more.length > 0 ||
    !/^\d{1,3}$/.test(length) ||
    Number(length) > bits
  ) {
    return [
      invalid(field, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'),
    ];
  }
  if (isIP(address) === 0 || (length.length > 1 && length.startsWith('0'))) {
    return [invalid(field, value, 'must not have leading 0s in IP or prefix length')];
  }
  if (MAPPED.test(address)) {
    return [invalid(field, value, 'must not have an IPv4-mapped IPv6 address')];
  }
  return hasBitsBeyond(ipToBytes(address) ?? new Uint8Array(), Number(length))
    ? [invalid(field, value, 'must not have bits set beyond the prefix length')]
    : [];
}

const hasBitsBeyond = (bytes: Uint8Array, length: number): boolean =>
  bytes.some(
    (byte, index) => (byte & (0xff >> Math.min(Math.max(length - index * 8, 0), 8))) !== 0,
  );

/** No more than one of each family. */
export const isDualStack = (ips: readonly string[]): boolean =>
  ips.length === 2 && new Set(ips.map(ipFamily)).size === 2;

/** Without a step up. */
export const noBacksteps = (field: string, path: string): FieldError[] =>
  path.split('/').includes('..') ? [invalid(field, path, "must not contain '..'")] : [];

export const descendingPath = (field: string, path: string): FieldError[] => [
  ...(path.startsWith('/') ? [invalid(field, path, 'must be a relative path')] : []),
  ...noBacksteps(field, path),
];

/** Nor one that begins as the files of the kubelet's own do. */
export const plainPath = (field: string, path: string): FieldError[] => [
  ...descendingPath(field, path),
  ...(path.startsWith('..') && !path.startsWith('../')
    ? [invalid(field, path, "must not start with '..'")]
    : []),
];

export const IMMUTABLE = 'field is immutable';

const DNS_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

export const dns1035: NameRule = (name) => [
  ...(isLongerThan(name, 63) ? [longerThan(63, 'characters')] : []),
  ...(DNS_1035.test(name)
    ? []
    : [
        ruleText(
          "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
          '[a-z]([-a-z0-9]*[a-z0-9])?',
          'my-name',
          'abc-123',
        ),
      ]),
];
