/** The controllers by name, and which of them `--controllers` switches on. */
import { KubepkiError, quoted } from '../errors.ts';

/** The full name of each controller and the short one; those of kube-controller-manager where it has it. */
export const CONTROLLERS = {
  'certificatesigningrequest-signing-controller': 'csrsigning',
  'certificatesigningrequest-approving-controller': 'csrapproving',
  'kubeletserving-approving-controller': 'servingapproving',
  'certificatesigningrequest-cleaner-controller': 'csrcleaner',
  'token-cleaner-controller': 'tokencleaner',
  'bootstrap-signer-controller': 'bootstrapsigner',
  'clusterrole-aggregation-controller': 'clusterrole-aggregation',
  'garbage-collector-controller': 'garbagecollector',
  'namespace-controller': 'namespace',
  'serviceaccount-controller': 'serviceaccount',
  'root-ca-certificate-publisher-controller': 'root-ca-cert-publisher',
  'kube-apiserver-serving-clustertrustbundle-publisher-controller': 'trustbundlepublisher',
  'podcertificaterequest-signing-controller': 'podcertificatesigning',
  'podcertificaterequest-cleaner-controller': 'podcertificatecleaner',
} as const;

export type ControllerName = (typeof CONTROLLERS)[keyof typeof CONTROLLERS];

export const CONTROLLER_NAMES: readonly ControllerName[] = Object.values(CONTROLLERS);

const SHORT_NAMES = new Map<string, ControllerName>([
  ...Object.entries(CONTROLLERS),
  ...CONTROLLER_NAMES.map((name) => [name, name] as const),
]);

/**
 * The controllers that a list switches on: `*` is all of them, `foo` this one, `-foo` not this one,
 * and of several words about one controller the first counts (controller-manager, app/helper.go,
 * IsControllerEnabled). Unlike kube-controller-manager, `*` leaves none out: whoever starts ours wants them.
 *
 * @throws KubepkiError INVALID_VALUE for a name that no controller has.
 */
export function enabledControllers(list: readonly string[]): ReadonlySet<ControllerName> {
  const chosen = new Map<ControllerName, boolean>();
  for (const item of list) {
    if (item === '*') continue;
    const off = item.startsWith('-');
    const name = SHORT_NAMES.get(off ? item.slice(1) : item);
    if (name === undefined) {
      throw new KubepkiError('INVALID_VALUE', `there is no controller ${quoted(item)}`, {
        hint: `the controllers are ${CONTROLLER_NAMES.join(', ')}`,
      });
    }
    if (!chosen.has(name)) chosen.set(name, !off);
  }
  const others = list.includes('*');
  return new Set(CONTROLLER_NAMES.filter((name) => chosen.get(name) ?? others));
}
