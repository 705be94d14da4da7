/**
 * Reads the structs of a Go package and the messages of its `generated.proto`, as far as the API types of
 * Kubernetes are written: one field a line, tags in backquotes, markers (`+listType=map`) in the comment above.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface GoField {
  /** In Go; of an embedded struct the last part of its type. */
  readonly name: string;
  /** As it is written: `map[string]ExtraValue`, `*metav1.Time`. */
  readonly type: string;
  /** By key: `json`, `protobuf`, `patchStrategy`. */
  readonly tags: ReadonlyMap<string, string>;
  readonly markers: Markers;
}

/** `+listMapKey=port` twice is one name with two values; a marker without a value has an empty one. */
export type Markers = ReadonlyMap<string, readonly string[]>;

export interface GoStruct {
  readonly fields: readonly GoField[];
  readonly markers: Markers;
}

export interface GoPackage {
  readonly structs: ReadonlyMap<string, GoStruct>;
  /** `type ResourceList map[ResourceName]resource.Quantity`: what stands behind a name that is no struct. */
  readonly named: ReadonlyMap<string, string>;
  /** The values of the types with the marker `+enum`, as they are written: `"TCP"`, `v1.IPv4Protocol`. */
  readonly enums: ReadonlyMap<string, readonly string[]>;
  /** The texts that are constants, by name. */
  readonly constants: ReadonlyMap<string, string>;
  /** Import paths by the name that the package uses for them. */
  readonly imports: ReadonlyMap<string, string>;
  /** The numbers and types of the fields of each message, by message; empty where there is no generated.proto. */
  readonly messages: ReadonlyMap<string, ReadonlyMap<number, string>>;
}

export function readGoPackage(folder: string): GoPackage {
  const structs = new Map<string, GoStruct>();
  const named = new Map<string, string>();
  const imports = new Map<string, string>();
  const marked = new Set<string>();
  const constants: Constant[] = [];
  const files = readdirSync(folder).filter(
    (name) =>
      name.endsWith('.go') && !/(_test|^generated\.pb|^zz_generated.*|_string)\.go$/.test(name),
  );
  for (const file of files)
    readGoFile(readFileSync(join(folder, file), 'utf8'), {
      structs,
      named,
      imports,
      marked,
      constants,
    });
  const enums = new Map(
    [...marked].map((name) => {
      const values = constants.filter(({ type }) => type === name).map(({ value }) => value);
      return [name, values];
    }),
  );
  return {
    structs,
    named,
    enums,
    constants: new Map(
      constants
        .filter(({ value }) => value.startsWith('"'))
        .map(({ name, value }) => [name, value.slice(1, -1)]),
    ),
    imports,
    messages: readMessages(folder),
  };
}

interface Found {
  readonly structs: Map<string, GoStruct>;
  readonly named: Map<string, string>;
  readonly imports: Map<string, string>;
  /** Names of types with `+enum`. */
  readonly marked: Set<string>;
  readonly constants: Constant[];
}

interface Constant {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

const IMPORT = /^\s*(?:import )?(?:(\w+) )?"([\w./-]+)"$/;
const NAMED = /^type (\w+) ((?:\[\]|map\[).+|[\w.]+)$/;
/** `X T = "x"` or `X = T("x")`. */
const CONSTANT = /^(?:\t|const )(\w+)\s+(?:(\w+)\s*=\s*("[^"]*")|=\s*(\w+)\(("[^"]*"|[\w.]+)\))/;
const FIELD = /^\t(\w+)\s+(\S+)(?:\s+`(.*)`)?(?:\s*\/\/.*)?$/;
const EMBEDDED = /^\t([\w.]+)\s+`(.*)`$/;

function readGoFile(source: string, found: Found): void {
  const { structs, named, imports, marked, constants } = found;
  let comment: string[] = [];
  let open: { name: string; fields: GoField[]; markers: Markers } | undefined;
  for (const line of source.split('\n')) {
    const said = /^\s*\/\/(.*)$/.exec(line)?.[1];
    if (said !== undefined) {
      comment.push(said.trim());
      continue;
    }
    const markers = markersOf(comment);
    comment = [];
    if (open !== undefined) {
      if (line === '}') {
        structs.set(open.name, open);
        open = undefined;
      } else {
        const field = fieldOf(line, markers);
        if (field !== undefined) open.fields.push(field);
      }
      continue;
    }
    const struct = /^type (\w+) struct \{(\})?$/.exec(line);
    if (struct?.[1] !== undefined) {
      open = { name: struct[1], fields: [], markers };
      if (struct[2] === '}') open = void structs.set(open.name, open);
      continue;
    }
    const alias = NAMED.exec(line);
    if (alias !== null) {
      named.set(alias[1] ?? '', alias[2] ?? '');
      if (markers.has('enum')) marked.add(alias[1] ?? '');
    }
    const constant = CONSTANT.exec(line);
    if (constant !== null) {
      const [, name = '', type = '', text = '', converted = type, value = text] = constant;
      constants.push({ name, type: converted, value });
    }
    const imported = IMPORT.exec(line);
    if (imported?.[2] !== undefined) {
      imports.set(imported[1] ?? imported[2].slice(imported[2].lastIndexOf('/') + 1), imported[2]);
    }
  }
}

function fieldOf(line: string, markers: Markers): GoField | undefined {
  const embedded = EMBEDDED.exec(line);
  if (embedded !== null) {
    const [, type = '', tags = ''] = embedded;
    return { name: type.slice(type.indexOf('.') + 1), type, tags: tagsOf(tags), markers };
  }
  const [, name, type, tags = ''] = FIELD.exec(line) ?? [];
  if (name === undefined || type === undefined) return undefined;
  return { name, type, tags: tagsOf(tags), markers };
}

const tagsOf = (text: string): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(/(\w+):"([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]));

function markersOf(comment: readonly string[]): Markers {
  const markers = new Map<string, string[]>();
  for (const line of comment) {
    const [, name, value = ''] = /^\+([\w:]+)(?:=(.*))?$/.exec(line) ?? [];
    if (name !== undefined) markers.set(name, [...(markers.get(name) ?? []), value]);
  }
  return markers;
}

const MESSAGE_FIELD =
  /^ {2}(?:(?:optional|repeated|required) (\S+)|(map<string, \S+>)) \w+ = (\d+);/;

function readMessages(folder: string): GoPackage['messages'] {
  const messages = new Map<string, Map<number, string>>();
  if (!readdirSync(folder).includes('generated.proto')) return messages;
  let fields = new Map<number, string>();
  for (const line of readFileSync(join(folder, 'generated.proto'), 'utf8').split('\n')) {
    const message = /^message (\w+) \{$/.exec(line)?.[1];
    if (message !== undefined) messages.set(message, (fields = new Map()));
    const [, type, map, number] = MESSAGE_FIELD.exec(line) ?? [];
    if (number !== undefined) fields.set(Number(number), type ?? map ?? '');
  }
  return messages;
}
