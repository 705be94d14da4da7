/** `resourceVersion` of requests: what was asked for, and whether such a thing can be. */
import { quoted } from '../../errors.ts';
import { goQuote, StatusError } from '../../kubernetes/index.ts';
import { badRequest } from './refusals.ts';

const MOST = 2n ** 64n;

/**
 * 0 where nothing was said, or `0`.
 *
 * @throws StatusError 500 without a reason, as upstream for one object and for watches
 */
export function parseResourceVersion(text: string | undefined): number {
  return parsed(text, (problem, given) =>
    StatusError.unexplained(`resourceVersion: Invalid value: ${quoted(given)}: ${problem}`),
  );
}

/** The same of a list. @throws StatusError BadRequest */
export function parseListVersion(text: string | undefined): number {
  return parsed(text, (problem, given) =>
    badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${quoted(given)}: ${problem}`,
    ),
  );
}

/** The same of an object that is to be written. @throws StatusError 500 without a reason */
export function parseObjectVersion(text: string | undefined): number {
  return parsed(text, (problem) => StatusError.unexplained(problem));
}

function parsed(
  text: string | undefined,
  refusal: (problem: string, given: string) => Error,
): number {
  if (text === undefined || text === '') return 0;
  const isNumber = /^\d+$/.test(text);
  // Beyond what a number holds exactly it is beyond every version, too.
  if (isNumber && (text.length < 20 || (text.length < 100 && BigInt(text) < MOST))) {
    return Number(text);
  }
  const shown = text.slice(0, 100);
  const problem = isNumber ? 'value out of range' : 'invalid syntax';
  throw refusal(`strconv.ParseUint: parsing ${goQuote(shown)}: ${problem}`, shown);
}
