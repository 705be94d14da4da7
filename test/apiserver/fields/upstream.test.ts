/** The same requests, sent to kube-apiserver 1.36.3 and to our server, leave the same managers of the same fields. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { apiServer } from '../front/server.ts';
import { CASES } from './upstream/cases.ts';
import { comparable } from './upstream/comparable.ts';

const recorded = (): readonly unknown[] =>
  readFileSync(join(import.meta.dirname, 'upstream', 'answers.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

it('answers as kube-apiserver does', async () => {
  const answers = recorded();
  expect(answers).toHaveLength(CASES.length);
  const { ask, faults } = await apiServer();
  // One conversation: what is asked later depends on what was written before.
  for (const [index, one] of CASES.entries()) {
    const { name, method, path, body, text, type = 'application/json', agent } = one;
    const content = text ?? body;
    const answer = await ask(method, path, {
      ...(content === undefined ? {} : { body: content }),
      headers: {
        ...(content === undefined ? {} : { 'content-type': type }),
        ...(agent === undefined ? {} : { 'user-agent': agent }),
      },
    });
    const found = comparable({ status: answer.status, body: answer.json ?? answer.text });
    // As JSON has it: what is not set is not there.
    expect.soft(JSON.parse(JSON.stringify(found)), `${index + 1}. ${name}`).toEqual(answers[index]);
  }
  expect(faults).toEqual([]);
});
