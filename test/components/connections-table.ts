/** `docs/reference/connections.md`, written from `refusals.ts`. */

import { CONNECTIONS, type Connection, KINDS, type Kind, type Outcome } from './refusals.ts';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(header), row(header.map(() => '---')), ...rows.map(row)].join('\n');
const code = (text: string): string => `\`${text}\``;

const TITLES: Readonly<Record<Kind, string>> = {
  right: 'the right one',
  none: 'none',
  'wrong-ca': 'of another CA',
  expired: 'expired',
  'wrong-usage': 'for another usage',
  'wrong-name': 'of another name',
  'other-role': 'for another role',
};

const WRONG = KINDS.filter((kind) => kind !== 'right');

const LAYERS: Readonly<Record<Outcome['layer'], string>> = {
  tls: 'TLS',
  closed: 'closed',
  401: '401',
  403: '403',
  accepted: '**accepted**',
};

const cell = (outcome: Outcome | undefined): string =>
  outcome === undefined ? '' : LAYERS[outcome.layer];

/** Both ways of one arrow side by side: who calls whom, and whose certificate is looked at. */
const overview = (): string =>
  table(
    ['Arrow', 'From', 'To', 'Who verifies, with', ...WRONG.map((kind) => TITLES[kind])],
    CONNECTIONS.map((connection) => [
      connection.arrows.join(', '),
      connection.client,
      connection.server,
      `the ${connection.verifier}, ${code(connection.flag)}`,
      ...WRONG.map((kind) => cell(connection.outcomes[kind])),
    ]),
  );

function section(connection: Connection): string {
  const { client, server, verifier, credential, otherRole, outcomes } = connection;
  const kinds = WRONG.filter((kind) => outcomes[kind] !== undefined);
  const shown = credential === null ? 'a certificate of its own' : code(credential);
  const lines = [
    `## ${client} to ${server}: ${verifier === 'server' ? 'who calls' : 'who is called'}`,
    '',
    `Presented is ${shown}${otherRole === undefined ? '' : `; for another role, ${code(otherRole)}`}.`,
    '',
    table(
      ['Presented', 'Layer', 'What the one who verifies says', 'Alert'],
      kinds.map((kind) => {
        const { layer, message, alert } = outcomes[kind] ?? {};
        return [
          TITLES[kind],
          layer === undefined ? '' : LAYERS[layer],
          code(message ?? ''),
          alert === undefined ? '' : code(alert),
        ];
      }),
    ),
  ];
  for (const kind of kinds) {
    const accepted = outcomes[kind]?.accepted;
    if (accepted === undefined) continue;
    const { why, source, limit } = accepted;
    lines.push(
      '',
      `${capital(TITLES[kind])}: accepted because ${why} (${source}). What limits it: ${limit}.`,
    );
  }
  return lines.join('\n');
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** The page. */
export const connectionReference = (): string => `# Connections

Written by \`npm run docs\` from \`test/components/refusals.ts\`, and tried out by \`npm run
test:kubernetes\` on the components themselves (Kubernetes v1.36, etcd v3.6): what happens when one
side of a connection presents a certificate that differs from the right one in exactly one way. The
right one is accepted on every line. [connections.json](connections.json) has what came out, word by
word.

_TLS_: refused in the handshake. _closed_: the connection ends right after it. _401_: nobody knows who
that is. _403_: known, but without the right. Clients of kube-apiserver, kubelets and extension API
servers may come without a certificate, because tokens are another way to say who one is.

${overview()}

${CONNECTIONS.map(section).join('\n\n')}
`;
