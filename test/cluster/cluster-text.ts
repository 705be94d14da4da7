/** Cluster files for tests: a small valid one, and ways to change it. */

/** A valid document; `spec` is laid over the default one. */
export function clusterDocument(spec: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    apiVersion: 'kubepki.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'test' },
    spec: {
      controlPlaneEndpoint: 'api.test.example.com:6443',
      hosts: [
        { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] },
        { name: 'worker-1', addresses: ['172.16.10.21'], roles: ['worker'] },
      ],
      ...spec,
    },
  };
}

export const clusterText = (spec: Record<string, unknown> = {}): string =>
  JSON.stringify(clusterDocument(spec));
