/** The revocations of a cluster: listed, deleted, and what is said where there are none. */
import { KubepkiError } from '../../errors.ts';
import {
  apiVersionOf,
  REVOCATIONS,
  type Revocation,
  refusedFor,
  revokedSubject,
} from '../../kubernetes/index.ts';
import { formatTable, type OutputFormat, printData } from '../output.ts';
import type { Cluster } from '../token/cluster.ts';

const PAGE = 500;

/** @throws KubepkiError UNSUPPORTED of a server that knows no revocations */
export async function whereServed<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    // Of an object that is missing, the refusal says the name.
    if (!refusedFor(error, 'NotFound') || error.status.details?.name !== undefined) throw error;
    throw new KubepkiError(
      'UNSUPPORTED',
      'this server serves no revocations, so nothing is revoked',
      {
        hint: "only kubepki's server enforces them; with kube-apiserver delete the RoleBindings and ClusterRoleBindings of the user, the Node or the bootstrap token, and where a certificate of system:masters is lost, replace the CA",
        cause: error,
      },
    );
  }
}

export async function listRevocations(cluster: Cluster, output: OutputFormat): Promise<void> {
  const items = await all(cluster);
  if (output === 'json' || output === 'yaml') {
    await printData(output, {
      apiVersion: apiVersionOf(REVOCATIONS),
      kind: `${REVOCATIONS.kind}List`,
      metadata: {},
      items,
    });
    return;
  }
  if (items.length === 0) cluster.warn('nothing is revoked');
  else cluster.print(formatTable(['NAME', 'REVOKED', 'BY', 'WHEN', 'REASON'], items.map(row)));
}

async function all({ client }: Cluster): Promise<readonly Revocation[]> {
  const items: Revocation[] = [];
  let from: string | undefined;
  do {
    const more = from === undefined ? {} : { continue: from };
    const page = await whereServed(async () => client.list(REVOCATIONS, { limit: PAGE, ...more }));
    items.push(...page.items);
    from = page.metadata.continue === '' ? undefined : page.metadata.continue;
  } while (from !== undefined);
  return items;
}

/** What another server has stored need not be whole. */
function row({ metadata, spec, status }: Partial<Revocation>): string[] {
  const orUnknown = (text: string | undefined): string => text ?? '<unknown>';
  return [
    orUnknown(metadata?.name),
    revoked(spec, status),
    orUnknown(status?.revokedBy?.username),
    orUnknown(status?.revokedAt),
    orUnknown(spec?.reason),
  ];
}

function revoked(spec: Revocation['spec'] | undefined, status: Revocation['status']): string {
  const subject = spec === undefined ? undefined : revokedSubject(spec);
  if (subject === undefined) return '<unknown>';
  if (subject.kind === 'user') return `user ${subject.value}`;
  if (subject.kind === 'tokenId') return `token ${subject.value}`;
  const name = status?.certificate?.subject;
  return name === undefined ? subject.value : `certificate ${name}`;
}

/** @throws StatusError NotFound where there is none of this name */
export async function deleteRevocation({ client }: Cluster, name: string): Promise<void> {
  await whereServed(async () => client.delete(REVOCATIONS, { name }));
}
