/**
 * Bearer tokens: those of the static file, then bootstrap tokens. Nothing is remembered: upstream keeps a
 * token that was found for ten seconds (kubernetes, apiserver/pkg/authentication/token/cache), so that one
 * whose Secret is deleted or has expired goes on being good for as long. Here the Secret is in memory, and
 * to look at it again costs less than to keep the answer: a deleted token is refused at once.
 */
import { hash } from 'node:crypto';
import { quoted } from '../../errors.ts';
import type { Secret, UserInfo } from '../../kubernetes/index.ts';
import {
  acceptsAddress,
  bootstrapSecretName,
  bootstrapTokenUser,
  claimLeft,
  nodeBindingOf,
  parseBootstrapToken,
} from '../../tokens/index.ts';
import { asAuthenticated } from './identities.ts';
import type { Verdict } from './verdict.ts';

export interface TokenSources {
  /** By token; another map when the file has changed. */
  readonly tokenFile?: () => ReadonlyMap<string, UserInfo>;
  /** The Secret of this name in kube-system; absent where bootstrap tokens are switched off. */
  readonly bootstrapSecret?: (name: string) => Promise<Secret | undefined>;
}

/**
 * @param token as it came: one character for each byte. Its first lookup is by its hash, so that neither
 *   the time it takes nor the memory tells anything of other tokens.
 * @param address where it came from; absent: not known, so that tokens which are bound to addresses are wrong
 */
export type TokenAuthenticator = (
  token: string,
  at: Date,
  address: string | undefined,
) => Promise<Verdict>;

export function createTokenAuthenticator(sources: TokenSources): TokenAuthenticator {
  const { tokenFile = () => NOTHING, bootstrapSecret } = sources;
  let file = NOTHING;
  let fixed = verdictsOf(file);
  return async (token, at, address) => {
    // Not a header's: its bytes would be guessed at.
    if (!IS_BYTES.test(token)) return INVALID;
    const current = tokenFile();
    if (current !== file) {
      file = current;
      fixed = verdictsOf(file);
    }
    return (
      fixed.get(keyOf(Buffer.from(token, 'latin1'))) ??
      (await byBootstrapSecret(token, { at, address, bootstrapSecret }))
    );
  };
}

const NOTHING: ReadonlyMap<string, UserInfo> = new Map();

function verdictsOf(file: ReadonlyMap<string, UserInfo>): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const [token, user] of file) {
    verdicts.set(keyOf(Buffer.from(token, 'utf8')), { kind: 'user', user: asAuthenticated(user) });
  }
  return verdicts;
}

const IS_BYTES = /^[\0-\xff]*$/;
const INVALID: Verdict = { kind: 'wrong', reason: 'invalid bearer token' };

const keyOf = (token: Uint8Array): string => hash('sha256', token, 'base64');

interface Shown {
  readonly at: Date;
  readonly address: string | undefined;
  readonly bootstrapSecret: TokenSources['bootstrapSecret'];
}

async function byBootstrapSecret(
  text: string,
  { at, address, bootstrapSecret }: Shown,
): Promise<Verdict> {
  const token = parseBootstrapToken(text);
  if (token === undefined || bootstrapSecret === undefined) return INVALID;
  const name = bootstrapSecretName(token.id);
  const secret = await bootstrapSecret(name);
  if (secret === undefined) {
    return { kind: 'wrong', reason: `no Secret ${quoted(name)} for the bootstrap token` };
  }
  const user = bootstrapTokenUser(secret, token, at);
  const reason = user.ok ? bindingProblem(secret, at, address) : user.reason;
  return user.ok && reason === undefined
    ? { kind: 'user', user: asAuthenticated({ name: user.name, groups: user.groups }) }
    : { kind: 'wrong', reason: `Secret ${quoted(name)} of the bootstrap token ${reason}` };
}

/** Ours, and looked at last: whoever does not have the whole token learns nothing of it. */
function bindingProblem(secret: Secret, at: Date, address: string | undefined): string | undefined {
  const binding = nodeBindingOf(secret);
  const left = claimLeft(binding, at);
  if (left !== undefined && left <= 0) return 'was claimed too long ago';
  if (acceptsAddress(binding, address)) return undefined;
  return `is for other addresses than ${address === undefined ? 'one that is not known' : quoted(address)}`;
}
