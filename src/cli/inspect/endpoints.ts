/** Endpoints: looked at, judged by the CAs of a file, and in words. */
import {
  type EndpointAddress,
  type EndpointMaterial,
  type Entry,
  entriesOf,
  formatEndpoint,
  identify,
  lookAtFile,
  probeEndpoint,
} from '../../collect/index.ts';
import { KubepkiError } from '../../errors.ts';
import { type Certificate, formatName, verifyChain } from '../../x509/index.ts';
import type { Field } from './describe.ts';
import type { Item, TrustVerdict } from './item.ts';
import type { View } from './view.ts';

/** What `--ca` names. */
export interface TrustedFile {
  readonly path: string;
  readonly entries: readonly Entry[];
}

/**
 * The certificates of a file that a client may trust: PEM or DER, or a kubeconfig with its CAs.
 *
 * @throws KubepkiError NOT_FOUND, FILE_SYSTEM, MALFORMED_PEM
 */
export function readTrustedFile(path: string): TrustedFile {
  const file = lookAtFile(path);
  if (file.state === 'missing') {
    throw new KubepkiError('NOT_FOUND', `--ca ${path}: no such file`);
  }
  if (file.state === 'unreadable') {
    throw new KubepkiError('FILE_SYSTEM', `--ca ${path}: ${file.reason}`);
  }
  const material = identify(file.bytes);
  const entries =
    material.format === 'kubeconfig'
      ? material.clusters.flatMap((cluster) => cluster.certificateAuthority)
      : entriesOf(material);
  if (!entries.some(({ kind }) => kind === 'certificate')) {
    const reason = material.format === 'unknown' ? `: ${material.reason}` : '';
    throw new KubepkiError('MALFORMED_PEM', `--ca ${path}: no certificate in it${reason}`);
  }
  return { path, entries };
}

export interface EndpointRequest {
  readonly servername?: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly trusted?: TrustedFile;
  readonly now: Date;
}

/** Looks at one endpoint. */
export async function readEndpoint(
  address: EndpointAddress,
  request: EndpointRequest,
): Promise<Item> {
  const { servername, timeout, trusted, now } = request;
  const path = formatEndpoint(address);
  const options = servername === undefined ? { timeout } : { timeout, servername };
  const content = await probeEndpoint(address, options);
  if ('reason' in content) {
    return {
      path,
      content: { format: 'unreadable', reason: content.reason },
      remarks: [],
      isEndpoint: true,
    };
  }
  if (trusted === undefined) return { path, content, remarks: [] };
  const name = servername ?? address.host;
  return { path, content, remarks: [], trust: judge(content, trusted, name, now) };
}

const certificatesOf = (entries: readonly Entry[]): Certificate[] =>
  entries.flatMap((entry) => (entry.kind === 'certificate' ? [entry.certificate] : []));

const MOST_REFUSALS = 3;

/** As a component decides that is written in Go: name, dates, usage, and a path to what it trusts. */
function judge(
  { entries }: EndpointMaterial,
  { path, entries: trusted }: TrustedFile,
  name: string,
  at: Date,
): TrustVerdict {
  const verdict = { caFile: path, name };
  const [first] = entries;
  if (first?.kind !== 'certificate') {
    return { ...verdict, refusals: ['its certificate cannot be read'] };
  }
  const [leaf = first.certificate, ...intermediates] = certificatesOf(entries);
  const roots = certificatesOf(trusted);
  const result = verifyChain({ leaf, intermediates, roots, at, purpose: 'serverAuth', host: name });
  if (result.ok) return { ...verdict, refusals: [] };
  const refusals = result.rejections
    .slice(0, MOST_REFUSALS)
    .map(
      ({ certificate, reason }) =>
        `${formatName(certificate.subject) || 'its certificate'} ${reason}`,
    );
  return { ...verdict, refusals };
}

/** More names of CAs are for `-o wide` and for programs. */
const MOST_NAMES = 20;

export function endpointFields(
  endpoint: EndpointMaterial,
  trust: TrustVerdict | undefined,
  { wide }: View,
): Field[] {
  const { protocol, cipher, alpn, servername, ended } = endpoint;
  const fields: Field[] = [
    ['Protocol', protocol],
    ['Cipher suite', cipher],
    ['ALPN', alpn ?? 'none chosen (h2 and http/1.1 offered)'],
    [
      'Server name',
      servername === undefined ? 'not asked for: an address' : `${servername} (asked for)`,
    ],
    ...clientFields(endpoint, wide),
  ];
  if (ended !== undefined) fields.push(['Handshake', `not finished: ${ended}`]);
  if (trust === undefined) fields.push(['Trust', 'not judged: --ca FILE says by which CA']);
  else if (trust.refusals.length === 0) {
    fields.push(['Trust', `a client that trusts ${trust.caFile} accepts it as ${trust.name}`]);
  } else {
    fields.push(['Trust', `a client that trusts ${trust.caFile} refuses it as ${trust.name}`]);
    for (const refusal of trust.refusals) fields.push(['  because', refusal]);
  }
  return fields;
}

function clientFields({ clientCertificates }: EndpointMaterial, wide: boolean): Field[] {
  if (clientCertificates === undefined) return [['Client certificate', 'not asked for']];
  const { authorities } = clientCertificates;
  if (authorities.length === 0) {
    return [['Client certificate', 'asked for; it does not say of which CAs']];
  }
  const shown = wide ? authorities : authorities.slice(0, MOST_NAMES);
  const left = authorities.length - shown.length;
  return [
    ['Client certificate', 'asked for, of one of these CAs'],
    ...shown.map((name): Field => ['  CA', formatName(name) || '(empty)']),
    ...(left > 0 ? [['  CA', `… and ${left} more (-o wide)`] as const] : []),
  ];
}

/** Go's servers and clients take these at least. */
const OLD_PROTOCOLS: readonly string[] = ['SSLv3', 'TLSv1', 'TLSv1.1'];

/** Remarks about what an endpoint has shown. */
export function endpointNotes({ protocol, entries }: EndpointMaterial): string[] {
  const notes: string[] = [];
  if (OLD_PROTOCOLS.includes(protocol)) {
    notes.push(`${protocol}: Kubernetes components take TLSv1.2 and later only`);
  }
  const chain = certificatesOf(entries);
  for (const [index, certificate] of chain.entries()) {
    const next = chain[index + 1];
    if (next !== undefined && Buffer.compare(certificate.issuerDer, next.subjectDer) !== 0) {
      notes.push(`certificate ${index + 2} is not the issuer of certificate ${index + 1}`);
    }
  }
  return notes;
}
