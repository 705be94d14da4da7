/** Fields of pods that are behind gates which are off by default (k8s.io/kubernetes, pkg/api/pod, dropDisabledFields). */
import type { Container, Pod, PodSpec, Volume } from '../../../kubernetes/index.ts';

export function withoutDisabled(pod: Pod): Pod {
  const spec: PodSpec & { schedulingGroup?: unknown } = { ...pod.spec };
  delete spec.schedulingGroup;
  const { containers, initContainers, volumes } = spec;
  return {
    ...pod,
    spec: {
      ...spec,
      ...(volumes === undefined ? {} : { volumes: volumes.map(withoutDisabledSources) }),
      ...(initContainers === undefined
        ? {}
        : { initContainers: initContainers.map(withoutStopSignal) }),
      containers: containers?.map(withoutStopSignal) ?? null,
    },
  };
}

function withoutStopSignal(container: Container): Container {
  if (container.lifecycle === undefined) return container;
  const lifecycle: Container['lifecycle'] & { stopSignal?: unknown } = { ...container.lifecycle };
  delete lifecycle.stopSignal;
  return { ...container, lifecycle };
}

export function withoutDisabledSources(volume: Volume): Volume {
  const { projected } = volume;
  if (projected === undefined) return volume;
  const sources = (projected.sources ?? []).map((source) => {
    const kept: typeof source & { clusterTrustBundle?: unknown; podCertificate?: unknown } = {
      ...source,
    };
    delete kept.clusterTrustBundle;
    delete kept.podCertificate;
    return kept;
  });
  return { ...volume, projected: { ...projected, sources } };
}
