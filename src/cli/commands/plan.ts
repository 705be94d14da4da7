/** `kubepki plan` */
import type { Command } from 'commander';
import { EXIT } from '../../errors.ts';
import { print, printData } from '../output.ts';
import { addPkiOptions, type PkiOptions, runPki } from '../pki.ts';
import { formatReport, isPending, reportData } from '../report.ts';

export function registerPlan(program: Command): void {
  addPkiOptions(program.command('plan'))
    .description(
      'say what apply would make, what it would keep, and what is wrong with what is there; writes nothing',
    )
    .option(
      '--detailed-exitcode',
      'exit with 2 where there is something to make, to wait for or to take up',
    )
    .action(async (options: PkiOptions & { detailedExitcode?: true }) => {
      const report = await runPki('plan', options);
      if (options.output === 'json' || options.output === 'yaml') {
        await printData(options.output, reportData('Plan', report));
      } else {
        print(formatReport('plan', report, options.output === 'wide'));
      }
      if (report.counts.refuse > 0) process.exitCode = EXIT.failed;
      else if (options.detailedExitcode && isPending(report)) process.exitCode = EXIT.pending;
    });
}
