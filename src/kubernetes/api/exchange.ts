/**
 * A request to a Kubernetes API and its answer, whatever carries them: HTTP/1.1, HTTP/2, or a function
 * call in the same process.
 */

/** Lower-case names; a header that came several times is a list. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface ApiRequest {
  /** GET, POST, PUT, PATCH, DELETE and so on. */
  readonly method: string;
  /** The path with its query, percent-encoded: `/api/v1/nodes?limit=500`. */
  readonly url: string;
  readonly headers: Headers;
  readonly body?: Uint8Array;
  /** Ends the request, and a watch that it has opened. */
  readonly signal?: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Whole, or (a watch) in pieces as they come: ending the iteration ends the watch. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}
