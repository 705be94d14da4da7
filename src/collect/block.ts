/** Reads one PEM block (or the DER that would be inside of one) to an entry. */
import { KubepkiError, quoted } from '../errors.ts';
import {
  decodePrivateKey,
  decodePublicKey,
  encodePem,
  type PemBlock,
  parseCertificate,
  parseRequest,
  parseRevocationList,
  verifyRequest,
} from '../x509/index.ts';
import type { Entry, KeyForm } from './types.ts';

export interface IdentifyOptions {
  /** For encrypted private keys and PKCS#12 archives; a string is taken as UTF-8. */
  readonly passphrase?: string | Uint8Array;
}

const KEY_FORMS = new Map<string, KeyForm>([
  ['RSA PRIVATE KEY', 'PKCS#1'],
  ['EC PRIVATE KEY', 'SEC 1'],
  ['PRIVATE KEY', 'PKCS#8'],
  ['ENCRYPTED PRIVATE KEY', 'PKCS#8'],
]);

/** Opening a key may take seconds if the file asks for it: a file does not get to ask often. */
const MOST_ENCRYPTED_KEYS = 16;

/** Reads the blocks of one file, wherever in it they are. */
export class BlockReader {
  readonly #passphrase: string | Uint8Array | undefined;
  #encryptedKeys = 0;

  constructor(options: IdentifyOptions) {
    this.#passphrase = options.passphrase;
  }

  /** @param text the block as PEM, which the key readers take */
  read(block: PemBlock, text: string | Uint8Array): Entry {
    const { label, headers, bytes } = block;
    const form = KEY_FORMS.get(label);
    return attempt(label, () => {
      if (form !== undefined) return this.#privateKey(form, label, text);
      switch (label) {
        case 'CERTIFICATE':
        case 'X509 CERTIFICATE':
          return {
            kind: 'certificate',
            certificate: parseCertificate(bytes),
            ...passedOver(label, 'CERTIFICATE', headers),
          };
        case 'CERTIFICATE REQUEST':
        case 'NEW CERTIFICATE REQUEST': {
          const request = parseRequest(bytes);
          return {
            kind: 'request',
            request,
            signatureVerifies: verifyRequest(request),
            ...passedOver(label, 'CERTIFICATE REQUEST', new Map()),
          };
        }
        case 'PUBLIC KEY':
        case 'RSA PUBLIC KEY': {
          const { type, spki } = decodePublicKey(text);
          return { kind: 'publicKey', type, spki };
        }
        case 'X509 CRL':
          return { kind: 'crl', list: parseRevocationList(bytes) };
        case 'OPENSSH PRIVATE KEY':
          // The reader knows it and says how to convert it.
          return this.#privateKey('PKCS#8', label, text);
        default:
          return { kind: 'other', label: shortened(label) };
      }
    });
  }

  /** As `read`, of DER that stands in no PEM block. */
  readBytes(label: string, bytes: Uint8Array): Entry {
    // Only the readers of keys look at the text.
    const text = label.endsWith('KEY') ? encodePem(label, bytes) : '';
    return this.read({ label, headers: new Map(), bytes }, text);
  }

  #privateKey(form: KeyForm, label: string, text: string | Uint8Array): Entry {
    const encrypted = label === 'ENCRYPTED PRIVATE KEY';
    if (encrypted && ++this.#encryptedKeys > MOST_ENCRYPTED_KEYS) {
      const reason = `more than ${MOST_ENCRYPTED_KEYS} encrypted keys in one file; this one was not tried`;
      return { kind: 'malformed', label, reason };
    }
    try {
      const passphrase = this.#passphrase;
      const { type, spki } = decodePrivateKey(text, passphrase === undefined ? {} : { passphrase });
      return { kind: 'privateKey', form, encrypted, type, spki };
    } catch (error) {
      if (!(error instanceof KubepkiError)) throw error;
      const { code, message } = error;
      if (code !== 'PASSPHRASE_NEEDED' && code !== 'WRONG_PASSPHRASE') throw error;
      return { kind: 'lockedKey', code, reason: message };
    }
  }
}

/**
 * client-go's cert.ParseCertsPEM passes over certificates under another label or with header lines,
 * kube-apiserver takes no request under another label.
 */
function passedOver(
  label: string,
  expected: string,
  headers: ReadonlyMap<string, string>,
): { passedOver?: string } {
  if (label !== expected) {
    return { passedOver: `Kubernetes components pass over the label ${quoted(label)}` };
  }
  if (headers.size === 0) return {};
  return { passedOver: 'Kubernetes components pass over blocks with PEM headers' };
}

/** Turns what a reader refuses into an entry that says so. */
export function attempt(label: string, read: () => Entry): Entry {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const hint = error.hint === undefined ? '' : ` (${error.hint})`;
    return { kind: 'malformed', label: shortened(label), reason: error.message + hint };
  }
}

const MOST_LABEL_CHARACTERS = 64;

/** A label is a line of the file, and a line can be as long as the file. */
export function shortened(label: string): string {
  return label.length > MOST_LABEL_CHARACTERS ? `${label.slice(0, MOST_LABEL_CHARACTERS)}…` : label;
}
