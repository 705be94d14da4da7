/**
 * The static token file of `--token-auth-file`: CSV lines of token, user name, user UID and, where there
 * are four, groups (kubernetes, apiserver/pkg/authentication/token/tokenfile/tokenfile.go).
 */
import { KubepkiError } from '../errors.ts';
import type { UserInfo } from '../kubernetes/index.ts';
import { readCsv } from './csv.ts';

export interface TokenFile {
  /** By token. */
  readonly users: ReadonlyMap<string, UserInfo>;
  /** What was passed over, with the line, and without tokens. */
  readonly warnings: readonly string[];
}

/** Far more than a file for people has. */
const MOST_CHARACTERS = 16 * 1024 * 1024;

/**
 * Reads a token file. A line with an empty token is passed over; of several with the same token the last
 * one counts.
 *
 * @param where the file's name, for messages
 * @throws KubepkiError MALFORMED_DOCUMENT naming the line: fewer than three columns, or no CSV
 */
export function readTokenFile(text: string, where: string): TokenFile {
  const malformed = (problem: string): KubepkiError =>
    new KubepkiError('MALFORMED_DOCUMENT', `${where}${problem}`, {
      hint: 'a line is: token,user name,user uid,"group1,group2"',
    });
  if (text.length > MOST_CHARACTERS) {
    throw malformed(`: larger than ${MOST_CHARACTERS / 1024 / 1024} MiB`);
  }
  const csv = readCsv(text);
  if (!csv.ok) throw malformed(`:${csv.line}: ${csv.reason}`);
  const users = new Map<string, UserInfo>();
  const warnings: string[] = [];
  for (const { fields, line } of csv.records) {
    const [token = '', name = '', uid, groups] = fields;
    if (uid === undefined) {
      throw malformed(`:${line}: expected at least 3 columns, got ${fields.length}`);
    }
    if (token === '') {
      warnings.push(`${where}:${line}: the token is empty, so the line is passed over`);
      continue;
    }
    if (users.has(token)) {
      warnings.push(`${where}:${line}: the same token as on a line before, which counts no more`);
    }
    users.set(token, {
      name,
      ...(uid === '' ? {} : { uid }),
      groups: groups === undefined ? [] : groups.split(','),
    });
  }
  return { users, warnings };
}
