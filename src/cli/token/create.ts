/** `kubepki token create`. */
import { KubepkiError, quoted } from '../../errors.ts';
import {
  BOOTSTRAP_GROUP,
  formatKubeconfig,
  goQuote,
  isNodeName,
  parseGoDuration,
  refusedFor,
  SECRETS,
  type Secret,
} from '../../kubernetes/index.ts';
import {
  BOOTSTRAP_GROUP_PATTERN,
  BOOTSTRAP_TOKEN_PATTERN,
  BOOTSTRAP_USAGES,
  type BootstrapToken,
  encodeBootstrapTokenSecret,
  generateBootstrapToken,
  isBootstrapGroup,
  parseBootstrapToken,
  type TokenBinding,
} from '../../tokens/index.ts';
import { parseIpBlock } from '../../x509/index.ts';
import { type Cluster, endpointOf } from './cluster.ts';
import { dryRunLines } from './dry-run.ts';
import { joinCommand, nodeCommand } from './join-command.ts';
import { bootstrapKubeconfig, prepareKubeconfig } from './kubeconfig-out.ts';

export interface CreateFlags {
  readonly ttl: string;
  readonly usages?: readonly string[];
  readonly groups?: readonly string[];
  readonly description?: string;
  readonly printJoinCommand?: boolean;
  readonly certificateKey?: string;
  readonly kubeconfigOut?: string;
  readonly force?: boolean;
  readonly node?: string;
  readonly nodeAddress?: readonly string[];
  readonly oneShot?: boolean;
  readonly printNodeCommand?: boolean;
}

/**
 * Creates the token and prints it, or the line that joins a node by it, or its bootstrap kubeconfig.
 *
 * @throws KubepkiError USAGE for flags that make no sense, CONFLICT where the id is taken
 */
export async function createToken(
  cluster: Cluster,
  text: string | undefined,
  flags: CreateFlags,
): Promise<void> {
  const token = tokenOf(text, flags, cluster.now());
  const whole = `${token.id}.${token.secret}`;
  const { kubeconfigOut, force = false } = flags;
  // Whatever may be wrong here is said before the token is there.
  const answer = answerOf(cluster, token, flags);
  const file =
    kubeconfigOut === undefined || kubeconfigOut === STANDARD_OUTPUT || cluster.dryRun
      ? undefined
      : prepareKubeconfig(kubeconfigOut, endpointOf(cluster), whole, force);
  try {
    await store(cluster, encodeBootstrapTokenSecret(token), token.id);
  } catch (error) {
    file?.drop();
    throw error;
  }
  cluster.print(answer);
  file?.publish();
}

const STANDARD_OUTPUT = '-';

function answerOf(cluster: Cluster, token: BootstrapToken, flags: CreateFlags): string {
  const whole = `${token.id}.${token.secret}`;
  const { printJoinCommand, printNodeCommand, certificateKey, kubeconfigOut } = flags;
  const node = token.binding?.node;
  if (printJoinCommand) return joinCommand(endpointOf(cluster), whole, { certificateKey, node });
  if (printNodeCommand) return nodeCommand(endpointOf(cluster), whole, node);
  if (kubeconfigOut !== STANDARD_OUTPUT) return whole;
  return formatKubeconfig(bootstrapKubeconfig(endpointOf(cluster), whole)).trimEnd();
}

async function store(cluster: Cluster, secret: Secret, id: string): Promise<void> {
  const taken = (): KubepkiError =>
    new KubepkiError('CONFLICT', `a token with id ${goQuote(id)} already exists`, {
      hint: 'delete it with kubepki token delete, or let the new token have another id',
    });
  if (cluster.dryRun) {
    if (await exists(cluster, secret)) throw taken();
    cluster.print(await dryRunLines('CREATE', secret));
    return;
  }
  try {
    await cluster.client.create(SECRETS, secret);
  } catch (error) {
    throw refusedFor(error, 'AlreadyExists') ? taken() : error;
  }
}

async function exists({ client }: Cluster, { metadata }: Secret): Promise<boolean> {
  const { name = '', namespace = '' } = metadata;
  try {
    await client.get(SECRETS, { name, namespace });
    return true;
  } catch (error) {
    if (refusedFor(error, 'NotFound')) return false;
    throw error;
  }
}

/**
 * The token that the flags ask for, by kubeadm's rules and defaults
 * (cmd/kubeadm/app/apis/kubeadm/validation). Stricter in one thing: a negative `--ttl`, which kubeadm
 * takes for ever, is refused.
 */
export function tokenOf(text: string | undefined, flags: CreateFlags, now: Date): BootstrapToken {
  if (flags.certificateKey && !flags.printJoinCommand) {
    throw usage('cannot use --certificate-key without --print-join-command');
  }
  const { kubeconfigOut, printJoinCommand = false, printNodeCommand = false } = flags;
  const answers = [printJoinCommand, printNodeCommand, kubeconfigOut === STANDARD_OUTPUT];
  if (answers.filter(Boolean).length > 1) {
    throw usage(
      'only one of --print-join-command, --print-node-command and --kubeconfig-out=- can be printed',
    );
  }
  if (flags.force && flags.kubeconfigOut === undefined) {
    throw usage('cannot use --force without --kubeconfig-out');
  }
  // An empty text is none, as with kubeadm.
  const parts = parseBootstrapToken(text ? text : generateBootstrapToken());
  if (parts === undefined) {
    // Not shown: it may be a token that is mistyped only.
    throw usage(`the bootstrap token was not of the form ${goQuote(BOOTSTRAP_TOKEN_PATTERN)}`);
  }
  const usages = usagesOf(flags);
  const expiration = expirationOf(flags.ttl, now);
  const { description = '' } = flags;
  const binding = bindingOf(flags, usages);
  return {
    ...parts,
    ...(description === '' ? {} : { description }),
    ...(expiration === undefined ? {} : { expiration }),
    usages,
    groups: groupsOf(flags, usages),
    ...(binding === undefined ? {} : { binding }),
  };
}

const usage = (message: string, hint?: string): KubepkiError =>
  new KubepkiError('USAGE', message, hint === undefined ? {} : { hint });

function usagesOf({ usages = [] }: CreateFlags): readonly string[] {
  const known: readonly string[] = BOOTSTRAP_USAGES;
  const unknown = usages.find((one) => !known.includes(one));
  if (unknown !== undefined) {
    throw usage(`--usages: ${quoted(unknown, 80)} is not a usage`, `one of ${known.join(', ')}`);
  }
  return usages.length === 0 ? BOOTSTRAP_USAGES : usages;
}

function groupsOf({ groups }: CreateFlags, usages: readonly string[]): readonly string[] {
  const forAuthentication = usages.includes('authentication');
  const given = groups ?? [BOOTSTRAP_GROUP];
  // Given and empty: none, where that makes sense.
  const wanted = given.length === 0 && forAuthentication ? [BOOTSTRAP_GROUP] : given;
  if (wanted.length > 0 && !forAuthentication) {
    throw usage(
      'token groups cannot be specified unless --usages includes "authentication"',
      'give --groups="" for a token without groups',
    );
  }
  const bad = wanted.find((name) => !isBootstrapGroup(name));
  if (bad !== undefined) {
    throw usage(
      `--groups: bootstrap group ${quoted(bad, 300)} is invalid (must match ${BOOTSTRAP_GROUP_PATTERN})`,
    );
  }
  return wanted;
}

/** Far more than a machine has; each one costs a look at every request. */
const MOST_ADDRESSES = 32;

function bindingOf(
  { node, nodeAddress = [], oneShot = false }: CreateFlags,
  usages: readonly string[],
): TokenBinding | undefined {
  if (node === undefined && nodeAddress.length === 0 && !oneShot) return undefined;
  if (!usages.includes('authentication')) {
    throw usage('--node, --node-address and --one-shot need --usages to include "authentication"');
  }
  if (node !== undefined && !isNodeName(node)) {
    throw usage(`--node: ${quoted(node, 300)} is not the name of a node`, 'as in worker-1');
  }
  const bad = nodeAddress.find((text) => parseIpBlock(text) === undefined);
  if (bad !== undefined) {
    throw usage(
      `--node-address: ${quoted(bad, 80)} is neither an IP address nor a subnet`,
      'write 10.0.0.7, fd00::7 or 10.0.0.0/24',
    );
  }
  if (nodeAddress.length > MOST_ADDRESSES) {
    throw usage(`--node-address: more than ${MOST_ADDRESSES} addresses`);
  }
  return { ...(node === undefined ? {} : { node }), addresses: nodeAddress, oneShot: true };
}

function expirationOf(ttl: string, now: Date): Date | undefined {
  let ms: number;
  try {
    ms = parseGoDuration(ttl);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    throw usage(`--ttl: ${error.message}`, error.hint);
  }
  if (ms < 0) throw usage('--ttl: a time to live cannot be negative', '0 is for ever');
  if (ms === 0) return undefined;
  const expiration = new Date(now.getTime() + ms);
  // RFC 3339 has years of four digits.
  if (expiration.getUTCFullYear() > 9999) throw usage('--ttl: too long', '0 is for ever');
  return expiration;
}
