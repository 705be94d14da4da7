/** What the documentation says is what the code does. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  commandReference,
  credentialReference,
  withCredentialTable,
  withDifferenceTable,
} from '../scripts/reference.ts';
import { VERSION } from '../src/cli/version.ts';
import { ERROR_CODES } from '../src/errors.ts';

const read = (path: string): string => readFileSync(path, 'utf8');

describe('the documentation (npm run docs brings it up to date)', () => {
  it('has the table of credentials in the README', () => {
    expect(read('README.md')).toBe(withCredentialTable(read('README.md')));
  });

  it('has the reference of credentials', () => {
    expect(read('docs/reference/credentials.md')).toBe(credentialReference());
  });

  it('has the reference of commands', () => {
    expect(read('docs/reference/commands.md')).toBe(commandReference());
  });

  it('has the table of differences to kubeadm', () => {
    const page = read('docs/operations/kubeadm.md');
    expect(page).toBe(withDifferenceTable(page));
  });

  it('explains every error code, and no other', () => {
    const explained = [...read('docs/reference/errors.md').matchAll(/^## `([A-Z_]+)`$/gm)].map(
      ([, code]) => code,
    );
    expect(new Set(explained)).toEqual(new Set(Object.keys(ERROR_CODES)));
  });
});

describe('the version', () => {
  it('is the same everywhere', () => {
    expect(VERSION).toBe((JSON.parse(read('package.json')) as { version: string }).version);
    expect(read('CHANGELOG.md')).toContain(`## ${VERSION}`);
  });
});
