import { join } from 'node:path';
import { openSqliteStorage } from '../../src/storage/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { conformance } from './conformance.ts';
import { TestTime } from './time.ts';

conformance('SQLite', async () => {
  const time = new TestTime();
  const storage = await openSqliteStorage(join(temporaryDirectory(), 'state.db'), time);
  return { storage, pass: (seconds) => time.pass(seconds) };
});
