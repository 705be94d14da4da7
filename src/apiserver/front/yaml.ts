/** YAML in and out. The library is loaded when the first client wants it. */
import { StatusError } from '../../kubernetes/index.ts';

/** With the keys of every object sorted, as sigs.k8s.io/yaml writes it. */
export async function toYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, {
    // Quotes whatever a reader of YAML 1.1 would take for a time or a boolean, as upstream's does.
    version: '1.1',
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
}

/**
 * The JSON of a YAML document.
 *
 * @throws StatusError BadRequest for what is no YAML, or has too many aliases
 */
export async function yamlToJson(bytes: Uint8Array): Promise<Uint8Array> {
  const { parse } = await import('yaml');
  try {
    const value: unknown = parse(Buffer.from(bytes).toString('utf8'), { logLevel: 'error' });
    return Buffer.from(JSON.stringify(value ?? null));
  } catch (error) {
    const [line = ''] = error instanceof Error ? error.message.split('\n') : [];
    throw StatusError.of('BadRequest', `error converting YAML to JSON: yaml: ${line}`);
  }
}
