/** A server that binds the credentials of nodes, and nodes that have one. */
import { readFile } from 'node:fs/promises';
import { openAuditLog } from '../../../src/apiserver/index.ts';
import { type NodeBinding } from '../../../src/kubernetes/index.ts';
import { type Pair, pair } from '../../http/material.ts';
import { temporaryDirectory } from '../../temporary.ts';
import { type Joining, joining, machine } from '../bootstrap-tokens/joining.ts';
import { type apiServer, CA } from '../front/server.ts';

export const BINDINGS = '/apis/kubepki.dev/v1/nodebindings';
const APPROVING = ['csrapproving', 'csrsigning'];
const NONE: ReadonlyMap<string, readonly string[]> = new Map();
export const BINDING = { declared: () => NONE };

export interface Binding extends Joining {
  readonly bindings: () => Promise<readonly NodeBinding[]>;
  /** A node that comes from an address with a bootstrap token and gets its certificate. */
  readonly join: (node: string, address: string) => Promise<Pair>;
  /** What the audit log holds; closes it. */
  readonly audited: () => Promise<readonly AuditLine[]>;
}

interface AuditLine {
  readonly stage: string;
  readonly user: { readonly username?: string };
  readonly sourceIPs: readonly string[];
  readonly responseStatus?: { readonly code: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

export async function binding(
  options: Parameters<typeof apiServer>[0] = {},
  controllers: readonly string[] = APPROVING,
): Promise<Binding> {
  const path = `${temporaryDirectory()}/audit.log`;
  const audit = await openAuditLog(path, () => undefined);
  const server = await joining({ bindNodes: BINDING, audit, ...options }, controllers);
  await server.token('joiner');
  return {
    ...server,
    async bindings() {
      const { json } = await server.ask('GET', BINDINGS);
      return json.items;
    },
    async join(node, address) {
      const newcomer = machine(node);
      const { name, body } = await server.bearer('joiner', address).request(newcomer);
      const certificate = await server.certificate(name);
      if (certificate === undefined) throw new Error(`no certificate: ${body}`);
      return newcomer.pair(certificate);
    },
    async audited() {
      await audit.close();
      const text = await readFile(path, 'utf8');
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    },
  };
}

/** A certificate that nobody has asked the server for: made by hand, or by `kubepki apply`. */
export const handMade = (node: string, ...organizations: string[]): Pair =>
  pair(CA, {
    commonName: `system:node:${node}`,
    organizations: organizations.length === 0 ? ['system:nodes'] : organizations,
  });
