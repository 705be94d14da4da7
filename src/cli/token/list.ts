/**
 * `kubepki token list`, column by column as kubeadm prints it (cmd/kubeadm/app/cmd/token.go). What binds tokens to
 * nodes, of which kubeadm knows nothing, follows where there is something to tell.
 */
import { KubepkiError, quoted } from '../../errors.ts';
import { SECRETS } from '../../kubernetes/index.ts';
import {
  BOOTSTRAP_SECRET_NAMESPACE,
  BOOTSTRAP_SECRET_TYPE,
  type BootstrapToken,
  decodeBootstrapTokenSecret,
  type TokenBinding,
} from '../../tokens/index.ts';
import { visible } from '../output.ts';
import { formatData } from '../serialise.ts';
import type { Cluster } from './cluster.ts';
import { sorted } from './dry-run.ts';

const FORMATS = ['text', 'json', 'yaml'] as const;
export type ListFormat = (typeof FORMATS)[number];

/** @throws KubepkiError USAGE */
export function listFormat(text: string): ListFormat {
  const format = FORMATS.find((known) => known === text);
  if (format !== undefined) return format;
  throw new KubepkiError('USAGE', `-o ${quoted(text, 40)}: not an output format`, {
    hint: `one of ${FORMATS.join(', ')}`,
  });
}

/** Prints every token; a Secret that holds none is told on standard error and passed over. */
export async function listTokens(cluster: Cluster, format: ListFormat): Promise<void> {
  const { items } = await cluster.client.list(SECRETS, {
    namespace: BOOTSTRAP_SECRET_NAMESPACE,
    fieldSelector: `type=${BOOTSTRAP_SECRET_TYPE}`,
  });
  const tokens: BootstrapToken[] = [];
  for (const secret of items) {
    const decoded = decodeBootstrapTokenSecret(secret);
    if (decoded.ok) tokens.push(decoded.token);
    else cluster.warn(decoded.reason);
  }
  if (tokens.length === 0) return;
  if (format === 'text') cluster.print(tokenTable(tokens, cluster.now()));
  else cluster.print(await tokenData(tokens, format));
}

const HEADER = ['TOKEN', 'TTL', 'EXPIRES', 'USAGES', 'DESCRIPTION', 'EXTRA GROUPS'];

const BINDING_HEADER = ['NODE', 'ADDRESSES', 'ONE-SHOT'];

/**
 * The first token is aligned with the header, and each one behind it with nothing: kubeadm prints them one by one.
 * Where one is bound to a node, all are aligned.
 */
export function tokenTable(tokens: readonly BootstrapToken[], now: Date): string {
  const rows = tokens.map((token) => row(token, now));
  if (tokens.some(({ binding }) => binding !== undefined)) {
    const bound = tokens.map((token, i) => [...(rows[i] ?? []), ...bindingCells(token)]);
    return aligned([[...HEADER, ...BINDING_HEADER], ...bound])
      .map((line) => `${line}\n`)
      .join('');
  }
  return rows
    .flatMap((cells, i) => aligned(i === 0 ? [HEADER, cells] : [cells]))
    .map((line) => `${line}\n`)
    .join('');
}

const orNone = (text: string): string => (text === '' ? '<none>' : text);

function bindingCells({ binding }: BootstrapToken): string[] {
  const { node, addresses = [], claim } = binding ?? {};
  return [
    orNone(visible(node ?? claim?.node ?? '')),
    orNone(visible(addresses.join(','))),
    orNone(stateOf(binding)),
  ];
}

/** How far it is used, of a token that is good for one certificate. */
function stateOf(binding: TokenBinding | undefined): string {
  if (binding === undefined) return '';
  if (binding.claim === undefined) return 'unused';
  return binding.claim.key === undefined ? 'claimed' : 'used';
}

function row(token: BootstrapToken, now: Date): string[] {
  const { id, secret, description = '', expiration, usages, groups } = token;
  const ttl = expiration === undefined ? '<forever>' : shortDuration(expiration, now);
  return [
    `${id}.${secret}`,
    ttl.padEnd(9),
    expiration === undefined ? '<never>' : shown(expiration),
    orNone(visible(usages.join(','))).padEnd(22),
    orNone(visible(description)).padEnd(56),
    orNone(visible(groups.join(','))),
  ];
}

/** RFC 3339; a Secret may well name a year of five digits. */
const shown = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');

/** Go's tabwriter: three spaces between columns, none narrower than ten. */
function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(10, ...lines.map((cells) => (cells[column] ?? '').length + 3)),
  );
  return lines.map((cells) =>
    cells
      .map((cell, column) =>
        column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0),
      )
      .join(''),
  );
}

/** The largest unit only (apimachinery, pkg/util/duration: ShortHumanDuration). */
export function shortDuration(until: Date, now: Date): string {
  const seconds = Math.trunc((until.getTime() - now.getTime()) / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 24) return `${hours}h`;
  if (hours < 24 * 365) return `${Math.trunc(hours / 24)}d`;
  return `${Math.trunc(hours / 24 / 365)}y`;
}

/** A document for each token, one behind the other. */
async function tokenData(
  tokens: readonly BootstrapToken[],
  format: 'json' | 'yaml',
): Promise<string> {
  const documents = tokens.map(document);
  if (format === 'json') {
    return documents.map((data) => `${escaped(JSON.stringify(data, null, 4))}\n`).join('');
  }
  const texts = await Promise.all(documents.map(async (data) => formatData('yaml', sorted(data))));
  return texts.join('---\n');
}

/** Line feeds outside of strings stay. */
const escaped = (json: string): string => json.split('\n').map(visible).join('\n');

function document(token: BootstrapToken): object {
  const { id, secret, description, expiration, usages, groups, binding } = token;
  return {
    kind: 'BootstrapToken',
    apiVersion: 'output.kubeadm.k8s.io/v1alpha3',
    token: `${id}.${secret}`,
    ...(description === undefined ? {} : { description }),
    ...(expiration === undefined ? {} : { expires: shown(expiration) }),
    ...(usages.length === 0 ? {} : { usages }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(binding === undefined ? {} : { nodeBinding: bindingData(binding) }),
  };
}

/** Ours, in a document of kubeadm's kind: its readers pass over what they do not know. */
function bindingData(binding: TokenBinding): object {
  const { node, addresses, claim } = binding;
  return {
    ...(node === undefined ? {} : { node }),
    ...(addresses.length === 0 ? {} : { addresses }),
    state: stateOf(binding),
    ...(claim === undefined ? {} : { claimedFor: claim.node, claimedAt: shown(claim.at) }),
  };
}
