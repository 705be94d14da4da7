/** `kubepki version` */
import type { Command } from 'commander';
import { outputFormat, print, printData } from '../output.ts';
import { VERSION } from '../version.ts';

export function registerVersion(program: Command): void {
  program
    .command('version')
    .description('print the version of kubepki and of the Node that runs it')
    .option('-o, --output <format>', 'table, json or yaml', outputFormat, 'table')
    .action(async ({ output }: { output: ReturnType<typeof outputFormat> }) => {
      const data = { kubepki: VERSION, node: process.version, openssl: process.versions.openssl };
      if (output === 'json' || output === 'yaml') return printData(output, data);
      print(`kubepki ${VERSION} (Node ${process.version}, OpenSSL ${process.versions.openssl})`);
    });
}
