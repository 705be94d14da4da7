/** Says what a file holds: PEM, DER, PKCS#12, a token, a kubeconfig, or nothing that kubepki knows, and then why. */
import { isUtf8 } from 'node:buffer';
import { KubepkiError } from '../errors.ts';
import { BlockReader, type IdentifyOptions } from './block.ts';
import { looksLikeDer, readDer } from './der.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { looksLikePem, readPemEntries } from './pem.ts';
import { readToken } from './token.ts';
import type { Entry, Material } from './types.ts';

/**
 * Reads the content of a file of unknown kind. Never throws for what the bytes are: what is
 * damaged becomes an entry that says how, what is unknown becomes a reason.
 *
 * Bytes with a line that begins a PEM block are PEM, whatever else they hold (`openssl x509 -text`
 * prints text before it); bytes that begin like a DER SEQUENCE are DER, or a
 * PKCS#12 archive; what remains and is UTF-8 is a token if it is nothing else, and a kubeconfig if it
 * has one of the keys of one.
 */
export function identify(bytes: Buffer, options: IdentifyOptions = {}): Material {
  if (bytes.length === 0) return unknown('empty');
  const reader = new BlockReader(options);
  if (looksLikePem(bytes)) {
    const entries = readPemEntries(bytes, reader);
    return 'reason' in entries ? damaged(entries.reason) : { format: 'pem', entries };
  }
  if (looksLikeDer(bytes)) return readDer(bytes, options, reader);
  if (!isUtf8(bytes) || bytes.includes(0)) return unknown(describeBinary(bytes));
  const text = bytes.toString('utf8');
  const token = readToken(text);
  if (token !== undefined) {
    return 'reason' in token ? damaged(token.reason) : { format: 'token', entries: [token] };
  }
  const otherwise = whyNoKubeconfig(text);
  if (otherwise !== undefined) return unknown(otherwise);
  if (bytes.length > MOST_KUBECONFIG_BYTES) {
    return damaged(
      `a kubeconfig of ${bytes.length} bytes, more than the limit of ${MOST_KUBECONFIG_BYTES}`,
    );
  }
  try {
    return readKubeconfig(text, reader);
  } catch (error) {
    if (error instanceof KubepkiError) return damaged(error.message);
    throw error;
  }
}

/**
 * Some 400 clusters with a certificate and key for each. Hostile YAML of this size takes the parser
 * ten seconds and half a gigabyte; four times as much would take all memory there is.
 */
const MOST_KUBECONFIG_BYTES = 2 * 1024 * 1024;

/** True where there is anything in it that could be read. */
export function holdsSomething(material: Material): boolean {
  if (material.format === 'unknown') return false;
  if (material.format === 'kubeconfig') return true;
  return (
    material.entries.some(isKnown) ||
    // What is locked is there.
    (material.format === 'pkcs12' && material.locked !== undefined)
  );
}

/** Every entry that a material holds, of a kubeconfig those embedded in it. */
export function entriesOf(
  material: Material | { readonly format: 'endpoint'; readonly entries: readonly Entry[] },
): readonly Entry[] {
  if (material.format === 'unknown') return [];
  if (material.format !== 'kubeconfig') return material.entries;
  const { clusters, users } = material;
  return [
    ...clusters.flatMap((cluster) => cluster.certificateAuthority),
    ...users.flatMap((user) => [...user.clientCertificate, ...user.clientKey]),
  ];
}

const isKnown = ({ kind }: Entry): boolean => kind !== 'malformed' && kind !== 'other';

const unknown = (reason: string): Material => ({ format: 'unknown', reason, isDamaged: false });
const damaged = (reason: string): Material => ({ format: 'unknown', reason, isDamaged: true });

function describeBinary(bytes: Buffer): string {
  const mark = bytes.readUIntBE(0, Math.min(2, bytes.length));
  if (mark === 0xfeff || mark === 0xfffe) return 'text in UTF-16; Kubernetes components read UTF-8';
  if (mark === 0xfeed && bytes.readUIntBE(0, Math.min(4, bytes.length)) === 0xfeedfeed) {
    return 'a keystore of Java (JKS; convert it with: keytool -importkeystore -srckeystore FILE -destkeystore NEW -deststoretype PKCS12)';
  }
  return 'binary data, but no certificate, key or request in DER';
}

const BYTE_ORDER_MARK = '\ufeff';
/** A key of a kubeconfig in YAML (at the start of a line) or JSON (anywhere). */
const KUBECONFIG_KEY = /(?:^|[{,]\s*)(["']?)(?:clusters|users|contexts|current-context)\1\s*:/m;
const KIND = /(?:^|[{,]\s*)(["']?)kind\1\s*:\s*["']?([A-Za-z0-9]{1,64})/m;

/** Why a text is no kubeconfig; undefined where it is to be read as one. */
function whyNoKubeconfig(text: string): string | undefined {
  if (text.startsWith(`${BYTE_ORDER_MARK}-----BEGIN `)) {
    return 'PEM behind a byte order mark, which Kubernetes components do not read';
  }
  if (/^[ \t]+-----BEGIN /m.test(text)) {
    return 'text with an indented PEM block, which Kubernetes components do not read';
  }
  const kind = KIND.exec(text)?.[2];
  if (kind === 'Config' || KUBECONFIG_KEY.test(text)) return undefined;
  if (kind !== undefined) return `a document of the kind ${kind}, not a kubeconfig`;
  return 'text that is neither PEM nor a kubeconfig nor a token';
}
