/** `kubepki token delete`. */
import { KubepkiError } from '../../errors.ts';
import { goQuote, refusedFor, SECRETS } from '../../kubernetes/index.ts';
import {
  BOOTSTRAP_SECRET_NAMESPACE,
  BOOTSTRAP_TOKEN_ID_PATTERN,
  BOOTSTRAP_TOKEN_PATTERN,
  bootstrapSecretName,
  isBootstrapTokenId,
  parseBootstrapToken,
} from '../../tokens/index.ts';
import type { Cluster } from './cluster.ts';
import { dryRunLines } from './dry-run.ts';

const FORMS = `${goQuote(BOOTSTRAP_TOKEN_PATTERN)} or ${goQuote(BOOTSTRAP_TOKEN_ID_PATTERN)}`;

/**
 * The ids that are meant. All are looked at before the first token is deleted.
 *
 * @throws KubepkiError USAGE; what is no token is not shown, for it may be one that is mistyped only
 */
export function tokenIds(tokens: readonly string[]): string[] {
  if (tokens.length === 0) {
    throw new KubepkiError(
      'USAGE',
      `missing argument; 'token delete' is missing token of form ${FORMS}`,
    );
  }
  return tokens.map((text) => {
    const id = isBootstrapTokenId(text) ? text : parseBootstrapToken(text)?.id;
    if (id !== undefined) return id;
    throw new KubepkiError('USAGE', `given token didn't match pattern ${FORMS}`);
  });
}

/** Deletes one after the other. @throws KubepkiError NOT_FOUND at the first that is not there */
export async function deleteTokens(cluster: Cluster, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const location = { namespace: BOOTSTRAP_SECRET_NAMESPACE, name: bootstrapSecretName(id) };
    if (cluster.dryRun) {
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: location };
      cluster.print(await dryRunLines('DELETE', secret));
    } else {
      await remove(cluster, location, id);
    }
    cluster.print(`bootstrap token ${goQuote(id)} deleted`);
  }
}

async function remove(
  { client }: Cluster,
  location: { readonly namespace: string; readonly name: string },
  id: string,
): Promise<void> {
  try {
    await client.delete(SECRETS, location);
  } catch (error) {
    if (!refusedFor(error, 'NotFound')) throw error;
    throw new KubepkiError(
      'NOT_FOUND',
      `failed to delete bootstrap token ${goQuote(id)}: ${error.message}`,
      { cause: error },
    );
  }
}
