/** The body of server-side apply: YAML, of which JSON is a part; kubectl sends nothing else. */
import { KubepkiError } from '../../errors.ts';
import { type JsonDocument, parseJsonDocument, StatusError } from '../../kubernetes/index.ts';
import { yamlToJson } from './yaml.ts';

/** `{` */
const OPEN = 0x7b;

/** @throws StatusError BadRequest, RequestEntityTooLarge for YAML that is no JSON and is not taken */
export async function applyBody(body: Uint8Array): Promise<Uint8Array | JsonDocument> {
  if (body.find((byte) => byte > 0x20) !== OPEN) return await ofYaml(body);
  try {
    return parseJsonDocument(body);
  } catch (error) {
    // `{a: b}` is an object of YAML too.
    if (error instanceof KubepkiError) return await ofYaml(body);
    throw error;
  }
}

async function ofYaml(body: Uint8Array): Promise<Uint8Array> {
  try {
    return await yamlToJson(body);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'BadRequest') throw error;
    throw StatusError.of('BadRequest', `error decoding YAML: ${error.message}`);
  }
}
