/**
 * The inspection for programs: camelCase, dates in RFC 3339, bytes in lower-case hex. What is not
 * there has no key.
 */
import type {
  CertificateEntry,
  Entry,
  KubeconfigMaterial,
  RequestEntry,
} from '../../collect/index.ts';
import {
  type Certificate,
  type CertificationRequest,
  commonName,
  extensionName,
  fingerprintHex,
  formatName,
  type Name,
  organizations,
  publicKeyPin,
  serialHex,
  signatureAlgorithmName,
} from '../../x509/index.ts';
import type { Item } from './item.ts';
import { listData } from './lists.ts';
import { certificateNotes, fileNotes, formatMode } from './notes.ts';
import { tokenData } from './tokens.ts';
import { daysLeft, formatTime } from './validity.ts';
import type { View } from './view.ts';

type Data = Readonly<Record<string, unknown>>;

export function inspectionData(items: readonly Item[], view: View): Data {
  return {
    apiVersion: 'kubepki.dev/v1alpha1',
    kind: 'Inspection',
    items: items.map((item) => itemData(item, view)),
  };
}

function itemData(item: Item, view: View): Data {
  const { path, mode, content, remarks } = item;
  return {
    path,
    format: content.format,
    mode: mode === undefined ? undefined : formatMode(mode),
    notes: [...fileNotes(item, view), ...remarks],
    ...contentData(item, view),
  };
}

function contentData({ content, trust }: Item, view: View): Data {
  switch (content.format) {
    case 'link':
      return { target: content.target, hard: content.isHard };
    case 'unreadable':
    case 'unknown':
      return { reason: content.reason };
    case 'kubeconfig':
      return kubeconfigData(content, view);
    case 'endpoint': {
      const { servername, protocol, cipher, alpn, clientCertificates, ended } = content;
      return {
        servername,
        protocol,
        cipher,
        alpn,
        ended,
        trust,
        clientCertificates: {
          asked: clientCertificates !== undefined,
          authorities: clientCertificates?.authorities.map(formatName) ?? [],
        },
        entries: content.entries.map((entry) => entryData(entry, view)),
      };
    }
    case 'pkcs12': {
      const { mac, encryption, locked, entries } = content;
      return { mac, encryption, locked, entries: entries.map((entry) => entryData(entry, view)) };
    }
    case 'token':
    case 'pem':
    case 'der':
    default:
      return { entries: content.entries.map((entry) => entryData(entry, view)) };
  }
}

function entryData(entry: Entry, view: View): Data {
  const { friendlyName, localKeyId } = entry;
  return { ...plainData(entry, view), friendlyName, localKeyId };
}

function plainData(entry: Entry, view: View): Data {
  switch (entry.kind) {
    case 'certificate':
      return certificateData(entry, view);
    case 'crl':
      return { kind: 'crl', issuer: formatName(entry.list.issuer), ...listData(entry, view) };
    case 'token':
      return { kind: 'token', ...tokenData(entry, view) };
    case 'bootstrapToken':
      return { kind: 'bootstrapToken', id: entry.id };
    case 'request':
      return requestData(entry);
    case 'privateKey': {
      const { kind, form, encrypted, type, spki } = entry;
      return { kind, form, encrypted, keyType: type, publicKeyPin: publicKeyPin(spki) };
    }
    case 'lockedKey':
      return { kind: 'privateKey', form: 'PKCS#8', encrypted: true, reason: entry.reason };
    case 'publicKey':
      return { kind: entry.kind, keyType: entry.type, publicKeyPin: publicKeyPin(entry.spki) };
    case 'other':
    case 'malformed':
    default:
      return { ...entry };
  }
}

function certificateData(entry: CertificateEntry, view: View): Data {
  const { certificate } = entry;
  return {
    kind: 'certificate',
    version: certificate.version,
    ...subjectData(certificate.subject),
    issuer: formatName(certificate.issuer),
    serialNumber: serialHex(certificate),
    notBefore: formatTime(certificate.notBefore),
    notAfter: formatTime(certificate.notAfter),
    daysLeft: daysLeft(certificate, view.now),
    ...describedData(certificate),
    fingerprint: fingerprintHex(certificate.der),
    notes: certificateNotes(entry, view),
  };
}

function requestData({ request, signatureVerifies, passedOver }: RequestEntry): Data {
  return {
    kind: 'request',
    ...subjectData(request.subject),
    ...describedData(request),
    signatureVerifies,
    notes: passedOver === undefined ? [] : [passedOver],
  };
}

/** User and groups stand beside the name: they are what Kubernetes reads from it. */
function subjectData(subject: Name): Data {
  return {
    subject: formatName(subject),
    commonName: commonName(subject),
    organizations: organizations(subject),
  };
}

function describedData(described: Certificate | CertificationRequest): Data {
  const { subjectAltNames, keyUsage, extendedKeyUsage, basicConstraints } = described;
  return {
    keyType: described.keyType,
    publicKeyPin: publicKeyPin(described.spki),
    signatureAlgorithm: signatureAlgorithmName(described.signatureAlgorithm),
    subjectAltNames,
    keyUsage,
    extendedKeyUsage,
    basicConstraints,
    subjectKeyId: hex(described.subjectKeyId),
    authorityKeyId: hex(described.authorityKeyId),
    extensions: described.extensions.map(({ oid, critical, value }) => ({
      oid,
      name: extensionName(oid),
      critical,
      value: hex(value),
    })),
  };
}

const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('hex');

function kubeconfigData(config: KubeconfigMaterial, view: View): Data {
  const entriesData = (entries: readonly Entry[]): Data[] =>
    entries.map((entry) => entryData(entry, view));
  return {
    currentContext: config.currentContext,
    clusters: config.clusters.map((cluster) => ({
      ...cluster,
      certificateAuthority: entriesData(cluster.certificateAuthority),
    })),
    users: config.users.map((user) => ({
      ...user,
      clientCertificate: entriesData(user.clientCertificate),
      clientKey: entriesData(user.clientKey),
      token: user.token && entryData(user.token, view),
    })),
    contexts: config.contexts,
  };
}
