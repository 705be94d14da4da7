/**
 * Issuing certificates on one core, against what the signature alone costs in `node:crypto`.
 *
 * Every loop has a fixed number of turns and keeps a checksum of what it made; what the loops make
 * is verified before any of them is timed.
 */
import {
  createECDH,
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import {
  type Certificate,
  type CertificateTemplate,
  createIssuer,
  encodePem,
  encodePrivateKey,
  generatePrivateKey,
  type Issuer,
  type KeyAlgorithm,
  makeName,
  type PrivateKey,
  parseCertificate,
  selfSign,
} from '../src/x509/index.ts';
import type { Context, Outcome } from './benchmark.ts';
import { packageVersion } from './environment.ts';
import { preparePeculiar } from './peculiar.ts';
import { interleave } from './rounds.ts';
import { ratios } from './statistics.ts';

const NOT_BEFORE = new Date('2026-01-01T00:00:00Z');
const NOT_AFTER = new Date('2027-01-01T00:00:00Z');
/** As many different nodes: with one template all would be served from caches. */
const NODES = 250;

/** How often each loop turns in one round: about a fifth of a second's work. */
const TURNS = { signing: 10_000, generating: 2_500, rsa: 250, peculiar: 100 } as const;

interface Authority {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
  readonly object: KeyObject;
  readonly issuer: Issuer;
}

function makeAuthority(algorithm: KeyAlgorithm): Authority {
  const key = generatePrivateKey(algorithm);
  const template: CertificateTemplate = {
    subject: makeName({ commonName: 'kubernetes' }),
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    basicConstraints: { ca: true },
    keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'],
    extendedKeyUsage: [],
  };
  const certificate = parseCertificate(selfSign(template, key));
  const object = createPrivateKey(encodePrivateKey(key));
  return { certificate, key, object, issuer: createIssuer(certificate, key) };
}

/** What a kubelet's serving certificate says. */
function kubeletTemplate(node: number): CertificateTemplate {
  return {
    subject: makeName({
      commonName: `system:node:worker-${node}`,
      organizations: ['system:nodes'],
    }),
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    basicConstraints: { ca: false },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['serverAuth'],
    subjectAltNames: { dns: [`worker-${node}`], ip: [`10.128.0.${node}`] },
  };
}

interface Node {
  readonly template: CertificateTemplate;
  readonly spki: Uint8Array;
  /** The bytes that are signed in a certificate of this node. */
  readonly tbs: Uint8Array;
}

function makeNodes({ issuer }: Authority): Node[] {
  return Array.from({ length: NODES }, (_, number) => {
    const template = kubeletTemplate(number);
    const { spki } = generatePrivateKey('ECDSA-P256');
    return { template, spki, tbs: parseCertificate(issuer.issue(template, spki)).tbs };
  });
}

/** Of everything that was made, so that no engine may leave the making out. */
let checksum = 0;

/** Runs `work` for so many turns and answers turns per second. */
function rate(turns: number, nodes: readonly Node[], work: (node: Node) => number): number {
  const start = performance.now();
  for (let turn = 0; turn < turns; turn++) {
    const node = nodes[turn % nodes.length];
    if (node === undefined) throw new RangeError('expected at least one node, got none');
    checksum = (checksum + work(node)) | 0;
  }
  return (turns * 1000) / (performance.now() - start);
}

const lastByte = (bytes: Uint8Array): number => bytes[bytes.length - 1] ?? 0;

/** A certificate, and its key as PEM. */
function makePair(issuer: Issuer, { template }: Node): { certificate: string; key: string } {
  const key = generatePrivateKey('ECDSA-P256');
  const certificate = issuer.issue(template, key.spki);
  return { certificate: encodePem('CERTIFICATE', certificate), key: encodePrivateKey(key) };
}

/** The bare loop: a key, a signature, the key as PEM. */
function bareWithKeyPair(ca: KeyObject, { tbs }: Node): number {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signature = sign('sha256', tbs, ca);
  const pem = privateKey.export({ format: 'pem', type: 'sec1' });
  return lastByte(signature) + pem.length;
}

/** The same with the fastest generator that node:crypto has, and no export at all: nothing can be faster. */
function bareWithEcdh(ca: KeyObject, { tbs }: Node): number {
  const point = createECDH('prime256v1').generateKeys();
  return lastByte(sign('sha256', tbs, ca)) + lastByte(point);
}

/** What is timed has to be right. */
function verify(authority: Authority, node: Node): void {
  const ca = new X509Certificate(Buffer.from(authority.certificate.der));
  const pair = makePair(authority.issuer, node);
  const issued = new X509Certificate(pair.certificate);
  const right =
    issued.verify(ca.publicKey) &&
    issued.checkIssued(ca) &&
    issued.checkPrivateKey(createPrivateKey(pair.key)) &&
    new X509Certificate(Buffer.from(authority.issuer.issue(node.template, node.spki))).verify(
      ca.publicKey,
    );
  if (!right) throw new Error('what is issued does not verify');
}

export async function benchmark({ quick, progress }: Context): Promise<Outcome> {
  const scale = quick ? 0.05 : 1;
  const turns = (number: number): number => Math.max(10, Math.round(number * scale));
  const ec = makeAuthority('ECDSA-P256');
  const rsa = makeAuthority('RSA-2048');
  const nodes = makeNodes(ec);
  const rsaNodes = makeNodes(rsa);
  for (const node of nodes.slice(0, 10)) verify(ec, node);
  for (const node of rsaNodes.slice(0, 10)) verify(rsa, node);
  const issuePeculiar = await preparePeculiar(NOT_BEFORE, NOT_AFTER);

  const { object: ca, issuer } = ec;
  const samples = await interleave(
    {
      issue: () =>
        rate(turns(TURNS.signing), nodes, ({ template, spki }) =>
          lastByte(issuer.issue(template, spki)),
        ),
      sign: () => rate(turns(TURNS.signing), nodes, ({ tbs }) => lastByte(sign('sha256', tbs, ca))),
      pair: () =>
        rate(turns(TURNS.generating), nodes, (node) => {
          const { certificate, key } = makePair(issuer, node);
          return certificate.length + key.length;
        }),
      barePair: () => rate(turns(TURNS.generating), nodes, (node) => bareWithKeyPair(ca, node)),
      bareEcdh: () => rate(turns(TURNS.generating), nodes, (node) => bareWithEcdh(ca, node)),
      issueRsa: () =>
        rate(turns(TURNS.rsa), rsaNodes, ({ template, spki }) =>
          lastByte(rsa.issuer.issue(template, spki)),
        ),
      signRsa: () =>
        rate(turns(TURNS.rsa), rsaNodes, ({ tbs }) => lastByte(sign('sha256', tbs, rsa.object))),
      peculiar: () => issuePeculiar(turns(TURNS.peculiar)),
    },
    quick ? 3 : 15,
    (round) => progress(`round ${round}`),
  );
  progress(`checksum ${createHash('sha256').update(String(checksum)).digest('hex').slice(0, 8)}`);

  return {
    title: 'issuing a kubelet certificate on one core, P-256',
    measures: [
      {
        label: 'keys at hand: issue / bare sign',
        unit: 'x',
        samples: ratios(samples('issue'), samples('sign')),
        bar: { name: 'issue, of bare sign', is: 'at least', limit: 0.7 },
      },
      {
        label: 'new key and PEM: all of it / bare keygen, sign, export',
        unit: 'x',
        samples: ratios(samples('pair'), samples('barePair')),
        bar: { name: 'key, issue and PEM, of keygen + sign + export', is: 'at least', limit: 0.8 },
      },
      {
        label: 'new key and PEM: all of it / bare ECDH keygen, sign, no export',
        unit: 'x',
        samples: ratios(samples('pair'), samples('bareEcdh')),
      },
      {
        label: 'CA with RSA-2048: issue / bare sign',
        unit: 'x',
        samples: ratios(samples('issueRsa'), samples('signRsa')),
      },
      {
        label: 'keys at hand: issue / @peculiar/x509',
        unit: 'x',
        samples: ratios(samples('issue'), samples('peculiar')),
      },
      { label: 'issue', unit: 'per second', samples: samples('issue') },
      { label: 'bare sign', unit: 'per second', samples: samples('sign') },
      { label: 'new key, issue, PEM', unit: 'per second', samples: samples('pair') },
      { label: 'bare keygen, sign, export', unit: 'per second', samples: samples('barePair') },
      { label: 'bare ECDH keygen, sign', unit: 'per second', samples: samples('bareEcdh') },
      { label: 'issue, CA with RSA-2048', unit: 'per second', samples: samples('issueRsa') },
      { label: 'bare sign, RSA-2048', unit: 'per second', samples: samples('signRsa') },
      { label: '@peculiar/x509', unit: 'per second', samples: samples('peculiar') },
    ],
    notes: [
      'O and CN, one DNS name, one address, keyUsage, extendedKeyUsage, basicConstraints, authority key identifier',
      'bare: a loop of node:crypto over the very bytes that are signed in the certificates',
      '@peculiar/x509 signs with WebCrypto, one certificate after the other',
    ],
    peers: { '@peculiar/x509': packageVersion('@peculiar/x509'), 'node:crypto': process.version },
  };
}
