/**
 * What came out when every connection was tried, as it lies in the documentation. The same on every
 * cluster; `KUBEPKI_UPDATE=1` has the suite write it.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionId, Kind, Layer } from './refusals.ts';

export interface Result {
  readonly connection: ConnectionId;
  readonly kind: Kind;
  readonly layer: Layer;
  readonly message: string;
  readonly alert?: string;
}

const FILE = join(import.meta.dirname, '../../docs/reference/connections.json');

export function readResults(): Result[] {
  const { results }: { results: Result[] } = JSON.parse(readFileSync(FILE, 'utf8'));
  return results;
}

export function writeResults(results: readonly Result[]): void {
  writeFileSync(FILE, `${JSON.stringify({ results }, undefined, 2)}\n`);
}
