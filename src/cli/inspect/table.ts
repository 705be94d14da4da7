/** A directory for reading: a line for every certificate, and one for every other file. */
import type { CertificateEntry, Entry, KubeconfigMaterial } from '../../collect/index.ts';
import { fingerprintHex, formatName, serialHex } from '../../x509/index.ts';
import { formatTable } from '../output.ts';
import { allNames } from './describe.ts';
import type { Item } from './item.ts';
import { listNotes } from './lists.ts';
import { certificateNotes, credentialNotes, fileNotes } from './notes.ts';
import { tokenCells, tokenNotes } from './tokens.ts';
import { daysLeft, formatTime } from './validity.ts';
import type { View } from './view.ts';

interface Row {
  readonly path: string;
  readonly kind: string;
  readonly subject?: string;
  readonly issuer?: string;
  readonly expires?: Date | undefined;
  /** Of a row about a certificate. */
  readonly certificate?: CertificateEntry;
  /** The key's type; of a certificate that of its public key. */
  readonly keyType?: string;
  readonly names?: readonly string[];
  readonly notes: readonly string[];
}

/** `wide` adds key types, names, serial numbers and fingerprints. */
export function formatItems(items: readonly Item[], view: View): string {
  const { wide, now } = view;
  const rows = items.flatMap((item) => itemRows(item, view));
  const header = ['FILE', 'KIND', 'SUBJECT', 'ISSUER', 'EXPIRES', 'DAYS'];
  const wideHeader = ['KEY', 'NAMES', 'SERIAL', 'FINGERPRINT'];
  return formatTable(
    [...header, ...(wide ? wideHeader : []), 'NOTE'],
    rows.map((row) => [
      row.path,
      row.kind,
      row.subject || NOTHING,
      row.issuer || NOTHING,
      ...dateCells(row.expires, now),
      ...(wide ? wideCells(row) : []),
      row.notes.join('; '),
    ]),
  );
}

/** So that a column can be cut out with awk. */
const NOTHING = '-';

function dateCells(notAfter: Date | undefined, now: Date): string[] {
  return notAfter === undefined
    ? [NOTHING, NOTHING]
    : [formatTime(notAfter), String(daysLeft({ notAfter }, now))];
}

function wideCells({ certificate: entry, keyType, names = [] }: Row): string[] {
  const certificate = entry?.certificate;
  return [
    keyType ?? NOTHING,
    names.join(',') || NOTHING,
    certificate === undefined ? NOTHING : serialHex(certificate),
    certificate === undefined ? NOTHING : fingerprintHex(certificate.der),
  ];
}

function itemRows(item: Item, view: View): Row[] {
  const { path, content } = item;
  const notes = [...fileNotes(item, view), ...item.remarks];
  switch (content.format) {
    case 'link':
      return [{ path, kind: 'link', notes: [linkNote(content), ...item.remarks] }];
    case 'unreadable':
    case 'unknown':
      return [{ path, kind: content.format, notes: [content.reason] }];
    case 'kubeconfig':
      return kubeconfigRows(path, content, notes, view);
    case 'pkcs12': {
      const rows = entryRows(path, content.entries, notes, view);
      return rows.length > 0 ? rows : [{ path, kind: 'PKCS#12', notes }];
    }
    case 'endpoint':
    case 'token':
    case 'pem':
    case 'der':
    default:
      return entryRows(path, content.entries, notes, view);
  }
}

const linkNote = ({ target, isHard }: Extract<Item['content'], { format: 'link' }>): string =>
  isHard === true ? `the same file as ${target}` : `to ${target}`;

/** A row for each certificate; what else is in the file joins the first one's, or has its own where there is none. */
function entryRows(
  path: string,
  entries: readonly Entry[],
  notes: readonly string[],
  view: View,
): Row[] {
  const certificates = entries.filter((entry) => entry.kind === 'certificate');
  const total = certificates.length;
  const hasKey = entries.some(({ kind }) => kind === 'privateKey' || kind === 'lockedKey');
  let count = 0;
  const rows = entries.flatMap((entry): Row[] => {
    if (entry.kind === 'certificate') {
      const number = total > 1 ? ` ${++count}/${total}` : '';
      const key = hasKey && entry === certificates[0] ? ' with key' : '';
      return [certificateRow(path, `certificate${number}${key}`, entry, [], view)];
    }
    const isOther = entry.kind === 'other';
    if (isOther && entries.some(({ kind }) => kind !== 'other')) return [];
    if (total > 0 && (entry.kind === 'privateKey' || entry.kind === 'publicKey')) return [];
    return [otherRow(path, entry, view)];
  });
  return withNotes(rows, notes);
}

function withNotes([first, ...rest]: readonly Row[], notes: readonly string[]): Row[] {
  return first === undefined ? [] : [{ ...first, notes: [...first.notes, ...notes] }, ...rest];
}

function certificateRow(
  path: string,
  kind: string,
  entry: CertificateEntry,
  notes: readonly string[],
  view: View,
): Row {
  const { subject, issuer, notAfter, keyType, subjectAltNames } = entry.certificate;
  return {
    path,
    kind,
    subject: formatName(subject),
    issuer: formatName(issuer),
    expires: notAfter,
    certificate: entry,
    keyType,
    names: allNames(subjectAltNames),
    notes: [...certificateNotes(entry, view), ...notes],
  };
}

function otherRow(path: string, entry: Exclude<Entry, CertificateEntry>, view: View): Row {
  switch (entry.kind) {
    case 'privateKey':
      return {
        path,
        kind: 'private key',
        keyType: entry.type,
        notes: entry.encrypted ? ['encrypted'] : [],
      };
    case 'lockedKey':
      return { path, kind: 'private key', notes: [entry.reason] };
    case 'publicKey':
      return { path, kind: 'public key', keyType: entry.type, notes: [] };
    case 'request': {
      const { request, signatureVerifies, passedOver } = entry;
      const asks = `asks for ${formatName(request.subject) || 'an empty subject'}`;
      const notes = signatureVerifies ? [asks] : [asks, 'its signature does not verify'];
      if (passedOver !== undefined) notes.push(passedOver);
      const names = allNames(request.subjectAltNames);
      return { path, kind: 'request', keyType: request.keyType, names, notes };
    }
    case 'crl': {
      const { issuer, nextUpdate } = entry.list;
      const notes = listNotes(entry, view);
      return {
        path,
        kind: 'revocation list',
        issuer: formatName(issuer),
        expires: nextUpdate,
        notes,
      };
    }
    case 'token':
      return { path, kind: 'token', ...tokenCells(entry), notes: tokenNotes(entry, view) };
    case 'bootstrapToken':
      return { path, kind: 'bootstrap token', subject: `system:bootstrap:${entry.id}`, notes: [] };
    case 'other':
      return { path, kind: 'other', notes: [`PEM block ${entry.label}`] };
    case 'malformed':
    default:
      return { path, kind: 'malformed', notes: [`${entry.label}: ${entry.reason}`] };
  }
}

/** A row for each user: a kubeconfig ends when its certificate does. */
function kubeconfigRows(
  path: string,
  { users }: KubeconfigMaterial,
  notes: readonly string[],
  view: View,
): Row[] {
  const kind = 'kubeconfig';
  if (users.length === 0) return [{ path, kind, notes: ['no user', ...notes] }];
  const rows = users.map((user): Row => {
    const named = users.length > 1 ? [`user ${user.name}`] : [];
    const own = [...named, ...credentialNotes(user)];
    const entry = user.clientCertificate.find((one) => one.kind === 'certificate');
    if (entry !== undefined) return certificateRow(path, kind, entry, own, view);
    if (user.token === undefined) return { path, kind, notes: own };
    const { notes: said, ...cells } = otherRow(path, user.token, view);
    return { ...cells, kind, notes: [...own, ...said] };
  });
  return withNotes(rows, notes);
}
