/**
 * The cryptography that bringing in one node cannot do without, and nothing else: two key pairs, two
 * requests signed and verified, two certificates signed, three TLS handshakes with client certificates.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server } from 'node:tls';
import {
  createIssuer,
  encodePem,
  encodePrivateKey,
  generatePrivateKey,
  makeName,
  parseCertificate,
  selfSign,
} from '../src/x509/index.ts';

const HANDSHAKES = 3;
const CURVE = { namedCurve: 'P-256' } as const;
/** What is signed in a request and in a certificate of a node, in bytes. */
const REQUEST = randomBytes(170);
const CERTIFICATE = randomBytes(420);

/** CPU seconds of this process for one node, both sides of each connection included. */
export async function bareBootstrap(nodes: number): Promise<number> {
  const { server, material } = await tlsServer();
  const { port } = server.address() as AddressInfo;
  const authority = generateKeyPairSync('ec', CURVE).privateKey;
  // Once before the clock starts: what is compiled and loaded is not cryptography.
  await oneNode(authority, port, material);
  const before = process.cpuUsage();
  for (let i = 0; i < nodes; i++) await oneNode(authority, port, material);
  const { user, system } = process.cpuUsage(before);
  server.close();
  return (user + system) / 1e6 / nodes;
}

async function oneNode(authority: KeyObject, port: number, material: Material): Promise<void> {
  for (let i = 0; i < 2; i++) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', CURVE);
    const signature = sign('sha256', REQUEST, privateKey);
    if (!verify('sha256', REQUEST, publicKey, signature)) throw new Error('expected it to verify');
    sign('sha256', CERTIFICATE, authority);
  }
  for (let i = 0; i < HANDSHAKES; i++) await handshake(port, material);
}

interface Material {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

async function handshake(port: number, material: Material): Promise<void> {
  const socket = connect({ ...material, port, host: '127.0.0.1', ALPNProtocols: ['h2'] });
  await once(socket, 'data');
  socket.destroy();
}

async function tlsServer(): Promise<{ server: Server; material: Material }> {
  const material = makeMaterial();
  const options = { ...material, requestCert: true, rejectUnauthorized: true };
  const server = createServer({ ...options, ALPNProtocols: ['h2'] }, (socket) => {
    socket.on('error', () => undefined);
    // The client knows by this that its certificate was accepted.
    socket.end('x');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, material };
}

/** A CA and one pair that serves both sides: the handshake costs the same with one pair as with two. */
function makeMaterial(): Material {
  const now = Date.now();
  const validity = { notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000) };
  const caKey = generatePrivateKey('ECDSA-P256');
  const ca = selfSign(
    {
      ...validity,
      subject: makeName({ commonName: 'bench' }),
      basicConstraints: { ca: true },
      keyUsage: ['digitalSignature', 'keyCertSign'],
      extendedKeyUsage: [],
    },
    caKey,
  );
  const key = generatePrivateKey('ECDSA-P256');
  const leaf = createIssuer(parseCertificate(ca), caKey).issue(
    {
      ...validity,
      subject: makeName({ commonName: 'system:node:bench', organizations: ['system:nodes'] }),
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['clientAuth', 'serverAuth'],
      subjectAltNames: { ip: ['127.0.0.1'] },
    },
    key.spki,
  );
  return {
    ca: encodePem('CERTIFICATE', ca),
    cert: encodePem('CERTIFICATE', leaf),
    key: encodePrivateKey(key),
  };
}
