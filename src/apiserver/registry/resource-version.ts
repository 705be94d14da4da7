/** `resourceVersion` of requests: what was asked for, and whether such a thing can be. */
import { quoted } from '../../errors.ts';
import { badRequest } from './refusals.ts';

/** 0 where nothing was said, or `0`. @throws StatusError BadRequest */
export function parseResourceVersion(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const version = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(version)) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${quoted(text, 80)}: expected a whole number`,
    );
  }
  return version;
}
