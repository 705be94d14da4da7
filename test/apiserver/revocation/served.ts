/** An API server on a port, and those who come to it with credentials that are going to be revoked. */
import http2 from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import { onTestFinished } from 'vitest';
import { serve } from '../../../src/apiserver/index.ts';
import type { UserInfo } from '../../../src/kubernetes/index.ts';
import { parseCertificate, signatureTwins, signatureVerifies } from '../../../src/x509/index.ts';
import { authority, type Pair, pair } from '../../http/material.ts';
import { apiServer, CA, reasonOf, type Tested } from '../front/server.ts';

export const REVOCATIONS = '/apis/kubepki.dev/v1/revocations';
export const SECRETS = '/api/v1/namespaces/default/secrets';
export const FRONT_CA = authority('front-proxy-ca');

const serving = pair(CA, { commonName: 'kube-apiserver' }, 'serverAuth');

export interface Reply {
  readonly status: number;
  readonly body: string;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Client {
  ask(path: string, sent?: Sent): Promise<Reply>;
}

export interface Served extends Tested {
  /** One connection of HTTP/2, from an address of this machine. */
  readonly http2: (
    client?: Pair,
    localAddress?: string,
  ) => Client & { readonly session: http2.ClientHttp2Session };
  /** One connection of HTTP/1.1 that is kept, from an address of this machine. */
  readonly http1: (
    client?: Pair,
    localAddress?: string,
  ) => Client & { readonly connections: () => number };
  /** As the administrator, within the process. */
  readonly revoke: (spec: object, name?: string) => Promise<number>;
  /** What the log says of refused credentials. */
  readonly log: string[];
}

export async function served(
  options: Parameters<typeof apiServer>[0] = {},
  admin?: UserInfo,
): Promise<Served> {
  const log: string[] = [];
  const tested = await apiServer({
    requestHeader: {
      ca: () => [FRONT_CA.certificate],
      allowedNames: [],
      usernameHeaders: ['X-Remote-User'],
      uidHeaders: ['X-Remote-Uid'],
      groupHeaders: ['X-Remote-Group'],
      extraHeadersPrefix: ['X-Remote-Extra-'],
    },
    log: (message, error) => {
      log.push(error === undefined ? message : `${message}: ${reasonOf(error)}`);
    },
    ...options,
  });
  const { certificate, key } = serving;
  const running = await serve({
    server: tested.api,
    address: '127.0.0.1',
    port: 0,
    certificate,
    key,
  });
  onTestFinished(() => running.close(0));
  const { port } = running.address;
  const tls = (client: Pair | undefined) => ({
    ca: CA.pem,
    ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
  });
  return {
    ...tested,
    log,
    http2(client, localAddress) {
      const from = localAddress === undefined ? {} : { localAddress };
      const session = http2.connect(`https://127.0.0.1:${port}`, { ...tls(client), ...from });
      session.on('error', () => undefined);
      onTestFinished(() => session.destroy());
      return { session, ask: (path, sent) => askHttp2(session, path, sent) };
    },
    http1(client, localAddress) {
      const agent = new Agent({
        keepAlive: true,
        maxSockets: 1,
        ...tls(client),
        ...(localAddress === undefined ? {} : { localAddress }),
      });
      const sockets = new Set<unknown>();
      onTestFinished(() => agent.destroy());
      return {
        connections: () => sockets.size,
        ask: (path, sent) => askHttp1({ agent, port, path, sockets, ...sent }),
      };
    },
    async revoke(spec, name = `r-${Math.trunc(performance.now() * 1000)}`) {
      const { status, text } = await tested.ask('POST', REVOCATIONS, {
        body: revocation({ reason: 'stolen', ...spec }, name),
        ...(admin === undefined ? {} : { user: admin }),
      });
      if (status !== 201) throw new Error(text);
      return status;
    },
  };
}

/** The same certificate of the CA, written anew with the other signature of ECDSA. */
export function twinOf(der: Uint8Array): Uint8Array {
  const twin = signatureTwins(der).find((one) =>
    signatureVerifies(parseCertificate(one), CA.certificate),
  );
  if (twin === undefined) throw new Error('expected a twin');
  return twin;
}

export const revocation = (spec: object, name = 'r'): object => ({
  apiVersion: 'kubepki.dev/v1',
  kind: 'Revocation',
  metadata: { name },
  spec,
});

const bytesOf = (body: unknown): Buffer =>
  Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));

function askHttp2(
  session: http2.ClientHttp2Session,
  path: string,
  { method = 'GET', headers = {}, body }: Sent = {},
): Promise<Reply> {
  const stream = session.request(
    { ':method': method, ':path': path, ...headers },
    { endStream: body === undefined },
  );
  stream.on('error', () => undefined);
  if (body !== undefined) stream.end(bytesOf(body));
  return new Promise((resolve) => {
    let status = 0;
    let text = '';
    stream.on('response', (head) => {
      status = Number(head[':status']);
    });
    stream.on('data', (chunk) => {
      text += String(chunk);
    });
    stream.on('close', () => resolve({ status, body: text }));
  });
}

interface Http1Sent extends Sent {
  readonly agent: Agent;
  readonly port: number;
  readonly path: string;
  readonly sockets: Set<unknown>;
}

function askHttp1(sent: Http1Sent): Promise<Reply> {
  const { agent, port, path, sockets, method = 'GET', headers = {}, body } = sent;
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      { host: '127.0.0.1', port, path, method, headers, agent },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.on('error', reject);
      },
    );
    request.on('socket', (socket) => sockets.add(socket));
    request.on('error', reject);
    request.end(body === undefined ? undefined : bytesOf(body));
  });
}

export interface Watch {
  /** Lines so far. */
  readonly lines: string[];
  /** Milliseconds (of `performance.now`) at which it has ended, and whether cleanly. */
  readonly ended: Promise<{ readonly at: number; readonly clean: boolean }>;
}

/** Resolves when the watch is answered. */
export function watch(
  session: http2.ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Watch> {
  const stream = session.request({
    ':path': `${path}?watch=1&allowWatchBookmarks=true`,
    ...headers,
  });
  const lines: string[] = [];
  stream.on('error', () => undefined);
  stream.on('data', (chunk) => {
    lines.push(...String(chunk).split('\n').filter(Boolean));
  });
  const ended = new Promise<{ at: number; clean: boolean }>((resolve) => {
    stream.on('close', () =>
      resolve({
        at: performance.now(),
        clean: stream.rstCode === http2.constants.NGHTTP2_NO_ERROR,
      }),
    );
  });
  return new Promise((resolve, reject) => {
    stream.on('response', (head) => {
      if (head[':status'] === 200) resolve({ lines, ended });
      else reject(new Error(`the watch was refused with ${head[':status']}`));
    });
  });
}
