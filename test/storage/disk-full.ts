/**
 * A program that meets the end of the disk, for its test: its files may not grow beyond a limit that
 * was set from outside. It says on standard output, in JSON, what became of its writes.
 */
import { openSqliteStorage, type Storage } from '../../src/storage/index.ts';
import { bytes, collect, done, shown, told } from './helpers.ts';

const [path = ''] = process.argv.slice(2);
const storage = await openSqliteStorage(path, { now: () => new Date() });
const watched = collect(storage.watch({ prefix: '/', after: storage.revision }));
const first = await done(storage.create('/a', bytes('1')));

const large = new Uint8Array(6 * 1024 * 1024);
const refused = await Promise.all(
  [
    storage.create('/b', bytes('1')),
    storage.update('/a', bytes('2'), first),
    storage.create('/large', large),
  ].map(outcomeOf),
);
const afterwards = (await storage.list('/')).items.map(shown);
const second = await outcomeOf(storage.update('/a', bytes('3'), first));
await storage.close();
console.log(
  JSON.stringify({ first, refused, afterwards, second, watched: (await watched).map(told) }),
);

async function outcomeOf(write: ReturnType<Storage['create']>): Promise<unknown> {
  try {
    return await write;
  } catch (error) {
    return error instanceof Error && 'code' in error ? [error.code, error.message] : String(error);
  }
}
