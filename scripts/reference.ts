/** The parts of the documentation that are computed: the table of credentials from the catalogue, the commands from the command line itself, the differences to kubeadm from the test's list. */
import type { Command } from 'commander';
import { createProgram } from '../src/cli/program.ts';
import {
  CATALOGUE,
  CREDENTIAL_IDS,
  type CredentialDefinition,
  type CustomFile,
  filePath,
  type HostLayout,
  K3S,
} from '../src/cluster/index.ts';
import { DIFFERENCES } from '../test/components/kubeadm/differences.ts';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(header), row(header.map(() => '---')), ...rows.map(row)].join('\n');
const code = (text: string): string => `\`${text}\``;

const HOLDERS: Record<CredentialDefinition['holder'], string> = {
  authority: 'authorities',
  administrator: 'the administrator',
  'control-plane': 'control planes',
  etcd: 'etcd members',
  kubelet: 'hosts with a kubelet',
};

const definitions = CREDENTIAL_IDS.map((id) => CATALOGUE[id]);
/** What only a cluster with `authorities: split` has. */
const isAdditional = ({ files }: CredentialDefinition): boolean => files === undefined;

function subject({ kind, subject: { commonName, organizations } }: CredentialDefinition): string {
  if (kind === 'key-pair') return 'a key pair';
  return code(
    [
      ...organizations.map((name) => `O=${name}`),
      `CN=${commonName.replace('{host}', '<host>')}`,
    ].join(', '),
  );
}

const usages = (definition: CredentialDefinition): string =>
  definition.kind === 'ca'
    ? 'CA'
    : definition.usages.map((usage) => usage.replace('Auth', '')).join(' + ');

/** The README's table: one line for each credential that a cluster has unless its authorities are split. */
export function credentialTable(): string {
  return table(
    ['№', 'Credential', 'What it is for', 'Subject', 'Use', 'Signed by', 'Held by'],
    definitions
      .filter((definition) => !isAdditional(definition))
      .map((definition) => [
        definition.figure === null ? '' : String(definition.figure),
        code(definition.id),
        definition.purpose,
        subject(definition),
        usages(definition),
        definition.issuer === null
          ? definition.kind === 'ca'
            ? 'itself'
            : ''
          : code(definition.issuer),
        HOLDERS[definition.holder],
      ]),
  );
}

/** The CAs that only split authorities have, and what they sign in the place of others. */
function splitTable(): string {
  const additional = definitions.filter(isAdditional);
  return table(
    ['Credential', 'What it is for', 'Subject', 'Signs'],
    additional.map((definition) => [
      code(definition.id),
      definition.purpose,
      subject(definition),
      definitions
        .filter(({ splitIssuer }) => splitIssuer === definition.id)
        .map(({ id }) => code(id))
        .join(', '),
    ]),
  );
}

function files(definition: CredentialDefinition, layout: HostLayout): string {
  const { id, kind, stored } = definition;
  if (isAdditional(definition)) return '';
  if (stored === 'kubeconfig') return code(`/${filePath(layout, id, 'kubeconfig')}`);
  const first = kind === 'key-pair' ? 'publicKey' : 'certificate';
  return [filePath(layout, id, first), filePath(layout, id, 'key')]
    .map((path) => code(`/${path}`))
    .join('<br>');
}

/** Below the data directory; k3s leaves some out. */
function k3sFiles({ id }: CredentialDefinition): string {
  const found: CustomFile | undefined = K3S[id]?.files;
  return [...new Set(Object.values(found ?? {}))].map(code).join('<br>');
}

/** docs/reference/credentials.md: files, flags and verifiers of each credential. */
export function credentialReference(): string {
  const sections = definitions.map((definition) => {
    const lines = [
      `## ${definition.id}`,
      '',
      `${capital(definition.purpose)}.${definition.figure === null ? '' : ` Number ${definition.figure} in the figure.`}${isAdditional(definition) ? ' Only with `authorities: split`.' : ''}`,
      '',
      table(
        ['Layout `kubeadm`', 'Layout `binary`', 'Layout `k3s`'],
        [[files(definition, 'kubeadm'), files(definition, 'binary'), k3sFiles(definition)]],
      ),
      '',
      ...definition.flags.map(
        ({ component, flag, part }) =>
          `- ${component} takes its ${part === 'publicKey' ? 'public key' : part} with ${code(flag)}`,
      ),
      ...definition.verifiers.map(
        ({ component, flag }) => `- ${component} verifies it with ${code(flag)}`,
      ),
    ];
    return lines.join('\n');
  });
  return [
    '# Credentials',
    'Written by `npm run docs` from the catalogue (`src/cluster/catalogue.ts`).',
    credentialTable(),
    'With `authorities: split` (layouts `custom` and `k3s`) two more CAs take over a part of what `ca` and `etcd-ca` sign:',
    splitTable(),
    "Files of the layouts `kubeadm` and `binary` are below a host's root, those of `k3s` below its data directory; layout `custom` lists its own.",
    `${sections.join('\n\n')}\n`,
  ].join('\n\n');
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** docs/reference/commands.md: the help of every command. */
export function commandReference(): string {
  const sections: string[] = [];
  const visit = (command: Command, path: string): void => {
    // The width of whoever runs this must not show.
    command.configureHelp({ helpWidth: 100 });
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    sections.push(`## ${path}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\``);
    for (const child of command.commands) visit(child, `${path} ${child.name()}`);
  };
  visit(createProgram(), 'kubepki');
  return `# Commands\n\nWritten by \`npm run docs\` from the command line itself.\n\n${sections.join('\n\n')}\n`;
}

/** A page with the part between its two marks written anew. */
function between(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: written by npm run docs -->`, `<!-- /${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`expected ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${content}\n\n${page.slice(to)}`;
}

/** The README with its table brought up to date. */
export const withCredentialTable = (readme: string): string =>
  between(readme, 'credentials', credentialTable());

/** docs/operations/kubeadm.md with the table of what differs, from the list that the test holds both programs against. */
export const withDifferenceTable = (page: string): string =>
  between(
    page,
    'differences',
    table(
      ['what', 'kubeadm', 'kubepki', 'why'],
      DIFFERENCES.map(({ what, kubeadm, kubepki, why }) => [what, kubeadm, kubepki, why]),
    ),
  );
