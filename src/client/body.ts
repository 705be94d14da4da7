/** Bodies of answers, read to their end or given up. */
import { KubepkiError } from '../errors.ts';
import type { ApiResponse } from '../kubernetes/index.ts';

/** A page of 500 objects that are each as large as etcd takes them (1.5 MiB) is not asked for; half of one is. */
export const MOST_ANSWER_BYTES = 256 * 1024 * 1024;

/**
 * The whole body.
 *
 * @param what the request, for messages
 * @throws KubepkiError UNREACHABLE where it has more bytes than `most`
 */
export async function wholeBody(
  body: ApiResponse['body'],
  what: string,
  most = MOST_ANSWER_BYTES,
): Promise<Uint8Array> {
  if (body instanceof Uint8Array) {
    if (body.length > most) throw tooLarge(what, most);
    return body;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    // Leaving the loop ends the stream.
    if (size > most) throw tooLarge(what, most);
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size);
}

export const tooLarge = (what: string, most: number): KubepkiError =>
  new KubepkiError('UNREACHABLE', `${what}: the answer is larger than ${most} bytes`, {
    hint: 'is this a Kubernetes API server?',
  });

/** Gives up an answer whose body nobody reads. */
export async function discard({ body }: ApiResponse): Promise<void> {
  if (!(body instanceof Uint8Array)) await body[Symbol.asyncIterator]().return?.();
}

/** The text of bytes in UTF-8, without a copy of them. */
export const utf8 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
