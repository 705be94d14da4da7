/** What `--dry-run` says, in kubeadm's words (cmd/kubeadm/app/util/apiclient/dryrun.go). */
import { goQuote, SECRETS, type Secret } from '../../kubernetes/index.ts';
import { formatData } from '../serialise.ts';

/** Ends with an empty line. */
export async function dryRunLines(action: 'CREATE' | 'DELETE', secret: Secret): Promise<string> {
  const { resource } = SECRETS;
  const { name = '', namespace = '' } = secret.metadata;
  return [
    `[dryrun] Would perform action ${action} on resource ${goQuote(resource)} in API group "core/v1"`,
    ...(action === 'DELETE'
      ? [`[dryrun] Resource name ${goQuote(name)}, namespace ${goQuote(namespace)}`]
      : []),
    '[dryrun] Attached object:',
    await formatData('yaml', sorted(secret)),
    '',
  ].join('\n');
}

/** Keys in the order of the alphabet, as Go writes YAML. */
export function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [
    key,
    sorted(inner),
  ]);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
