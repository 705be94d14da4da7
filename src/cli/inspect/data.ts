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
import { certificateNotes, fileNotes, formatMode } from './notes.ts';
import { daysLeft, formatTime } from './validity.ts';

type Data = Readonly<Record<string, unknown>>;

export function inspectionData(items: readonly Item[], now: Date): Data {
  return {
    apiVersion: 'kubepki.dev/v1alpha1',
    kind: 'Inspection',
    items: items.map((item) => itemData(item, now)),
  };
}

function itemData(item: Item, now: Date): Data {
  const { path, mode, content, remarks } = item;
  return {
    path,
    format: content.format,
    mode: mode === undefined ? undefined : formatMode(mode),
    notes: [...fileNotes(item, now), ...remarks],
    ...contentData(item, now),
  };
}

function contentData({ content }: Item, now: Date): Data {
  switch (content.format) {
    case 'link':
      return { target: content.target };
    case 'unreadable':
    case 'unknown':
      return { reason: content.reason };
    case 'kubeconfig':
      return kubeconfigData(content, now);
    case 'pem':
    case 'der':
    default:
      return { entries: content.entries.map((entry) => entryData(entry, now)) };
  }
}

function entryData(entry: Entry, now: Date): Data {
  switch (entry.kind) {
    case 'certificate':
      return certificateData(entry, now);
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

function certificateData(entry: CertificateEntry, now: Date): Data {
  const { certificate } = entry;
  return {
    kind: 'certificate',
    version: certificate.version,
    ...subjectData(certificate.subject),
    issuer: formatName(certificate.issuer),
    serialNumber: serialHex(certificate),
    notBefore: formatTime(certificate.notBefore),
    notAfter: formatTime(certificate.notAfter),
    daysLeft: daysLeft(certificate, now),
    ...describedData(certificate),
    fingerprint: fingerprintHex(certificate.der),
    notes: certificateNotes(entry, now),
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

function kubeconfigData(config: KubeconfigMaterial, now: Date): Data {
  const entriesData = (entries: readonly Entry[]): Data[] =>
    entries.map((entry) => entryData(entry, now));
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
    })),
    contexts: config.contexts,
  };
}
