/** What `kubepki csr show` does: shows requests as `inspect` does, and says whether each proves that its maker holds the key. */
import { type Entry, identify } from '../../collect/index.ts';
import { EXIT, KubepkiError } from '../../errors.ts';
import { formatItem } from '../inspect/blocks.ts';
import { inspectionData } from '../inspect/data.ts';
import type { Item } from '../inspect/item.ts';
import type { View } from '../inspect/view.ts';
import { print, printData, printError } from '../output.ts';
import { inputName, readInput } from './input.ts';
import type { TextFormat } from './options.ts';

export async function showRequests(
  paths: readonly string[],
  output: TextFormat,
  now: Date,
): Promise<number> {
  const items: Item[] = [];
  const problems: KubepkiError[] = [];
  for (const path of paths) {
    try {
      const item = await readRequestItem(path);
      items.push(item);
      problems.push(...problemsOf(item));
    } catch (error) {
      if (!(error instanceof KubepkiError)) throw error;
      problems.push(error);
    }
  }
  if (items.length > 0) {
    const view: View = { now, wide: false, lists: new Map(), revoked: new Map() };
    if (output === 'text') print(items.map((item) => formatItem(item, view)).join('\n\n'));
    else await printData(output, inspectionData(items, view));
  }
  problems.forEach(printError);
  return problems.length > 0 ? EXIT.failed : EXIT.ok;
}

/** A file with a request in it; the mode says nothing: it holds no secret. */
async function readRequestItem(path: string): Promise<Item> {
  const bytes = await readInput(path);
  const content = identify(bytes);
  const entries: readonly Entry[] = 'entries' in content ? content.entries : [];
  const damaged = entries.find((entry) => entry.kind === 'malformed');
  if (!entries.some(({ kind }) => kind === 'request')) {
    const reason =
      damaged?.reason ??
      (content.format === 'unknown' ? content.reason : 'it holds no certification request');
    throw new KubepkiError('MALFORMED_PEM', `${inputName(path)}: ${reason}`);
  }
  return { path, content, remarks: [] };
}

function problemsOf({ path, content }: Item): KubepkiError[] {
  const entries: readonly Entry[] = 'entries' in content ? content.entries : [];
  const unproven = entries.some((entry) => entry.kind === 'request' && !entry.signatureVerifies);
  return unproven
    ? [
        new KubepkiError(
          'BAD_SIGNATURE',
          `${inputName(path)}: its signature does not prove that whoever made it holds the key`,
        ),
      ]
    : [];
}
