/**
 * Records what a kube-apiserver answers to the cases:
 *
 *     node test/apiserver/resources/upstream/record.ts <port of 127.0.0.1> <token of an admin> [name…]
 *
 * It must be an empty one of the version that the tests run, without the admission plug-ins ServiceAccount,
 * Priority, DefaultTolerationSeconds and TaintNodesByCondition and with `--endpoint-reconciler-type=none`.
 */
import { writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import type { Case } from './case.ts';
import { type Answered, comparable } from './comparable.ts';
import { CONVERSATIONS } from './conversations.ts';

const [port = '', token = '', ...wanted] = process.argv.slice(2);
const agent = new https.Agent({ rejectUnauthorized: false, keepAlive: true });

function send({ method, path, body, type, accept }: Case): Promise<Answered> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${token}`,
    accept: accept ?? 'application/json',
    ...(text === undefined
      ? {}
      : {
          'content-type': type ?? 'application/json',
          // Node does not say it of a DELETE.
          'content-length': Buffer.byteLength(text),
        }),
  };
  return new Promise((resolve, reject) => {
    const request = https.request(
      { host: '127.0.0.1', port, method, path, agent, headers },
      (response) => {
        let answer = '';
        response.on('data', (chunk: Buffer) => (answer += chunk.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) }),
        );
      },
    );
    request.on('error', reject);
    request.end(text);
  });
}

for (const [name, cases] of Object.entries(CONVERSATIONS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const answers: string[] = [];
  for (const one of cases) answers.push(JSON.stringify(comparable(await send(one))));
  const file = join(import.meta.dirname, 'answers', `${name}.json`);
  writeFileSync(file, `[\n${answers.join(',\n')}\n]\n`);
  console.error(`${name}: ${answers.length}`);
}
agent.destroy();
