/** Runs `kubepki up`: the directory, the server, the nodes, and what is told of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceRanges } from '../../apiserver/index.ts';
import { EXIT, KubepkiError, shellWord } from '../../errors.ts';
import {
  type Certificate,
  commonName,
  publicKeyPin,
  readCertificates,
  serialHex,
} from '../../x509/index.ts';
import { print, visible } from '../output.ts';
import type { ServerConfig } from '../server/config.ts';
import { startServer } from '../server/start.ts';
import { aborted, untilSignal } from '../signals.ts';
import { forAllSigners } from '../signing-files.ts';
import type { AdminOutcome } from './admin.ts';
import { type Layout, type Prepared, prepareDirectory } from './directory.ts';
import { here } from './here.ts';
import { prepareBootstrapping } from './join.ts';
import { Nodes } from './nodes.ts';
import type { PkiState } from './pki.ts';
import { Story } from './story.ts';

export interface UpFlags {
  readonly dataDir: string;
  readonly securePort?: number;
  /** Absent: as many as there are, at least one. */
  readonly nodes?: number;
  readonly exit?: true;
}

/** How long `--exit` waits while nothing happens. */
const PATIENCE_MS = 60_000;

export async function runUp(flags: UpFlags): Promise<void> {
  await untilSignal(async (signal) => {
    const started = performance.now();
    if (flags.dataDir === '') throw new KubepkiError('USAGE', '--data-dir is empty');
    const prepared = await prepareDirectory(flags.dataDir, flags.securePort, new Date());
    const { layout } = prepared;
    const count = flags.nodes ?? Math.max(1, prepared.nodes);
    const story = new Story(count, started);
    tellPrepared(story, prepared);
    const stop = new AbortController();
    const nodes = new Nodes({
      layout,
      story,
      signal: AbortSignal.any([signal, stop.signal]),
      ...(flags.exit === true ? { patienceMs: PATIENCE_MS } : {}),
    });
    const server = await startServer(configOf(layout), {
      log: say,
      // Of the nodes' own requests, up says itself what becomes of them.
      isTold: ({ message, username }) => message === 'not approved' && username === nodes.identity,
    });
    try {
      story.tell(
        'API server',
        `https://127.0.0.1:${layout.cluster.endpoint.port} is ready, ${identityIn(layout.serverCertificate)}`,
      );
      await prepareBootstrapping(server.client);
      await nodes.bringIn(server, count);
      print(
        `\n${nodes.arrived} of ${count} ${count === 1 ? 'node is' : 'nodes are'} in, after ${story.seconds} s.`,
      );
      if (signal.aborted) {
        process.exitCode = EXIT.failed;
      } else if (flags.exit !== true) {
        tellHow(layout);
        await Promise.race([aborted(signal), nodes.failed, server.failed]);
        print(`\nEnded; everything is kept in ${here(layout.directory)}.`);
      }
    } finally {
      stop.abort();
      await nodes.ended();
      await server.close();
    }
  });
}

const say = (line: string): void => void process.stderr.write(`kubepki: ${visible(line)}\n`);

function tellPrepared(story: Story, { layout, pki, admin, forgotten }: Prepared): void {
  story.tell('PKI', pkiSentence(layout, pki));
  for (const note of notesOf(layout, pki)) story.tell('', note);
  const about = adminSentence(layout, admin);
  if (about !== undefined) story.tell('admin.conf', about);
  if (forgotten) {
    story.tell('state.db', 'is new: what the server knew is gone, and the nodes register anew');
  }
}

function configOf(layout: Layout): ServerConfig {
  return {
    database: layout.database,
    clusterId: publicKeyPin(certificateIn(layout.clientCa).spki),
    bindAddress: '127.0.0.1',
    securePort: layout.cluster.endpoint.port,
    serviceRanges: serviceRanges(layout.cluster.serviceSubnets.join(',')),
    tlsCertFile: layout.serverCertificate,
    tlsPrivateKeyFile: layout.serverKey,
    clientCaFile: layout.clientCa,
    bootstrapTokenAuth: true,
    bindNodes: { clusterFile: join(layout.directory, 'cluster.yaml') },
    anonymousAuth: true,
    signing: { files: forAllSigners({ certFile: layout.clientCa, keyFile: layout.clientCaKey }) },
    rootCaFile: layout.clientCa,
    controllers: ['*'],
    serving: { allowedCidrs: ['127.0.0.0/8'], allowedDnsSuffixes: [], reservedNames: [] },
  };
}

const certificateIn = (file: string): Certificate => readCertificates(readFileSync(file))[0];

/** `CN=kubernetes, serial 3f…` of the first certificate in a file. */
function identityIn(file: string): string {
  const certificate = certificateIn(file);
  return `CN=${commonName(certificate.subject) ?? ''}, serial ${serialHex(certificate)}`;
}

function pkiSentence({ directory, clientCa }: Layout, { made, total, first }: PkiState): string {
  const what = total === 1 ? 'credential' : 'credentials';
  const done = made === 0 ? `${total} ${what}, all there` : `${made} of ${total} ${what} made`;
  const ends =
    first === undefined
      ? ''
      : `; the first to end is ${here(first.path)}, ${inDays(first.notAfter)}`;
  return `${done} in ${here(directory)}/pki, CA ${identityIn(clientCa)}${ends}`;
}

function inDays(end: Date): string {
  const days = Math.floor((end.getTime() - Date.now()) / 86_400_000);
  return `in ${days} ${days === 1 ? 'day' : 'days'} (${end.toISOString().slice(0, 10)})`;
}

const MOST_NOTES = 5;

/** What `plan` notes of files that are there, the first few of them; what is noted of many stands there once. */
function notesOf({ directory }: Layout, { notes }: PkiState): string[] {
  const paths = Map.groupBy(notes, ({ note }) => note);
  const all = [...paths].map(([note, [first, ...others]]) => {
    const more = others.length === 0 ? '' : `, and ${others.length} more`;
    return `${here(first?.path ?? '')}: ${note}${more}`;
  });
  const lines = all.slice(0, MOST_NOTES);
  const more = all.length - lines.length;
  if (more <= 0) return lines;
  const [file, pki] = [`${here(directory)}/cluster.yaml`, `${here(directory)}/pki`].map(shellWord);
  return [...lines, `and ${more} more: kubepki plan -f ${file} -d ${pki}`];
}

function adminSentence({ admin }: Layout, outcome: AdminOutcome): string | undefined {
  const file = here(admin);
  if (outcome.done === 'kept') {
    const note = outcome.note === undefined ? '' : `; ${outcome.note}`;
    return `${file} is not what up has made of pki/admin/admin.conf, and good: kept as it is${note}`;
  }
  if (outcome.done === 'replaced') {
    return `${file} was of no use any more (${outcome.because}): made anew, the old one is ${here(outcome.old)}`;
  }
  return undefined;
}

/** How the program was called: what is told here can be copied. */
const PROGRAM = process.env['KUBEPKI_PROGRAM'] ?? 'kubepki';

function tellHow(layout: Layout): void {
  const admin = shellWord(here(layout.admin));
  const again = `${PROGRAM} up --data-dir ${shellWord(here(layout.directory))}`;
  print(`
Look:   kubectl --kubeconfig ${admin} get csr,nodes      (NotReady: no kubelet runs on them)
Join:   ${PROGRAM} token create --kubeconfig ${admin} --kubeconfig-out bootstrap.conf
        ${PROGRAM} node --bootstrap-kubeconfig bootstrap.conf --kubeconfig other/kubelet.conf \\
          --cert-dir other/pki --hostname-override other --node-ip 127.0.2.1 --address 127.0.2.1
Ctrl-C ends it; ${again} goes on from here.`);
}
