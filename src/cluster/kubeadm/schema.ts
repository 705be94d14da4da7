/** The types of the fields that kubepki reads of kubeadm's configuration. What is not named here may hold anything. */
import * as z from 'zod';
import { KubepkiError } from '../../errors.ts';
import { parseGoDuration } from '../../kubernetes/index.ts';
import { KEY_ALGORITHMS } from '../../x509/index.ts';
import { formatDuration } from '../duration.ts';
import type { Version } from './fields.ts';

/** As for a cluster file: what is shorter nothing can be done with, what is longer nothing needs. */
const SHORTEST = 10 * 60;
const LONGEST = 100 * 365 * 24 * 3600;

/** Go's notation, to seconds. */
const duration = z.string().transform((text, context) => {
  try {
    const seconds = Math.floor(parseGoDuration(text) / 1000);
    if (seconds >= SHORTEST && seconds <= LONGEST) return seconds;
    context.addIssue(
      `${text} is outside of ${formatDuration(SHORTEST)} to ${formatDuration(LONGEST)}`,
    );
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    context.addIssue(`${error.message}; ${error.hint}`);
  }
  return z.NEVER;
});

const names = z.array(z.string()).max(1000).default([]);

/** Flags of a component: a list in v1beta4, where a flag may be there several times, a mapping before. */
export type Arguments = readonly {
  readonly name: string;
  readonly value: string;
  /** Where it stands in `extraArgs`. */
  readonly step: string | number;
}[];

const listed = z
  .array(z.object({ name: z.string().min(1), value: z.string().nullish() }))
  .max(1000)
  .transform(
    (list): Arguments => list.map(({ name, value }, step) => ({ name, value: value ?? '', step })),
  );
const mapped = z
  .record(z.string(), z.string())
  .transform(
    (record): Arguments =>
      Object.entries(record).map(([name, value]) => ({ name, value, step: name })),
  );

function component(version: Version) {
  const extraArgs: z.ZodType<Arguments> = version === 'v1beta3' ? mapped : listed;
  return { extraArgs: extraArgs.optional() };
}

/** 0 is the default, as in Go. */
const port = z
  .int()
  .min(0)
  .max(65535)
  .optional()
  .transform((number) => (number === 0 ? undefined : number));

const apiEndpoint = z.object({ advertiseAddress: z.string().optional(), bindPort: port });
const nodeRegistration = z.object({ name: z.string().optional() });

const initSchema = z.object({
  nodeRegistration: nodeRegistration.prefault({}),
  localAPIEndpoint: apiEndpoint.prefault({}),
});

const joinSchema = z.object({
  nodeRegistration: nodeRegistration.prefault({}),
  caCertPath: z.string().optional(),
  controlPlane: z.object({ localAPIEndpoint: apiEndpoint.prefault({}) }).optional(),
  discovery: z
    .object({
      bootstrapToken: z.object({ apiServerEndpoint: z.string().nullish() }).nullish(),
    })
    .optional(),
});

const clusterSchemaOf = (version: Version) =>
  z.object({
    clusterName: z
      .string()
      .max(253)
      .regex(/^(?!\s)\P{C}+(?<!\s)$/u, 'not one line of visible text')
      .default('kubernetes'),
    kubernetesVersion: z.string().optional(),
    controlPlaneEndpoint: z.string().optional(),
    certificatesDir: z.string().max(1024).default('/etc/kubernetes/pki'),
    encryptionAlgorithm: z.enum(KEY_ALGORITHMS).default('RSA-2048'),
    certificateValidityPeriod: duration.prefault('8760h'),
    caCertificateValidityPeriod: duration.prefault('87600h'),
    featureGates: z.record(z.string(), z.boolean()).optional(),
    networking: z
      .object({
        serviceSubnet: z.string().default('10.96.0.0/12'),
        dnsDomain: z.string().default('cluster.local'),
      })
      .prefault({}),
    apiServer: z.object({ ...component(version), certSANs: names }).prefault({}),
    controllerManager: z.object(component(version)).prefault({}),
    scheduler: z.object(component(version)).prefault({}),
    etcd: z
      .object({
        local: z
          .object({ ...component(version), serverCertSANs: names, peerCertSANs: names })
          .optional(),
        external: z.object({ endpoints: z.array(z.string()).min(1).max(1000) }).optional(),
      })
      .prefault({}),
  });

export const SCHEMAS = {
  v1beta3: {
    InitConfiguration: initSchema,
    ClusterConfiguration: clusterSchemaOf('v1beta3'),
    JoinConfiguration: joinSchema,
  },
  v1beta4: {
    InitConfiguration: initSchema,
    ClusterConfiguration: clusterSchemaOf('v1beta4'),
    JoinConfiguration: joinSchema,
  },
} as const;

export type InitConfiguration = z.infer<typeof initSchema>;
export type JoinConfiguration = z.infer<typeof joinSchema>;
export type ClusterConfiguration = z.infer<ReturnType<typeof clusterSchemaOf>>;
