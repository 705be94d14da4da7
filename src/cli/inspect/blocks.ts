/** A file for reading: a block of lines for every certificate, key, request, cluster and user in it. */

import type {
  CertificateEntry,
  Entry,
  KubeconfigCluster,
  KubeconfigMaterial,
  KubeconfigUser,
  RequestEntry,
} from '../../collect/index.ts';
import { quoted } from '../../errors.ts';
import {
  type Certificate,
  fingerprint,
  formatName,
  publicKeyPin,
  serialHex,
  signatureAlgorithmName,
} from '../../x509/index.ts';
import { colour, visible } from '../output.ts';
import { archiveFields, hasKey } from './archives.ts';
import { extensionFields, type Field } from './describe.ts';
import { endpointFields } from './endpoints.ts';
import type { Item } from './item.ts';
import { isOutOfDate, listFields, listProblems } from './lists.ts';
import { certificateNotes, credentialNotes, fileNotes, isCa } from './notes.ts';
import { bootstrapFields, isTokenBad, tokenFields } from './tokens.ts';
import { describePeriod, formatTime, validityState } from './validity.ts';
import type { View } from './view.ts';

interface Block {
  readonly title: string;
  readonly fields: readonly Field[];
  /** True of what needs attention. */
  readonly isBad?: boolean;
}

/** All blocks of a file, with the remarks about it at the end. */
export function formatItem(item: Item, view: View): string {
  const path = item.path === '-' ? 'standard input' : item.path;
  const blocks = itemBlocks(path, item, view);
  const notes = [...fileNotes(item, view), ...item.remarks].map((note) =>
    colour('yellow', visible(`${path}: ${note}`)),
  );
  return [...blocks.map(formatBlock), ...(notes.length > 0 ? [notes.join('\n')] : [])].join('\n\n');
}

function itemBlocks(path: string, item: Item, view: View): Block[] {
  const { content } = item;
  switch (content.format) {
    case 'kubeconfig':
      return kubeconfigBlocks(path, content, view);
    case 'endpoint': {
      const { trust } = item;
      const fields = endpointFields(content, trust, view);
      const isBad = trust !== undefined && trust.refusals.length > 0;
      return [
        { title: `${path}: TLS endpoint`, fields, isBad },
        ...entryBlocks(path, content.entries, view),
      ];
    }
    case 'pkcs12':
      return [
        { title: `${path}: PKCS#12 archive`, fields: archiveFields(content) },
        ...entryBlocks(path, content.entries, view),
      ];
    case 'pem':
    case 'der':
    case 'token':
      return entryBlocks(path, content.entries, view);
    case 'link':
    case 'unreadable':
    case 'unknown':
    default:
      return [];
  }
}

function formatBlock({ title, fields, isBad = false }: Block): string {
  const width = fields.reduce((widest, [label]) => Math.max(widest, label.length), 0) + 3;
  const lines = fields.map(([label, value]) => {
    return `  ${`${visible(label)}:`.padEnd(width)}${visible(value)}`;
  });
  return [colour(isBad ? 'red' : 'bold', visible(title)), ...lines].join('\n');
}

function entryBlocks(where: string, entries: readonly Entry[], view: View): Block[] {
  const certificates = entries.filter(({ kind }) => kind === 'certificate').length;
  let count = 0;
  return entries.map((entry) => {
    const number =
      entry.kind === 'certificate' && certificates > 1 ? ` ${++count} of ${certificates}` : '';
    const { title, fields, isBad = false } = entryBlock(where, entry, number, view);
    return { title, fields: [...tagFields(entry, entries), ...fields], isBad };
  });
}

/** What a PKCS#12 archive says of an entry. */
function tagFields(entry: Entry, entries: readonly Entry[]): Field[] {
  const { friendlyName, localKeyId } = entry;
  const fields: Field[] = [];
  if (friendlyName !== undefined) fields.push(['Alias', friendlyName]);
  if (localKeyId !== undefined && entry.kind === 'certificate') {
    fields.push(['Key', hasKey(entry, entries) ? 'in this archive' : 'not in this archive']);
  }
  return fields;
}

function entryBlock(where: string, entry: Entry, number: string, view: View): Block {
  switch (entry.kind) {
    case 'certificate':
      return {
        title: `${where}: ${isCa(entry.certificate) ? 'CA ' : ''}certificate${number}`,
        fields: certificateFields(entry, view),
        isBad: validityState(entry.certificate, view.now) !== 'valid',
      };
    case 'request':
      return { title: `${where}: certification request`, fields: requestFields(entry) };
    case 'privateKey': {
      const form = entry.encrypted ? `${entry.form}, encrypted` : entry.form;
      return {
        title: `${where}: private key`,
        fields: [...keyFields(entry.type, entry.spki), ['Form', form]],
      };
    }
    case 'lockedKey':
      return {
        title: `${where}: private key`,
        fields: [['Form', `PKCS#8, encrypted: ${entry.reason}`]],
        isBad: true,
      };
    case 'publicKey':
      return { title: `${where}: public key`, fields: keyFields(entry.type, entry.spki) };
    case 'crl':
      return {
        title: `${where}: certificate revocation list`,
        fields: listFields(entry, view, shownName(entry.list.issuer)),
        isBad: isOutOfDate(entry, view) || listProblems(entry, view).length > 0,
      };
    case 'token':
      return {
        title: `${where}: token (JWT)`,
        fields: tokenFields(entry, view),
        isBad: isTokenBad(entry, view),
      };
    case 'bootstrapToken':
      return { title: `${where}: bootstrap token`, fields: bootstrapFields(entry) };
    case 'other':
      return {
        title: `${where}: PEM block ${quoted(entry.label)}, not decoded`,
        fields: [],
      };
    case 'malformed':
    default:
      return {
        title: `${where}: ${entry.label}, malformed`,
        fields: [['Reason', entry.reason]],
        isBad: true,
      };
  }
}

const shownName = (name: Certificate['subject']): string =>
  name.length === 0 ? '(empty)' : formatName(name);

function certificateFields(entry: CertificateEntry, view: View): Field[] {
  const { certificate } = entry;
  const { subject, issuer, version, notBefore, notAfter, keyType, spki, der } = certificate;
  const notes = certificateNotes(entry, view).filter(
    (note) => note === entry.passedOver || note.startsWith('revoked '),
  );
  return [
    ['Subject', shownName(subject)],
    ['Issuer', shownName(issuer)],
    ['Serial number', serialHex(certificate)],
    ['Valid from', formatTime(notBefore)],
    ['Valid until', `${formatTime(notAfter)} (${describePeriod(certificate, view.now)})`],
    ...keyFields(keyType, spki),
    ...extensionFields(certificate),
    ['Signature algorithm', signatureAlgorithmName(certificate.signatureAlgorithm)],
    ['SHA-256 fingerprint', fingerprint(der)],
    ...(version === 3 ? [] : [['Version', String(version)] as const]),
    ...notes.map((note) => ['Note', note] as const),
  ];
}

function keyFields(type: string, spki: Uint8Array): Field[] {
  return [
    ['Key type', type],
    ['Public-key pin', publicKeyPin(spki)],
  ];
}

function requestFields({ request, signatureVerifies, passedOver }: RequestEntry): Field[] {
  const algorithm = signatureAlgorithmName(request.signatureAlgorithm);
  return [
    ['Subject', shownName(request.subject)],
    ...keyFields(request.keyType, request.spki),
    ...extensionFields(request),
    ['Signature', `${algorithm}, ${signatureVerifies ? 'verifies' : 'does not verify'}`],
    ...(passedOver === undefined ? [] : [['Note', passedOver] as const]),
  ];
}

function kubeconfigBlocks(path: string, config: KubeconfigMaterial, view: View): Block[] {
  const { clusters, users, contexts, currentContext } = config;
  const shownContexts = contexts.map(({ name, cluster, user, namespace }): Field => {
    const where = namespace === undefined ? '' : `, namespace ${namespace}`;
    return [`Context ${name}`, `cluster ${cluster}, user ${user}${where}`];
  });
  const current = currentContext === '' ? 'none' : currentContext;
  return [
    { title: `${path}: kubeconfig`, fields: [['Current context', current], ...shownContexts] },
    ...clusters.flatMap((cluster) => clusterBlocks(path, cluster, view)),
    ...users.flatMap((user) => userBlocks(path, user, view)),
  ];
}

function clusterBlocks(path: string, cluster: KubeconfigCluster, view: View): Block[] {
  const { name, server, tlsServerName, certificateAuthorityFile } = cluster;
  const title = `${path}: cluster ${name}`;
  const fields: Field[] = [['Server', server]];
  if (tlsServerName !== undefined) fields.push(['TLS server name', tlsServerName]);
  if (certificateAuthorityFile !== undefined) fields.push(['CA file', certificateAuthorityFile]);
  if (cluster.insecureSkipTlsVerify) fields.push(['TLS', 'the server is not verified']);
  return [{ title, fields }, ...entryBlocks(title, cluster.certificateAuthority, view)];
}

function userBlocks(path: string, user: KubeconfigUser, view: View): Block[] {
  const title = `${path}: user ${user.name}`;
  const fields: Field[] = credentialNotes(user).map((note) => ['Has', note]);
  const isEmpty = fields.length + user.clientCertificate.length + user.clientKey.length === 0;
  if (isEmpty) fields.push(['Has', 'no credential']);
  if (user.keyMatches !== undefined) {
    fields.push([
      'Key',
      user.keyMatches ? 'matches its certificate' : 'does not match its certificate',
    ]);
  }
  return [
    { title, fields, isBad: user.keyMatches === false },
    ...entryBlocks(title, [...user.clientCertificate, ...user.clientKey], view),
    ...(user.token === undefined ? [] : entryBlocks(title, [user.token], view)),
  ];
}
