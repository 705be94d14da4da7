/** Reads the requests inside CertificateSigningRequests, each once however many controllers look at it how often. */
import { KubepkiError } from '../errors.ts';
import { type CertificateSigningRequest, readSpecRequest } from '../kubernetes/index.ts';
import type { CertificationRequest } from '../x509/index.ts';

/** A request, or why there is none. That never changes: `spec` is immutable. */
export type ReadRequest =
  | { readonly request: CertificationRequest; readonly problem?: never }
  | { readonly request?: never; readonly problem: string };

export type RequestReader = (csr: CertificateSigningRequest) => ReadRequest;

/** So many characters of requests are remembered with what they hold: a thousand of usual size. */
const MOST_KEPT = 2 ** 20;

/** A reader that remembers what it has read last, by the text of the request. */
export function createRequestReader(): RequestReader {
  const kept = new Map<string, ReadRequest>();
  let size = 0;
  return ({ spec }) => {
    const text = spec.request;
    const known = kept.get(text);
    if (known !== undefined) return known;
    const result = read(text);
    // What is no request costs little to read again, and must not drive out what is one.
    if (result.request === undefined) return result;
    kept.set(text, result);
    size += text.length;
    for (const oldest of kept.keys()) {
      if (size <= MOST_KEPT) break;
      kept.delete(oldest);
      size -= oldest.length;
    }
    return result;
  };
}

function read(text: string): ReadRequest {
  try {
    return { request: readSpecRequest(text) };
  } catch (error) {
    if (error instanceof KubepkiError) return { problem: error.message };
    throw error;
  }
}
