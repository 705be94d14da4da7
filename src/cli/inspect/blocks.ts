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
import { extensionFields, type Field } from './describe.ts';
import type { Item } from './item.ts';
import { certificateNotes, credentialNotes, fileNotes, isCa } from './notes.ts';
import { describeValidity, formatTime, validityState } from './validity.ts';

interface Block {
  readonly title: string;
  readonly fields: readonly Field[];
  /** True of what needs attention. */
  readonly isBad?: boolean;
}

/** All blocks of a file, with the remarks about it at the end. */
export function formatItem(item: Item, now: Date): string {
  const { content } = item;
  const path = item.path === '-' ? 'standard input' : item.path;
  const blocks =
    content.format === 'kubeconfig'
      ? kubeconfigBlocks(path, content, now)
      : content.format === 'pem' || content.format === 'der'
        ? entryBlocks(path, content.entries, now)
        : [];
  const notes = fileNotes(item, now).map((note) => colour('yellow', visible(`${path}: ${note}`)));
  return [...blocks.map(formatBlock), ...(notes.length > 0 ? [notes.join('\n')] : [])].join('\n\n');
}

function formatBlock({ title, fields, isBad = false }: Block): string {
  const width = fields.reduce((widest, [label]) => Math.max(widest, label.length), 0) + 3;
  const lines = fields.map(([label, value]) => {
    return `  ${`${visible(label)}:`.padEnd(width)}${visible(value)}`;
  });
  return [colour(isBad ? 'red' : 'bold', visible(title)), ...lines].join('\n');
}

function entryBlocks(where: string, entries: readonly Entry[], now: Date): Block[] {
  const certificates = entries.filter(({ kind }) => kind === 'certificate').length;
  let count = 0;
  return entries.map((entry) => {
    const number =
      entry.kind === 'certificate' && certificates > 1 ? ` ${++count} of ${certificates}` : '';
    return entryBlock(where, entry, number, now);
  });
}

function entryBlock(where: string, entry: Entry, number: string, now: Date): Block {
  switch (entry.kind) {
    case 'certificate':
      return {
        title: `${where}: ${isCa(entry.certificate) ? 'CA ' : ''}certificate${number}`,
        fields: certificateFields(entry, now),
        isBad: validityState(entry.certificate, now) !== 'valid',
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

function certificateFields(entry: CertificateEntry, now: Date): Field[] {
  const { certificate } = entry;
  const { subject, issuer, version, notBefore, notAfter, keyType, spki, der } = certificate;
  const notes = certificateNotes(entry, now).filter((note) => note === entry.passedOver);
  return [
    ['Subject', shownName(subject)],
    ['Issuer', shownName(issuer)],
    ['Serial number', serialHex(certificate)],
    ['Valid from', formatTime(notBefore)],
    ['Valid until', `${formatTime(notAfter)} (${describeValidity(certificate, now)})`],
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

function kubeconfigBlocks(path: string, config: KubeconfigMaterial, now: Date): Block[] {
  const { clusters, users, contexts, currentContext } = config;
  const shownContexts = contexts.map(({ name, cluster, user, namespace }): Field => {
    const where = namespace === undefined ? '' : `, namespace ${namespace}`;
    return [`Context ${name}`, `cluster ${cluster}, user ${user}${where}`];
  });
  const current = currentContext === '' ? 'none' : currentContext;
  return [
    { title: `${path}: kubeconfig`, fields: [['Current context', current], ...shownContexts] },
    ...clusters.flatMap((cluster) => clusterBlocks(path, cluster, now)),
    ...users.flatMap((user) => userBlocks(path, user, now)),
  ];
}

function clusterBlocks(path: string, cluster: KubeconfigCluster, now: Date): Block[] {
  const { name, server, tlsServerName, certificateAuthorityFile } = cluster;
  const title = `${path}: cluster ${name}`;
  const fields: Field[] = [['Server', server]];
  if (tlsServerName !== undefined) fields.push(['TLS server name', tlsServerName]);
  if (certificateAuthorityFile !== undefined) fields.push(['CA file', certificateAuthorityFile]);
  if (cluster.insecureSkipTlsVerify) fields.push(['TLS', 'the server is not verified']);
  return [{ title, fields }, ...entryBlocks(title, cluster.certificateAuthority, now)];
}

function userBlocks(path: string, user: KubeconfigUser, now: Date): Block[] {
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
    ...entryBlocks(title, [...user.clientCertificate, ...user.clientKey], now),
  ];
}
