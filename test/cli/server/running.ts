/** `kubepki server` in this process, with files that a test can replace, and clients for it. */
import { renameSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type ServerFlags, serverConfig } from '../../../src/cli/server/config.ts';
import { startServer } from '../../../src/cli/server/start.ts';
import { makeName } from '../../../src/x509/index.ts';
import { type Authority, createAuthority, type Pem } from '../../client/tls-server.ts';
import { freePort } from '../../free-port.ts';
import { temporaryDirectory } from '../../temporary.ts';

export interface Answer {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly text: string;
}

export const admin = (authority: Authority): Pem =>
  authority.issue('admin', {
    subject: makeName({ commonName: 'admin', organizations: ['system:masters'] }),
  });

/** Files as `kubepki server` needs them, and its flags. */
export async function arrange(changes: Partial<ServerFlags> = {}) {
  const dataDir = temporaryDirectory();
  const authority = createAuthority('ca');
  const path = (name: string): string => join(dataDir, name);
  /** As editors and `kubepki renew` do it. */
  const replace = (name: string, content: string): void => {
    writeFileSync(path(`.${name}.new`), content);
    renameSync(path(`.${name}.new`), path(name));
  };
  const serving = authority.issue('kube-apiserver');
  replace('tls.crt', serving.certificate);
  replace('tls.key', serving.key);
  replace('ca.crt', authority.ca);
  const flags: ServerFlags = {
    dataDir,
    bindAddress: '127.0.0.1',
    securePort: await freePort(),
    tlsCertFile: path('tls.crt'),
    tlsPrivateKeyFile: path('tls.key'),
    clientCaFile: path('ca.crt'),
    enableBootstrapTokenAuth: false,
    enableGarbageCollector: false,
    anonymousAuth: true,
    controllers: ['tokencleaner'],
    ...changes,
  };
  return { dataDir, path, replace, authority, serving, flags };
}

export async function running(
  changes: Partial<ServerFlags> | ((path: (name: string) => string) => Partial<ServerFlags>) = {},
  before: (arranged: Awaited<ReturnType<typeof arrange>>) => void = () => undefined,
) {
  const arranged = await arrange();
  before(arranged);
  const flags = {
    ...arranged.flags,
    ...(typeof changes === 'function' ? changes(arranged.path) : changes),
  };
  const logged: string[] = [];
  const told: string[] = [];
  const server = await startServer(serverConfig(flags), {
    log: (line) => logged.push(line),
    tell: (line) => told.push(line),
  });
  onTestFinished(() => server.close());
  return { ...arranged, server, logged, told, port: flags.securePort };
}

/** A connection of HTTP/2. @param trusted PEM of who may have signed the server's certificate */
export function connect(port: number, trusted: string, credential?: Pem) {
  const session = http2.connect(`https://127.0.0.1:${port}`, {
    ca: trusted,
    ...(credential === undefined ? {} : { cert: credential.certificate, key: credential.key }),
  });
  session.on('error', () => undefined);
  onTestFinished(() => session.destroy());
  const stream = (url: string, headers: http2.OutgoingHttpHeaders = {}) => {
    const opened = session.request({ ':path': url, ...headers });
    opened.on('error', () => undefined);
    return opened;
  };
  const ask = (
    url: string,
    headers: http2.OutgoingHttpHeaders = {},
    body?: object,
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const request = session.request(
        {
          ':path': url,
          ...(body === undefined ? {} : { ':method': 'POST', 'content-type': 'application/json' }),
          ...headers,
        },
        { endStream: body === undefined },
      );
      let received: http2.IncomingHttpHeaders = {};
      let text = '';
      request.on('response', (head) => (received = head));
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () =>
        resolve({ status: Number(received[':status']), headers: received, text }),
      );
      request.on('error', reject);
      if (body !== undefined) request.end(JSON.stringify(body));
    });
  return { session, stream, ask };
}

export const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
};
