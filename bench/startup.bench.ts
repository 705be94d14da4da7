/** How long `kubepki --version` takes from the published bundle, against Node doing nothing. */
import type { Context, Outcome } from './benchmark.ts';
import { BUNDLE, buildBundle, run } from './programs.ts';
import { interleave } from './rounds.ts';
import { ratios } from './statistics.ts';

export async function benchmark({ quick, progress }: Context): Promise<Outcome> {
  buildBundle();
  const node = process.execPath;
  const said = run([node, BUNDLE, '--version']).stdout;
  if (!/^kubepki \d/.test(said)) throw new Error(`expected a version, got ${said}`);
  const rounds = quick ? 3 : 40;
  progress(`${rounds} rounds`);
  const milliseconds = (...args: string[]) => run([node, ...args]).seconds * 1000;
  const samples = await interleave(
    {
      nothing: () => milliseconds('-e', '0'),
      version: () => milliseconds(BUNDLE, '--version'),
      help: () => milliseconds(BUNDLE, '--help'),
    },
    rounds,
  );
  return {
    title: 'starting the published bundle',
    measures: [
      {
        label: 'kubepki --version / node -e 0',
        unit: 'x',
        samples: ratios(samples('version'), samples('nothing')),
        bar: { name: 'kubepki --version, of bare Node', is: 'at most', limit: 1.7 },
      },
      {
        label: 'kubepki --help / node -e 0',
        unit: 'x',
        samples: ratios(samples('help'), samples('nothing')),
      },
      { label: 'node -e 0', unit: 'ms', samples: samples('nothing') },
      { label: 'kubepki --version', unit: 'ms', samples: samples('version') },
      { label: 'kubepki --help', unit: 'ms', samples: samples('help') },
    ],
    notes: ['wall time of the whole process, all with the same Node'],
    peers: { node: process.version },
  };
}
