/** PKCS#12 archives in words. */
import type { CertificateEntry, Entry, Pkcs12Material } from '../../collect/index.ts';
import { quotable } from '../../errors.ts';
import { keysMatch } from '../../x509/index.ts';
import type { Field } from './describe.ts';

export function archiveFields({ mac, encryption, locked, entries }: Pkcs12Material): Field[] {
  const verdict = locked === undefined ? 'verifies' : 'not verified';
  const fields: Field[] = [
    ['Integrity', mac === undefined ? 'none: anybody can have changed it' : `${mac}, ${verdict}`],
  ];
  if (encryption.length === 0 && locked === undefined) fields.push(['Encryption', 'none']);
  for (const scheme of encryption) fields.push(['Encryption', scheme]);
  if (locked !== undefined) fields.push(['Closed', locked.reason]);
  fields.push(['Holds', countKinds(entries)]);
  return fields;
}

const NAMES: Partial<Record<Entry['kind'], string>> = {
  certificate: 'certificate',
  privateKey: 'private key',
  lockedKey: 'private key',
  crl: 'revocation list',
};
const OTHER = 'part of another kind';

/** `2 certificates, 1 private key` */
function countKinds(entries: readonly Entry[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of entries) {
    const name = NAMES[kind] ?? OTHER;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const parts = Array.from(counts, ([name, count]) => {
    const plural = name === OTHER ? 'parts of another kind' : `${name}s`;
    return `${count} ${count === 1 ? name : plural}`;
  });
  return parts.length === 0 ? 'nothing that could be read' : parts.join(', ');
}

/** Remarks about the archive as a whole. */
export function archiveNotes(archive: Pkcs12Material): string[] {
  const { mac, encryption, locked } = archive;
  const notes = archiveMismatches(archive);
  if (mac === undefined) notes.push('nothing vouches for its content (no MAC)');
  if (encryption.some((scheme) => /40BitRC2/.test(scheme))) {
    notes.push('encrypted with RC2, which opens without the passphrase; write it anew');
  }
  if (locked !== undefined) notes.push(locked.reason);
  return notes;
}

/** Keys that the archive calls those of a certificate, and are not. */
export function archiveMismatches({ entries }: Pkcs12Material): string[] {
  return entries.flatMap((certificate) => {
    if (certificate.kind !== 'certificate' || certificate.localKeyId === undefined) return [];
    const key = entries.find(
      (one) => one.kind === 'privateKey' && one.localKeyId === certificate.localKeyId,
    );
    if (key?.kind !== 'privateKey' || keysMatch(certificate.certificate, key)) return [];
    const { friendlyName } = certificate;
    const which = friendlyName === undefined ? '' : `${quotable(friendlyName)}: `;
    return [`${which}key does not match its certificate`];
  });
}

/** Whether the key of a certificate is in the archive as well. */
export const hasKey = (entry: CertificateEntry, entries: readonly Entry[]): boolean =>
  entries.some((one) => one.kind === 'privateKey' && keysMatch(entry.certificate, one));
