/** What of a service is taken and does nothing, or will not for long (k8s.io/kubernetes, pkg/api/service/warnings.go). */
import type { Service } from '../../../kubernetes/index.ts';
import { cidrWarnings, ipWarnings } from '../ip-warnings.ts';
import { isNamed, NONE } from './kinds.ts';

const HINTS = 'service.kubernetes.io/topology-aware-hints';

export function serviceWarnings({ metadata, spec, ...rest }: Service): string[] {
  const service = { metadata, spec, ...rest };
  const { externalIPs = [], clusterIPs = [], loadBalancerIP = '' } = spec;
  const isExternalName = isNamed(service);
  const isHeadless = spec.type === 'ClusterIP' && spec.clusterIP === NONE;
  const hasAddress = !isExternalName && (spec.clusterIP ?? '') !== '' && spec.clusterIP !== NONE;
  return [
    ...(metadata.annotations?.[HINTS] === undefined
      ? []
      : [
          `annotation ${HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`,
        ]),
    ...(hasAddress ? listed('spec.clusterIPs', clusterIPs, ipWarnings) : []),
    ...(isHeadless ? headless(service) : []),
    ...listed('spec.externalIPs', externalIPs, ipWarnings),
    ...(externalIPs.length > 0 && !isHeadless && !isExternalName
      ? ['spec.externalIPs is deprecated and may no longer be implemented in some clusters']
      : []),
    ...(loadBalancerIP === '' ? [] : ipWarnings('spec.loadBalancerIP', loadBalancerIP)),
    ...listed('spec.loadBalancerSourceRanges', spec.loadBalancerSourceRanges ?? [], cidrWarnings),
    ...(isExternalName && externalIPs.length > 0
      ? ['spec.externalIPs is ignored when spec.type is "ExternalName"']
      : []),
    ...(!isExternalName && (spec.externalName ?? '') !== ''
      ? ['spec.externalName is ignored when spec.type is not "ExternalName"']
      : []),
    ...(spec.trafficDistribution === 'PreferClose'
      ? ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"']
      : []),
  ];
}

const headless = ({ spec }: Service): string[] => [
  ...((spec.loadBalancerIP ?? '') === ''
    ? []
    : ['spec.loadBalancerIP is ignored for headless services']),
  ...((spec.externalIPs ?? []).length === 0
    ? []
    : ['spec.externalIPs is ignored for headless services']),
  ...(spec.sessionAffinity === 'None'
    ? []
    : ['spec.SessionAffinity is ignored for headless services']),
];

export const serviceStatusWarnings = ({ status }: Service): string[] =>
  (status.loadBalancer.ingress ?? []).flatMap(({ ip = '' }, index) =>
    ip === '' ? [] : ipWarnings(`status.loadBalancer.ingress[${index}]`, ip),
  );

const listed = (
  field: string,
  values: readonly string[],
  warningsOf: (field: string, value: string) => readonly string[],
): string[] => values.flatMap((value, index) => [...warningsOf(`${field}[${index}]`, value)]);
