/** The JSON of a patch. */
import { KubepkiError } from '../../../errors.ts';
import { type JsonDocument, parseJsonDocument } from '../../../kubernetes/index.ts';
import { badRequest } from '../refusals.ts';

/**
 * @param problem how the message begins
 * @throws StatusError BadRequest
 */
export function readJson(body: Uint8Array | JsonDocument, problem: string): JsonDocument {
  if (!(body instanceof Uint8Array)) return body;
  try {
    return parseJsonDocument(body);
  } catch (error) {
    if (error instanceof KubepkiError) throw badRequest(`${problem}: ${error.message}`);
    throw error;
  }
}
