/**
 * The fields of kubeadm's configuration, as far down as kubepki reads it, and what becomes of the
 * others: kubeadm passes over a field that it does not know, with a warning, and so do we.
 *
 * Names and versions are those of `cmd/kubeadm/app/apis/kubeadm/{v1beta3,v1beta4}/types.go` in
 * Kubernetes v1.36.3. Upper and lower case count.
 */
import type { Path } from '../document.ts';
import type { Problem } from '../read.ts';

export const VERSIONS = ['v1beta3', 'v1beta4'] as const;
export type Version = (typeof VERSIONS)[number];

export const KINDS = ['InitConfiguration', 'ClusterConfiguration', 'JoinConfiguration'] as const;
export type Kind = (typeof KINDS)[number];

/** A field with the fields below it; one that is there, whatever it holds; or one of a single version. */
type Field = { readonly [name: string]: Field } | 'any' | Version;

const COMPONENT = { extraArgs: 'any', extraVolumes: 'any', extraEnvs: 'v1beta4' } as const;
const API_ENDPOINT = { advertiseAddress: 'any', bindPort: 'any' } as const;
const NODE_REGISTRATION = {
  name: 'any',
  criSocket: 'any',
  taints: 'any',
  kubeletExtraArgs: 'any',
  ignorePreflightErrors: 'any',
  imagePullPolicy: 'any',
  imagePullSerial: 'v1beta4',
} as const;
const TYPE = { apiVersion: 'any', kind: 'any', metadata: 'any' } as const;
/** What kubeadm does beside the configuration proper. */
const RUN = { dryRun: 'v1beta4', skipPhases: 'any', patches: 'any', timeouts: 'v1beta4' } as const;

/** `metadata` is no field of kubeadm's either, but kind and others write it. */
const FIELDS: Readonly<Record<Kind, Field>> = {
  InitConfiguration: {
    ...TYPE,
    ...RUN,
    bootstrapTokens: 'any',
    nodeRegistration: NODE_REGISTRATION,
    localAPIEndpoint: API_ENDPOINT,
    certificateKey: 'any',
  },
  ClusterConfiguration: {
    ...TYPE,
    etcd: {
      local: {
        imageRepository: 'any',
        imageTag: 'any',
        dataDir: 'any',
        extraArgs: 'any',
        extraEnvs: 'v1beta4',
        serverCertSANs: 'any',
        peerCertSANs: 'any',
      },
      external: {
        endpoints: 'any',
        httpEndpoints: 'v1beta4',
        caFile: 'any',
        certFile: 'any',
        keyFile: 'any',
      },
    },
    networking: { serviceSubnet: 'any', podSubnet: 'any', dnsDomain: 'any' },
    kubernetesVersion: 'any',
    controlPlaneEndpoint: 'any',
    apiServer: { ...COMPONENT, certSANs: 'any', timeoutForControlPlane: 'v1beta3' },
    controllerManager: COMPONENT,
    scheduler: COMPONENT,
    dns: 'any',
    proxy: 'v1beta4',
    certificatesDir: 'any',
    imageRepository: 'any',
    featureGates: 'any',
    clusterName: 'any',
    encryptionAlgorithm: 'v1beta4',
    certificateValidityPeriod: 'v1beta4',
    caCertificateValidityPeriod: 'v1beta4',
  },
  JoinConfiguration: {
    ...TYPE,
    ...RUN,
    nodeRegistration: NODE_REGISTRATION,
    caCertPath: 'any',
    discovery: 'any',
    controlPlane: { localAPIEndpoint: API_ENDPOINT, certificateKey: 'any' },
  },
};

/**
 * The document with the fields of its version only, and without those that are null or empty text: to
 * Go these are the same as absent. A note for each field that is passed over.
 */
export function knownFields(
  kind: Kind,
  version: Version,
  document: unknown,
): { readonly value: unknown; readonly notes: readonly Problem[] } {
  const notes: Problem[] = [];
  return { value: prune(document, FIELDS[kind], version, [kind], notes), notes };
}

function prune(
  value: unknown,
  fields: Field,
  version: Version,
  path: Path,
  notes: Problem[],
): unknown {
  if (typeof fields === 'string' || !isMapping(value)) return value;
  const kept: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) {
    const here = [...path, name];
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) {
      notes.push({ path: here, message: unknownField(name, fields) });
    } else if (typeof field === 'string' && field !== 'any' && field !== version) {
      notes.push({ path: here, message: `passed over: only ${field} has this field` });
    } else if (inner !== null && inner !== '') {
      kept.push([name, prune(inner, field, version, here, notes)]);
    }
  }
  return Object.fromEntries(kept);
}

function unknownField(name: string, fields: Readonly<Record<string, Field>>): string {
  const meant = Object.keys(fields).find((known) => known.toLowerCase() === name.toLowerCase());
  const hint = meant === undefined ? '' : `; its name is ${meant}`;
  return `passed over, as kubeadm does: no field of this name${hint}`;
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
