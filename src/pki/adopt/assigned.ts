/** What was found for a credential of the catalogue. */
import type { CredentialId, CustomFile } from '../../cluster/index.ts';
import type { Certificate } from '../../x509/index.ts';
import type { KubeconfigFile } from './inventory.ts';

export interface Assigned {
  readonly id: CredentialId;
  /** Whose it is, where each host has its own. */
  readonly host?: string;
  /** Absent of key pairs, and where only the key is there. */
  readonly certificate?: Certificate;
  readonly keyType?: string;
  /** Its files, under the names that they have. */
  readonly file: CustomFile;
  readonly kubeconfig?: KubeconfigFile;
  readonly why: string;
}

export const pathsOf = (file: CustomFile): string[] => Object.values(file);

/** The file that a report names it by. */
export const mainPath = (file: CustomFile): string =>
  'certificate' in file
    ? file.certificate
    : 'kubeconfig' in file
      ? file.kubeconfig
      : file.publicKey;
