/**
 * Whom a request wants to be, by its `Impersonate-…` headers (apiserver,
 * pkg/endpoints/filters/impersonation/constrained_impersonation.go: processImpersonationHeaders).
 */
import { goQuote, type Headers, StatusError } from '../../kubernetes/index.ts';
import { extraIn, textsOf, valuesOf } from '../authentication/index.ts';

/** As the headers have it: nothing is added, nothing is judged. */
export interface Wanted {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

const PREFIX = 'impersonate-';
const USER = 'impersonate-user';
const UID = 'impersonate-uid';
const GROUP = 'impersonate-group';
const EXTRA = 'impersonate-extra-';

/**
 * Undefined where nobody else is asked for.
 *
 * @throws StatusError BadRequest for groups and so on without a name, and for what is no text
 */
export function wantedUser(headers: Headers): Wanted | undefined {
  const given = impersonationHeaders(headers);
  if (given === undefined) return undefined;
  const extra = extraIn(given, [EXTRA]);
  const texts = textsOf([firstOf(given, USER), firstOf(given, UID), ...valuesOf(given, GROUP)]);
  if (texts === undefined || extra === undefined) {
    throw StatusError.of('BadRequest', 'an impersonation header is not UTF-8');
  }
  const [name = '', uid = '', ...groups] = texts;
  const wanted: Wanted = { name, uid, groups, extra };
  if (name !== '') return wanted;
  if (uid === '' && groups.length === 0 && extra.size === 0) return undefined;
  throw StatusError.of(
    'BadRequest',
    `requested ${described(wanted)} without impersonating a user name`,
  );
}

/** Only they, by lower-case names; undefined where there is none, as in nearly every request. */
function impersonationHeaders(headers: Headers): Headers | undefined {
  let found: Map<string, Headers[string]> | undefined;
  for (const name of Object.keys(headers)) {
    if (!name.startsWith(PREFIX) && !name.toLowerCase().startsWith(PREFIX)) continue;
    found ??= new Map();
    found.set(name.toLowerCase(), headers[name]);
  }
  return found && Object.fromEntries(found);
}

/** Of several the first counts, as with Go's Get. */
const firstOf = (headers: Headers, name: string): string => valuesOf(headers, name)[0] ?? '';

/** As Go prints the structure, in upstream's message. */
function described({ name, uid, groups, extra }: Wanted): string {
  const pairs = [...extra]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, values]) => `${goQuote(key)}:${goTexts(values)}`);
  const map = extra.size === 0 ? '(nil)' : `{${pairs.join(', ')}}`;
  const list = groups.length === 0 ? '[]string(nil)' : goTexts(groups);
  return `&user.DefaultInfo{Name:${goQuote(name)}, UID:${goQuote(uid)}, Groups:${list}, Extra:map[string][]string${map}}`;
}

const goTexts = (values: readonly string[]): string =>
  `[]string{${values.map((value) => goQuote(value)).join(', ')}}`;
