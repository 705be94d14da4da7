/** What a node is called: as an object, as a user, and what its labels may be. */
import { KubepkiError, quoted } from '../errors.ts';
import { isKubernetesLabel, isOwnNodeLabel, NODE_USER_PREFIX } from '../kubernetes/index.ts';

/** RFC 1123 subdomain: what the API server takes for the name of a Node. */
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * The node's name as the kubelet makes it from `--hostname-override` or the machine's host name:
 * trimmed and in lower case (component-helpers, node/util/hostname.go).
 *
 * @throws KubepkiError INVALID_VALUE for what the API server would not take as a name
 */
export function nodeNameOf(hostname: string): string {
  const name = hostname.trim().toLowerCase();
  if (SUBDOMAIN.test(name)) return name;
  throw new KubepkiError('INVALID_VALUE', `${quoted(hostname, 80)} cannot be the name of a node`, {
    hint: 'give one of lower-case letters, digits, dashes and dots with --hostname-override',
  });
}

/** Who the node is to the API server. */
export const userOf = (nodeName: string): string => `${NODE_USER_PREFIX}${nodeName}`;

const LABEL_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/**
 * Checks labels as the kubelet checks `--node-labels`.
 *
 * @throws KubepkiError INVALID_VALUE naming the first that is wrong
 */
export function checkLabels(labels: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(labels)) {
    const refuse = (why: string, hint = 'see --node-labels of the kubelet'): KubepkiError =>
      new KubepkiError('INVALID_VALUE', `the node label ${quoted(key, 80)} ${why}`, { hint });
    if (!isLabelKey(key)) throw refuse('has no valid name');
    if (value !== '' && !LABEL_NAME.test(value)) throw refuse('has no valid value');
    if (isKubernetesLabel(key) && !isOwnNodeLabel(key)) {
      throw refuse(
        'is not one that a node may give itself',
        'an administrator can set it: kubectl label node',
      );
    }
  }
}

function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  return slash < 0
    ? LABEL_NAME.test(key)
    : SUBDOMAIN.test(key.slice(0, slash)) && LABEL_NAME.test(key.slice(slash + 1));
}
