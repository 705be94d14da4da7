/** Makes PKIs as other tools leave them: under any names, with any contents. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatKubeconfig, makeKubeconfig } from '../../src/kubernetes/index.ts';
import { type AdoptOptions, adopt, apply, type Proposal, plan } from '../../src/pki/index.ts';
import {
  type Certificate,
  createIssuer,
  type ExtendedKeyUsage,
  encodePem,
  encodePrivateKey,
  encodePublicKey,
  generatePrivateKey,
  type KeyAlgorithm,
  type KeyUsage,
  makeName,
  type PrivateKey,
  parseCertificate,
  selfSign,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { later, lines, NOW } from './fixture.ts';

export interface Made {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
  readonly pem: string;
}

export interface LeafOptions {
  readonly org?: readonly string[];
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  readonly usages?: readonly ExtendedKeyUsage[];
  readonly keyUsage?: readonly KeyUsage[];
  /** Days from NOW. */
  readonly from?: number;
  readonly until?: number;
  readonly key?: PrivateKey;
  readonly algorithm?: KeyAlgorithm;
}

export const SERVER: readonly ExtendedKeyUsage[] = ['serverAuth'];
export const BOTH: readonly ExtendedKeyUsage[] = ['serverAuth', 'clientAuth'];

/** The names that every kube-apiserver has. */
export const SERVICE_NAMES = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** A directory, and what puts files into it. Names are given without their endings to `pair`. */
export class Workshop {
  readonly directory: string;
  /** The endings of certificate and key, and where they lie. */
  readonly style: (name: string) => readonly [certificate: string, key: string];

  constructor(
    style: Workshop['style'] = (name) => [`${name}.crt`, `${name}.key`],
    directory = temporaryDirectory(),
  ) {
    this.directory = directory;
    this.style = style;
  }

  write(path: string, content: string | Uint8Array, mode = 0o644): void {
    const full = join(this.directory, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content, { mode });
  }

  ca(name: string | undefined, commonName: string, options: LeafOptions = {}): Made {
    const {
      from = 0,
      until = from + 3650,
      key = generatePrivateKey(options.algorithm ?? 'ECDSA-P256'),
    } = options;
    const der = selfSign(
      {
        subject: makeName({ commonName }),
        notBefore: later(from),
        notAfter: later(until),
        basicConstraints: { ca: true },
        keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'],
        extendedKeyUsage: [],
      },
      key,
    );
    const made = finished(der, key);
    if (name !== undefined) this.pair(name, made);
    return made;
  }

  /** A CA that another has signed; in no file. */
  intermediate(root: Made, commonName: string, key: PrivateKey): Made {
    const template = {
      subject: makeName({ commonName }),
      notBefore: later(0),
      notAfter: later(1825),
      basicConstraints: { ca: true },
      keyUsage: ['digitalSignature' as const, 'keyCertSign' as const],
      extendedKeyUsage: [],
    };
    return finished(createIssuer(root.certificate, root.key).issue(template, key.spki), key);
  }

  leaf(name: string | undefined, ca: Made, commonName: string, options: LeafOptions = {}): Made {
    const {
      org = [],
      dns = [],
      ip = [],
      usages = ['clientAuth'],
      keyUsage = ['digitalSignature' as const],
      from = 0,
      until = from + 365,
    } = options;
    const key = options.key ?? generatePrivateKey(options.algorithm ?? 'ECDSA-P256');
    const template = {
      subject: makeName({ commonName, organizations: org }),
      notBefore: later(from),
      notAfter: later(until),
      basicConstraints: { ca: false },
      keyUsage,
      extendedKeyUsage: usages,
      subjectAltNames: { dns, ip },
    };
    const made = finished(createIssuer(ca.certificate, ca.key).issue(template, key.spki), key);
    if (name !== undefined) this.pair(name, made);
    return made;
  }

  pair(name: string, { pem, key }: Made): void {
    const [certificateFile, keyFile] = this.style(name);
    this.write(certificateFile, pem);
    this.write(keyFile, encodePrivateKey(key), 0o600);
  }

  kubeconfig(path: string, { pem, key }: Made, ca: Made, server: string, cluster = 'lab'): void {
    const config = makeKubeconfig({
      cluster,
      server,
      certificateAuthority: ca.pem,
      user: 'user',
      clientCertificate: pem,
      clientKey: encodePrivateKey(key),
    });
    this.write(path, formatKubeconfig(config), 0o600);
  }

  sa(publicKey: string, key: string, algorithm: KeyAlgorithm = 'RSA-2048'): void {
    const made = generatePrivateKey(algorithm);
    this.write(publicKey, encodePublicKey(made));
    this.write(key, encodePrivateKey(made), 0o600);
  }

  adopt(options: Partial<AdoptOptions> = {}, directory = this.directory): Proposal {
    return adopt(directory, { now: NOW, ...options });
  }
}

function finished(der: Uint8Array, key: PrivateKey): Made {
  return { certificate: parseCertificate(der), key, pem: encodePem('CERTIFICATE', der) };
}

/** What plan says on a proposal: every step that is not simply kept, without notes unless asked for. */
export async function planned(
  { cluster, place, root }: Proposal,
  notes = false,
): Promise<string[]> {
  const report = await plan({ cluster, place, now: NOW });
  return notes
    ? lines(report, root)
    : lines({ ...report, steps: report.steps.filter(({ action }) => action !== 'keep') }, root);
}

export const applied = async ({ cluster, place }: Proposal): ReturnType<typeof apply> =>
  apply({ cluster, place, now: NOW });
