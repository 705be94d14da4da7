/** The house rules that a machine can check: who may import whom. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The floors, from the top. A folder imports from those below it only; `errors.ts`, `add-all.ts` and `make-directory.ts` are the ground. */
const FLOORS = [
  'cli',
  'dashboard',
  'check',
  'inventory',
  'pki',
  'collect',
  'node',
  'controllers',
  'apiserver',
  'extension',
  'http',
  'metrics',
  'client',
  'storage',
  'tokens',
  'cluster',
  'kubernetes',
  'x509',
];

/** Modules of Node's that compute and touch nothing outside (`net` for parsing addresses). */
const HARMLESS = ['node:buffer', 'node:net', 'node:path', 'node:util'];

/** The pure core, and what it may import from Node. */
const PURE: Record<string, readonly string[]> = {
  x509: [...HARMLESS, 'node:crypto'],
  kubernetes: HARMLESS,
  cluster: HARMLESS,
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

const SOURCE = resolve('src');
const IMPORT =
  /(?:^|[\s;])(import|export)\s+(type\s)?(?:[^'"();]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.tsx?$/.test(name),
);

const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(join(SOURCE, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  return [...text.matchAll(IMPORT)].map(([, , type, fixed, dynamic]) => ({
    file,
    target: fixed ?? dynamic ?? '',
    typeOnly: type !== undefined,
  }));
});

const folderOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : '');

/** The file below src that a relative import means. */
const targetOf = ({ file, target }: Import): string =>
  relative(SOURCE, resolve(SOURCE, dirname(file), target));

const between = imports.filter(
  (one) => one.target.startsWith('.') && folderOf(one.file) !== folderOf(targetOf(one)),
);

describe('the house', () => {
  it('has only the floors of the design', () => {
    const folders = new Set(files.map(folderOf).filter((folder) => folder !== ''));
    expect([...folders].filter((folder) => !FLOORS.includes(folder))).toEqual([]);
    expect(imports.length).toBeGreaterThan(100);
  });

  it('lets imports point downwards only', () => {
    const upwards = between.filter((one) => {
      const from = FLOORS.indexOf(folderOf(one.file));
      const to = FLOORS.indexOf(folderOf(targetOf(one)));
      // The library's face (src/index.ts) stands outside and sees every floor; the ground carries all.
      return folderOf(one.file) !== '' && folderOf(targetOf(one)) !== '' && to <= from;
    });
    expect(upwards).toEqual([]);
  });

  it('reaches a neighbour through its index.ts', () => {
    const inside = between.filter(
      (one) =>
        !['index.ts', 'errors.ts', 'add-all.ts', 'make-directory.ts'].includes(
          targetOf(one).split('/').slice(-1)[0] ?? '',
        ) || targetOf(one).split('/').length > 2,
    );
    expect(inside).toEqual([]);
  });

  it('does no I/O in the pure core', () => {
    const impure = imports.filter(({ file, target }) => {
      const allowed = PURE[folderOf(file)];
      const outside = target.startsWith('node:') || target.endsWith('make-directory.ts');
      return allowed !== undefined && outside && !allowed.includes(target);
    });
    expect(impure).toEqual([]);
  });

  it('asks no clock and no dice in the pure core', () => {
    const asks = files.filter(
      (file) =>
        PURE[folderOf(file)] !== undefined &&
        /Date\.now\(\)|new Date\(\)|Math\.random\(\)/.test(
          readFileSync(join(SOURCE, file), 'utf8'),
        ),
    );
    expect(asks).toEqual([]);
  });

  it('hands no list of a request over as arguments, of which a stack holds only so many', () => {
    const spread = /\.(?:push|unshift)\(\s*(?:[^()[\]{}]*,\s*)?\.\.\./;
    const offenders = files.filter(
      (file) =>
        folderOf(file) === 'apiserver' && spread.test(readFileSync(join(SOURCE, file), 'utf8')),
    );
    expect(offenders, 'addAll of src/add-all.ts takes lists of any length').toEqual([]);
  });

  it('says the purpose of each file in its first lines', () => {
    const silent = files.filter(
      (file) => !/^(#!.*\n)?\/\*\*/.test(readFileSync(join(SOURCE, file), 'utf8')),
    );
    expect(silent).toEqual([]);
  });
});
