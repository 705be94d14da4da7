/** `kubepki apply` */
import type { Command } from 'commander';
import { EXIT } from '../../errors.ts';
import { print, printData } from '../output.ts';
import { addPkiOptions, type PkiOptions, runPki } from '../pki.ts';
import { formatReport, reportData } from '../report.ts';

export function registerApply(program: Command): void {
  addPkiOptions(program.command('apply'))
    .description('make what is missing; what is there already is never overwritten')
    .action(async (options: PkiOptions) => {
      const report = await runPki('apply', options);
      if (options.output === 'json' || options.output === 'yaml') {
        await printData(options.output, reportData('Apply', report));
      } else {
        print(formatReport('apply', report, options.output === 'wide'));
      }
      if (report.counts.refuse > 0) process.exitCode = EXIT.failed;
    });
}
