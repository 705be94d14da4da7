import { expect, it } from 'vitest';
import { Engine } from '../../src/storage/engine.ts';
import type { Journal } from '../../src/storage/journal.ts';

/** Notes what is dropped, in its order. */
function watchedEngine() {
  const forgotten: number[] = [];
  const journal: Journal = {
    append: () => {},
    compact: () => {},
    forget: (revisions) => forgotten.push(...revisions),
    close: () => {},
  };
  return { forgotten, storage: new Engine({ now: () => new Date() }, journal) };
}

// Killed in between, the next start found what had been deleted, or called the database damaged.
it('forgets a value before the deletion that ended it', async () => {
  const { forgotten, storage } = watchedEngine();
  for (let i = 0; i < 500; i++) {
    const created = await storage.create(`/k${i}`, Buffer.from('x'));
    if (!created.done) throw new Error('expected it to be created');
    await storage.delete(`/k${i}`, created.revision);
  }
  await storage.compact(storage.revision);
  expect(forgotten).toHaveLength(1000);
  expect(forgotten).toEqual(forgotten.toSorted((a, b) => a - b));
  await storage.close();
});
