/**
 * JSON and YAML of text whose origin is unknown: characters that a terminal would act on, which
 * both formats allow inside strings, are written as their escapes. The data stays the same.
 */
import { visible } from './output.ts';

export async function formatData(format: 'json' | 'yaml', data: unknown): Promise<string> {
  return format === 'json' ? escapeLines(JSON.stringify(data, null, 2)) : await formatYaml(data);
}

async function formatYaml(data: unknown): Promise<string> {
  const { Document, visit } = await import('yaml');
  const document = new Document(data, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      // Only between double quotes there are escapes.
      const { value } = node;
      if (typeof value === 'string' && visible(value) !== value) node.type = 'QUOTE_DOUBLE';
    },
  });
  return escapeLines(document.toString({ lineWidth: 0 }));
}

/** Line feeds outside of strings stay; those inside are escaped already. */
const escapeLines = (text: string): string => text.split('\n').map(visible).join('\n');
