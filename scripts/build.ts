/**
 * `npm run build`: the package as it is published, in dist/npm. One bundle without dependencies
 * (it starts twice as fast), the library with its types, and a package.json of its own: what only
 * the repository needs, the pinned Node above all, stays out of it.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const out = join(root, 'dist/npm');
const repository = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
  string,
  unknown
>;

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const options: BuildOptions = {
  absWorkingDir: root,
  outdir: out,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  // commander is CommonJS inside: bundled into ESM it needs a require of its own.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
};
await build({
  ...options,
  entryPoints: {
    kubepki: 'src/cli/main.ts',
    index: 'src/index.ts',
    node: 'src/node/library.ts',
  },
  splitting: true,
});
// By itself: sharing chunks with the command, each thread would load what only that needs.
await build({
  ...options,
  entryPoints: { 'pki-worker': 'src/pki/worker.ts', 'cluster-worker': 'src/cli/cluster-worker.ts' },
});

const main = join(out, 'kubepki.js');
writeFileSync(main, `#!/usr/bin/env node\n${readFileSync(main, 'utf8')}`);
chmodSync(main, 0o755);

execFileSync(
  join(root, 'node_modules/.bin/tsc'),
  ['--project', join(root, 'tsconfig.types.json')],
  {
    stdio: 'inherit',
  },
);

for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md'])
  copyFileSync(join(root, file), join(out, file));
// What is bundled keeps its licence.
const bundled = Object.keys(repository['dependencies'] as Record<string, string>).map((name) => {
  const folder = join(root, 'node_modules', name);
  return `${name}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}\n`;
});
writeFileSync(join(out, 'THIRD-PARTY-LICENSES'), bundled.join(`\n${'-'.repeat(80)}\n\n`));
const published = {
  name: repository['name'],
  version: repository['version'],
  description: repository['description'],
  license: repository['license'],
  type: 'module',
  engines: repository['engines'],
  bin: { kubepki: 'kubepki.js' },
  exports: {
    '.': { types: './types/index.d.ts', default: './index.js' },
    './node': { types: './types/node/library.d.ts', default: './node.js' },
  },
};
writeFileSync(join(out, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
