/** Values of flags that the commands of `kubepki csr` read alike. */
import { CREDENTIAL_IDS, type CredentialId, parseDuration } from '../../cluster/index.ts';
import { KubepkiError, quoted } from '../../errors.ts';
import { POLICY_USAGES, type PolicyUsage } from '../../pki/index.ts';

/** Refuses flags that do not go with another one. */
export function refuseWith(
  why: string,
  flags: Readonly<Record<string, unknown>>,
  hint?: string,
): void {
  for (const [flag, value] of Object.entries(flags)) {
    if (value === undefined || value === false) continue;
    throw new KubepkiError(
      'USAGE',
      `${flag} does not go with ${why}`,
      hint === undefined ? {} : { hint },
    );
  }
}

export function credentialOf(text: string): CredentialId {
  const known = CREDENTIAL_IDS.find((id) => id === text);
  if (known !== undefined) return known;
  throw new KubepkiError('USAGE', `--credential ${quoted(text, 80)}: no credential of this name`, {
    hint: `there are ${CREDENTIAL_IDS.join(', ')}`,
  });
}

/** As the certificate has them (`serverAuth`), or as Kubernetes writes them (`server auth`). */
export function usagesOf(texts: readonly string[]): PolicyUsage[] {
  return texts.map((text) => {
    const known = POLICY_USAGES.find(
      (usage) => usage.toLowerCase() === text.replaceAll(' ', '').toLowerCase(),
    );
    if (known !== undefined) return known;
    throw new KubepkiError(
      'USAGE',
      `--usage ${quoted(text, 80)} is not one that Kubernetes looks for`,
      {
        hint: `give ${POLICY_USAGES.join(' or ')}, or both`,
      },
    );
  });
}

/** Seconds. */
export function validityOf(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const { hint = '' } = error;
    throw new KubepkiError('USAGE', `--validity: ${error.message}`, { hint });
  }
}
