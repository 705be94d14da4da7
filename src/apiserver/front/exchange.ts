/** One request on its way through the front. */
import type { UserInfo } from '../../kubernetes/index.ts';
import type { RequestAttributes, ServerRequest } from '../types.ts';
import type { Guard } from './guard.ts';
import type { Slot } from './in-flight.ts';
import type { RequestInfo } from './request-info.ts';

/** From the network a request comes without its body, which is read once it is known to be allowed. */
export interface IncomingRequest extends ServerRequest {
  readBody?(): Promise<Uint8Array>;
}

/** After authentication. */
export interface Exchange {
  readonly request: IncomingRequest;
  readonly info: RequestInfo;
  readonly user: UserInfo;
  readonly attributes: RequestAttributes;
  readonly warnings: Warnings;
  /** Its place among the requests that are under way; not held while the body is awaited. */
  readonly slot: Slot;
  /** Knows when its maker is revoked; absent in the same process, where nobody is. */
  readonly guard?: Guard;
}

/** Characters of all warnings of an answer; what is more is left out (apiserver, pkg/endpoints/filters/warning.go). */
const MOST_WARNING_CHARACTERS = 4096;

/** Texts for `Warning` headers, each once. */
export class Warnings {
  readonly #texts = new Set<string>();
  #length = 0;

  /** For others to call, without the object. */
  readonly add = (text: string): void => {
    if (this.#texts.has(text) || this.#length + text.length > MOST_WARNING_CHARACTERS) return;
    this.#length += text.length;
    this.#texts.add(text);
  };

  clear(): void {
    this.#texts.clear();
    this.#length = 0;
  }

  /** Values of the header; undefined where there is nothing to say. RFC 7234, section 5.5. */
  headers(): readonly string[] | undefined {
    if (this.#texts.size === 0) return undefined;
    return [...this.#texts].map((text) => `299 - "${headerText(text)}"`);
  }
}

/** A header holds characters of Latin-1 without controls. */
const headerText = (text: string): string =>
  text
    .replace(/[\p{Cc}]/gu, ' ')
    .replace(/[^\x20-\x7e]/gu, '?')
    .replace(/["\\]/g, '\\$&');

/** The first value of a header. */
export function header(request: ServerRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' || value === undefined ? value : value[0];
}
