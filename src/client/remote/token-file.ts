/** A bearer token in a file, which somebody else renews. */
import { KubepkiError, quotable } from '../../errors.ts';
import { utf8 } from '../body.ts';
import type { Clock } from '../clock.ts';
import { type FileValue, fileValue } from './files.ts';
import { bearer } from './material.ts';

/** As client-go (transport/token_source.go): half of the time that the kubelet renews a token ahead. */
const EVERY_MS = 60_000;

/** The header's value; read anew every minute, the last one stays in use where that fails. */
export const tokenFile = (path: string, clock: Clock): FileValue<string> =>
  fileValue({
    paths: [path],
    clock,
    everyMs: EVERY_MS,
    make: ([content = new Uint8Array()]) => {
      const token = utf8(content).trim();
      if (token === '') {
        throw new KubepkiError('INVALID_VALUE', `token file ${quotable(path)}: it is empty`);
      }
      return bearer(token, `token file ${quotable(path)}`);
    },
  });
