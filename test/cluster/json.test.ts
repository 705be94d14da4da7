import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Path } from '../../src/cluster/document.ts';
import { readJson } from '../../src/cluster/json.ts';
import { readYaml } from '../../src/cluster/yaml.ts';
import { seeded } from '../seeded.ts';

/** Every path in a value. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  const entries: [PropertyKey, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : typeof value === 'object' && value !== null
      ? Object.entries(value)
      : [];
  return [path, ...entries.flatMap(([step, child]) => pathsOf(child, [...path, step]))];
}

const text = fc.stringMatching(/^["\\\n{}[\],: a-d]{0,4}$/);
/** Without escapes: this Node's JSON.parse takes keys with escapes for each other (decision 0005). */
const key = fc.stringMatching(/^[{}[\],: a-d]{0,4}$/);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(key, tie('json'), { maxKeys: 4 }),
  ),
}));

describe('readJson', () => {
  it('names the lines that YAML names, of whatever there is', () => {
    const { seed } = seeded('lines of JSON');
    fc.assert(
      fc.property(fc.dictionary(key, json, { minKeys: 1, maxKeys: 5 }), (value) => {
        const text = JSON.stringify(value, null, 2);
        const [ours, [yaml]] = [readJson(text, 'c'), readYaml(text, 'c')];
        expect(ours?.value).toEqual(JSON.parse(text));
        for (const path of pathsOf(value).slice(1))
          expect([path, ours?.locate(path)]).toEqual([path, yaml?.locate(path)]);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('finds the key that is there twice, wherever it is', () => {
    const { seed } = seeded('keys twice');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, json), { minLength: 1, maxLength: 6 }),
        json,
        (members, inner) => {
          const text = `{"x": ${JSON.stringify(inner)}, "y": [{${members
            .map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
            .join(', ')}}]}`;
          const names = members.map(([name]) => name);
          const twice = names.find((name, i) => names.indexOf(name) < i);
          const read = (): unknown => readJson(text, 'c')?.value;
          if (twice === undefined) expect(read()).toEqual(JSON.parse(text));
          else expect(read).toThrow(/: y\[0\]\S?.* is there twice$/);
        },
      ),
      { seed, numRuns: 500 },
    );
  });

  it('reads a large inventory in little more time than JSON.parse', () => {
    const hosts = Array.from({ length: 20_000 }, (_, i) => ({
      name: `node${i}`,
      addresses: [`10.1.${i >> 8}.${i & 255}`],
      roles: ['worker'],
    }));
    const text = JSON.stringify({ spec: { hosts } });
    const start = process.cpuUsage();
    expect(readJson(text, 'c')?.value).toBeDefined();
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000);
  });
});
