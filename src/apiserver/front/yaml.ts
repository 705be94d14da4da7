/** YAML in and out. The library is loaded when the first client wants it. */
import type { CST, Document } from 'yaml';
import { quoted } from '../../errors.ts';
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

/** Bytes of a body in YAML. JSON, which kubectl sends whatever its files are, may be as large as any body. */
const MOST_YAML = 64 * 1024;
/** Collections within each other; each counts as two or three of the parser's. */
const MOST_OPEN = 300;

/**
 * The JSON of a YAML document, in time that grows with its length.
 *
 * @throws StatusError RequestEntityTooLarge beyond 64 KiB; BadRequest for what is no YAML, is nested too
 *   deeply, has aliases or a key that stands twice
 */
export async function yamlToJson(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length > MOST_YAML) {
    throw StatusError.of(
      'RequestEntityTooLarge',
      `Request entity too large: limit of YAML is ${MOST_YAML}, JSON may be larger`,
    );
  }
  const yaml = await import('yaml');
  try {
    return Buffer.from(JSON.stringify(valueOf(yaml, Buffer.from(bytes).toString('utf8')) ?? null));
  } catch (error) {
    const [line = ''] = error instanceof Error ? error.message.split('\n') : [];
    throw StatusError.of('BadRequest', `error converting YAML to JSON: yaml: ${line}`);
  }
}

type Yaml = typeof import('yaml');

/** Step by step instead of with `parse`, so that what is nested too deeply is found before it is built. */
function valueOf(yaml: Yaml, source: string): unknown {
  const lines = new yaml.LineCounter();
  // The library's own look for keys that stand twice compares each with each.
  const composer = new yaml.Composer({ uniqueKeys: false, logLevel: 'error' });
  const [document, second] = [
    ...composer.compose(tokensOf(yaml, source, lines), true, source.length),
  ];
  const [error] = document?.errors ?? [];
  if (error !== undefined) {
    throw new Error(`line ${lines.linePos(error.pos[0]).line}: ${error.message}`);
  }
  if (second !== undefined) throw new Error('expected one document, got several');
  if (document === undefined) return null;
  refuseTraps(yaml, document);
  return document.toJS({ maxAliasCount: 0 });
}

function* tokensOf(
  yaml: Yaml,
  source: string,
  lines: InstanceType<Yaml['LineCounter']>,
): Generator<CST.Token> {
  const parser = new yaml.Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new yaml.Lexer().lex(source)) {
    for (const token of parser.next(lexeme)) {
      // The first error is enough: to collect them all would take as long as the document has.
      if (token.type === 'error') {
        throw new Error(`line ${lines.linePos(token.offset).line}: ${token.message}`);
      }
      yield token;
    }
    if (parser.stack.length > MOST_OPEN) throw new Error('nested too deeply');
  }
  yield* parser.end();
}

/** What could grow, or be read in more than one way. */
function refuseTraps(yaml: Yaml, document: Document): void {
  yaml.visit(document, {
    Alias: () => {
      throw new Error('aliases are not taken');
    },
    Map: (_key, map) => {
      const keys = new Set<string>();
      for (const { key } of map.items) {
        if (!yaml.isScalar(key)) throw new Error('a key that is no scalar');
        const name = key.value === null ? '' : key.toString();
        if (keys.has(name)) throw new Error(`key ${quoted(name)} is already set in the map`);
        keys.add(name);
      }
    },
  });
}
