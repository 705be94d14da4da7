/**
 * Records what a kube-apiserver of its own answers to the cases:
 *
 *     node test/apiserver/fields/upstream/record.ts
 */
import { writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { startRealApiserver } from '../../../client/real-apiserver.ts';
import type { Case } from './case.ts';
import { CASES } from './cases.ts';
import { type Answered, comparable } from './comparable.ts';

/** Without the plug-ins that change pods: ours has none. */
const FLAGS = [
  '--disable-admission-plugins=ServiceAccount,Priority,DefaultTolerationSeconds,TaintNodesByCondition,RuntimeClass',
  '--endpoint-reconciler-type=none',
  // As ours is: roles of the start speak of what they switch on.
  '--feature-gates=ClusterTrustBundle=true,PodCertificateRequest=true',
];

const server = await startRealApiserver(async () => FLAGS);
const { ca } = server.authority;
const agent = new https.Agent({
  cert: server.admin.certificate,
  key: server.admin.key,
  ca,
  keepAlive: true,
});

function send({ method, path, body, text, type, agent: userAgent }: Case): Promise<Answered> {
  const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const headers = {
    accept: 'application/json',
    ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
    ...(content === undefined
      ? {}
      : {
          'content-type': type ?? 'application/json',
          'content-length': Buffer.byteLength(content),
        }),
  };
  return new Promise((resolve, reject) => {
    const request = https.request(
      `${server.url}${path}`,
      { method, agent, headers },
      (response) => {
        let answer = '';
        response.on('data', (chunk: Buffer) => (answer += chunk.toString()));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          const isJson = String(response.headers['content-type']).startsWith('application/json');
          resolve({ status, body: isJson ? JSON.parse(answer) : answer });
        });
      },
    );
    request.on('error', reject);
    request.end(content);
  });
}

try {
  const answers: string[] = [];
  for (const one of CASES) answers.push(JSON.stringify(comparable(await send(one))));
  writeFileSync(join(import.meta.dirname, 'answers.jsonl'), `${answers.join('\n')}\n`);
  console.error(`${answers.length} answers`);
} finally {
  agent.destroy();
  await server.stop();
}
