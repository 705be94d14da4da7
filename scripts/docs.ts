/** `npm run docs`: writes the computed parts of the documentation; a test fails while they are out of date. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectionReference } from '../test/components/connections-table.ts';
import {
  commandReference,
  credentialReference,
  withCredentialTable,
  withDifferenceTable,
} from './reference.ts';

const root = join(import.meta.dirname, '..');
const readme = join(root, 'README.md');
mkdirSync(join(root, 'docs/reference'), { recursive: true });
writeFileSync(readme, withCredentialTable(readFileSync(readme, 'utf8')));
writeFileSync(join(root, 'docs/reference/credentials.md'), credentialReference());
writeFileSync(join(root, 'docs/reference/commands.md'), commandReference());
writeFileSync(join(root, 'docs/reference/connections.md'), connectionReference());
const kubeadm = join(root, 'docs/operations/kubeadm.md');
writeFileSync(kubeadm, withDifferenceTable(readFileSync(kubeadm, 'utf8')));
