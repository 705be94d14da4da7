/** The shape of `cluster.yaml`, as zod sees it: names, types and sets of values. What one field says about another is in `validate.ts`. */
import * as z from 'zod';
import { KubepkiError } from '../errors.ts';
import { KEY_ALGORITHMS } from '../x509/index.ts';
import { CREDENTIAL_IDS } from './catalogue.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { AUTHORITY_SCHEMES, LAYOUTS, ROLES } from './types.ts';

export const API_VERSION = 'kubepki.dev/v1alpha1';

/** No certificate of a cluster needs to live longer, and dates stay far below the year 9999. */
const LONGEST = 100 * 365 * 24 * 3600;
/** Certificates are backdated by 5 minutes; upstream's signer gives none for less than 10. */
const SHORTEST = 10 * 60;

const duration = z.string().transform((text, context) => {
  try {
    const seconds = parseDuration(text);
    if (seconds >= SHORTEST && seconds <= LONGEST) return seconds;
    const bounds = `${formatDuration(SHORTEST)} to ${formatDuration(LONGEST)}`;
    context.addIssue(`${text} is outside of ${bounds}`);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    context.addIssue(`${error.message}; ${error.hint}`);
  }
  return z.NEVER;
});

const override = z.strictObject({
  validity: duration.optional(),
  keyAlgorithm: z.enum(KEY_ALGORITHMS).optional(),
  extraSANs: z.array(z.string()).max(1000).optional(),
  organizations: z.array(z.string().min(1).max(64)).max(100).optional(),
  commonName: z.string().min(1).max(64).optional(),
});

/** Which of the three forms an entry has, and whether its credential may have that one, `files.ts` says: in better words than a union's. */
const path = z.string().min(1).max(4096).optional();
const customFile = z.strictObject({
  certificate: path,
  key: path,
  kubeconfig: path,
  publicKey: path,
});

const host = z.strictObject({
  name: z.string(),
  addresses: z.array(z.string()).min(1, 'at least one address').max(64),
  roles: z.array(z.enum(ROLES)).min(1, 'at least one role'),
});

export const clusterSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Cluster'),
  metadata: z.strictObject({ name: z.string() }),
  spec: z.strictObject({
    kubernetesVersion: z
      .string('expected text, so put it in quotes: "1.36"')
      .regex(/^v?1\.\d{1,3}(\.\d{1,3})?$/, 'not a version such as "1.36"')
      .default('1.36'),
    controlPlaneEndpoint: z.string().optional(),
    dnsDomain: z.string().default('cluster.local'),
    serviceSubnets: z
      .array(z.string())
      .min(1)
      .max(2, 'at most two, one of each family')
      .default(['10.96.0.0/12']),
    keyAlgorithm: z.enum(KEY_ALGORITHMS).default('ECDSA-P256'),
    validity: z
      .strictObject({ ca: duration.prefault('10y'), leaf: duration.prefault('1y') })
      .prefault({}),
    layout: z.enum(LAYOUTS).default('kubeadm'),
    files: z.partialRecord(z.enum(CREDENTIAL_IDS), customFile).optional(),
    /** Without it `split` with layout `k3s`, `separate` with any other. */
    authorities: z.enum(AUTHORITY_SCHEMES).optional(),
    frontProxy: z.boolean().default(true),
    kubeletCertificates: z.enum(['bootstrap', 'files']).default('bootstrap'),
    caKeys: z.enum(['offline', 'controlPlane']).default('offline'),
    apiServer: z
      .strictObject({
        port: z.int().min(1).max(65535).default(6443),
        extraSANs: z.array(z.string()).max(1000).default([]),
      })
      .prefault({}),
    hosts: z.array(host).min(1, 'at least one host').max(100_000),
    credentials: z.partialRecord(z.enum(CREDENTIAL_IDS), override).default({}),
  }),
});

export type ClusterDocument = z.infer<typeof clusterSchema>;
