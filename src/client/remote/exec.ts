/**
 * Credential plug-ins: a program prints an ExecCredential (client.authentication.k8s.io/v1 and
 * v1beta1; client-go plugin/pkg/client/auth/exec). It is run without a shell.
 */
import { spawn } from 'node:child_process';
import { KubepkiError, quoted, systemCode } from '../../errors.ts';
import type { Cluster, ExecPlugin } from '../../kubernetes/index.ts';
import { utf8 } from '../body.ts';
import type { Clock } from '../clock.ts';
import { isRecord, parseJson, textOf } from '../json.ts';
import { bearer, type ClientCertificate, checkedPair } from './material.ts';
import type { Credentials } from './transport.ts';

export interface ExecSource {
  readonly get: () => Promise<Credentials>;
  /** Runs the program again, unless it has been since it printed these, which the server has refused; whether others came. */
  readonly refresh: (refused: Credentials) => Promise<boolean>;
  /** Ends a program that runs. */
  readonly end: () => void;
}

export interface ExecOptions {
  readonly plugin: ExecPlugin;
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** What the program gets on top of its own settings. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether somebody sits at standard input. */
  readonly terminal: boolean;
  /** For messages: `kubeconfig FILE: user NAME`. */
  readonly where: string;
}

const VERSIONS: ReadonlySet<string | undefined> = new Set([
  'client.authentication.k8s.io/v1',
  'client.authentication.k8s.io/v1beta1',
]);

/** More than any token or certificate. */
const MOST_OUTPUT = 1024 * 1024;

/**
 * Runs the program with the first `get`, and again when what it printed has expired. Never twice at
 * once: it may talk to a user.
 *
 * @throws KubepkiError UNSUPPORTED for another version, INVALID_VALUE for a mode that does not exist
 *   or that needs a terminal where there is none
 */
export function execSource(options: ExecOptions): ExecSource {
  const { plugin, clock, where } = options;
  if (!VERSIONS.has(plugin.apiVersion)) {
    throw new KubepkiError(
      'UNSUPPORTED',
      `${where}: expected a credential plug-in of ${[...VERSIONS].join(' or ')}, got ${quoted(plugin.apiVersion ?? '')}`,
    );
  }
  const interactive = isInteractive(options);
  const ending = new AbortController();
  let current: Printed | undefined;
  let running: Promise<Printed> | undefined;

  const runAgain = async (): Promise<Printed> => {
    running ??= run(options, interactive, ending.signal)
      .then((output) => {
        const printed = read(output, options);
        // Connections depend on the very pair: the same one again must not look like another.
        current = { ...printed, certificate: keptPair(printed.certificate, current?.certificate) };
        return current;
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };

  return {
    async get() {
      const expired = current?.expires !== undefined && clock.now().getTime() > current.expires;
      return current === undefined || expired ? runAgain() : current;
    },
    async refresh(refused) {
      if (current !== undefined && isOther(current, refused)) return true;
      return isOther(await runAgain(), refused);
    },
    end: () => ending.abort(),
  };
}

interface Printed extends Credentials {
  /** Milliseconds since 1970. */
  readonly expires: number | undefined;
}

const isOther = (one: Credentials, other: Credentials): boolean =>
  one.authorization !== other.authorization || one.certificate !== other.certificate;

function isInteractive({ plugin: { interactiveMode }, terminal, where }: ExecOptions): boolean {
  if (interactiveMode === 'Never') return false;
  if (interactiveMode === 'IfAvailable') return terminal;
  if (interactiveMode !== 'Always') {
    throw new KubepkiError(
      'INVALID_VALUE',
      `${where}: expected interactiveMode Never, IfAvailable or Always, got ${quoted(interactiveMode ?? '')}`,
    );
  }
  if (terminal) return true;
  throw new KubepkiError(
    'INVALID_VALUE',
    `${where}: its credential plug-in wants to ask a user, but standard input is no terminal`,
  );
}

function keptPair(
  next: ClientCertificate | undefined,
  known: ClientCertificate | undefined,
): ClientCertificate | undefined {
  if (next === undefined || known === undefined) return next;
  const same =
    Buffer.from(next.certificate).equals(Buffer.from(known.certificate)) &&
    Buffer.from(next.key).equals(Buffer.from(known.key));
  return same ? known : next;
}

/** What the program wrote to standard output. Its standard error is ours. */
async function run(
  { plugin, cluster, env, where }: ExecOptions,
  interactive: boolean,
  signal: AbortSignal,
): Promise<string> {
  const { command, args, installHint } = plugin;
  const spec = {
    interactive,
    ...(plugin.provideClusterInfo ? { cluster: clusterInfo(cluster) } : {}),
  };
  const info = JSON.stringify({ kind: 'ExecCredential', apiVersion: plugin.apiVersion, spec });
  const own = Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value]));
  const child = spawn(command, args ?? [], {
    env: { ...env, ...own, KUBERNETES_EXEC_INFO: info },
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
    signal,
  });
  const chunks: Uint8Array[] = [];
  let size = 0;
  child.stdout?.on('data', (chunk: Uint8Array) => {
    size += chunk.length;
    if (size <= MOST_OUTPUT) chunks.push(chunk);
    else child.kill();
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  const code = await promise.catch((cause: unknown) => {
    const missing = systemCode(cause) === 'ENOENT';
    throw new KubepkiError(
      missing ? 'NOT_FOUND' : 'INVALID_VALUE',
      `${where}: cannot run the credential plug-in ${quoted(command)}: ${missing ? 'there is no such program' : (systemCode(cause) ?? 'it was ended')}`,
      installHint === undefined ? {} : { hint: quoted(installHint) },
    );
  });
  if (size > MOST_OUTPUT) throw wrong(where, command, `printed more than ${MOST_OUTPUT} bytes`);
  if (code !== 0) throw wrong(where, command, `ended with ${code ?? 'a signal'}`);
  return utf8(Buffer.concat(chunks));
}

/** What the cluster is like, as client-go tells it (clientauthentication, type Cluster). */
function clusterInfo(cluster: Cluster): object {
  const { certificateAuthorityData: ca } = cluster;
  return {
    server: cluster.server,
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.insecureSkipTlsVerify,
    'certificate-authority-data': ca === undefined ? undefined : Buffer.from(ca).toString('base64'),
    'proxy-url': cluster.proxyUrl,
    'disable-compression': cluster.disableCompression,
    // An integer beyond 2^53 cannot be written exactly here.
    config: JSON.parse(
      JSON.stringify(
        cluster.extensions?.get('client.authentication.k8s.io/exec') ?? null,
        (_, value) => (typeof value === 'bigint' ? Number(value) : value),
      ),
    ),
  };
}

function read(output: string, { plugin, where }: ExecOptions): Printed {
  const { command } = plugin;
  let printed: unknown;
  try {
    printed = parseJson(output);
  } catch {
    throw wrong(where, command, 'printed something that is not JSON');
  }
  if (!isRecord(printed) || printed['kind'] !== 'ExecCredential') {
    throw wrong(where, command, 'did not print an ExecCredential');
  }
  if (printed['apiVersion'] !== plugin.apiVersion) {
    throw wrong(where, command, `printed another version than ${plugin.apiVersion ?? ''}`);
  }
  const { status } = printed;
  if (!isRecord(status)) throw wrong(where, command, 'printed no status');
  const token = textOf(status['token']) ?? '';
  const certificate = textOf(status['clientCertificateData']) ?? '';
  const key = textOf(status['clientKeyData']) ?? '';
  if (token === '' && certificate === '' && key === '') {
    throw wrong(where, command, 'printed neither a token nor a certificate with its key');
  }
  const said = `${where}: credential plug-in ${quoted(command)}`;
  return {
    authorization: token === '' ? undefined : bearer(token, said),
    certificate:
      certificate === '' && key === '' ? undefined : checkedPair({ certificate, key }, said),
    expires: expiryOf(status['expirationTimestamp'], where, command),
  };
}

function expiryOf(value: unknown, where: string, command: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time))
    throw wrong(where, command, 'printed an expirationTimestamp that is no time');
  return time;
}

/** Nothing of the output is in the message: it may hold a token. */
const wrong = (where: string, command: string, what: string): KubepkiError =>
  new KubepkiError('INVALID_VALUE', `${where}: the credential plug-in ${quoted(command)} ${what}`);
