/** Revocation lists in words and as data. */
import type { RevocationListEntry } from '../../collect/index.ts';
import {
  type RevocationList,
  type RevokedCertificate,
  serialHex,
  signatureAlgorithmName,
} from '../../x509/index.ts';
import type { Field } from './describe.ts';
import { daysLeft, describePeriod, formatTime, periodState } from './validity.ts';
import type { ListVerdict, View } from './view.ts';

/** More are for `-o wide` and for programs. */
const MOST_SHOWN = 20;

const periodOf = ({ thisUpdate, nextUpdate }: RevocationList) => ({
  notBefore: thisUpdate,
  notAfter: nextUpdate,
});

export const isOutOfDate = ({ list }: RevocationListEntry, { now }: View): boolean =>
  periodState(periodOf(list), now) === 'expired';

export function listFields(entry: RevocationListEntry, view: View, issuer: string): Field[] {
  const { list } = entry;
  const { thisUpdate, nextUpdate, revoked, number } = list;
  const fields: Field[] = [['Issuer', issuer]];
  if (number !== undefined) fields.push(['Number', decimal(number)]);
  fields.push(['Issued', formatTime(thisUpdate)]);
  fields.push([
    'Next update',
    nextUpdate === undefined
      ? 'none: it is never out of date'
      : `${formatTime(nextUpdate)} (${describePeriod(periodOf(list), view.now)})`,
  ]);
  for (const note of kindNotes(list)) fields.push(['Kind', note]);
  fields.push(['Signature', describeVerdict(list, view.lists.get(entry))]);
  fields.push(['Revoked', revoked.length === 0 ? 'none' : String(revoked.length)]);
  const shown = view.wide ? revoked : revoked.slice(0, MOST_SHOWN);
  for (const one of shown) fields.push(['  Serial', describeRevoked(one)]);
  const left = revoked.length - shown.length;
  if (left > 0) fields.push(['  Serial', `… and ${left} more (-o wide)`]);
  return fields;
}

function kindNotes({ isDelta, isIndirect }: RevocationList): string[] {
  return [
    ...(isDelta ? ['a delta: only what has changed since another list'] : []),
    ...(isIndirect ? ['indirect: it may list certificates of other issuers'] : []),
  ];
}

function describeRevoked(revoked: RevokedCertificate): string {
  const reason = revoked.reason === undefined ? '' : `, ${revoked.reason}`;
  return `${serialHex(revoked)}, ${formatTime(revoked.revokedAt)}${reason}`;
}

function describeVerdict(list: RevocationList, verdict: ListVerdict | undefined): string {
  const algorithm = signatureAlgorithmName(list.signatureAlgorithm);
  switch (verdict?.state) {
    case 'verifies':
      return `${algorithm}, verifies with the CA in ${verdict.by}`;
    case 'fails':
      return `${algorithm}, refused with the CA in ${verdict.by}: ${verdict.reason}`;
    case 'unknown':
    case undefined:
    default:
      return `${algorithm}, not verified: no certificate of its issuer was given`;
  }
}

/** Remarks for a row of a table. */
export function listNotes(entry: RevocationListEntry, view: View): string[] {
  const { list } = entry;
  const state = periodState(periodOf(list), view.now);
  const verdict = view.lists.get(entry);
  return [
    `${list.revoked.length} revoked`,
    ...(state === 'expired' ? ['out of date'] : []),
    ...(state === 'not yet valid' ? [`not valid before ${formatTime(list.thisUpdate)}`] : []),
    ...kindNotes(list),
    ...(verdict?.state === 'verifies' ? [`verifies with ${verdict.by}`] : []),
    ...listProblems(entry, view),
  ];
}

/** What is wrong with a list beyond doubt. */
export function listProblems(entry: RevocationListEntry, view: View): string[] {
  const verdict = view.lists.get(entry);
  return verdict?.state === 'fails'
    ? [`refused with the CA in ${verdict.by}: ${verdict.reason}`]
    : [];
}

export function listData(entry: RevocationListEntry, view: View): Record<string, unknown> {
  const { list } = entry;
  const { version, number, thisUpdate, nextUpdate, isDelta, isIndirect } = list;
  const verdict = view.lists.get(entry) ?? { state: 'unknown' };
  return {
    version,
    number: number === undefined ? undefined : decimal(number),
    thisUpdate: formatTime(thisUpdate),
    nextUpdate: nextUpdate === undefined ? undefined : formatTime(nextUpdate),
    daysLeft: nextUpdate === undefined ? undefined : daysLeft({ notAfter: nextUpdate }, view.now),
    outOfDate: isOutOfDate(entry, view),
    isDelta,
    isIndirect,
    signatureAlgorithm: signatureAlgorithmName(list.signatureAlgorithm),
    signature: verdict,
    revoked: list.revoked.map((one) => ({
      serialNumber: serialHex(one),
      revokedAt: formatTime(one.revokedAt),
      reason: one.reason,
    })),
    notes: listNotes(entry, view),
  };
}

/** As OpenSSL prints it. */
const decimal = (number: Uint8Array): string =>
  BigInt(`0x${Buffer.from(number).toString('hex') || '0'}`).toString();
