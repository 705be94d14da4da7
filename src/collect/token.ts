/**
 * Reads tokens: JSON Web Tokens, such as those of service accounts, and bootstrap tokens. What they say is told,
 * never their text: whoever has it is whom it names.
 */
import { isUtf8 } from 'node:buffer';
import { parseBootstrapToken } from '../tokens/index.ts';
import type { BootstrapTokenEntry, Claims, TokenEntry } from './types.ts';

/** More than a header of an HTTP request can hold. */
const MOST_CHARACTERS = 64 * 1024;
/** Claims have three levels; what prints them goes down level by level. */
const MOST_DEPTH = 32;

/** Three parts in base64url (RFC 7515, section 3.1); the third is empty where nobody has signed. */
const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/;
/** Five parts: the claims are encrypted (RFC 7516, section 3.1). */
const ENCRYPTED = /^[\w-]+(?:\.[\w-]*){4}$/;

/** What a text is that holds a token and nothing else: an entry, why it cannot be read, or undefined of what is no token. */
export function readToken(
  text: string,
): TokenEntry | BootstrapTokenEntry | { readonly reason: string } | undefined {
  const token = text.trim();
  const bootstrap = parseBootstrapToken(token);
  if (bootstrap !== undefined) return { kind: 'bootstrapToken', id: bootstrap.id };
  const [, headerPart = '', claimsPart = '', signature = ''] = COMPACT.exec(token) ?? [];
  if (headerPart === '') return encryptedToken(token);
  const header = readPart(headerPart);
  // A name of a host or of a class has two dots as well.
  if (header === undefined || typeof header['alg'] !== 'string') return undefined;
  if (token.length > MOST_CHARACTERS) {
    return { reason: `a token of ${token.length} characters, more than ${MOST_CHARACTERS}` };
  }
  const claims = readPart(claimsPart);
  if (claims === undefined) return { reason: 'a token (JWT) whose claims are no JSON object' };
  if (isDeeper([header, claims], MOST_DEPTH)) {
    return { reason: `a token (JWT) with claims nested deeper than ${MOST_DEPTH} levels` };
  }
  return { kind: 'token', header, claims, isSigned: signature !== '' };
}

function encryptedToken(token: string): { readonly reason: string } | undefined {
  if (!ENCRYPTED.test(token)) return undefined;
  const header = readPart(token.slice(0, token.indexOf('.')));
  return typeof header?.['enc'] === 'string'
    ? { reason: 'an encrypted token (JWE), which no Kubernetes component makes or takes' }
    : undefined;
}

/** A JSON object in base64url without padding. */
function readPart(part: string): Claims | undefined {
  if (part.length > MOST_CHARACTERS || part.length % 4 === 1) return undefined;
  const bytes = Buffer.from(part, 'base64url');
  if (!isUtf8(bytes)) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether anything is nested deeper, without going there by recursion. */
function isDeeper(values: readonly unknown[], most: number): boolean {
  let level: unknown[] = [...values];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true;
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
  return false;
}
