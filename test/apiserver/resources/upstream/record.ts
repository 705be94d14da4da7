/**
 * Records what kube-apiserver answers to the conversations, with an etcd and a kube-apiserver of its own for each:
 *
 *     node test/apiserver/resources/upstream/record.ts [name…]
 *
 * What is common to most resources is found anew where all are recorded.
 */
import https from 'node:https';
import { setTimeout } from 'node:timers/promises';
import { startRealApiserver } from '../../../client/real-apiserver.ts';
import { type Answers, packed, readLines, unpacked, wordless, writeLines } from './answers.ts';
import { labelOf } from './case.ts';
import { converse, type Request, type Response, type Send } from './conversation.ts';
import { CONVERSATIONS, type Conversation } from './conversations.ts';

/**
 * As kubepki's server is: without the plug-ins that change pods, with what is beta and stands in the issue.
 * Nothing writes by itself but what starts with the server.
 */
const FLAGS = [
  '--authorization-mode=Node',
  '--enable-admission-plugins=NodeRestriction',
  '--disable-admission-plugins=ServiceAccount,Priority,DefaultTolerationSeconds,TaintNodesByCondition,RuntimeClass',
  '--allow-privileged=true',
  '--endpoint-reconciler-type=none',
  '--service-cluster-ip-range=10.0.0.0/24',
  // Who else watches flow schemas tells in their status what it finds.
  '--enable-priority-and-fairness=false',
  '--feature-gates=ClusterTrustBundle=true,PodCertificateRequest=true',
  '--runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles=true,certificates.k8s.io/v1beta1/podcertificaterequests=true',
  // As for every other resource.
  '--watch-cache-sizes=configmaps#100',
];

const LONGEST_MS = 30_000;
const SETTLING_MS = 1000;

function sender(url: string, options: https.AgentOptions): Send & { end(): void } {
  const agent = new https.Agent({ ...options, keepAlive: true });
  const send = async ({
    method,
    path,
    headers,
    body,
    events,
    settles,
  }: Request): Promise<Response> => {
    if (settles === true) await setTimeout(SETTLING_MS);
    return await new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': body.length };
      const request = https.request(
        `${url}${path}`,
        { method, agent, headers: { ...headers, ...length } },
        (response) => {
          const chunks: Buffer[] = [];
          const done = (): void =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks),
            });
          response.on('data', (chunk: Buffer) => {
            chunks.push(chunk);
            const lines = Buffer.concat(chunks).toString('latin1').split('\n').length - 1;
            if (events === undefined || response.statusCode !== 200 || lines < events) return;
            done();
            request.destroy();
          });
          response.on('end', done);
        },
      );
      request.setTimeout(LONGEST_MS, () => request.destroy(new Error(`${method} ${path} hangs`)));
      request.on('error', reject);
      request.end(body);
    });
  };
  return Object.assign(send, { end: () => agent.destroy() });
}

async function record({ cases, name }: Conversation): Promise<Answers> {
  const server = await startRealApiserver(async () => FLAGS);
  const { admin, authority } = server;
  const send = sender(server.url, { cert: admin.certificate, key: admin.key, ca: authority.ca });
  try {
    const answers = await converse(cases, send);
    console.error(`${name}: ${answers.size}`);
    return answers;
  } finally {
    send.end();
    await server.stop();
  }
}

/** Of each label the answer that most resources give. */
function writeCommon(file: string, all: readonly (readonly [Conversation, Answers])[]): void {
  const counts = new Map<string, Map<string, number>>();
  for (const [{ common }, answers] of all) {
    if (common?.file !== file) continue;
    for (const [label, answer] of answers) {
      const text = wordless(answer, common.words);
      const texts = counts.get(label) ?? new Map<string, number>();
      texts.set(text, (texts.get(text) ?? 0) + 1);
      counts.set(label, texts);
    }
  }
  const lines = [...counts].flatMap(([label, texts]) => {
    const [best] = [...texts].sort(([, a], [, b]) => b - a);
    return best === undefined || best[1] < 2 ? [] : [{ label, ...JSON.parse(best[0]) }];
  });
  writeLines(file, lines);
}

const wanted = process.argv.slice(2);
const all: (readonly [Conversation, Answers])[] = [];
for (const conversation of CONVERSATIONS) {
  const { name } = conversation;
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const answers = await record(conversation);
  // Whole, until all are there.
  writeLines(
    name,
    [...answers].map(([label, answer]) => ({ label, ...answer })),
  );
  all.push([conversation, answers]);
}
if (wanted.length === 0) {
  for (const file of new Set(CONVERSATIONS.flatMap(({ common }) => common?.file ?? []))) {
    writeCommon(file, all);
  }
}
for (const [{ name, common, cases }, answers] of all) {
  const shared = common === undefined ? [] : readLines(common.file);
  const words = common?.words ?? [];
  const lines = packed(answers, shared, words);
  unpacked(cases.map(labelOf), lines, shared, words);
  writeLines(name, lines);
}
