/**
 * Bootstrap tokens: `<id>.<secret>`, the id public, the secret not
 * (kubernetes, staging/src/k8s.io/cluster-bootstrap/token/api/types.go and token/util/helpers.go).
 */
import { randomBytes } from 'node:crypto';

const ID_LENGTH = 6;
const SECRET_LENGTH = 16;

/** Bytes of a cryptographic random source. */
export type RandomBytes = (size: number) => Uint8Array;

export interface TokenParts {
  readonly id: string;
  readonly secret: string;
}

/** As upstream's messages and flags show the pattern of a whole token. */
export const BOOTSTRAP_TOKEN_PATTERN = '\\A([a-z0-9]{6})\\.([a-z0-9]{16})\\z';
export const BOOTSTRAP_TOKEN_ID_PATTERN = '\\A([a-z0-9]{6})\\z';
export const BOOTSTRAP_GROUP_PATTERN = '\\Asystem:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]\\z';

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const ID = /^[a-z0-9]{6}$/;
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/** Takes a token apart; undefined for what is not one. */
export function parseBootstrapToken(text: string): TokenParts | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

export const isBootstrapTokenId = (text: string): boolean => ID.test(text);

/** Whether a token may put its holder into this group. */
export const isBootstrapGroup = (name: string): boolean => EXTRA_GROUP.test(name);

/** Makes a token, every one as likely as every other. */
export function generateBootstrapToken(random: RandomBytes = randomBytes): string {
  return `${characters(ID_LENGTH, random)}.${characters(SECRET_LENGTH, random)}`;
}

/** The largest multiple of 36 in a byte: a byte from there on would prefer the first characters. */
const FAIR = 252;
/** A source that has nothing else to give than 252 and above, so often in a row, is broken. */
const MOST_DRAWS = 100;

function characters(length: number, random: RandomBytes): string {
  const codes: number[] = [];
  for (let draws = 0; codes.length < length; draws++) {
    if (draws === MOST_DRAWS)
      throw new RangeError('expected random bytes, got the same ones always');
    for (const byte of random(length)) {
      if (byte < FAIR && codes.length < length) codes.push(codeOf(byte % 36));
    }
  }
  return String.fromCharCode(...codes);
}

/** 0 to 9, then a to z, without looking into a table at a secret place. */
const codeOf = (value: number): number => 48 + value + 39 * Number(value > 9);
