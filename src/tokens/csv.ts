/** CSV as Go's `encoding/csv` reads it with its defaults, which is how kube-apiserver reads a token file. */

export interface CsvRecord {
  readonly fields: readonly string[];
  /** Where it begins, counted from 1. */
  readonly line: number;
}

export type CsvResult =
  | { readonly ok: true; readonly records: readonly CsvRecord[] }
  | { readonly ok: false; readonly line: number; readonly reason: string };

/** A whole value in quotes, where a quote stands twice; or one without any quote. Then a comma, or the end of the record. */
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/y;

/**
 * Reads every record. A value may be in quotes and then hold commas, line breaks and doubled quotes; a
 * quote anywhere else is an error. Blank lines are left out, spaces kept, records need not be of one length.
 */
export function readCsv(text: string): CsvResult {
  // Go drops a carriage return before each line feed, within quotes too, and a last one.
  const source = text.replaceAll('\r\n', '\n').replace(/\r$/, '');
  const records: CsvRecord[] = [];
  let line = 1;
  for (let at = 0; at < source.length; ) {
    if (source[at] === '\n') {
      at += 1;
      line += 1;
      continue;
    }
    const fields: string[] = [];
    const first = line;
    for (let end = ','; end === ','; ) {
      FIELD.lastIndex = at;
      const match = FIELD.exec(source);
      if (match === null) {
        return { ok: false, line, reason: 'a quote that does not open and close a whole value' };
      }
      const [whole, inQuotes, plain = '', ending = ''] = match;
      fields.push(inQuotes?.replaceAll('""', '"') ?? plain);
      line += whole.split('\n').length - 1;
      at += whole.length;
      end = ending;
    }
    records.push({ fields, line: first });
  }
  return { ok: true, records };
}
