import { createMemoryStorage } from '../../src/storage/index.ts';
import { conformance } from './conformance.ts';
import { TestTime } from './time.ts';

conformance('memory', async () => {
  const time = new TestTime();
  return { storage: createMemoryStorage(time), pass: (seconds) => time.pass(seconds) };
});
