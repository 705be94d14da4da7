/** Facts about the Node that is pinned, which decisions rest on. A failure here means: read the decision again. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** The keys that `JSON.parse` gives each text, in a process that has parsed nothing before. */
function keysInFreshProcess(...texts: string[]): unknown {
  const script =
    'console.log(JSON.stringify(process.argv.slice(1).map((text) => Object.keys(JSON.parse(text)))))';
  return JSON.parse(execFileSync(process.execPath, ['-e', script, ...texts], { encoding: 'utf8' }));
}

it('JSON.parse of Node 24.21.0 confuses keys with escapes, later ones should not (docs/decisions/0005-package.md)', () => {
  const [first, second] = [
    ['a', 'x\\'],
    ['a', 'x"'],
  ];
  const seen = keysInFreshProcess(String.raw`{"a":1,"x\\":2}`, String.raw`{"a":1,"x\"":2}`);
  expect(seen).toEqual([first, process.version === 'v24.21.0' ? first : second]);
});
