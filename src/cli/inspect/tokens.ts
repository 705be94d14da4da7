/** Tokens in words and as data: what they say, never their text. */
import type { BootstrapTokenEntry, Claims, TokenEntry } from '../../collect/index.ts';
import type { Field } from './describe.ts';
import { daysLeft, formatTime, periodState } from './validity.ts';
import type { View } from './view.ts';

const MOST_SHOWN = 200;
/** The last second of the year 9999. */
const LAST_SECOND = 253_402_300_799;

const HINT_SIGNATURE = 'not verified: whoever wrote the token can have written anything in it';

/** The claims that have a line of their own. */
const SHOWN: ReadonlySet<string> = new Set([
  'iss',
  'sub',
  'aud',
  'iat',
  'nbf',
  'exp',
  'kubernetes.io',
]);
/** The claims of tokens that are kept in Secrets (kubernetes, pkg/serviceaccount/legacy.go) begin so. */
const LEGACY = 'kubernetes.io/serviceaccount/';

/** A moment of a claim: seconds since 1970 (RFC 7519, section 2); null of a claim that is no such number. */
function momentOf(claim: unknown): Date | null | undefined {
  if (claim === undefined) return undefined;
  const isMoment = typeof claim === 'number' && claim >= 0 && claim <= LAST_SECOND;
  return isMoment ? new Date(claim * 1000) : null;
}

const expiryOf = ({ claims }: TokenEntry): Date | undefined => momentOf(claims['exp']) ?? undefined;

export function tokenFields(entry: TokenEntry, { now }: View): Field[] {
  const { header, claims, isSigned } = entry;
  const fields: Field[] = [];
  const add = (label: string, value: string | undefined): void => {
    if (value !== undefined) fields.push([label, value]);
  };
  add('Issuer', textOf(claims['iss']) ?? 'none');
  add('Subject', textOf(claims['sub']) ?? 'none');
  for (const field of boundTo(claims)) fields.push(field);
  add('Audiences', audiencesOf(claims['aud']));
  add('Issued', describeMoment(momentOf(claims['iat']), now));
  add('Valid from', describeMoment(momentOf(claims['nbf']), now));
  add('Valid until', describeEnd(momentOf(claims['exp']), now));
  for (const [name, value] of Object.entries(claims)) {
    if (!SHOWN.has(name) && !name.startsWith(LEGACY)) add(`Claim ${name}`, textOf(value));
  }
  add('Algorithm', textOf(header['alg']));
  add('Key id', textOf(header['kid']));
  for (const [name, value] of Object.entries(header)) {
    if (!['alg', 'kid', 'typ'].includes(name)) add(`Header ${name}`, textOf(value));
  }
  add('Signature', isSigned ? HINT_SIGNATURE : 'none: anybody can have written it');
  return fields;
}

/** A claim as it may be shown, in one piece. */
function textOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}… (-o json)` : text;
}

function audiencesOf(claim: unknown): string {
  if (claim === undefined) return 'none: for every API server that trusts its key';
  const list = (Array.isArray(claim) ? claim : [claim]).map((one) => textOf(one) ?? '');
  return list.join(', ');
}

/** Whom a service account's token is for, and what it ends with. */
function boundTo(claims: Claims): Field[] {
  const legacy = (name: string): string | undefined => textOf(claims[LEGACY + name]);
  const account = legacy('service-account.name');
  if (account !== undefined) {
    const namespace = legacy('namespace') ?? 'unknown';
    return [
      ['For', `service account ${account} in namespace ${namespace}`],
      ['Bound to', `Secret ${legacy('secret.name') ?? 'unknown'}: valid until that is deleted`],
    ];
  }
  const bound = childOf(claims, 'kubernetes.io');
  if (bound === undefined) return [];
  const fields: Field[] = [];
  const namespace = textOf(bound['namespace']) ?? 'unknown';
  const name = textOf(childOf(bound, 'serviceaccount')?.['name']);
  if (name !== undefined) fields.push(['For', `service account ${name} in namespace ${namespace}`]);
  for (const kind of ['pod', 'secret', 'node']) {
    const object = childOf(bound, kind);
    const uid = textOf(object?.['uid']);
    if (object !== undefined) {
      const which = `${kind} ${textOf(object['name']) ?? 'unknown'}`;
      fields.push(['Bound to', uid === undefined ? which : `${which} (uid ${uid})`]);
    }
  }
  const warnAfter = momentOf(bound['warnafter']);
  if (warnAfter instanceof Date) fields.push(['To be renewed', `after ${formatTime(warnAfter)}`]);
  return fields;
}

function childOf(claims: Claims, name: string): Claims | undefined {
  const value = claims[name];
  return isClaims(value) ? value : undefined;
}

const isClaims = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const NO_MOMENT = 'not a number of seconds';

function describeMoment(moment: Date | null | undefined, now: Date): string | undefined {
  if (moment === undefined) return undefined;
  if (moment === null) return NO_MOMENT;
  const ahead = moment.getTime() - now.getTime();
  return ahead > 0 ? `${formatTime(moment)} (in ${span(ahead)})` : formatTime(moment);
}

function describeEnd(moment: Date | null | undefined, now: Date): string {
  if (moment === undefined) return 'no end';
  if (moment === null) return NO_MOMENT;
  const left = moment.getTime() - now.getTime();
  const words = left > 0 ? `${span(left)} left` : `expired ${span(-left)} ago`;
  return `${formatTime(moment)} (${words})`;
}

const UNITS: readonly (readonly [milliseconds: number, name: string])[] = [
  [24 * 3600 * 1000, 'day'],
  [3600 * 1000, 'hour'],
  [60 * 1000, 'minute'],
];

/** Tokens live for an hour, often: a day is too coarse for them. */
function span(milliseconds: number): string {
  for (const [unit, name] of UNITS) {
    const count = Math.floor(milliseconds / unit);
    if (count > 0) return count === 1 ? `1 ${name}` : `${count} ${name}s`;
  }
  return 'less than a minute';
}

/** Remarks for a row of a table. */
export function tokenNotes(entry: TokenEntry, { now }: View): string[] {
  const { claims, isSigned } = entry;
  const notBefore = momentOf(claims['nbf']);
  const expiry = momentOf(claims['exp']);
  const notes: string[] = [];
  if (expiry instanceof Date && expiry.getTime() <= now.getTime()) notes.push('expired');
  if (expiry === undefined) notes.push('has no end');
  if (expiry === null) notes.push(`its end is ${NO_MOMENT}`);
  if (notBefore instanceof Date && notBefore.getTime() > now.getTime()) {
    notes.push(`not valid before ${formatTime(notBefore)}`);
  }
  notes.push(isSigned ? 'signature not verified' : 'not signed');
  return notes;
}

export const isTokenBad = (entry: TokenEntry, { now }: View): boolean => {
  const notAfter = expiryOf(entry);
  const notBefore = momentOf(entry.claims['nbf']) ?? undefined;
  return !entry.isSigned || periodState({ notBefore, notAfter }, now) !== 'valid';
};

/** What stands in the columns of a table. */
export function tokenCells(entry: TokenEntry): {
  subject: string;
  issuer: string;
  expires: Date | undefined;
} {
  const { claims } = entry;
  return {
    subject: textOf(claims['sub']) ?? '',
    issuer: textOf(claims['iss']) ?? '',
    expires: expiryOf(entry),
  };
}

export function tokenData(entry: TokenEntry, view: View): Record<string, unknown> {
  const { header, claims, isSigned } = entry;
  const time = (name: string): string | undefined => {
    const moment = momentOf(claims[name]);
    return moment instanceof Date ? formatTime(moment) : undefined;
  };
  const notAfter = expiryOf(entry);
  return {
    header,
    claims,
    signature: isSigned ? 'not verified' : 'none',
    issuedAt: time('iat'),
    notBefore: time('nbf'),
    notAfter: time('exp'),
    daysLeft: notAfter === undefined ? undefined : daysLeft({ notAfter }, view.now),
    notes: tokenNotes(entry, view),
  };
}

export const bootstrapFields = ({ id }: BootstrapTokenEntry): Field[] => [
  ['Id', id],
  ['User', `system:bootstrap:${id}`],
  ['Secret', 'not shown'],
  ['Valid until', `as the Secret bootstrap-token-${id} in kube-system says`],
];
