/** The same requests, sent to kube-apiserver 1.36.3 and to our server, get the same answers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { apiServer } from '../front/server.ts';
import { comparable, nameOf } from './upstream/comparable.ts';
import { CONVERSATIONS } from './upstream/conversations.ts';

// One conversation each: what is asked later depends on what was written before.
it.each(Object.entries(CONVERSATIONS))(
  'a conversation as kube-apiserver has it: %s',
  async (name, cases) => {
    const file = join(import.meta.dirname, 'upstream', 'answers', `${name}.json`);
    const recorded: readonly unknown[] = JSON.parse(readFileSync(file, 'utf8'));
    expect(recorded).toHaveLength(cases.length);
    const { ask, faults } = await apiServer();
    for (const [index, one] of cases.entries()) {
      const { method, path, body, type = 'application/json', accept } = one;
      const { status, json } = await ask(method, path, {
        ...(body === undefined ? {} : { body }),
        headers: {
          ...(body === undefined ? {} : { 'content-type': type }),
          ...(accept === undefined ? {} : { accept }),
        },
      });
      expect(comparable({ status, body: json }), nameOf(one, index)).toEqual(recorded[index]);
    }
    expect(faults).toEqual([]);
  },
);
