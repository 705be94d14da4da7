/** The same requests, sent to kube-apiserver 1.36.3 and to our server, get the same answers. */
import { describe, expect, it } from 'vitest';
import { DEFINITIONS } from '../../../src/apiserver/resources/index.ts';
import type { ApiResponse } from '../../../src/kubernetes/index.ts';
import { ADMIN, apiServer, type Tested } from '../front/server.ts';
import { type Answers, readLines, unpacked } from './upstream/answers.ts';
import { type Case, labelOf } from './upstream/case.ts';
import type { Comparable } from './upstream/comparable.ts';
import { converse, type Send } from './upstream/conversation.ts';
import { CONVERSATIONS, type Conversation } from './upstream/conversations.ts';
import {
  DIFFERENCES,
  differencesOf,
  sameWords,
  WORDS,
  withDifferences,
} from './upstream/differences.ts';

/** What is ours alone, and what tests of its own compare. */
const NOT_UPSTREAM = ['nodebindings', 'revocations'];
const LEAST_REQUESTS = 30;

/** With a certificate, as the one whose answers are recorded. */
const ASKER = {
  ...ADMIN,
  extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${'a'.repeat(64)}`] },
};

function recorded({ name, cases, common }: Conversation): Answers {
  const labels = cases.map(labelOf);
  if (common === undefined) return unpacked(labels, readLines(name), [], []);
  return unpacked(labels, readLines(name), readLines(common.file), common.words);
}

const sender =
  ({ api }: Tested): Send =>
  async ({ method, path, headers, body, events }) => {
    const ending = new AbortController();
    const response = await api.loopback(ASKER)({
      method,
      url: path,
      headers,
      signal: ending.signal,
      ...(body === undefined ? {} : { body }),
    });
    const { status, headers: answered } = response;
    return { status, headers: answered, body: await wholeBody(response, events, ending) };
  };

/** Of a watch so many lines. */
async function wholeBody(
  { body }: ApiResponse,
  events = Number.POSITIVE_INFINITY,
  ending: AbortController,
): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  let lines = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    lines += Buffer.from(chunk).toString('latin1').split('\n').length - 1;
    if (lines >= events) break;
  }
  ending.abort();
  return Buffer.concat(chunks);
}

const usedWords: Parameters<typeof sameWords>[2] & object = new Set();
const usedDifferences: Set<unknown> = new Set();

describe('the answers of kube-apiserver', () => {
  it.each(CONVERSATIONS.map((one) => [one.name, one] as const))(
    '%s',
    async (name, conversation) => {
      const tested = await apiServer();
      const ours = await converse(conversation.cases, sender(tested));
      const wrong: Record<string, unknown> = {};
      const wanted: Record<string, unknown> = {};
      for (const [label, answer] of recorded(conversation)) {
        const theirs = sameWords('theirs', answer, usedWords);
        const found: Comparable | undefined = ours.get(label);
        const expected = withDifferences(name, label, theirs);
        const isDifferent = JSON.stringify(expected) !== JSON.stringify(theirs);
        for (const one of differencesOf(name, label)) if (isDifferent) usedDifferences.add(one);
        wrong[label] = found === undefined ? undefined : sameWords('ours', found);
        wanted[label] = expected;
      }
      expect(wrong).toEqual(wanted);
      expect(tested.faults).toEqual([]);
    },
  );

  it('has no difference that is none', () => {
    expect(WORDS.filter((one) => !usedWords.has(one))).toEqual([]);
    expect(DIFFERENCES.filter((one) => !usedDifferences.has(one))).toEqual([]);
  });
});

/** By what stands behind the group, and the namespace, in the path. */
const requestsOf = (resource: string, group: string): readonly Case[] =>
  CONVERSATIONS.flatMap(({ cases }) => cases).filter(({ path }) => {
    const parts = path.split('?')[0]?.split('/') ?? [];
    const rest = parts.slice(parts[1] === 'api' ? 3 : 4);
    const isInside = rest[0] === 'namespaces' && rest.length > 2;
    const isOfGroup = group === '' ? parts[1] === 'api' : parts[2] === group;
    const own = isInside && !['status', 'finalize'].includes(rest[2] ?? '') ? rest[2] : rest[0];
    return isOfGroup && own === resource;
  });

it.each(
  DEFINITIONS.map(({ type }) => [type.resource, type.group] as const).filter(
    ([resource]) => !NOT_UPSTREAM.includes(resource),
  ),
)('%s (%s) are asked for thirty times at least', (resource, group) => {
  expect(requestsOf(resource, group).length).toBeGreaterThanOrEqual(LEAST_REQUESTS);
});
