/** The client that servers are measured with (peers/load-go), as the administrator whom all of them take at his word. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peer } from '../test/peers/peers.ts';
import { run } from './programs.ts';

/** As load-go prints it. */
export interface LoadResult {
  readonly seconds: number;
  /** Milliseconds, as the next; of what, says load-go. */
  readonly p50: number;
  readonly p99: number;
  readonly bytes: number;
}

/** Runs a measure against the server on a port, with flags of load-go, to its end. */
export type Ask = (
  port: number,
  measure: string,
  flags?: Readonly<Record<string, string | number | boolean>>,
) => LoadResult;

/** @param directory a data directory that `kubepki up` has left */
export async function asker(directory: string): Promise<Ask> {
  const client = await peer('load-go');
  const credentials = Object.entries(credentialFiles(directory));
  return (port, measure, flags = {}) => {
    const all = [['server', `https://127.0.0.1:${port}`], ...credentials, ...Object.entries(flags)];
    const { stdout } = run([client, ...all.map(([name, value]) => `-${name}=${value}`), measure]);
    const result: LoadResult = JSON.parse(stdout);
    return result;
  };
}

/** PEM files, by load-go's flag. */
function credentialFiles(directory: string): Record<'ca' | 'cert' | 'key', string> {
  const text = readFileSync(join(directory, 'pki/admin/super-admin.conf'), 'utf8');
  const file = (field: string): string => {
    const path = join(directory, `${field}.pem`);
    const value = new RegExp(`${field}: (\\S+)`).exec(text)?.[1] ?? '';
    writeFileSync(path, Buffer.from(value, 'base64'), { mode: 0o600 });
    return path;
  };
  return {
    ca: file('certificate-authority-data'),
    cert: file('client-certificate-data'),
    key: file('client-key-data'),
  };
}
