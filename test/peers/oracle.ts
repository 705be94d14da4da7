/**
 * Asks Go's crypto/x509 what it sees: the driver of the program in `oracle/`, and the types of its
 * requests and answers. One program serves many questions; answers come in the order of asking.
 */

import { openLines } from './lines.ts';
import { peer } from './peers.ts';

/** Names as RFC 5280, section 4.2.1.12 gives them. */
export type OracleUsage =
  | 'anyExtendedKeyUsage'
  | 'serverAuth'
  | 'clientAuth'
  | 'codeSigning'
  | 'emailProtection'
  | 'timeStamping'
  | 'OCSPSigning';

export type OracleKeyAlgorithm =
  | 'P-256'
  | 'P-384'
  | 'P-521'
  | 'Ed25519'
  | 'RSA-2048'
  | 'RSA-3072'
  | 'RSA-4096';

/** Every operation: what is asked, and what is answered when it is not refused. */
export interface OracleOperations {
  /** `der` in base64. */
  certificate: { ask: { der: string }; answer: OracleCertificate };
  /** `der` in base64. */
  csr: { ask: { der: string }; answer: OracleRequestFields };
  /** The key that client-go's keyutil.ParsePrivateKeyPEM would take from this text. */
  key: { ask: { pem: string }; answer: { block: string; publicKey: OraclePublicKey } };
  /** Whether a Go server could serve with these two texts: tls.X509KeyPair. */
  pair: { ask: { certificate: string; key: string }; answer: { certificates: number } };
  /** The blocks that pem.Decode finds; `bytes` in base64. */
  pem: { ask: { pem: string }; answer: { blocks: OracleBlock[] } };
  verify: {
    ask: {
      /** PEM; certificates after the first count as intermediates, as in a TLS handshake. */
      leaf: string;
      intermediates?: string;
      roots: string;
      /** RFC 3339. */
      time: string;
      /** One of them must be allowed; serverAuth when none is named. */
      usages?: OracleUsage[];
      /** A DNS name, or an address. */
      dnsName?: string;
    };
    /** Each chain from leaf to root, as SHA-256 of its certificates in hex. */
    answer: { chains: string[][] };
  };
  /** One certificate as described: for those that kubepki refuses to make. */
  issue: { ask: { issue: OracleIssue }; answer: { certificate: string; key: string } };
  /** Certificates, requests and keys of many forms; the fields follow from the seed, keys do not. */
  'issue-samples': {
    ask: { seed: number; count: number; exotic?: boolean };
    answer: { samples: OracleSample[] };
  };
  version: { ask: object; answer: { go: string } };
}

type Operation = keyof OracleOperations;

export type OracleRequest<O extends Operation> = { op: O } & OracleOperations[O]['ask'];

/** What Go said against it. */
export interface OracleRefusal {
  error: string;
}

/** [object identifier, value] */
export type OracleAttribute = [string, string];
/** [object identifier, critical, value in hex] */
export type OracleExtension = [string, boolean, string];

export interface OraclePublicKey {
  /** RSA, ECDSA, Ed25519, or what Go calls an algorithm that it does not know. */
  type: string;
  /** Size of modulus or curve; 0 where unknown. */
  bits: number;
  /** P-256, P-384, …; for ECDSA only. */
  curve?: string;
  /** Hex. */
  spkiSha256: string;
}

interface OracleNames {
  dnsNames: string[];
  ipAddresses: string[];
  uris: string[];
  emailAddresses: string[];
}

interface OracleSubject {
  /** The RDNs in order, each with its attributes. */
  subject: OracleAttribute[][];
  /** As Go's pkix.Name prints it: RFC 2253 order. */
  subjectText: string;
  commonName: string;
  organizations: string[];
}

export interface OracleCertificate extends OracleSubject, OracleNames {
  version: number;
  /** Hex without leading zeros. */
  serial: string;
  issuer: OracleAttribute[][];
  issuerText: string;
  /** RFC 3339, UTC. */
  notBefore: string;
  notAfter: string;
  /** Names as RFC 5280, section 4.2.1.3 gives them, in the order of their bits. */
  keyUsage: string[];
  /** Those that Go knows by name, then the others by object identifier. */
  extendedKeyUsage: string[];
  basicConstraintsValid: boolean;
  isCA: boolean;
  maxPathLen: number | null;
  /** Hex. */
  subjectKeyId: string;
  /** Hex. */
  authorityKeyId: string;
  policies: string[];
  ocspServers: string[];
  issuingUrls: string[];
  crlUrls: string[];
  permittedDnsDomains: string[];
  /** Go's name: SHA256-RSA, SHA256-RSAPSS, ECDSA-SHA256, Ed25519, … */
  signatureAlgorithm: string;
  publicKey: OraclePublicKey;
  extensions: OracleExtension[];
  unhandledCritical: string[];
  /** Of the whole certificate, hex. */
  sha256: string;
}

export interface OracleRequestFields extends OracleSubject, OracleNames {
  version: number;
  signatureAlgorithm: string;
  publicKey: OraclePublicKey;
  extensions: OracleExtension[];
  /** Empty when the request is signed by its own key. */
  signatureError: string;
}

export interface OracleBlock {
  type: string;
  headers: Record<string, string>;
  /** Base64. */
  bytes: string;
}

export interface OracleIssue {
  commonName: string;
  organizations?: string[];
  dnsNames?: string[];
  ipAddresses?: string[];
  usages?: OracleUsage[];
  /** RFC 3339. */
  notBefore: string;
  notAfter: string;
  isCA?: boolean;
  keyAlgorithm: OracleKeyAlgorithm;
  /** PEM of the CA; without it the certificate signs itself. */
  issuer?: string;
  issuerKey?: string;
}

export interface OracleSample {
  kind: 'certificate' | 'csr' | 'key';
  description: string;
  /** Base64. */
  der: string;
  pem: string;
  /** The private key that belongs to it, PKCS#8 PEM. */
  key: string;
  /** PEM of a certificate's signer, which may be itself; empty for the other kinds. */
  issuer: string;
}

export interface Oracle {
  /** Go's answer, or its refusal; throws when a question makes no sense, or the program died. */
  ask<O extends Operation>(
    request: OracleRequest<O>,
  ): Promise<OracleOperations[O]['answer'] | OracleRefusal>;
  /** As `ask`, and throws when Go refuses. */
  get<O extends Operation>(request: OracleRequest<O>): Promise<OracleOperations[O]['answer']>;
  /** Ends the program. */
  close(): Promise<void>;
}

/** Starts the oracle, building it when the cache does not have it. It ends with this process. */
export async function openOracle(): Promise<Oracle> {
  const program = openLines(await peer('oracle'));

  async function ask<O extends Operation>(request: OracleRequest<O>) {
    const line = await program.ask(JSON.stringify(request));
    const answer: OracleOperations[O]['answer'] | OracleRefusal = JSON.parse(line);
    if (isRefusal(answer) && answer.error.startsWith('bad request: ')) {
      throw new TypeError(`oracle, ${request.op}: ${answer.error}`);
    }
    return answer;
  }

  return {
    ask,
    async get<O extends Operation>(request: OracleRequest<O>) {
      const answer = await ask(request);
      if (isRefusal(answer)) throw new Error(`oracle, ${request.op}: ${answer.error}`);
      return answer;
    },
    close: () => program.close(),
  };
}

export function isRefusal(answer: object): answer is OracleRefusal {
  return 'error' in answer;
}
