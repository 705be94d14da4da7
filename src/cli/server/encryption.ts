/** `--encryption-provider-config`: between the server and what its objects lie in. */
import { Encryption, MOST_CONFIGURATION_BYTES } from '../../apiserver/index.ts';
import { lookAtFile } from '../../collect/index.ts';
import { KubepkiError } from '../../errors.ts';
import type { Storage } from '../../storage/index.ts';
import type { WatchedFiles } from '../watched-files.ts';
import type { ServerConfig } from './config.ts';

export interface EncryptionVoices {
  readonly files: WatchedFiles;
  readonly log: (line: string) => void;
  readonly now: () => Date;
}

/**
 * Undefined where nothing is to be encrypted.
 *
 * @throws KubepkiError for a configuration that is missing or cannot be used
 */
export async function openEncryption(
  { encryption: config }: ServerConfig,
  storage: Storage,
  { files, log, now }: EncryptionVoices,
): Promise<Encryption | undefined> {
  if (config === undefined) return undefined;
  const { file, reload } = config;
  const encryption = await Encryption.open(readConfiguration(file, log), {
    storage,
    file,
    now,
    log,
  });
  if (reload) {
    const changed = await files.add({
      name: 'encryption configuration',
      paths: [file],
      read: async ([bytes]) => await encryption.prepare(bytes?.toString('utf8') ?? ''),
      apply: (prepared) => encryption.use(prepared),
    });
    encryption.use(changed());
  }
  return encryption;
}

function readConfiguration(path: string, log: (line: string) => void): string {
  const file = lookAtFile(path, MOST_CONFIGURATION_BYTES);
  if (file.state === 'missing') throw new KubepkiError('NOT_FOUND', `${path}: no such file`);
  if (file.state === 'unreadable') throw new KubepkiError('FILE_SYSTEM', `${path}: ${file.reason}`);
  if ((file.mode & 0o077) !== 0) {
    const mode = file.mode.toString(8).padStart(4, '0');
    log(`${path}: holds keys, and others than its owner may read or write it: its mode is ${mode}`);
  }
  return file.bytes.toString('utf8');
}
