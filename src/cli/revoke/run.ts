/** `kubepki revoke`: what is asked for, and doing it. */
import { KubepkiError } from '../../errors.ts';
import { apiVersionOf, REVOCATIONS, type Revocation } from '../../kubernetes/index.ts';
import { type OutputFormat, printData } from '../output.ts';
import { type Cluster, connect } from '../token/cluster.ts';
import { deleteRevocation, listRevocations, whereServed } from './cluster.ts';
import { type Subject, type SubjectFlags, subjectOf } from './subject.ts';

export interface RevokeFlags extends SubjectFlags {
  readonly kubeconfig?: string;
  readonly reason?: string;
  readonly list?: boolean;
  readonly delete?: string;
  readonly output: OutputFormat;
}

/** What one command line asks for. */
type Wish =
  | { readonly kind: 'list' }
  | { readonly kind: 'delete'; readonly name: string }
  | { readonly kind: 'revoke'; readonly subject: Subject; readonly reason: string };

export async function runRevoke(flags: RevokeFlags): Promise<void> {
  const wish = await wishOf(flags);
  const cluster = await connect(flags.kubeconfig, process.env, false);
  try {
    await carryOut(cluster, wish, flags.output);
  } finally {
    await cluster.client.close();
  }
}

/**
 * Read before the cluster is asked for anything.
 *
 * @throws KubepkiError USAGE; what `subjectOf` throws
 */
export async function wishOf(flags: RevokeFlags): Promise<Wish> {
  const { list = false, delete: name, reason = '' } = flags;
  if (flags.output === 'wide') throw usage('-o wide: not an output format of this command');
  const subject = await subjectOf(flags);
  if ([list, name !== undefined, subject !== undefined].filter(Boolean).length !== 1) {
    throw usage(
      'exactly one of --certificate, --fingerprint, --token-id, --credential-id, --user, --list and --delete is needed',
    );
  }
  if (subject === undefined && reason !== '') throw usage('--reason goes with what is revoked');
  if (list) return { kind: 'list' };
  if (name !== undefined) return { kind: 'delete', name };
  if (subject === undefined || reason.trim() === '') {
    throw usage('--reason is missing: say why, for whoever reads it later');
  }
  return { kind: 'revoke', subject, reason };
}

const usage = (message: string): KubepkiError =>
  new KubepkiError('USAGE', message, { hint: 'kubepki revoke --help has examples' });

export async function carryOut(cluster: Cluster, wish: Wish, output: OutputFormat): Promise<void> {
  switch (wish.kind) {
    case 'list':
      return await listRevocations(cluster, output);
    case 'delete':
      await deleteRevocation(cluster, wish.name);
      return cluster.print(`revocation ${wish.name} is deleted: what it revoked is let in again`);
    case 'revoke':
      return await revoke(cluster, wish, output);
  }
}

async function revoke(
  cluster: Cluster,
  { subject, reason }: Extract<Wish, { kind: 'revoke' }>,
  output: OutputFormat,
): Promise<void> {
  const { prefix, spec, what, notes } = subject;
  const wanted: Revocation = {
    apiVersion: apiVersionOf(REVOCATIONS),
    kind: REVOCATIONS.kind,
    metadata: { generateName: `${prefix}-` },
    spec: { ...spec, reason },
  };
  const made = await whereServed(async () => cluster.client.create(REVOCATIONS, wanted));
  if (output === 'json' || output === 'yaml') await printData(output, made);
  else {
    cluster.print(`${what} is revoked, and refused from now on (revocation ${made.metadata.name})`);
  }
  for (const note of notes) cluster.warn(note);
}
